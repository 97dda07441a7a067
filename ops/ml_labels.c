#include "ops/ml_labels.h"

leat_status leat_ml_labels_load(leat_node *node, const char *ints, leat_ml_labels *labels)
{
    const int64_t *numbers;
    const leat_slice *strings;
    size_t n_ints, n_strings;
    leat_status status = leat_attribute_ints(node, ints, &numbers, &n_ints);
    if (!status)
        status =
            leat_attribute_strings(node, "classlabels_strings", &strings, &n_strings);
    if (status)
        return status;
    if (!n_ints == !n_strings || n_ints > UINT16_MAX || n_strings > UINT16_MAX)
        return leat_error_set(
            node->error, LEAT_E_MODEL,
            "found %zu %s and %zu classlabels_strings, expected 1 to %u "
            "of one of them",
            n_ints, ints, n_strings, UINT16_MAX);
    *labels = n_ints ? (leat_ml_labels){LEAT_I64, (uint32_t)n_ints, numbers}
                     : (leat_ml_labels){LEAT_STRING, (uint32_t)n_strings, strings};
    leat_node_set_dtype(node, 0, labels->dtype);
    leat_node_set_dtype(node, 1, LEAT_F32);
    return LEAT_OK;
}

void leat_ml_labels_put(const leat_ml_labels *labels, uint32_t index, void *out,
                        size_t row)
{
    if (labels->dtype == LEAT_I64)
        ((int64_t *)out)[row] = ((const int64_t *)labels->values)[index];
    else
        ((leat_slice *)out)[row] = ((const leat_slice *)labels->values)[index];
}

leat_status leat_ml_labels_shape(const leat_call *call, uint32_t n_rows,
                                 uint32_t n_scores, leat_error *error)
{
    const int64_t shape[] = {n_rows, n_scores};
    leat_array *labels = leat_call_output(call, 0), *scores = leat_call_output(call, 1);
    leat_status status = LEAT_OK;
    if (labels)
        status = leat_array_reshape(labels, 1, shape, error);
    if (!status && scores)
        status = leat_array_reshape(scores, 2, shape, error);
    return status;
}

uint32_t leat_ml_labels_best(const float *scores, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}
