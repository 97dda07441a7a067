# The manifests and the Dockerfile of deploy/, checked without a cluster and without Docker.
foreach(check manifests configuration policy image selftest)
    add_test(NAME deploy.${check} COMMAND tests/deploy/run ${check})
    set_tests_properties(deploy.${check} PROPERTIES LABELS deploy TIMEOUT 600
        SKIP_RETURN_CODE 77 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        ENVIRONMENT "LEAT_BIN=$<TARGET_FILE:leat>")
endforeach()
