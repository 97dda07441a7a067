# Integration tests: the built binary on a real Kafka and a real Redis (bed.cmake), driven by
# Python (scripts/python tests). Some are shorter here than they are by themselves: what takes
# long is not what they prove.
function(leat_integration_test name)
    leat_bed_test(integration ${name} 300 tests/integration/run ${ARGN})
endfunction()

leat_integration_test(oracle oracle)
leat_integration_test(exact_binary exact --model binary)
leat_integration_test(exact_multiclass exact --model multiclass --events 10000)
leat_integration_test(exact_regression exact --model regression --events 10000)
leat_integration_test(exact_double exact --model double --events 10000)
leat_integration_test(kill kill)
leat_integration_test(formats formats)
leat_integration_test(readings readings)
leat_integration_test(ranking ranking --events 800)
leat_integration_test(feature_log feature_log)
leat_integration_test(fresh fresh)
leat_integration_test(terminate terminate --rounds 4)
leat_integration_test(refused refused)
leat_integration_test(mistakes mistakes)
leat_integration_test(away away --rounds 4)
leat_integration_test(away_exactly_once away --rounds 4 --delivery exactly_once)
leat_integration_test(probes probes)
leat_integration_test(security security)
leat_integration_test(readme readme)
leat_integration_test(examples examples)

# Aggregates beside a reference, while workers are killed and rebalanced.
leat_bed_test(integration aggregates_selftest 300 tests/aggregates/run --selftest)
leat_bed_test(integration aggregates 300 tests/aggregates/run --kills 3 --sample)
