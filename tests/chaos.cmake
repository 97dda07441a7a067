# The chaos bench: its own tests, and a short sample of the scenarios. tests/chaos/run is the
# long form. Not among them yet: broker. A broker that stands still for long can end a worker
# (librdkafka 2.0.2 takes a retried batch for one out of sequence, which is fatal), and can
# leave the judge's own client waiting.
add_test(NAME chaos.ownership COMMAND scripts/python tests tests/chaos/ownership_test.py)
add_test(NAME chaos.proxy COMMAND tests/chaos/run --proxytest)
add_test(NAME chaos.selftest COMMAND tests/chaos/run --selftest)
set(scenarios kill zombie scale terminate network backlog)
foreach(scenario ${scenarios})
    add_test(NAME chaos.${scenario} COMMAND tests/chaos/run --scenario ${scenario} --sample)
    set_tests_properties(chaos.${scenario} PROPERTIES
        LABELS chaos TIMEOUT 600 RUN_SERIAL TRUE SKIP_RETURN_CODE 77
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat>")
endforeach()
list(TRANSFORM scenarios PREPEND chaos.)
set_tests_properties(chaos.ownership PROPERTIES LABELS chaos TIMEOUT 120
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(chaos.proxy chaos.selftest PROPERTIES
    LABELS chaos TIMEOUT 300 RUN_SERIAL TRUE SKIP_RETURN_CODE 77
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

# They share the bed of the integration tests.
set_tests_properties(chaos.proxy chaos.selftest ${scenarios} PROPERTIES
    FIXTURES_REQUIRED bed ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat>;LEAT_BED=${bed}")
