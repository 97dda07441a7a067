#include "ops/attribute.h"

#include "ops/operator.h"

#include <string.h>

static const char *const kinds[] = {
    [LEAT_ATTRIBUTE_OTHER] = "something else", [LEAT_ATTRIBUTE_FLOAT] = "a float",
    [LEAT_ATTRIBUTE_INT] = "an integer",       [LEAT_ATTRIBUTE_STRING] = "a string",
    [LEAT_ATTRIBUTE_TENSOR] = "a tensor",      [LEAT_ATTRIBUTE_GRAPH] = "a graph",
    [LEAT_ATTRIBUTE_FLOATS] = "floats",        [LEAT_ATTRIBUTE_INTS] = "integers",
    [LEAT_ATTRIBUTE_STRINGS] = "strings",
};

leat_status leat_attribute_get(leat_node *node, const char *name,
                               leat_attribute_kind kind, const leat_attribute **found)
{
    *found = NULL;
    for (uint32_t i = 0; i < node->n_attributes; i++) {
        leat_attribute *attribute = &node->attributes[i];
        if (strcmp(attribute->name, name))
            continue;
        if (attribute->kind != kind)
            return leat_error_set(node->error, LEAT_E_MODEL,
                                  "attribute %s: found %s, expected %s", name,
                                  kinds[attribute->kind], kinds[kind]);
        attribute->used = true;
        *found = attribute;
    }
    return LEAT_OK;
}

leat_status leat_attribute_int(leat_node *node, const char *name, int64_t absent,
                               int64_t *value)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_INT, &found);
    *value = found ? found->ints[0] : absent;
    return status;
}

leat_status leat_attribute_float(leat_node *node, const char *name, float absent,
                                 float *value)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_FLOAT, &found);
    *value = found ? found->floats[0] : absent;
    return status;
}

leat_status leat_attribute_dtype(leat_node *node, const char *name, leat_dtype absent,
                                 leat_dtype *value)
{
    static const int64_t numbers[] = {
        [LEAT_F32] = 1, [LEAT_F64] = 11, [LEAT_I64] = 7,
        [LEAT_I32] = 6, [LEAT_BOOL] = 9, [LEAT_STRING] = 8,
    };
    int64_t number;
    leat_status status = leat_attribute_int(node, name, numbers[absent], &number);
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_STRING; dtype++) {
        *value = dtype;
        if (numbers[dtype] == number)
            return status;
    }
    return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                          "attribute %s: data type %lld is not supported", name,
                          (long long)number);
}

static bool is_word(leat_slice text, const char *word)
{
    return text.size == strlen(word) && !memcmp(text.data, word, text.size);
}

leat_status leat_attribute_word(leat_node *node, const char *name,
                                const char *const *words, uint32_t absent,
                                uint32_t *value)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_STRING, &found);
    *value = absent;
    if (status || !found)
        return status;
    for (uint32_t i = 0; words[i]; i++) {
        if (is_word(found->strings[0], words[i])) {
            *value = i;
            return LEAT_OK;
        }
    }
    leat_slice text = found->strings[0];
    return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                          "attribute %s: \"%.*s\" is not supported", name,
                          text.size < 64 ? (int)text.size : 64, (const char *)text.data);
}

leat_status leat_attribute_ints(leat_node *node, const char *name, const int64_t **ints,
                                size_t *n)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_INTS, &found);
    *ints = found ? found->ints : NULL;
    *n = found ? found->n : 0;
    return status;
}

leat_status leat_attribute_floats(leat_node *node, const char *name, const float **floats,
                                  size_t *n)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_FLOATS, &found);
    *floats = found ? found->floats : NULL;
    *n = found ? found->n : 0;
    return status;
}

leat_status leat_attribute_strings(leat_node *node, const char *name,
                                   const leat_slice **strings, size_t *n)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_STRINGS, &found);
    *strings = found ? found->strings : NULL;
    *n = found ? found->n : 0;
    return status;
}

leat_status leat_attribute_tensor(leat_node *node, const char *name,
                                  const leat_array **tensor)
{
    const leat_attribute *found;
    leat_status status = leat_attribute_get(node, name, LEAT_ATTRIBUTE_TENSOR, &found);
    *tensor = found ? found->tensor : NULL;
    return status;
}

leat_status leat_attributes_all_used(leat_node *node)
{
    for (uint32_t i = 0; i < node->n_attributes; i++)
        if (!node->attributes[i].used)
            return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                  "attribute %s is not supported",
                                  node->attributes[i].name);
    return LEAT_OK;
}
