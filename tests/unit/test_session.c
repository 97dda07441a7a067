#include "allocations.h"
#include "model_files.h"
#include "runtime/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

enum { ROWS = 1000, FEATURES = 4 };

static float rows[ROWS * FEATURES];

static leat_model *open_model(const char *path)
{
    leat_model *model;
    leat_error error;
    if (leat_model_open(&model, path, NULL, &error))
        fail_msg("%s", error.msg);
    srand(1);
    for (size_t i = 0; i < ROWS * FEATURES; i++)
        rows[i] = rand() % 4 ? (float)rand() / (float)RAND_MAX * 4 - 2 : NAN;
    return model;
}

static leat_session *new_session(const leat_model *model, leat_score_kind kind)
{
    leat_session *session;
    assert_int_equal(leat_session_new(&session, model, kind), LEAT_OK);
    return session;
}

static void score(leat_session *session, uint32_t first, uint32_t n, float *scores)
{
    leat_tensor input = {.data = rows + (size_t)first * FEATURES},
                output = {.data = scores};
    assert_int_equal(leat_session_run(session, &input, n, &output, UINT64_MAX), LEAT_OK);
}

/* Row i of the output belongs to row i of the input, whatever the batch. */
static void test_session__a_score_does_not_depend_on_its_batch(void **state)
{
    (void)state;
    leat_model *model = open_model(GOLDEN "classes-1.7.4.ubj");
    leat_session *session = new_session(model, LEAT_SCORE_PREDICT);
    float whole[ROWS * 3], part[ROWS * 3];
    score(session, 0, ROWS, whole);
    static const uint32_t sizes[] = {1, 7, 16, 33, 255, 257};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (uint32_t first = 0; first < ROWS; first += sizes[s])
            score(session, first, ROWS - first < sizes[s] ? ROWS - first : sizes[s],
                  part + first * 3);
        assert_memory_equal(whole, part, sizeof whole);
    }
    leat_session_free(session);
    leat_model_free(model);
}

static void test_session__yields_when_its_budget_is_spent_and_goes_on(void **state)
{
    (void)state;
    leat_model *model = open_model(GOLDEN "binary-3.2.0.json");
    leat_session *session = new_session(model, LEAT_SCORE_PREDICT);
    float whole[ROWS], scores[ROWS];
    leat_tensor input = {.data = rows}, output = {.data = scores};
    score(session, 0, ROWS, whole);
    for (int again = 0; again < 2; again++) {
        unsigned calls = 1;
        memset(scores, 0, sizeof scores);
        while (leat_session_run(session, &input, ROWS, &output, 0) == LEAT_MORE)
            calls++;
        assert_int_equal(calls, 4); /* blocks of 256 rows */
        assert_memory_equal(whole, scores, sizeof whole);
    }
    leat_session_free(session);
    leat_model_free(model);
}

static void test_session__runs_without_allocating(void **state)
{
    (void)state;
    static const leat_score_kind kinds[] = {LEAT_SCORE_PREDICT, LEAT_SCORE_MARGIN,
                                            LEAT_SCORE_LEAVES};
    leat_model *model = open_model(GOLDEN "classes-3.2.0.ubj");
    for (size_t i = 0; i < 3; i++) {
        leat_session *session = new_session(model, kinds[i]);
        float scores[ROWS * 8];
        assert_true(allocated.calls > 0);
        allocated.calls = 0;
        score(session, 0, ROWS, scores);
        assert_int_equal(allocated.calls, 0);
        leat_session_free(session);
    }
    leat_model_free(model);
}

/* In float64, with leaves of which each is a sum. */
static void test_session__linear_leaves_run_without_allocating(void **state)
{
    (void)state;
    static double rows64[ROWS * FEATURES], whole[ROWS], one[1];
    leat_model *model = open_model(GOLDEN "linear-4.7.0.lgb");
    leat_session *session = new_session(model, LEAT_SCORE_PREDICT);
    leat_tensor input = {.data = rows64}, output = {.data = whole};
    for (size_t i = 0; i < ROWS * FEATURES; i++)
        rows64[i] = (double)rows[i];
    allocated.calls = 0;
    assert_int_equal(leat_session_run(session, &input, ROWS, &output, UINT64_MAX),
                     LEAT_OK);
    output.data = one;
    for (size_t i = 0; i < ROWS; i++) {
        input.data = rows64 + i * FEATURES;
        assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
        assert_true(one[0] == whole[i]);
    }
    assert_int_equal(allocated.calls, 0);
    leat_session_free(session);
    leat_model_free(model);
}

static void test_session__scores_no_rows(void **state)
{
    (void)state;
    leat_model *model = open_model(GOLDEN "binary-3.2.0.json");
    leat_session *session = new_session(model, LEAT_SCORE_PREDICT);
    float untouched = 7;
    score(session, 0, 0, &untouched);
    assert_float_equal(untouched, 7, 0);
    leat_session_free(session);
    leat_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__a_score_does_not_depend_on_its_batch),
        cmocka_unit_test(test_session__yields_when_its_budget_is_spent_and_goes_on),
        cmocka_unit_test(test_session__runs_without_allocating),
        cmocka_unit_test(test_session__linear_leaves_run_without_allocating),
        cmocka_unit_test(test_session__scores_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
