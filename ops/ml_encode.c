#include "ops/key_map.h"
#include "ops/operator.h"

#include "base/slice.h"

#include <math.h>

/* Operators of ai.onnx.ml that look elements up in a list: LabelEncoder, CategoryMapper,
 * OneHotEncoder. */

enum {
    ANY_KEY = 1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32 |
              1u << LEAT_BOOL | 1u << LEAT_STRING
};

/* ---- LabelEncoder, CategoryMapper: a value for each key ---- */

typedef struct encoder {
    const leat_key_map *keys;
    size_t size;        /* of a value */
    const char *values; /* [n + 1], the last one for what is no key */
} encoder;

/* A list of keys or values: the attribute among several that is there. */
typedef struct list {
    leat_dtype dtype;
    size_t n;
    const void *values; /* [n] */
} list;

static leat_status build(leat_node *node, list keys, list values, const void *other)
{
    encoder *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    if (keys.n != values.n || !keys.values)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "found %zu keys and %zu values, expected as many of both",
                              keys.n, values.n);
    const bool same_kind =
        (keys.dtype == LEAT_STRING) == (node->inputs[0]->dtype == LEAT_STRING);
    if (!same_kind)
        return leat_error_set(
            node->error, LEAT_E_MODEL, "keys are %s and the input is %s",
            leat_dtype_name(keys.dtype), leat_dtype_name(node->inputs[0]->dtype));
    s->size = leat_dtype_size(values.dtype);
    char *all = leat_arena_calloc(node->arena, values.n + 1, s->size);
    if (!all)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    memcpy(all, values.values, values.n * s->size);
    memcpy(all + values.n * s->size, other, s->size);
    s->values = all;
    leat_key_map *map = NULL;
    leat_status status = leat_key_map_new(&map, node->arena, keys.dtype, keys.n,
                                          keys.values, node->version >= 4, node->error);
    s->keys = map;
    leat_node_set_dtype(node, 0, values.dtype);
    return status;
}

static leat_status take_tensor(leat_node *node, const char *side, list *found)
{
    const leat_array *tensor;
    char name[32] = "";
    strcat(strncat(name, side, 16), "_tensor");
    leat_status status = leat_attribute_tensor(node, name, &tensor);
    if (!status && tensor)
        *found = (list){tensor->dtype, leat_array_count(tensor), tensor->data};
    return status;
}

/* keys_strings, keys_int64s, keys_floats or keys_tensor; `side` is keys or values. */
static leat_status read_list(leat_node *node, const char *const names[3],
                             const char *side, list *found)
{
    size_t n_strings, n_ints, n_floats;
    const leat_slice *strings;
    const int64_t *ints;
    const float *floats;
    *found = (list){0};
    leat_status status = leat_attribute_strings(node, names[0], &strings, &n_strings);
    if (!status)
        status = leat_attribute_ints(node, names[1], &ints, &n_ints);
    if (!status)
        status = leat_attribute_floats(node, names[2], &floats, &n_floats);
    if (!status)
        status = take_tensor(node, side, found);
    if (status || found->values)
        return status;
    if (n_strings)
        *found = (list){LEAT_STRING, n_strings, strings};
    else if (n_ints)
        *found = (list){LEAT_I64, n_ints, ints};
    else if (n_floats)
        *found = (list){LEAT_F32, n_floats, floats};
    return LEAT_OK;
}

/* What stands for no key, of any dtype that values may have. */
typedef struct defaults {
    int64_t i64;
    float f32;
    leat_slice string;
    const leat_array *tensor;
} defaults;

static leat_status read_defaults(leat_node *node, defaults *d)
{
    const leat_attribute *string;
    leat_status status =
        leat_attribute_get(node, "default_string", LEAT_ATTRIBUTE_STRING, &string);
    d->string = string ? string->strings[0]
                       : (leat_slice){(const uint8_t *)"_Unused", sizeof "_Unused" - 1};
    if (!status)
        status = leat_attribute_int(node, "default_int64", -1, &d->i64);
    if (!status)
        status = leat_attribute_float(node, "default_float", -0.0f, &d->f32);
    if (!status)
        status = leat_attribute_tensor(node, "default_tensor", &d->tensor);
    return status;
}

