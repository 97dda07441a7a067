leat_unit_test(fraud_stream leat_worker)
leat_unit_test(demo_count leat_worker)
leat_unit_test(fraud_judge leat_worker)
leat_unit_test(recommend_stream leat_worker)
leat_unit_test(recommend_judge leat_worker)

# The demos themselves, small: a mock cluster, a private Redis, the real worker.
function(leat_demo_test name events figure least)
    add_test(NAME demo.${name}
             COMMAND ${CMAKE_COMMAND} -D LEAT=$<TARGET_FILE:leat> -D NAME=${name}
                     -D EVENTS=${events} -D FIGURE=${figure} -D LEAST=${least}
                     -D REPORT=${CMAKE_CURRENT_BINARY_DIR}/demo_${name}.json
                     -P ${CMAKE_CURRENT_SOURCE_DIR}/integration/demo_report.cmake)
    set_tests_properties(demo.${name} PROPERTIES LABELS integration TIMEOUT 180)
endfunction()

# Short streams: most cards and users are seen for the first time.
leat_demo_test(fraud 5000 auc 0.9)
leat_demo_test(recommend 5000 hit_rate 0.4)

# What a user runs first: the configuration of each example, its model, its golden rows.
foreach(example fraud recommend)
    add_test(NAME example.${example}
             COMMAND leat check --offline -c ${PROJECT_SOURCE_DIR}/examples/${example}/leat.yaml)
    set_tests_properties(example.${example} PROPERTIES LABELS unit TIMEOUT 30)
endforeach()

# What the training scripts read: the streams as files.
add_test(NAME cli.demo_dump
         COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/demo_dump_test.py $<TARGET_FILE:leat>)
set_tests_properties(cli.demo_dump PROPERTIES LABELS unit TIMEOUT 120)
