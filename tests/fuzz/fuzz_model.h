/* What the fuzz targets of forests do with their bytes. */
#ifndef LEAT_TESTS_FUZZ_MODEL_H
#define LEAT_TESTS_FUZZ_MODEL_H

#include "../unit/any_rows.h"
#include "runtime/document.h"

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
    leat_model *model;
    if (leat_model_parse(&model, bytes, size, NULL, NULL))
        return;
    (void)any_run(model, LEAT_SCORE_PREDICT);
    (void)any_run(model, LEAT_SCORE_LEAVES);
    leat_model_free(model);
}

#endif
