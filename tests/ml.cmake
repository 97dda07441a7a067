# Runs an ONNX model on tensors in files, for tests/conformance/sklearn.
add_executable(onnx_run conformance/onnx_run.c)
target_link_libraries(onnx_run PRIVATE leat_flags leat_runtime m allocations)

foreach(name key_map ml_encode ml_linear ml_columns ml_scale ml_svm ml_trees
        ml_trees_5 post_transform tree_ensemble)
    leat_unit_test(${name} one_node m)
endforeach()
