# Integration tests: the built binary on a real Kafka and a real Redis (bed.cmake), driven by
# Python (scripts/python tests).
function(leat_integration_test name)
    add_test(NAME integration.${name} COMMAND tests/integration/run ${ARGN})
    set_tests_properties(integration.${name} PROPERTIES
        LABELS integration TIMEOUT 300 RUN_SERIAL TRUE SKIP_RETURN_CODE 77
        FIXTURES_REQUIRED bed WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat>;LEAT_BED=${bed}")
endfunction()

leat_integration_test(oracle oracle)
leat_integration_test(exact_binary exact --model binary)
leat_integration_test(exact_multiclass exact --model multiclass)
leat_integration_test(exact_regression exact --model regression)
leat_integration_test(kill kill)
leat_integration_test(fresh fresh)
leat_integration_test(terminate terminate)
leat_integration_test(refused refused)
leat_integration_test(mistakes mistakes)
leat_integration_test(probes probes)
leat_integration_test(security security)
leat_integration_test(readme readme)
