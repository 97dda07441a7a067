leat_unit_test(arena leat_base)
leat_unit_test(batch leat_base)
leat_unit_test(error leat_base)
leat_unit_test(element leat_base)
leat_unit_test(msgpack leat_base PkgConfig::MSGPACK)
leat_unit_test(path leat_base)
leat_unit_test(decode leat_consumers PkgConfig::MSGPACK)
leat_unit_test(file leat_consumers)
leat_unit_test(json_text leat_worker)

# Counts what the decoder allocates.
target_link_options(test_decode PRIVATE
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc)

leat_fuzz_target(payload leat_consumers)
