/* Fusion of whole networks. */
#include "fuse_fixture.h"
#include "model_files.h"
#include "runtime/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_exported(const char *path, const char *wanted)
{
    fuse_network net = {.n_made = 0};
    leat_error error;
    size_t size;
    char *bytes = read_file(path, &size);
    leat_graph_init(&net.graph);
    if (leat_onnx_read(&net.graph, bytes, size, &error) ||
        leat_graph_load(&net.graph, &error))
        fail_msg("%s: %s", path, error.msg);
    fuse_list_kinds(&net);
    assert_string_equal(net.kinds, wanted);
    leat_graph_fini(&net.graph);
    free(bytes);
}

static void test_graph_fuse__networks_that_torch_exports_become_few_nodes(void **state)
{
    (void)state;
    assert_exported("tests/networks/mlp_batch_norm-11/model.onnx",
                    "Dense Dense Dense Squeeze ");
    assert_exported("tests/networks/mlp_gelu-11/model.onnx",
                    "Dense LayerNormalization Dense Dense Add LayerNormalization Dense "
                    "Dense Add Dense Softmax ");
    assert_exported("tests/networks/mlp_gelu-17/model.onnx",
                    "Dense LayerNormalization Dense Dense Add LayerNormalization Dense "
                    "Dense Add Dense Softmax ");
    assert_exported("tests/networks/autoencoder-17/model.onnx",
                    "Dense Dense Dense Dense Sub Pow ReduceMean ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_fuse__networks_that_torch_exports_become_few_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
