/* onnx_run MODEL FOLDER: runs an ONNX model on FOLDER/input_<n>.pb and writes each output
 * to FOLDER/output_<n>: a line with dtype and shape, then the elements as they lie in
 * memory, of a string its size (4 bytes) and its bytes.
 *
 * Exits 0; 77 when the model is not supported, 1 when it is broken, with the reason on
 * standard output. */
#include "runtime/frame.h"
#include "runtime/onnx.h"

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

static void write_output(const leat_array *array, const char *folder, uint32_t i)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/output_%u", folder, i);
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

static int run(leat_frame *frame, leat_arena *arena, const char *folder)
{
    leat_error error;
    const leat_graph *graph = frame->graph;
    leat_array *inputs = calloc(graph->n_inputs + 1, sizeof *inputs);
    if (!inputs)
        abort();
    if (read_inputs(frame, arena, folder, inputs, &error))
        return fail("inputs", &error);
    if (leat_frame_shape(frame, &error))
        return fail("shapes", &error);
    for (uint32_t i = 0; i < graph->n_inputs; i++)
        leat_frame_input(frame, i)->data = inputs[i].data;
    lay_out(frame, arena);
    leat_frame_run(frame, leat_arena_aligned(arena, frame->scratch));
    for (uint32_t i = 0; i < graph->n_outputs; i++)
        write_output(&frame->arrays[graph->outputs[i]->id], folder, i);
    free(inputs);
    return 0;
}

int main(int argc, char **argv)
{
    leat_graph graph;
    leat_frame frame;
    leat_arena arena;
    leat_error error;
    size_t size;
    if (argc != 3) {
        printf("usage: onnx_run MODEL FOLDER\n");
        return 64;
    }
    void *bytes = read_file(argv[1], &size);
    leat_graph_init(&graph);
    leat_arena_init(&arena, 1 << 16);
    int result = 0;
    if (leat_onnx_read(&graph, bytes, size, &error) || leat_graph_load(&graph, &error) ||
        leat_frame_init(&frame, &graph, 0, &error)) {
        result = fail("load", &error);
    } else {
        result = run(&frame, &arena, argv[2]);
        leat_frame_fini(&frame);
    }
    leat_graph_fini(&graph);
    leat_arena_fini(&arena);
    free(bytes);
    return result;
}
