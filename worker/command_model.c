/* leat model: what a model file holds. */
#include "runtime/model.h"
#include "worker/commands.h"
#include "worker/row_cost.h"

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

/* How many rows at once the cost of a row is measured for. */
static const uint32_t batches[] = {1, 256};
enum { N_BATCHES = sizeof batches / sizeof batches[0] };

typedef struct findings {
    const leat_model *model;
    leat_model_facts facts;
    leat_row_cost costs[N_BATCHES];
} findings;

static int print_usage(FILE *out, int code)
{
    fputs("usage: leat model [--json] FILE\n\n"
          "Shows what a model file holds: inputs, output, trees or operators, memory,\n"
          "digest, and what a row costs on this machine (measured, a fraction of a "
          "second).\n",
          out);
    return code;
}

/* ---- as text ---- */

static void print_trees(const leat_model_facts *facts)
{
    printf("trees      %" PRIu32 ", %" PRIu32 " leaves, at most %" PRIu32 " deep\n",
           facts->n_trees, facts->n_leaves, facts->max_depth);
}

static void print_graph(const leat_model_facts *facts)
{
    printf("operators  ");
    for (uint32_t i = 0; i < facts->n_operators; i++)
        printf("%s%" PRIu32 " %s", i ? ", " : "", facts->operators[i].n,
               facts->operators[i].name);
    putchar('\n');
    if (facts->n_parameters)
        printf("parameters %" PRIu64 "\n", facts->n_parameters);
}

static void print_shape(const leat_tensor_spec *spec)
{
    printf("%s [rows", leat_dtype_name(spec->dtype));
    for (uint32_t axis = 1; axis < spec->rank; axis++)
        printf(", %" PRIu32, spec->shape[axis]);
    putchar(']');
}

/* An input of one column among others is its own name. */
static void print_input(const leat_model *model, const leat_tensor_spec *input)
{
    const char *const *names = leat_model_feature_names(model);
    uint32_t n_columns = leat_tensor_row_size(input);
    bool is_named = n_columns == 1 && leat_model_n_inputs(model) > 1;
    printf("input      %s: ", input->name);
    print_shape(input);
    puts(names ? ":" : is_named ? "" : ", columns without names");
    for (uint32_t i = 0; names && i < n_columns; i++)
        printf("           %s\n", names[i]);
}

/* A graph may have other outputs as well, so it is said which one is taken. */
static void print_output(const leat_model *model, bool is_graph)
{
    const leat_tensor_spec *output = leat_model_output(model);
    printf("output     %s: ", kinds[leat_model_output_kind(model)]);
    print_shape(output);
    if (is_graph)
        printf(", \"%s\"", output->name);
    putchar('\n');
}

static void print_text(const findings *found)
{
    const leat_model *model = found->model;
    const leat_model_facts *facts = &found->facts;
    leat_session_memory memory = found->costs[N_BATCHES - 1].memory;
    printf("format     %s\n", leat_model_format(model));
    if (leat_model_objective(model))
        printf("objective  %s\n", leat_model_objective(model));
    if (facts->n_operators)
        print_graph(facts);
    if (facts->n_trees || !facts->n_operators)
        print_trees(facts);
    print_output(model, facts->n_operators > 0);
    printf("size       %" PRIu64 " bytes\n", facts->file_bytes);
    printf("memory     %" PRIu64 " bytes, and %zu for a lane", facts->memory_bytes,
           memory.planned);
    if (memory.sum > memory.planned)
        printf(" (%zu if nothing shared a place)", memory.sum);
    printf("\ncost       %.3f us a row alone, %.3f us a row of %" PRIu32 "\n",
           found->costs[0].microseconds, found->costs[1].microseconds, batches[1]);
    printf("sha256     %s\n", leat_model_digest(model));
    if (facts->warning)
        printf("warning    %s\n", facts->warning);
    for (uint32_t i = 0; i < leat_model_n_inputs(model); i++)
        print_input(model, &leat_model_inputs(model)[i]);
}

/* ---- as JSON ---- */

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

static json_t *output_json(const leat_model *model, bool is_graph)
{
    const leat_tensor_spec *spec = leat_model_output(model);
    return json_pack("{s:s?,s:s,s:s,s:o}", "name", is_graph ? spec->name : NULL, "kind",
                     kinds[leat_model_output_kind(model)], "type",
                     leat_dtype_name(spec->dtype), "shape", shape_json(spec));
}

static json_t *operators_json(const leat_model_facts *facts)
{
    json_t *operators = json_object();
    for (uint32_t i = 0; i < facts->n_operators; i++)
        json_object_set_new(operators, facts->operators[i].name,
                            json_integer(facts->operators[i].n));
    return operators;
}

static json_t *cost_json(const findings *found)
{
    json_t *cost = json_object();
    for (int i = 0; i < N_BATCHES; i++) {
        char rows[16];
        snprintf(rows, sizeof rows, "%" PRIu32, batches[i]);
        json_object_set_new(cost, rows, json_real(found->costs[i].microseconds));
    }
    return cost;
}

static void print_json(const findings *found)
{
    const leat_model *model = found->model;
    const leat_model_facts *facts = &found->facts;
    leat_session_memory memory = found->costs[N_BATCHES - 1].memory;
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        {"format", json_string(leat_model_format(model))},
        {"objective", leat_model_objective(model)
                          ? json_string(leat_model_objective(model))
                          : json_null()},
        {"sha256", json_string(leat_model_digest(model))},
        {"inputs", inputs_json(model)},
        {"output", output_json(model, facts->n_operators > 0)},
        {"trees", json_integer(facts->n_trees)},
        {"leaves", json_integer(facts->n_leaves)},
        {"max_depth", json_integer(facts->max_depth)},
        {"operators", operators_json(facts)},
        {"parameters", json_integer((json_int_t)facts->n_parameters)},
        {"file_bytes", json_integer((json_int_t)facts->file_bytes)},
        {"memory_bytes", json_integer((json_int_t)facts->memory_bytes)},
        {"plan_bytes", json_integer((json_int_t)memory.planned)},
        {"sum_bytes", json_integer((json_int_t)memory.sum)},
        {"row_us", cost_json(found)},
        {"warning", facts->warning ? json_string(facts->warning) : json_null()},
    };
    json_t *root = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        json_object_set_new(root, members[i].key, members[i].value);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static int show(const leat_model *model, bool json)
{
    findings found = {.model = model};
    leat_model_describe(model, &found.facts);
    for (int i = 0; i < N_BATCHES; i++) {
        leat_error error;
        leat_status status = leat_row_cost_measure(model, batches[i], &found.costs[i]);
        if (status) {
            leat_error_set(&error, status, "no memory for %" PRIu32 " rows of the model",
                           batches[i]);
            return leat_complain(&error);
        }
    }
    if (json)
        print_json(&found);
    else
        print_text(&found);
    return EX_OK;
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
    if (leat_model_open(&model, argv[optind], &any, &error))
        return leat_complain_of_file(&error);
    int code = show(model, json);
    leat_model_free(model);
    return code;
}
