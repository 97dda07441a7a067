leat_unit_test(forest leat_ops)
leat_unit_test(linear_leaves leat_ops m)
foreach(name sha256 json ubjson text_block link xgboost lightgbm model session graph_fuse
        fuse_dense fuse_shapes)
    leat_unit_test(${name} leat_runtime m)
endforeach()
foreach(name graph_fuse fuse_dense fuse_shapes)
    target_sources(test_${name} PRIVATE unit/fuse_fixture.c)
endforeach()
# A run of a session allocates nothing: the test counts.
target_link_libraries(test_session PRIVATE allocations)

leat_fuzz_target(model_json leat_runtime)
leat_fuzz_target(model_ubjson leat_runtime)
leat_fuzz_target(model_lightgbm leat_runtime)
leat_fuzz_target(model_onnx leat_runtime)

# The driver that tests/conformance/run compares with XGBoost.
add_executable(score_rows conformance/score_rows.c)
target_link_libraries(score_rows PRIVATE leat_flags leat_runtime allocations)

# ONNX files made by hand.
add_library(onnx_builder STATIC unit/onnx_builder.c)
target_link_libraries(onnx_builder PRIVATE leat_flags PUBLIC leat_runtime)
leat_unit_test(plan_memory leat_runtime)
leat_unit_test(onnx onnx_builder)
leat_unit_test(graph leat_runtime)
leat_unit_test(frame onnx_builder)
leat_unit_test(network onnx_builder)

# Spoilt models: a sample of their bits. Without --sample it is every bit, for minutes under
# sanitizers (scripts/test --full).
foreach(name model_corruption onnx_corruption)
    leat_unit_test(${name} leat_runtime ARGUMENTS --sample)
    set_tests_properties(unit.${name} PROPERTIES COST 1000)
endforeach()

leat_unit_test(network_session onnx_builder allocations m)

# Runs tests of ONNX's own suite (tests/conformance/onnx_nodes).
add_executable(onnx_node_test conformance/onnx_node_test.c)
target_link_libraries(onnx_node_test PRIVATE leat_flags leat_runtime m)
# Spoils every bit of a model, of any format.
add_executable(corrupt_model conformance/corrupt_model.c)
target_link_libraries(corrupt_model PRIVATE leat_flags leat_runtime)
