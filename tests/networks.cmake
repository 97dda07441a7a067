# Networks of this field, as torch exports them (tests/networks/make.py): each beside what
# torch itself made of three rows.
file(GLOB networks CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/networks/*/model.onnx)
foreach(model ${networks})
    get_filename_component(folder ${model} DIRECTORY)
    get_filename_component(name ${folder} NAME)
    add_test(NAME network.${name} COMMAND onnx_node_test ${folder})
    set_tests_properties(network.${name} PROPERTIES LABELS unit TIMEOUT 120)
endforeach()

# The driver that tests/conformance/networks compares with ONNX Runtime.
add_executable(run_network conformance/run_network.c)
target_link_libraries(run_network PRIVATE leat_flags leat_runtime allocations)
