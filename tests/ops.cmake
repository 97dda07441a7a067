# The model's operators, one at a time, beside naive twins.
add_library(one_node STATIC unit/one_node.c unit/twin.c)
target_link_libraries(one_node PRIVATE leat_flags PUBLIC leat_ops PkgConfig::CMOCKA m)

foreach(name along attention binary cast clip compare constant dense elementwise gather
        gemm matmul moving normalise normalise_axes recurrent reduce scatter select
        shaping slice softmax transpose vector_math walk)
    leat_unit_test(${name} one_node m)
endforeach()
target_sources(test_recurrent PRIVATE unit/recurrent_twin.c)

# Once more with less SIMD than the machine has.
foreach(name normalise softmax)
    foreach(limit NONE AVX2)
        set(test ${name}_${limit})
        string(TOLOWER ${test} test)
        add_executable(test_${test} unit/test_${name}.c unit/limit_simd.c)
        target_compile_definitions(test_${test} PRIVATE LIMIT=LEAT_SIMD_${limit})
        target_link_libraries(test_${test} PRIVATE leat_flags one_node m)
        add_test(NAME unit.${test} COMMAND test_${test})
        set_tests_properties(unit.${test} PROPERTIES LABELS unit TIMEOUT 300)
    endforeach()
endforeach()
