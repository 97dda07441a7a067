leat_unit_test(decode_candidates leat_consumers allocations)
target_sources(test_decode_candidates PRIVATE unit/decode_fixture.c)
leat_unit_test(lookup_candidates leat_features)
target_sources(test_lookup_candidates PRIVATE unit/redis_bed.c unit/lookup_bed.c)
leat_unit_test(ranking leat_producers)
leat_unit_test(encode_ranking leat_producers)
leat_unit_test(plan_rank leat_worker)
target_sources(test_plan_rank PRIVATE unit/tiny_model.c)

# A million rows; a real redis-server.
leat_unit_test(rank_way leat_worker onnx_builder allocations PkgConfig::MSGPACK)
target_sources(test_rank_way PRIVATE unit/redis_bed.c)
leat_fuzz_target(candidates leat_consumers)
