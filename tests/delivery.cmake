leat_unit_test(ledger leat_base)
leat_unit_test(meter leat_base)
leat_unit_test(distribution leat_base)
leat_unit_test(partition_meters leat_consumers)
foreach(room source position commit start rebalance measure)
    leat_unit_test(${room} leat_consumers)
    target_sources(test_${room} PRIVATE unit/source_fixture.c)
endforeach()
foreach(room sink publish transaction)
    leat_unit_test(${room} leat_producers leat_client)
    target_sources(test_${room} PRIVATE unit/sink_fixture.c)
endforeach()
# Their brokers take their time over every join and error, so they begin before the others.
set_tests_properties(unit.position unit.rebalance unit.commit unit.transaction unit.start
    unit.source PROPERTIES COST 500)
leat_unit_test(grouping leat_producers leat_client)
leat_unit_test(cores leat_worker)
leat_unit_test(refusals leat_worker)

# Every error of every call of a transaction. A sample runs here; the whole is one command, see
# tests/matrix/main.c. Some cells race, and under load both sides may end rightly and otherwise:
# so no other test runs beside it.
add_executable(error_matrix matrix/main.c matrix/cell.c matrix/bare.c matrix/played.c
               unit/sink_fixture.c)
target_link_libraries(error_matrix PRIVATE leat_flags leat_producers leat_client
                      PkgConfig::CMOCKA)
add_test(NAME unit.error_matrix COMMAND error_matrix --sample
         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(unit.error_matrix PROPERTIES LABELS unit TIMEOUT 300 RUN_SERIAL ON)

# librdkafka 2.0.2 loses an operation when a producer is destroyed that has sent offsets and was
# not answered. Some of these tests do that, so leaks are not looked for in them.
set_tests_properties(unit.transaction PROPERTIES
    ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0:strict_string_checks=1")
