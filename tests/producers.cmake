leat_unit_test(encode leat_producers)
leat_unit_test(pack leat_base)
leat_unit_test(dead_letter leat_producers)
