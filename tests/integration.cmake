# Integration tests: the built binary on a real Kafka and a real Redis, driven by Python
# (scripts/python tests). A bed is started before the first of them and stopped after the
# last. Where no bed can be had they are skipped; with CI=true that is a failure.
string(MD5 bed "${CMAKE_BINARY_DIR}")
string(SUBSTRING ${bed} 0 8 bed)
set(bed "ctest-${bed}")

add_test(NAME bed.up COMMAND sh -c
         "scripts/bed down --name ${bed} && scripts/bed up --name ${bed}")
add_test(NAME bed.down COMMAND scripts/bed down --name ${bed})
set_tests_properties(bed.up PROPERTIES FIXTURES_SETUP bed)
set_tests_properties(bed.down PROPERTIES FIXTURES_CLEANUP bed)
set_tests_properties(bed.up bed.down PROPERTIES LABELS integration TIMEOUT 300
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} SKIP_RETURN_CODE 77)

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
leat_integration_test(mistakes mistakes)
