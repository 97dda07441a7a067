/* The networks of this field (tests/networks) and graphs made by hand, run block by block. */
#include "allocations.h"
#include "model_files.h"
#include "onnx_builder.h"
#include "runtime/onnx.h"
#include "runtime/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#define NETWORKS "tests/networks/"

enum { ROWS = 600, MOST_INPUTS = 4, MOST_NAME = 128 };

static const char *const networks[] = {
    "autoencoder",    "dlrm",     "gru4rec", "lstm",       "masked_pooling",
    "mlp_batch_norm", "mlp_gelu", "sasrec",  "two_towers",
};

/* A network with ROWS rows, which repeat those of its test, and what is expected of these.
 */
typedef struct test_bed {
    leat_arena arena;
    leat_model *model;
    leat_session *session;
    leat_tensor inputs[MOST_INPUTS], output;
    size_t input_bytes[MOST_INPUTS]; /* of a row */
    leat_array expected;             /* f32 [n, width] */
    uint32_t width;
} test_bed;

static leat_array read_array(test_bed *bed, const char *folder, const char *name,
                             uint32_t n)
{
    char path[MOST_NAME];
    size_t size;
    leat_array array;
    leat_error error;
    snprintf(path, sizeof path, NETWORKS "%s/test_data_set_0/%s_%u.pb", folder, name, n);
    char *bytes = read_file(path, &size);
    if (leat_onnx_read_tensor(&array, &bed->arena, bytes, size, &error))
        fail_msg("%s: %s", path, error.msg);
    free(bytes);
    return array;
}

static void set_up_input(test_bed *bed, uint32_t i, leat_array rows)
{
    size_t size = leat_array_bytes(&rows) / rows.shape[0];
    char *data = leat_arena_aligned(&bed->arena, ROWS * size);
    for (size_t row = 0; row < ROWS; row++)
        memcpy(data + row * size, (char *)rows.data + row % rows.shape[0] * size, size);
    bed->inputs[i].data = data;
    bed->input_bytes[i] = size;
}

static void set_up(test_bed *bed, const char *folder)
{
    char path[MOST_NAME];
    leat_error error;
    memset(bed, 0, sizeof *bed);
    leat_arena_init(&bed->arena, 1 << 16);
    snprintf(path, sizeof path, NETWORKS "%s/model.onnx", folder);
    if (leat_model_open(&bed->model, path, NULL, &error))
        fail_msg("%s", error.msg);
    assert_int_equal(leat_session_new(&bed->session, bed->model, LEAT_SCORE_PREDICT),
                     LEAT_OK);
    for (uint32_t i = 0; i < leat_model_n_inputs(bed->model); i++)
        set_up_input(bed, i, read_array(bed, folder, "input", i));
    bed->expected = read_array(bed, folder, "output", 0);
    bed->width = leat_session_output(bed->session)->shape[1];
    assert_int_equal(leat_session_output(bed->session)->dtype, LEAT_F32);
    assert_int_equal(leat_array_count(&bed->expected),
                     bed->width * bed->expected.shape[0]);
    bed->output.data =
        leat_arena_calloc(&bed->arena, (size_t)ROWS * bed->width, sizeof(float));
}

static void tear_down(test_bed *bed)
{
    leat_session_free(bed->session);
    leat_model_free(bed->model);
    leat_arena_fini(&bed->arena);
}

/* Rows [first, first + n) as a batch of their own. */
static void score(test_bed *bed, uint32_t first, uint32_t n)
{
    leat_tensor inputs[MOST_INPUTS];
    leat_tensor output = {.data = (float *)bed->output.data + (size_t)first * bed->width};
    for (uint32_t i = 0; i < MOST_INPUTS; i++)
        inputs[i].data = (char *)bed->inputs[i].data + first * bed->input_bytes[i];
    assert_int_equal(leat_session_run(bed->session, inputs, n, &output, UINT64_MAX),
                     LEAT_OK);
}

static void check_scores(const test_bed *bed, const char *name, uint32_t batch)
{
    const float *scores = bed->output.data;
    for (size_t i = 0; i < (size_t)ROWS * bed->width; i++) {
        float expected =
            ((float *)bed->expected.data)[i % leat_array_count(&bed->expected)];
        if (!(fabsf(scores[i] - expected) <= 1e-5f * fmaxf(1, fabsf(expected))))
            fail_msg("%s, batches of %u: row %zu is %.9g, expected %.9g", name, batch,
                     i / bed->width, (double)scores[i], (double)expected);
    }
}

