leat_unit_test(fraud_stream leat_worker)
leat_unit_test(demo_count leat_worker)
leat_unit_test(fraud_judge leat_worker)

# The demo itself, small: a mock cluster, a private Redis, the real worker.
add_test(NAME demo.every_event_once
         COMMAND ${CMAKE_COMMAND} -D LEAT=$<TARGET_FILE:leat>
                 -D REPORT=${CMAKE_CURRENT_BINARY_DIR}/demo.json
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/integration/demo_report.cmake)
set_tests_properties(demo.every_event_once PROPERTIES LABELS integration TIMEOUT 180)

# What a user runs first: the configuration of each example, its model, its golden rows.
foreach(example fraud)
    add_test(NAME example.${example}
             COMMAND leat check --offline -c ${PROJECT_SOURCE_DIR}/examples/${example}/leat.yaml)
    set_tests_properties(example.${example} PROPERTIES LABELS unit TIMEOUT 30)
endforeach()
