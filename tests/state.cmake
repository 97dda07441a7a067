leat_unit_test(state leat_features allocations m)

# features/state.c on a stream, beside the reference in Python.
add_executable(run_state aggregates/run_state.c)
target_link_libraries(run_state PRIVATE leat_flags leat_features m)
set(compare python3 tests/aggregates/compare.py $<TARGET_FILE:run_state>)
add_test(NAME aggregates.golden COMMAND ${compare} --golden)
add_test(NAME aggregates.reference COMMAND ${compare} --streams 60 --events 600)
add_test(NAME aggregates.selftest COMMAND ${compare} --selftest --streams 40)
set_tests_properties(aggregates.golden aggregates.reference aggregates.selftest PROPERTIES
    LABELS unit TIMEOUT 300 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
