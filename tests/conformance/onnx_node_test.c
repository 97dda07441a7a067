/* onnx_node_test DIR: runs a test of ONNX's own suite, a directory with model.onnx and
 * test_data_set_<n>/{input,output}_<n>.pb.
 *
 * Exits 0 when all outputs are as expected; 77 when an operator, attribute, type or case is
 * not supported, which it prints; 1 on a mismatch, or when there is no test.
 *
 * What an operator may know beforehand differs between models, so every test is tried with
 * inputs whose elements are not known before the run, then with all of them known when
 * shapes are computed, then with all but the first as constants of the model. One of these
 * must be supported, and all that are must be right. */
#include "runtime/frame.h"
#include "runtime/onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSED = 0, WRONG = 1, REFUSED = 77, MOST_ARRAYS = 64 };

typedef enum knowledge { UNKNOWN, KNOWN, CONSTANT, N_KNOWLEDGE } knowledge;

static const char *const knowledge_names[] = {"inputs", "inputs known with their shapes",
                                              "all but the first input as constants"};

typedef struct file {
    uint8_t *bytes;
    size_t size;
} file;

typedef struct data_set {
    leat_arena arena;
    uint32_t n_inputs, n_outputs;
    leat_array inputs[MOST_ARRAYS], outputs[MOST_ARRAYS];
} data_set;

static int fail(const char *what, const leat_error *error)
{
    printf("%s: %s\n", what, error->msg);
    return error->code == LEAT_E_UNSUPPORTED ? REFUSED : WRONG;
}

static bool read_file(const char *path, file *whole)
{
    FILE *in = fopen(path, "rb");
    *whole = (file){0};
    if (!in)
        return false;
    fseek(in, 0, SEEK_END);
    whole->size = (size_t)ftell(in);
    rewind(in);
    whole->bytes = malloc(whole->size + 1);
    if (!whole->bytes || fread(whole->bytes, 1, whole->size, in) != whole->size)
        abort();
    fclose(in);
    return true;
}

/* input_0.pb, input_1.pb ... until there is no further one. What is no tensor that is
 * supported (a sequence, say) makes the test one that is not. */
static int read_arrays(const char *folder, const char *word, leat_arena *arena,
                       leat_array *arrays, uint32_t *n)
{
    for (*n = 0; *n < MOST_ARRAYS; ++*n) {
        char path[4096];
        file whole;
        leat_error error;
        snprintf(path, sizeof path, "%s/%s_%u.pb", folder, word, *n);
        if (!read_file(path, &whole))
            return PASSED;
        leat_status status =
            leat_onnx_read_tensor(&arrays[*n], arena, whole.bytes, whole.size, &error);
        free(whole.bytes);
        if (status) {
            printf("%s: %s\n", path, error.msg);
            return REFUSED;
        }
    }
    return PASSED;
}

/* ---- comparing, as onnx/backend/test/runner does ---- */

static double element(const leat_array *array, size_t i)
{
    switch (array->dtype) {
    case LEAT_F32:
        return (double)((const float *)array->data)[i];
    case LEAT_F64:
        return ((const double *)array->data)[i];
    case LEAT_I64:
        return (double)((const int64_t *)array->data)[i];
    case LEAT_I32:
        return ((const int32_t *)array->data)[i];
    case LEAT_BOOL:
        return ((const uint8_t *)array->data)[i];
    case LEAT_STRING:
        break;
    }
    abort();
}

static bool is_close(double found, double expected)
{
    const double rtol = 1e-3, atol = 1e-7;
    if (isnan(found) || isnan(expected))
        return isnan(found) && isnan(expected);
    if (isinf(found) || isinf(expected))
        return found == expected;
    return fabs(found - expected) <= atol + rtol * fabs(expected);
}

static bool is_equal(const leat_array *found, const leat_array *expected, size_t i)
{
    if (found->dtype == LEAT_STRING)
        return leat_slice_equal(((const leat_slice *)found->data)[i],
                                ((const leat_slice *)expected->data)[i]);
    return is_close(element(found, i), element(expected, i));
}

static int compare(const leat_array *found, const leat_array *expected, uint32_t output)
{
    char a[LEAT_ARRAY_TEXT], b[LEAT_ARRAY_TEXT];
    if (found->dtype != expected->dtype || !leat_array_same_shape(found, expected)) {
        printf("output %u is %s, expected %s\n", output, leat_array_describe(found, a),
               leat_array_describe(expected, b));
        return WRONG;
    }
    for (size_t i = 0; i < leat_array_count(expected); i++) {
        if (is_equal(found, expected, i))
            continue;
        printf("output %u, %s, element %zu", output, leat_array_describe(found, a), i);
        if (found->dtype != LEAT_STRING)
            printf(": %.9g, expected %.9g", element(found, i), element(expected, i));
        printf("\n");
        return WRONG;
    }
    return PASSED;
}

/* ---- running ---- */

