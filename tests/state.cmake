foreach(test state state_buckets state_pairs state_values)
    leat_unit_test(${test} leat_features allocations m)
    target_sources(test_${test} PRIVATE unit/state_fixture.c)
endforeach()

# features/aggregate/state.c on a stream, beside the reference in Python.
add_executable(run_state aggregates/run_state.c)
target_link_libraries(run_state PRIVATE leat_flags leat_features m)
set(compare python3 tests/aggregates/compare.py $<TARGET_FILE:run_state>)
add_test(NAME aggregates.golden COMMAND ${compare} --golden)
add_test(NAME aggregates.reference COMMAND ${compare} --streams 60 --events 600)
add_test(NAME aggregates.selftest COMMAND ${compare} --selftest --streams 40)
set_tests_properties(aggregates.golden aggregates.reference aggregates.selftest PROPERTIES
    LABELS unit TIMEOUT 300 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

leat_fuzz_target(aggregate_state leat_features)

# What is described is read as JSON.
leat_unit_test(state_describe leat_worker)
target_sources(test_state_describe PRIVATE unit/state_fixture.c)