static leat_status load_label_encoder(leat_node *node)
{
    static const char *const key_names[] = {"keys_strings", "keys_int64s", "keys_floats"};
    static const char *const value_names[] = {"values_strings", "values_int64s",
                                              "values_floats"};
    list keys, values;
    defaults d = {0};
    leat_status status = leat_node_check_dtype(node, 0, ANY_KEY);
    if (!status)
        status = read_list(node, key_names, "keys", &keys);
    if (!status)
        status = read_list(node, value_names, "values", &values);
    if (!status)
        status = read_defaults(node, &d);
    if (status)
        return status;
    if (d.tensor && (d.tensor->dtype != values.dtype || leat_array_count(d.tensor) != 1))
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute default_tensor: expected one %s",
                              leat_dtype_name(values.dtype));
    const double f64 = (double)d.f32;
    const int32_t i32 = (int32_t)d.i64;
    const uint8_t no = 0;
    const void *const by_dtype[] = {
        [LEAT_F32] = &d.f32, [LEAT_F64] = &f64, [LEAT_I64] = &d.i64,
        [LEAT_I32] = &i32,   [LEAT_BOOL] = &no, [LEAT_STRING] = &d.string,
    };
    return build(node, keys, values, d.tensor ? d.tensor->data : by_dtype[values.dtype]);
}

/* Two lists side by side, strings and integers; the input says which are the keys. */
static leat_status load_pairs(leat_node *node, list strings, list ints)
{
    defaults d = {0};
    leat_status status =
        leat_node_check_dtype(node, 0, 1u << LEAT_I64 | 1u << LEAT_STRING);
    if (!status)
        status = read_defaults(node, &d);
    if (status)
        return status;
    return node->inputs[0]->dtype == LEAT_STRING ? build(node, strings, ints, &d.i64)
                                                 : build(node, ints, strings, &d.string);
}

/* Version 1 numbers its strings from 0. */
static leat_status load_label_encoder_1(leat_node *node)
{
    const leat_slice *strings;
    size_t n;
    leat_status status = leat_attribute_strings(node, "classes_strings", &strings, &n);
    if (status)
        return status;
    int64_t *numbers = leat_arena_calloc(node->arena, n + 1, sizeof *numbers);
    if (!numbers)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i++)
        numbers[i] = (int64_t)i;
    return load_pairs(node, (list){LEAT_STRING, n, strings},
                      (list){LEAT_I64, n, numbers});
}

static leat_status load_category_mapper(leat_node *node)
{
    list strings = {.dtype = LEAT_STRING}, ints = {.dtype = LEAT_I64};
    const leat_slice *texts;
    const int64_t *numbers;
    leat_status status = leat_attribute_strings(node, "cats_strings", &texts, &strings.n);
    if (!status)
        status = leat_attribute_ints(node, "cats_int64s", &numbers, &ints.n);
    if (status)
        return status;
    strings.values = texts;
    ints.values = numbers;
    return load_pairs(node, strings, ints);
}

static size_t block_from(size_t first, size_t n)
{
    return n - first < LEAT_KEY_BLOCK ? n - first : LEAT_KEY_BLOCK;
}

static void run_encoder(const leat_call *call)
{
    const encoder *s = call->state;
    const size_t n = leat_array_count(call->inputs[0]);
    char *y = call->outputs[0]->data; /* [n] */
    for (size_t first = 0; first < n; first += LEAT_KEY_BLOCK) {
        uint32_t found[LEAT_KEY_BLOCK];
        const size_t some = block_from(first, n);
        leat_key_map_find(s->keys, call->inputs[0], first, some, found);
        for (size_t i = 0; i < some; i++)
            memcpy(y + (first + i) * s->size, s->values + found[i] * s->size, s->size);
    }
}

