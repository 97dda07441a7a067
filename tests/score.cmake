leat_unit_test(csv leat_worker)
leat_unit_test(score_columns leat_worker)
leat_unit_test(score_rows leat_worker)
leat_unit_test(score_line leat_worker)

# The command as a user runs it. Python is looked for when a test runs: a build needs none.
foreach(name score score_events features typed frame)
    add_test(NAME cli.${name}
             COMMAND python3
                     ${CMAKE_CURRENT_SOURCE_DIR}/cli/${name}_test.py $<TARGET_FILE:leat>)
    set_tests_properties(cli.${name} PROPERTIES LABELS unit TIMEOUT 120)
endforeach()
