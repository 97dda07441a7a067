/* A model small enough to score in one's head, in a folder of its own: one tree that asks
 * whether column 0 is below 0.5, with the leaves -1 and 1. Logistic: 0.26894143 below,
 * 0.7310586 from there on, and for a missing value. */
#ifndef LEAT_TESTS_TINY_MODEL_H
#define LEAT_TESTS_TINY_MODEL_H

#include "worker/plan.h"

typedef struct tiny_model {
    char folder[32];
    char config[48]; /* FOLDER/leat.yaml, which need not be there */
} tiny_model;

typedef enum tiny_kind {
    TINY_LOGISTIC,
    TINY_TWO_CLASSES, /* softprob; the same tree for both: 0.5 and 0.5 */
} tiny_kind;

/* FOLDER/m.json with two columns. `names`: "\"a\", \"b\"", or "" for none. */
void tiny_model_write(tiny_model *tiny, const char *names, tiny_kind kind);

/* Another file beside the model. */
void tiny_model_put(const tiny_model *tiny, const char *name, const char *text);

void tiny_model_remove(const tiny_model *tiny);

/* The plan of a configuration that is `text` and what never changes; NULL with the
 * message in `error`, the folder cut off. */
leat_plan *tiny_model_plan(const tiny_model *tiny, const char *text, leat_error *error);

#endif
