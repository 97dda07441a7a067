# The model's operators, one at a time, beside naive twins.
add_library(one_node STATIC unit/one_node.c unit/twin.c)
target_link_libraries(one_node PRIVATE leat_flags PUBLIC leat_ops PkgConfig::CMOCKA m)

foreach(name dense elementwise gemm matmul normalise normalise_axes recurrent softmax
    vector_math)
    leat_unit_test(${name} one_node m)
endforeach()
