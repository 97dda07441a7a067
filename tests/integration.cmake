# Integration tests: the built binary on a real Kafka and a real Redis (bed.cmake), driven by
# Python (scripts/python tests).
function(leat_integration_test name)
    leat_bed_test(integration ${name} 300 tests/integration/run ${ARGN})
endfunction()

leat_integration_test(oracle oracle)
leat_integration_test(exact_binary exact --model binary)
leat_integration_test(exact_multiclass exact --model multiclass)
leat_integration_test(exact_regression exact --model regression)
leat_integration_test(exact_double exact --model double)
leat_integration_test(kill kill)
leat_integration_test(fresh fresh)
leat_integration_test(terminate terminate)
leat_integration_test(refused refused)
leat_integration_test(mistakes mistakes)
leat_integration_test(probes probes)
leat_integration_test(security security)
leat_integration_test(readme readme)
