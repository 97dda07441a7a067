/* What the tests of broken models share: rows for whatever a model takes. */
#ifndef LEAT_TESTS_ANY_ROWS_H
#define LEAT_TESTS_ANY_ROWS_H

#include "base/slice.h"
#include "runtime/session.h"

#include <math.h>
#include <stdlib.h>

enum { ANY_ROWS = 3, ANY_MOST_INPUTS = 16, ANY_MOST_BYTES = 1 << 20 };

/* Numbers, NaN among them; integers around 0; strings that a model may know. */
static inline void any_element(leat_dtype dtype, size_t i, void *to)
{
    static const char *const texts[] = {"DE", "FR", "", "?"};
    const double number = i % 3 ? (double)i - 4 : (double)NAN;
    switch (dtype) {
    case LEAT_F32:
        *(float *)to = (float)number;
        break;
    case LEAT_F64:
        *(double *)to = number;
        break;
    case LEAT_I64:
        *(int64_t *)to = (int64_t)(i % 5) - 1;
        break;
    case LEAT_I32:
        *(int32_t *)to = (int32_t)(i % 5) - 1;
        break;
    case LEAT_BOOL:
        *(uint8_t *)to = i % 2;
        break;
    case LEAT_STRING:
        *(leat_slice *)to =
            (leat_slice){(const uint8_t *)texts[i % 4], (uint32_t)strlen(texts[i % 4])};
        break;
    }
}

static inline size_t any_row_bytes(const leat_tensor_spec *spec)
{
    size_t bytes = leat_dtype_size(spec->dtype);
    for (uint32_t axis = 1; axis < spec->rank; axis++)
        bytes *= spec->shape[axis];
    return bytes;
}

/* Allocated to the byte. */
static inline void *any_rows(const leat_tensor_spec *spec)
{
    const size_t size = leat_dtype_size(spec->dtype);
    const size_t bytes = ANY_ROWS * any_row_bytes(spec);
    char *rows = malloc(bytes + !bytes);
    for (size_t i = 0; i < bytes / size; i++)
        any_element(spec->dtype, i, rows + i * size);
    return rows;
}

/* A run of three rows, unless they are larger than a test should try; its status. */
static inline leat_status any_run(const leat_model *model, leat_score_kind kind)
{
    const uint32_t n_inputs = leat_model_n_inputs(model);
    leat_tensor inputs[ANY_MOST_INPUTS], output;
    leat_session *session;
    leat_status status = leat_session_new(&session, model, kind);
    if (status)
        return status;
    size_t most = any_row_bytes(leat_session_output(session));
    for (uint32_t i = 0; i < n_inputs && i < ANY_MOST_INPUTS; i++)
        if (any_row_bytes(&leat_model_inputs(model)[i]) > most)
            most = any_row_bytes(&leat_model_inputs(model)[i]);
    if (n_inputs > ANY_MOST_INPUTS || most > ANY_MOST_BYTES)
        goto out;
    for (uint32_t i = 0; i < n_inputs; i++)
        inputs[i].data = any_rows(&leat_model_inputs(model)[i]);
    output.data = any_rows(leat_session_output(session));
    do
        status = leat_session_run(session, inputs, ANY_ROWS, &output, 0);
    while (status == LEAT_MORE);
    for (uint32_t i = 0; i < n_inputs; i++)
        free(inputs[i].data);
    free(output.data);
out:
    leat_session_free(session);
    return status;
}

#endif
