/* onnx_run MODEL FOLDER: runs an ONNX model on FOLDER/input_<n>.pb, as a graph, and writes
 * each output to FOLDER/output_<n>: a line with dtype and shape, then the elements as they
 * lie in memory, of a string its size (4 bytes) and its bytes. Then the file is opened as a
 * model, and what a session scores is written to FOLDER/scores, unless no output can be
 * scores. A second run of the session, once it is warm, must ask the heap for nothing.
 *
 * Exits 0; 77 when the model is not supported, 1 when it is broken, with the reason on
 * standard output. */
#include "allocations.h"
#include "runtime/frame.h"
#include "runtime/onnx.h"
#include "runtime/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSED = 77 };

static int fail(const char *what, const leat_error *error)
{
    printf("%s: %s\n", what, error->msg);
    return error->code == LEAT_E_UNSUPPORTED ? REFUSED : 1;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        printf("%s: cannot open\n", path);
        exit(1);
    }
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    void *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, in) != *size)
        abort();
    fclose(in);
    return bytes;
}

static leat_status read_inputs(leat_frame *frame, leat_arena *arena, const char *folder,
                               leat_array *inputs, leat_error *error)
{
    for (uint32_t i = 0; i < frame->graph->n_inputs; i++) {
        char path[4096];
        size_t size;
        snprintf(path, sizeof path, "%s/input_%u.pb", folder, i);
        void *bytes = read_file(path, &size);
        leat_status status = leat_onnx_read_tensor(&inputs[i], arena, bytes, size, error);
        free(bytes);
        if (status)
            return status;
        leat_array *array = leat_frame_input(frame, i);
        if (array->dtype != inputs[i].dtype)
            return leat_error_set(error, LEAT_E_MODEL, "input %u is %s, but %s was given",
                                  i, leat_dtype_name(array->dtype),
                                  leat_dtype_name(inputs[i].dtype));
        *array = inputs[i];
        array->data = NULL;
    }
    return LEAT_OK;
}

/* Gives every array that is not known yet memory of its own. */
static void lay_out(leat_frame *frame, leat_arena *arena)
{
    for (uint32_t n = 0; n < frame->graph->n_nodes; n++) {
        const leat_call *call = &frame->calls[n];
        const bool is_view = frame->graph->nodes[n]->op->flags & LEAT_OP_VIEW;
        for (uint32_t i = 0; i < call->n_outputs; i++) {
            leat_array *array = call->outputs[i];
            if (array && !array->data)
                array->data = is_view
                                  ? call->inputs[0]->data
                                  : leat_arena_aligned(arena, leat_array_bytes(array));
        }
    }
}

static void write_array(const leat_array *array, const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    if (!out)
        abort();
    fprintf(out, "%s", leat_dtype_name(array->dtype));
    for (uint32_t axis = 0; axis < array->rank; axis++)
        fprintf(out, " %u", array->shape[axis]);
    fprintf(out, "\n");
    const leat_slice *texts = array->dtype == LEAT_STRING ? array->data : NULL;
    if (!texts)
        fwrite(array->data, 1, leat_array_bytes(array), out);
    for (size_t at = 0; texts && at < leat_array_count(array); at++) {
        fwrite(&texts[at].size, sizeof texts[at].size, 1, out);
        fwrite(texts[at].data, 1, texts[at].size, out);
    }
    fclose(out);
}

/* scikit-learn's probabilities as the tensor that goes into the ZipMap. */
static void strip_zip_maps(leat_graph *graph)
{
    for (uint32_t i = 0; i < graph->n_outputs; i++) {
        const leat_graph_node *node = graph->outputs[i].value->producer;
        if (node && !strcmp(node->op_type, "ZipMap"))
            graph->outputs[i].value = node->inputs[0];
    }
}

static int run_frame(leat_frame *frame, leat_arena *arena, const char *folder)
{
    leat_error error;
    const leat_graph *graph = frame->graph;
    leat_array *inputs = leat_arena_calloc(arena, graph->n_inputs + 1, sizeof *inputs);
    if (read_inputs(frame, arena, folder, inputs, &error))
        return fail("inputs", &error);
    if (leat_frame_shape(frame, &error))
        return fail("shapes", &error);
    for (uint32_t i = 0; i < graph->n_inputs; i++)
        leat_frame_input(frame, i)->data = inputs[i].data;
    lay_out(frame, arena);
    leat_frame_run(frame, leat_arena_aligned(arena, frame->scratch));
    for (uint32_t i = 0; i < graph->n_outputs; i++) {
        char name[32];
        snprintf(name, sizeof name, "output_%u", i);
        write_array(&frame->arrays[graph->outputs[i].value->id], folder, name);
    }
    return 0;
}

