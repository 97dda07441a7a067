# The bed of real Kafka and Redis: started before the first test that needs it and stopped
# after the last. Where no bed can be had those tests are skipped; with CI=true that is a
# failure.
string(MD5 bed "${CMAKE_BINARY_DIR}")
string(SUBSTRING ${bed} 0 8 bed)
set(bed "ctest-${bed}")

add_test(NAME bed.up COMMAND sh -c
         "scripts/bed down --name ${bed} && scripts/bed up --secure --name ${bed}")
add_test(NAME bed.down COMMAND scripts/bed down --name ${bed})
set_tests_properties(bed.up PROPERTIES FIXTURES_SETUP bed COST 3000)
set_tests_properties(bed.down PROPERTIES FIXTURES_CLEANUP bed)
set_tests_properties(bed.up bed.down PROPERTIES LABELS integration TIMEOUT 300
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} SKIP_RETURN_CODE 77)

# A test LABEL.NAME that has the bed for itself, and names it and the binary to its command. It
# waits most of its time: tests without a bed run beside it, so these begin first.
function(leat_bed_test label name timeout)
    add_test(NAME ${label}.${name} COMMAND ${ARGN})
    set_tests_properties(${label}.${name} PROPERTIES
        LABELS ${label} TIMEOUT ${timeout} RESOURCE_LOCK bed COST 2000 SKIP_RETURN_CODE 77
        FIXTURES_REQUIRED bed WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat>;LEAT_BED=${bed}")
endfunction()
