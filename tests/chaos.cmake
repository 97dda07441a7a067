# The chaos bench: its own tests, and a short sample of every scenario. tests/chaos/run is the
# long form. They share the bed of the integration tests.
foreach(name ownership answers redis_proxy)
    add_test(NAME chaos.${name}
             COMMAND scripts/python tests tests/chaos/${name}_test.py)
    set_tests_properties(chaos.${name} PROPERTIES LABELS chaos TIMEOUT 120
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        ENVIRONMENT "PYTHONPATH=tests/integration")
endforeach()

function(leat_chaos_test name)
    leat_bed_test(chaos ${name} 600 tests/chaos/run ${ARGN})
endfunction()

leat_chaos_test(proxy --proxytest)
leat_chaos_test(selftest --selftest)
foreach(scenario kill scale network backlog partition_added out_of_range topic_recreated
        fatal redis)
    leat_chaos_test(${scenario} --scenario ${scenario} --sample)
endforeach()
foreach(scenario zombie terminate late_commit unreachable)
    leat_chaos_test(${scenario} --scenario ${scenario} --sample --delivery exactly_once)
endforeach()
leat_chaos_test(cooperative --scenario scale --sample --membership cooperative)

# Has a bed of its own: three brokers.
leat_chaos_test(broker --scenario broker --sample --delivery exactly_once)
set_tests_properties(chaos.broker PROPERTIES ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat>")

# A worker that LEAT_FAIL_AT kills at named places: Leat, but for the files that have some. The
# linker prefers what it is given to what leat_worker and leat_producers hold.
set(with_fail_points worker/main.c worker/lane.c worker/settle.c producers/transaction.c)
list(TRANSFORM with_fail_points PREPEND ${PROJECT_SOURCE_DIR}/)
add_executable(leat_fail_points ${with_fail_points})
target_compile_definitions(leat_fail_points PRIVATE LEAT_FAIL_POINTS)
target_link_libraries(leat_fail_points PRIVATE leat_flags leat_worker)

leat_chaos_test(fail_point --scenario fail_point --sample --delivery exactly_once)
set_tests_properties(chaos.fail_point PROPERTIES
    ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat_fail_points>;LEAT_BED=${bed}")
