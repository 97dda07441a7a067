#include "bench/scorer/scorer.h"

#include <stdlib.h>
#include <string.h>

/* ONNX Runtime by its C interface. The values of a batch's size are made once and filled
 * anew, so that a call is Run and nothing else.
 *
 * The interface is a table of functions that only ever grows at its end: its first hundred
 * places are what they were in version 1, which ONNX Runtime's own sources assert. */

enum { API_VERSION = 17, WARNING = 2, FLOAT32 = 1, ARENA = 1, DEFAULT_MEMORY = 0 };

typedef void ort_status; /* NULL: it went well */
typedef bench_function *unused;

typedef struct ort_api {
    unused u0[2];
    const char *(*get_error_message)(const ort_status *status);
    ort_status *(*create_env)(int level, const char *name, void **env);
    unused u4[3];
    ort_status *(*create_session)(const void *env, const char *path, const void *options,
                                  void **session);
    unused u8;
    ort_status *(*run)(void *session, const void *options, const char *const *input_names,
                       const void *const *inputs, size_t n_inputs,
                       const char *const *output_names, size_t n_outputs, void **outputs);
    ort_status *(*create_session_options)(void **options);
    unused u11[13];
    ort_status *(*set_intra_op_num_threads)(void *options, int n);
    ort_status *(*set_inter_op_num_threads)(void *options, int n);
    unused u26[10];
    ort_status *(*session_get_input_name)(const void *session, size_t i, void *allocator,
                                          char **name);
    ort_status *(*session_get_output_name)(const void *session, size_t i, void *allocator,
                                           char **name);
    unused u38[11];
    ort_status *(*create_tensor_with_data)(const void *memory, void *data, size_t size,
                                           const int64_t *shape, size_t rank, int type,
                                           void **value);
    unused u50[19];
    ort_status *(*create_cpu_memory_info)(int allocator, int type, void **memory);
    unused u70[8];
    ort_status *(*get_allocator_with_default_options)(void **allocator);
    unused u79[17];
    void (*release_value)(void *value);
} ort_api;

_Static_assert(offsetof(ort_api, release_value) == 96 * sizeof(unused), "a place is off");

typedef struct api_base {
    const ort_api *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} api_base;

typedef struct model {
    const ort_api *api;
    void *session;
    void *memory;
    char *input_name;
    char *output_name;
    uint32_t n_features;
    uint32_t n_rows; /* that the values are for */
    float *rows;     /* [n_rows][n_features] */
    float *scores;   /* [n_rows] */
    void *input;
    void *output;
} model;

static void check(const ort_api *api, const ort_status *failed)
{
    if (failed)
        bench_give_up("onnxruntime", api->get_error_message(failed));
}

static void *open_session(const ort_api *api, const char *path)
{
    void *env, *options, *session;
    check(api, api->create_env(WARNING, "bench", &env));
    check(api, api->create_session_options(&options));
    check(api, api->set_intra_op_num_threads(options, 1));
    check(api, api->set_inter_op_num_threads(options, 1));
    check(api, api->create_session(env, path, options, &session));
    return session;
}

static void *open_model(const char *library, const char *path, uint32_t n_features)
{
    const api_base *(*get_base)(void) =
        (const api_base *(*)(void))bench_find(bench_load(library), "OrtGetApiBase");
    const ort_api *api = get_base()->get_api(API_VERSION);
    void *allocator;
    model *self = calloc(1, sizeof *self);
    if (!self)
        bench_give_up("onnxruntime", "no memory");
    *self = (model){.api = api, .n_features = n_features};
    self->session = open_session(api, path);
    check(api, api->get_allocator_with_default_options(&allocator));
    check(api,
          api->session_get_input_name(self->session, 0, allocator, &self->input_name));
    check(api,
          api->session_get_output_name(self->session, 0, allocator, &self->output_name));
    check(api, api->create_cpu_memory_info(ARENA, DEFAULT_MEMORY, &self->memory));
    return self;
}

/* Memory of that shape and the value that stands for it. */
static void make_value(const model *self, const int64_t shape[2], float **data,
                       void **value)
{
    size_t size = (size_t)(shape[0] * shape[1]) * sizeof **data;
    if (*value)
        self->api->release_value(*value);
    free(*data);
    *data = malloc(size);
    if (!*data)
        bench_give_up("onnxruntime", "no memory");
    check(self->api, self->api->create_tensor_with_data(self->memory, *data, size, shape,
                                                        2, FLOAT32, value));
}

static void prepare(model *self, uint32_t n_rows)
{
    self->n_rows = n_rows;
    make_value(self, (int64_t[]){n_rows, self->n_features}, &self->rows, &self->input);
    make_value(self, (int64_t[]){n_rows, 1}, &self->scores, &self->output);
}

static void score(void *opaque, const float *rows, uint32_t n_rows, float *scores)
{
    model *self = opaque;
    if (n_rows != self->n_rows)
        prepare(self, n_rows);
    memcpy(self->rows, rows, (size_t)n_rows * self->n_features * sizeof *rows);
    check(self->api,
          self->api->run(self->session, NULL, (const char *[]){self->input_name},
                         (const void *[]){self->input}, 1,
                         (const char *[]){self->output_name}, 1, &self->output));
    memcpy(scores, self->scores, n_rows * sizeof *scores);
}

const bench_scorer scorer_onnxruntime = {"onnxruntime", open_model, score};
