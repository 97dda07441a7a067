/* leat model: what a model file holds. */
#include "runtime/model.h"
#include "worker/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

static const char *const kinds[] = {
    [LEAT_OUTPUT_SCORE] = "score",
    [LEAT_OUTPUT_SCORES] = "scores",
    [LEAT_OUTPUT_LABEL] = "label",
};

static int print_usage(FILE *out, int code)
{
    fputs("usage: leat model [--json] FILE\n\n"
          "Shows what a model file holds: inputs, output, objective, trees, size, "
          "digest.\n",
          out);
    return code;
}

static void print_text(const leat_model *model, const leat_model_facts *facts)
{
    const leat_tensor_spec *output = leat_model_output(model);
    const char *const *names = leat_model_feature_names(model);
    printf("format     %s\n", leat_model_format(model));
    printf("objective  %s\n", leat_model_objective(model));
    printf("trees      %" PRIu32 ", %" PRIu32 " leaves, at most %" PRIu32 " deep\n",
           facts->n_trees, facts->n_leaves, facts->max_depth);
    printf("output     %s, %" PRIu32 " a row\n", kinds[leat_model_output_kind(model)],
           leat_tensor_row_size(output));
    printf("size       %" PRIu64 " bytes, %" PRIu64 " in memory\n", facts->file_bytes,
           facts->memory_bytes);
    printf("sha256     %s\n", leat_model_digest(model));
    if (facts->warning)
        printf("warning    %s\n", facts->warning);
    for (uint32_t i = 0; i < leat_model_n_inputs(model); i++) {
        const leat_tensor_spec *input = &leat_model_inputs(model)[i];
        uint32_t n_columns = leat_tensor_row_size(input);
        printf("input      %s: %s, %" PRIu32 " columns%s\n", input->name,
               leat_dtype_name(input->dtype), n_columns, names ? ":" : " without names");
        for (uint32_t c = 0; names && c < n_columns; c++)
            printf("           %s\n", names[c]);
    }
}

static json_t *shape_json(const leat_tensor_spec *spec)
{
    json_t *shape = json_array();
    json_array_append_new(shape, json_null()); /* the rows */
    for (uint32_t axis = 1; axis < spec->rank; axis++)
        json_array_append_new(shape, json_integer(spec->shape[axis]));
    return shape;
}

static json_t *inputs_json(const leat_model *model)
{
    const char *const *names = leat_model_feature_names(model);
    json_t *inputs = json_array();
    for (uint32_t i = 0; i < leat_model_n_inputs(model); i++) {
        const leat_tensor_spec *spec = &leat_model_inputs(model)[i];
        json_t *columns = names ? json_array() : json_null();
        for (uint32_t c = 0; names && c < leat_tensor_row_size(spec); c++)
            json_array_append_new(columns, json_string(names[c]));
        json_array_append_new(inputs,
                              json_pack("{s:s,s:s,s:o,s:o}", "name", spec->name, "type",
                                        leat_dtype_name(spec->dtype), "shape",
                                        shape_json(spec), "columns", columns));
    }
    return inputs;
}

static void print_json(const leat_model *model, const leat_model_facts *facts)
{
    const leat_tensor_spec *spec = leat_model_output(model);
    json_t *output =
        json_pack("{s:s,s:s,s:o}", "kind", kinds[leat_model_output_kind(model)], "type",
                  leat_dtype_name(spec->dtype), "shape", shape_json(spec));
    json_t *root = json_pack(
        "{s:s,s:s,s:s,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:s?}", "format",
        leat_model_format(model), "objective", leat_model_objective(model), "sha256",
        leat_model_digest(model), "inputs", inputs_json(model), "output", output, "trees",
        (json_int_t)facts->n_trees, "leaves", (json_int_t)facts->n_leaves, "max_depth",
        (json_int_t)facts->max_depth, "file_bytes", (json_int_t)facts->file_bytes,
        "memory_bytes", (json_int_t)facts->memory_bytes, "warning", facts->warning);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

int leat_command_model(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    bool json = false;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
        if (option != 'j')
            return option == 'h' ? print_usage(stdout, EX_OK)
                                 : print_usage(stderr, EX_USAGE);
        json = true;
    }
    if (optind != argc - 1)
        return print_usage(stderr, EX_USAGE);
    leat_model *model;
    leat_error error;
    leat_model_options any = {0};
    if (leat_model_open(&model, argv[optind], &any, &error)) {
        int code = leat_complain(&error);
        return code == EX_CONFIG ? EX_DATAERR : code; /* no configuration names it */
    }
    leat_model_facts facts;
    leat_model_describe(model, &facts);
    if (json)
        print_json(model, &facts);
    else
        print_text(model, &facts);
    leat_model_free(model);
    return EX_OK;
}
