/* What the fuzz targets of both model formats do with their bytes. */
#ifndef LEAT_TESTS_FUZZ_MODEL_H
#define LEAT_TESTS_FUZZ_MODEL_H

#include "runtime/document.h"
#include "runtime/session.h"

#include <stdlib.h>

/* Reads every byte that a document points to, so that a bad bound is found. */
static inline size_t touch(const leat_doc *value)
{
    size_t sum = 0;
    double number;
    for (size_t i = 0; i < value->name_size; i++)
        sum += (unsigned char)value->name[i];
    if (value->kind == LEAT_DOC_STRING)
        for (size_t i = 0; i < value->count; i++)
            sum += (unsigned char)value->text[i];
    if (leat_doc_is_array(value))
        for (size_t i = 0; i < value->count; i++)
            sum += leat_doc_number_at(value, i, &number);
    if (value->kind == LEAT_DOC_ARRAY || value->kind == LEAT_DOC_OBJECT)
        for (size_t i = 0; i < value->count; i++)
            sum += touch(&value->items[i]);
    return sum;
}

static inline void load_and_run(const uint8_t *bytes, size_t size)
{
    enum { N_ROWS = 3, MAX_WIDTH = 4096 };
    leat_model *model;
    leat_session *session;
    leat_error error;
    if (leat_model_parse(&model, bytes, size, NULL, &error))
        return;
    uint32_t n_features = leat_model_inputs(model)->shape[1];
    uint32_t width = leat_model_output(model)->shape[1];
    if (n_features <= MAX_WIDTH && width <= MAX_WIDTH &&
        !leat_session_new(&session, model, LEAT_SCORE_PREDICT)) {
        float *rows = calloc((size_t)n_features * N_ROWS, sizeof *rows);
        float *scores = calloc((size_t)width * N_ROWS, sizeof *scores);
        leat_tensor input = {.data = rows}, output = {.data = scores};
        while (leat_session_run(session, &input, N_ROWS, &output, 0) == LEAT_MORE)
            continue;
        free(rows);
        free(scores);
        leat_session_free(session);
    }
    leat_model_free(model);
}

#endif