static int run_graph(const void *bytes, size_t size, leat_arena *arena,
                     const char *folder, bool *has_scores)
{
    leat_graph graph;
    leat_frame frame;
    leat_error error;
    leat_graph_init(&graph);
    leat_status status = leat_onnx_read(&graph, bytes, size, &error);
    if (!status) {
        strip_zip_maps(&graph);
        status = leat_graph_load(&graph, &error);
    }
    if (!status)
        status = leat_frame_init(&frame, &graph, 0, &error);
    int result = status ? fail("load", &error) : run_frame(&frame, arena, folder);
    *has_scores = false;
    for (uint32_t i = 0; i < graph.n_outputs && !status; i++)
        *has_scores |= graph.outputs[i].value->array.dtype <= LEAT_F64;
    if (!status)
        leat_frame_fini(&frame);
    leat_graph_fini(&graph);
    return result;
}

/* The tensors of a model's inputs, of which all have as many rows. */
static uint32_t read_tensors(const leat_model *model, leat_arena *arena,
                             const char *folder, leat_tensor *tensors)
{
    uint32_t n_rows = 0;
    for (uint32_t i = 0; i < leat_model_n_inputs(model); i++) {
        char path[4096];
        size_t size;
        leat_error error;
        leat_array array;
        snprintf(path, sizeof path, "%s/input_%u.pb", folder, i);
        void *bytes = read_file(path, &size);
        if (leat_onnx_read_tensor(&array, arena, bytes, size, &error))
            abort();
        free(bytes);
        n_rows = array.shape[0];
        tensors[i] = (leat_tensor){
            .spec = &leat_model_inputs(model)[i],
            .row_size = leat_tensor_row_size(&leat_model_inputs(model)[i]),
            .data = array.data,
        };
    }
    return n_rows;
}

static int run_session(const leat_model *model, leat_arena *arena, const char *folder)
{
    leat_session *session;
    leat_tensor *inputs =
        leat_arena_calloc(arena, leat_model_n_inputs(model), sizeof *inputs);
    const uint32_t n_rows = read_tensors(model, arena, folder, inputs);
    if (leat_session_new(&session, model, LEAT_SCORE_PREDICT))
        abort();
    const leat_tensor_spec *spec = leat_session_output(session);
    leat_array scores = {
        .dtype = spec->dtype, .rank = 2, .shape = {n_rows, leat_tensor_row_size(spec)}};
    scores.data = leat_arena_aligned(arena, leat_array_bytes(&scores));
    leat_tensor output = {spec, leat_tensor_row_size(spec), scores.data};
    for (int pass = 0; pass < 2; pass++) {
        allocated.calls = 0;
        while (leat_session_run(session, inputs, n_rows, &output, UINT64_MAX) ==
               LEAT_MORE)
            continue;
    }
    if (allocated.calls)
        printf("session: a warm run allocates %zu times\n", allocated.calls);
    const int result = allocated.calls ? 1 : 0;
    write_array(&scores, folder, "scores");
    leat_session_free(session);
    return result;
}

static int run_model(const void *bytes, size_t size, leat_arena *arena,
                     const char *folder)
{
    leat_model *model;
    leat_error error;
    const leat_model_options options = {0};
    if (leat_model_parse(&model, bytes, size, &options, &error))
        return fail("model", &error);
    int result = run_session(model, arena, folder);
    leat_model_free(model);
    return result;
}

int main(int argc, char **argv)
{
    leat_arena arena;
    size_t size;
    if (argc != 3) {
        printf("usage: onnx_run MODEL FOLDER\n");
        return 64;
    }
    void *bytes = read_file(argv[1], &size);
    leat_arena_init(&arena, 1 << 16);
    bool has_scores;
    int result = run_graph(bytes, size, &arena, argv[2], &has_scores);
    if (!result && has_scores)
        result = run_model(bytes, size, &arena, argv[2]);
    leat_arena_fini(&arena);
    free(bytes);
    return result;
}