/* ---- OneHotEncoder: a column for each category ---- */

typedef struct one_hot {
    const leat_key_map *categories;
    uint32_t n;
    bool is_open; /* what is no category is all zeros, else it makes no sense */
} one_hot;

static leat_status load_one_hot(leat_node *node)
{
    const int64_t *ints;
    const leat_slice *strings;
    size_t n_ints, n_strings;
    int64_t zeros;
    one_hot *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    leat_status status = leat_node_check_dtype(node, 0, ANY_KEY);
    if (!status)
        status = leat_attribute_ints(node, "cats_int64s", &ints, &n_ints);
    if (!status)
        status = leat_attribute_strings(node, "cats_strings", &strings, &n_strings);
    if (!status)
        status = leat_attribute_int(node, "zeros", 1, &zeros);
    if (status)
        return status;
    const bool of_strings = node->inputs[0]->dtype == LEAT_STRING;
    if (of_strings ? !n_strings : !n_ints)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "input 0 is %s, but attribute %s is missing",
                              leat_dtype_name(node->inputs[0]->dtype),
                              of_strings ? "cats_strings" : "cats_int64s");
    leat_key_map *map = NULL;
    s->n = (uint32_t)(of_strings ? n_strings : n_ints);
    s->is_open = zeros != 0;
    leat_node_set_dtype(node, 0, LEAT_F32);
    status = of_strings ? leat_key_map_new(&map, node->arena, LEAT_STRING, n_strings,
                                           strings, false, node->error)
                        : leat_key_map_new(&map, node->arena, LEAT_I64, n_ints, ints,
                                           false, node->error);
    s->categories = map;
    return status;
}

/* The categories are an axis behind those of the input. */
static leat_status shape_one_hot(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    (void)scratch;
    const leat_array *input = call->inputs[0];
    int64_t shape[LEAT_ARRAY_RANK + 1];
    for (uint32_t axis = 0; axis < input->rank; axis++)
        shape[axis] = input->shape[axis];
    shape[input->rank] = ((const one_hot *)call->state)->n;
    return leat_array_reshape(call->outputs[0], input->rank + 1, shape, error);
}

static void run_one_hot(const leat_call *call)
{
    const one_hot *s = call->state;
    const size_t n = leat_array_count(call->inputs[0]);
    float *y = call->outputs[0]->data; /* [n][s->n] */
    for (size_t first = 0; first < n; first += LEAT_KEY_BLOCK) {
        uint32_t found[LEAT_KEY_BLOCK];
        const size_t some = block_from(first, n);
        leat_key_map_find(s->categories, call->inputs[0], first, some, found);
        for (size_t i = 0; i < some; i++, y += s->n) {
            const bool is_known = found[i] < s->n;
            for (uint32_t category = 0; category < s->n; category++)
                y[category] = is_known || s->is_open ? 0 : NAN;
            if (is_known)
                y[found[i]] = 1;
        }
    }
}

const leat_operator leat_ml_encode_operators[] = {
    {"ai.onnx.ml", "LabelEncoder", 1, 1, 0, 1, 1, 1, load_label_encoder_1,
     leat_shape_same, run_encoder},
    {"ai.onnx.ml", "LabelEncoder", 2, LEAT_NEWEST, 0, 1, 1, 1, load_label_encoder,
     leat_shape_same, run_encoder},
    {"ai.onnx.ml", "CategoryMapper", 1, LEAT_NEWEST, 0, 1, 1, 1, load_category_mapper,
     leat_shape_same, run_encoder},
    {"ai.onnx.ml", "OneHotEncoder", 1, LEAT_NEWEST, 0, 1, 1, 1, load_one_hot,
     shape_one_hot, run_one_hot},
    {0},
};
