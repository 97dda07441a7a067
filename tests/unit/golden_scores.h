/* What a framework itself said of a model in tests/golden, against what Leat says: leaves
 * and margins the same to the bit, predictions within 2 units in the last place. */
#ifndef LEAT_TESTS_GOLDEN_SCORES_H
#define LEAT_TESTS_GOLDEN_SCORES_H

#include "model_files.h"
#include "runtime/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

enum { GOLDEN_MAX_VALUES = 16, GOLDEN_ROWS = 40, GOLDEN_MAX_ULP = 2 };

static inline uint32_t read_values(char **text, double *values)
{
    uint32_t n = 0;
    while (**text && **text != '|')
        values[n++] = strtod(*text, text), *text += strspn(*text, " \n");
    *text += **text == '|' ? 2 : 0;
    return n;
}

static inline void to_dtype(leat_dtype dtype, const double *values, uint32_t n, void *out)
{
    for (uint32_t i = 0; i < n; i++) {
        if (dtype == LEAT_F32)
            ((float *)out)[i] = (float)values[i];
        else if (dtype == LEAT_F64)
            ((double *)out)[i] = values[i];
        else
            ((int32_t *)out)[i] = (int32_t)values[i];
    }
}

/* Positive numbers and those of one sign are as far apart as their bits. */
static inline void expect_near(leat_dtype dtype, const void *ours, const void *theirs,
                               uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        int32_t a32 = ((const int32_t *)ours)[i], b32 = ((const int32_t *)theirs)[i];
        int64_t distance = (int64_t)a32 - b32;
        if (dtype == LEAT_F64)
            distance = ((const int64_t *)ours)[i] - ((const int64_t *)theirs)[i];
        assert_true(distance >= -GOLDEN_MAX_ULP && distance <= GOLDEN_MAX_ULP);
    }
}

static inline void expect_row(const leat_model *model, leat_score_kind kind, void *row,
                              const double *expected, uint32_t width)
{
    leat_session *session;
    double scores[GOLDEN_MAX_VALUES] = {0}, theirs[GOLDEN_MAX_VALUES] = {0};
    leat_tensor input = {.data = row}, output = {.data = scores};
    assert_int_equal(leat_session_new(&session, model, kind), LEAT_OK);
    leat_dtype dtype = leat_session_output(session)->dtype;
    assert_int_equal(leat_session_output(session)->shape[1], width);
    assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
    to_dtype(dtype, expected, width, theirs);
    if (kind == LEAT_SCORE_PREDICT)
        expect_near(dtype, scores, theirs, width);
    else
        assert_memory_equal(scores, theirs, width * leat_dtype_size(dtype));
    leat_session_free(session);
}

static inline void expect_line(const leat_model *model, char *line)
{
    static const leat_score_kind kinds[] = {LEAT_SCORE_LEAVES, LEAT_SCORE_MARGIN,
                                            LEAT_SCORE_PREDICT};
    double values[GOLDEN_MAX_VALUES], row[GOLDEN_MAX_VALUES];
    uint32_t n = read_values(&line, values);
    to_dtype(leat_model_inputs(model)->dtype, values, n, row);
    for (int i = 0; i < 3; i++) {
        n = read_values(&line, values);
        expect_row(model, kinds[i], row, values, n);
    }
}

/* A model of tests/golden, with the .txt of the same name beside it. */
static inline void expect_golden(const char *name)
{
    char path[128];
    size_t size;
    leat_model *model;
    leat_error error;
    snprintf(path, sizeof path, GOLDEN "%.*s.txt", (int)(strrchr(name, '.') - name),
             name);
    char *lines = read_file(path, &size), *rest = NULL;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (leat_model_open(&model, path, NULL, &error))
        fail_msg("%s", error.msg);
    unsigned n_rows = 0;
    for (char *line = strtok_r(lines, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest), n_rows++)
        expect_line(model, line);
    assert_int_equal(n_rows, GOLDEN_ROWS);
    leat_model_free(model);
    free(lines);
}

#endif
