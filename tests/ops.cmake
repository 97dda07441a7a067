# The model's operators, one at a time, beside naive twins.
add_library(one_node STATIC unit/one_node.c unit/twin.c)
target_link_libraries(one_node PRIVATE leat_flags PUBLIC leat_ops PkgConfig::CMOCKA m)

foreach(name along attention binary cast clip compare constant dense elementwise gather
        gemm matmul moving normalise normalise_axes recurrent reduce scatter select
        shaping slice softmax transpose vector_math)
    leat_unit_test(${name} one_node m)
endforeach()
target_sources(test_recurrent PRIVATE unit/recurrent_twin.c)

# Once more without what they have for AVX2: an operator that the program brings itself is
# not taken from the library.
foreach(name normalise softmax)
    add_executable(test_${name}_portable unit/test_${name}.c
                   ${PROJECT_SOURCE_DIR}/ops/${name}.c)
    target_compile_definitions(test_${name}_portable PRIVATE LEAT_PORTABLE)
    target_link_libraries(test_${name}_portable PRIVATE leat_flags one_node m)
    add_test(NAME unit.${name}_portable COMMAND test_${name}_portable)
    set_tests_properties(unit.${name}_portable PROPERTIES LABELS unit TIMEOUT 120)
endforeach()