static void for_all(void (*check)(test_bed *bed, const char *folder))
{
    static const char *const opsets[] = {"11", "17"};
    for (size_t n = 0; n < 2 * sizeof networks / sizeof *networks; n++) {
        char folder[MOST_NAME];
        test_bed bed;
        snprintf(folder, sizeof folder, "%s-%s", networks[n / 2], opsets[n % 2]);
        set_up(&bed, folder);
        check(&bed, folder);
        tear_down(&bed);
    }
}

static void score_in_batches(test_bed *bed, const char *folder)
{
    static const uint32_t batches[] = {ROWS, 1, 3, 16, 17, 255, 257, 2};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        memset(bed->output.data, 0xff, ROWS * bed->width * sizeof(float));
        for (uint32_t first = 0; first < ROWS; first += batches[i])
            score(bed, first, ROWS - first < batches[i] ? ROWS - first : batches[i]);
        check_scores(bed, folder, batches[i]);
    }
}

static void test_network_session__a_score_is_torchs_in_any_batch(void **state)
{
    (void)state;
    for_all(score_in_batches);
}

static void run_and_count(test_bed *bed, const char *folder)
{
    assert_true(allocated.calls > 0);
    allocated.calls = 0;
    for (uint32_t n = 1; n < ROWS; n += 7)
        score(bed, ROWS - n, n);
    if (allocated.calls)
        fail_msg("%s: %zu allocations", folder, allocated.calls);
    allocated.calls = 1;
}

static void test_network_session__runs_without_allocating(void **state)
{
    (void)state;
    for_all(run_and_count);
}

static void compare_inputs(test_bed *bed, const char *folder)
{
    (void)folder;
    void *copies[MOST_INPUTS];
    const uint32_t n = leat_model_n_inputs(bed->model);
    for (uint32_t i = 0; i < n; i++) {
        copies[i] = leat_arena_alloc(&bed->arena, ROWS * bed->input_bytes[i]);
        memcpy(copies[i], bed->inputs[i].data, ROWS * bed->input_bytes[i]);
    }
    score(bed, 0, ROWS);
    for (uint32_t i = 0; i < n; i++)
        assert_memory_equal(copies[i], bed->inputs[i].data, ROWS * bed->input_bytes[i]);
}

static void test_network_session__leaves_inputs_as_they_are(void **state)
{
    (void)state;
    for_all(compare_inputs);
}

static void compare_memory(test_bed *bed, const char *folder)
{
    leat_session_memory memory = leat_session_measure(bed->session);
    if (memory.planned > memory.sum)
        fail_msg("%s: %zu bytes planned for %zu", folder, memory.planned, memory.sum);
}

static void test_network_session__a_plan_is_smaller_than_the_sum(void **state)
{
    (void)state;
    for_all(compare_memory);
}

static void yield_and_go_on(test_bed *bed, const char *folder)
{
    unsigned calls = 1;
    leat_status status;
    while ((status = leat_session_run(bed->session, bed->inputs, ROWS, &bed->output,
                                      0)) == LEAT_MORE)
        calls++;
    assert_int_equal(status, LEAT_OK);
    assert_true(calls > 1);
    check_scores(bed, folder, ROWS);
}

static void test_network_session__yields_when_its_budget_is_spent_and_goes_on(
    void **state)
{
    (void)state;
    for_all(yield_and_go_on);
}

/* ---- graphs made by hand ---- */

static leat_model *build(onnx_builder *b)
{
    size_t size;
    leat_model *model;
    leat_error error;
    void *bytes = onnx_pack(b, &size);
    leat_status status = leat_model_parse(&model, bytes, size, NULL, &error);
    free(bytes);
    onnx_stop(b);
    if (status)
        fail_msg("%s", error.msg);
    return model;
}

