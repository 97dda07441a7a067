# The chaos bench: its own tests, and a short sample of the scenarios. tests/chaos/run is the
# long form. Not among them yet: broker. A broker that stands still for long can end a worker
# (librdkafka 2.0.2 takes a retried batch for one out of sequence, which is fatal), and can
# leave the judge's own client waiting. They share the bed of the integration tests.
add_test(NAME chaos.ownership COMMAND scripts/python tests tests/chaos/ownership_test.py)
set_tests_properties(chaos.ownership PROPERTIES LABELS chaos TIMEOUT 120
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

function(leat_chaos_test name)
    leat_bed_test(chaos ${name} 600 tests/chaos/run ${ARGN})
endfunction()

leat_chaos_test(proxy --proxytest)
leat_chaos_test(selftest --selftest)
foreach(scenario kill scale network backlog partition_added out_of_range
        fatal)
    leat_chaos_test(${scenario} --scenario ${scenario} --sample)
endforeach()
foreach(scenario zombie terminate late_commit)
    leat_chaos_test(${scenario} --scenario ${scenario} --sample --delivery exactly_once)
endforeach()

# Takes the binary of the preset `chaos`, and builds it where it is missing or old.
leat_chaos_test(fail_point --scenario fail_point --sample --delivery exactly_once)
set_tests_properties(chaos.fail_point PROPERTIES ENVIRONMENT "LEAT_BED=${bed}")
