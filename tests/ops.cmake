# The model's operators, one at a time, beside naive twins.
add_library(one_node STATIC unit/one_node.c)
target_link_libraries(one_node PRIVATE leat_flags PUBLIC leat_ops PkgConfig::CMOCKA)

foreach(name elementwise normalise normalise_axes softmax)
    leat_unit_test(${name} one_node m)
endforeach()
