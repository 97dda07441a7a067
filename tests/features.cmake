leat_unit_test(log leat_base)
leat_unit_test(number leat_base)
leat_unit_test(pipeline leat_features)
leat_unit_test(redis_url leat_features)
leat_unit_test(redis leat_features)
leat_unit_test(redis_connect leat_features)
leat_unit_test(redis_answers leat_features)
target_link_options(test_redis_answers PRIVATE -Wl,--wrap=redisBufferWrite)
leat_unit_test(redis_tls leat_features)
leat_unit_test(feed leat_features)
leat_unit_test(lookup leat_features)
leat_unit_test(lookup_blob leat_features)
leat_unit_test(lookup_feast leat_features)
leat_unit_test(lookup_cache leat_features)
leat_unit_test(features leat_features allocations)
leat_unit_test(blob leat_features)
leat_unit_test(refusal leat_features)
leat_unit_test(cache leat_features allocations)
leat_unit_test(feast leat_features)

# A real redis-server of their own, and a false one for what a real one does not do.
foreach(test redis redis_connect redis_answers redis_tls lookup lookup_blob lookup_feast lookup_cache features)
    target_sources(test_${test} PRIVATE unit/redis_bed.c)
endforeach()

# Questions to them.
foreach(test redis redis_connect redis_answers)
    target_sources(test_${test} PRIVATE unit/redis_trips.c)
endforeach()

# A batch of entities.
foreach(test lookup lookup_blob lookup_feast lookup_cache features)
    target_sources(test_${test} PRIVATE unit/lookup_bed.c)
endforeach()

leat_fuzz_target(redis_reply leat_features)
leat_fuzz_target(feast leat_features)
leat_fuzz_target(lookup_blob leat_features)

# The driver that tests/conformance/feast compares with Feast.
add_executable(feast_read conformance/feast_read.c)
target_link_libraries(feast_read PRIVATE leat_flags leat_features)
