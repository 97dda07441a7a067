leat_unit_test(journal leat_features)
leat_unit_test(state_table leat_features)
leat_unit_test(shared_state leat_features)
foreach(room aggregate aggregate_outage)
    leat_unit_test(${room} leat_features allocations)
endforeach()
leat_unit_test(aggregate_owner leat_features)
leat_unit_test(aggregate_shared leat_features)
leat_unit_test(aggregate_look leat_worker) # what it says is read as JSON

# Lanes that aggregate beside a real redis-server.
foreach(test aggregate aggregate_owner aggregate_outage aggregate_shared aggregate_look)
    target_sources(test_${test} PRIVATE unit/redis_bed.c unit/aggregate_bed.c)
endforeach()

leat_unit_test(plan_aggregates leat_worker)
target_sources(test_plan_aggregates PRIVATE unit/tiny_model.c)

leat_fuzz_target(aggregate_record leat_features)