/* Gives every array that is not known yet memory of its own. */
static void lay_out(leat_frame *frame, leat_arena *arena)
{
    for (uint32_t n = 0; n < frame->graph->n_nodes; n++) {
        const leat_call *call = &frame->calls[n];
        for (uint32_t i = 0; i < call->n_outputs; i++) {
            leat_array *array = call->outputs[i];
            if (!array || array->data)
                continue;
            if (frame->graph->nodes[n]->op->flags & LEAT_OP_VIEW)
                array->data = call->inputs[0]->data;
            else
                array->data = memset(leat_arena_aligned(arena, leat_array_bytes(array)),
                                     0xa5, leat_array_bytes(array));
        }
    }
}

static int run(leat_frame *frame, const data_set *set, knowledge known)
{
    leat_error error;
    leat_arena arena;
    const leat_graph *graph = frame->graph;
    for (uint32_t i = 0; i < graph->n_inputs; i++) {
        leat_array *input = leat_frame_input(frame, i);
        if (input->dtype != set->inputs[i].dtype) {
            printf("input %u is of another type than the model declares\n", i);
            return REFUSED;
        }
        *input = set->inputs[i];
        if (known == UNKNOWN)
            input->data = NULL;
    }
    if (leat_frame_shape(frame, &error))
        return fail("shapes", &error);
    for (uint32_t i = 0; i < graph->n_inputs; i++)
        leat_frame_input(frame, i)->data = set->inputs[i].data;
    leat_arena_init(&arena, 1 << 16);
    lay_out(frame, &arena);
    leat_frame_run(frame, leat_arena_aligned(&arena, frame->scratch));
    int result = set->n_outputs == graph->n_outputs ? PASSED : WRONG;
    for (uint32_t i = 0; i < set->n_outputs && result == PASSED; i++)
        result =
            compare(&frame->arrays[graph->outputs[i].value->id], &set->outputs[i], i);
    leat_arena_fini(&arena);
    return result;
}

/* All inputs but the first become constants with the elements of the test. */
static void make_constants(leat_graph *graph, data_set *set)
{
    for (uint32_t i = 1; i < graph->n_inputs; i++)
        graph->inputs[i].value->array = set->inputs[i];
    if (graph->n_inputs)
        graph->n_inputs = 1;
}

static int try(const file *model, data_set *set, knowledge known)
{
    leat_graph graph;
    leat_frame frame;
    leat_error error;
    leat_graph_init(&graph);
    int result = WRONG;
    leat_status status = leat_onnx_read(&graph, model->bytes, model->size, &error);
    if (!status && graph.n_inputs != set->n_inputs)
        status =
            leat_error_set(&error, LEAT_E_UNSUPPORTED, "%u inputs, but the test has %u",
                           graph.n_inputs, set->n_inputs);
    if (!status && known == CONSTANT)
        make_constants(&graph, set);
    if (!status)
        status = leat_graph_load(&graph, &error);
    if (!status)
        status = leat_frame_init(&frame, &graph, 0, &error);
    if (status) {
        result = fail("load", &error);
    } else {
        result = run(&frame, set, known);
        leat_frame_fini(&frame);
    }
    leat_graph_fini(&graph);
    return result;
}

/* ---- a test ---- */

/* Right in one way at least, and wrong in none. */
static int try_all(const file *model, data_set *set)
{
    int best = REFUSED;
    for (knowledge known = UNKNOWN; known < N_KNOWLEDGE; known++) {
        printf("%s: ", knowledge_names[known]);
        int result = try(model, set, known);
        if (result == PASSED)
            printf("passed\n");
        if (result == WRONG)
            return WRONG;
        if (result == PASSED)
            best = PASSED;
    }
    return best;
}

static int run_set(const file *model, const char *folder)
{
    data_set set = {0};
    leat_arena_init(&set.arena, 1 << 16);
    int result = read_arrays(folder, "input", &set.arena, set.inputs, &set.n_inputs);
    if (result == PASSED)
        result = read_arrays(folder, "output", &set.arena, set.outputs, &set.n_outputs);
    if (result == PASSED)
        result = try_all(model, &set);
    leat_arena_fini(&set.arena);
    return result;
}

/* Before the data are looked at, which are sequences where inputs are. */
static int check_model(const file *model)
{
    leat_graph graph;
    leat_error error;
    leat_graph_init(&graph);
    leat_status status = leat_onnx_read(&graph, model->bytes, model->size, &error);
    leat_graph_fini(&graph);
    return status ? fail("model.onnx", &error) : PASSED;
}

int main(int argc, char **argv)
{
    char path[4096];
    file model;
    int n_sets = 0;
    if (argc != 2) {
        printf("usage: onnx_node_test DIR\n");
        return WRONG;
    }
    snprintf(path, sizeof path, "%s/model.onnx", argv[1]);
    if (!read_file(path, &model)) {
        printf("%s: cannot open\n", path);
        return WRONG;
    }
    int result = check_model(&model);
    for (; result == PASSED; n_sets++) {
        snprintf(path, sizeof path, "%s/test_data_set_%d", argv[1], n_sets);
        if (access(path, F_OK))
            break;
        result = run_set(&model, path);
    }
    free(model.bytes);
    if (n_sets || result != PASSED)
        return result;
    printf("%s: there is no test_data_set_0\n", argv[1]);
    return WRONG;
}