/* Runs a model of one input over the values and expects these. */
static void expect(leat_model *model, const float *x, uint32_t n_rows, const float *y,
                   uint32_t width)
{
    leat_session *session;
    float scores[64] = {0};
    leat_tensor input = {.data = (void *)(uintptr_t)x}, output = {.data = scores};
    assert_int_equal(leat_session_new(&session, model, LEAT_SCORE_PREDICT), LEAT_OK);
    assert_int_equal(leat_session_output(session)->shape[1], width);
    assert_int_equal(leat_session_run(session, &input, n_rows, &output, UINT64_MAX),
                     LEAT_OK);
    assert_memory_equal(scores, y, n_rows * width * sizeof *y);
    leat_session_free(session);
    leat_model_free(model);
}

static void test_network_session__an_output_that_is_the_input_is_copied(void **state)
{
    (void)state;
    onnx_builder b;
    onnx_start(&b);
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_node(&b, "Identity", "x", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    const float x[] = {1, -2, 3, -4};
    expect(build(&b), x, 2, x, 2);
}

static void test_network_session__a_fixed_batch_of_1_scores_every_row(void **state)
{
    (void)state;
    onnx_builder b;
    onnx_start(&b);
    onnx_input(&b, "x", 1, 2, (int64_t[]){1, 2});
    onnx_ints(&b, "shape", 1, (int64_t[]){2}, (int64_t[]){1, 2});
    onnx_node(&b, "Reshape", "x shape", "r");
    onnx_node(&b, "Relu", "r", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){1, 2});
    expect(build(&b), (float[]){1, -2, -3, 4, 5, 6}, 3, (float[]){1, 0, 0, 4, 5, 6}, 2);
}

/* The rows count what no row knows: how many they are. */
static void test_network_session__an_output_may_be_made_of_shapes_alone(void **state)
{
    (void)state;
    onnx_builder b;
    onnx_start(&b);
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_node(&b, "Shape", "x", "shape");
    onnx_node(&b, "ConstantOfShape", "shape", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    expect(build(&b), (float[]){1, 2, 3, 4}, 2, (float[]){0, 0, 0, 0}, 2);
}

/* No element of the shape is known before the run, but there is none. */
static void test_network_session__a_constant_is_seen_in_a_shape_without_elements(
    void **state)
{
    (void)state;
    onnx_builder b;
    onnx_start(&b);
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_floats(&b, "one", 1, (int64_t[]){1}, (float[]){1});
    onnx_ints(&b, "zero", 1, (int64_t[]){1}, (int64_t[]){0});
    onnx_ints(&b, "last", 1, (int64_t[]){1}, (int64_t[]){1});
    onnx_node(&b, "Slice", "x zero zero last", "nothing");
    onnx_int(&b, onnx_node(&b, "Cast", "nothing", "shape"), "to", 7);
    onnx_node(&b, "Reshape", "one shape", "scalar");
    onnx_node(&b, "Add", "x scalar", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    expect(build(&b), (float[]){1, 2, 3, 4}, 2, (float[]){2, 3, 4, 5}, 2);
}

static void test_network_session__a_graph_has_no_margins_or_leaves(void **state)
{
    (void)state;
    test_bed bed;
    leat_session *session;
    set_up(&bed, "mlp_gelu-17");
    assert_int_equal(leat_session_new(&session, bed.model, LEAT_SCORE_MARGIN),
                     LEAT_E_UNSUPPORTED);
    assert_int_equal(leat_session_new(&session, bed.model, LEAT_SCORE_LEAVES),
                     LEAT_E_UNSUPPORTED);
    tear_down(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_session__a_score_is_torchs_in_any_batch),
        cmocka_unit_test(test_network_session__runs_without_allocating),
        cmocka_unit_test(test_network_session__leaves_inputs_as_they_are),
        cmocka_unit_test(test_network_session__a_plan_is_smaller_than_the_sum),
        cmocka_unit_test(
            test_network_session__yields_when_its_budget_is_spent_and_goes_on),
        cmocka_unit_test(test_network_session__an_output_that_is_the_input_is_copied),
        cmocka_unit_test(test_network_session__a_fixed_batch_of_1_scores_every_row),
        cmocka_unit_test(test_network_session__an_output_may_be_made_of_shapes_alone),
        cmocka_unit_test(
            test_network_session__a_constant_is_seen_in_a_shape_without_elements),
        cmocka_unit_test(test_network_session__a_graph_has_no_margins_or_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
