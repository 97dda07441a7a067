#include "worker/golden.h"

#include "tiny_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static tiny_model tiny;    /* one score */
static tiny_model classes; /* two */
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    tiny_model_write(&tiny, "\"amount\",\"avg\"", TINY_LOGISTIC);
    tiny_model_write(&classes, "\"amount\",\"avg\"", TINY_TWO_CLASSES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tiny_model_remove(&tiny);
    tiny_model_remove(&classes);
    return 0;
}

/* How many rows were right; -1 with the message in `error`. */
static int check_with(const tiny_model *model, const char *golden)
{
    tiny_model_put(model, "golden.ndjson", golden);
    leat_plan *plan = tiny_model_plan(
        model,
        "model: {path: m.json, golden: golden.ndjson}\nsink: {topic: out}\n"
        "features: {amount: {from: event.a, default: 1}, avg: {from: event.b}}\n",
        &error);
    int n = plan ? (int)plan->n_golden_rows : -1;
    leat_plan_release(plan);
    return n;
}

static int check(const char *golden)
{
    return check_with(&tiny, golden);
}

static void test_golden__rows_and_features(void **state)
{
    (void)state;
    assert_int_equal(check("{\"row\": [0, 1], \"score\": 0.26894143}\n"
                           "{\"row\": [null, null], \"score\": 0.7310586}\n"
                           "\n"
                           "{\"features\": {\"amount\": 0.25}, \"score\": 0.26894143}\n"
                           "{\"features\": {\"avg\": 3}, \"score\": 0.7310586}"),
                     4);
}

/* 0.26894143 is the float32 0x3e89b2cd or a neighbour; three steps are too many. */
static void test_golden__two_steps_are_allowed_and_three_are_not(void **state)
{
    (void)state;
    assert_int_equal(check("{\"row\": [0, 1], \"score\": 0.26894148}"), 1);
    assert_int_equal(check("{\"row\": [0, 1], \"score\": 0.26894155}"), -1);
}

static void test_golden__scores_of_several_classes(void **state)
{
    (void)state;
    assert_int_equal(check_with(&classes, "{\"row\": [0, 1], \"scores\": [0.5, 0.5]}"),
                     1);
    assert_int_equal(check_with(&classes, "{\"row\": [0, 1], \"scores\": [0.5, 0.6]}"),
                     -1);
    assert_int_equal(
        check_with(&classes, "{\"row\": [0, 1], \"scores\": [0.5, 0.5], \"label\": 0}"),
        1);
    assert_int_equal(
        check_with(&classes, "{\"row\": [0, 1], \"scores\": [0.5, 0.5], \"label\": 1}"),
        -1);
    assert_int_equal(check_with(&classes, "{\"row\": [0, 1], \"scores\": [0.5]}"), -1);
    assert_int_equal(check_with(&classes, "{\"row\": [0, 1], \"score\": 0.5}"), -1);
}

static void test_golden__refusals(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "golden.ndjson: holds no rows"},
        {"{\"row\": [0, 1], \"score\": 0.26894143}\n{\"row\": [0, 1], \"score\": 0.5}",
         "golden.ndjson:2: score 0.5 is expected, and the model gives 0.268941432"},
        {"{\"row\": [0, 1]", "golden.ndjson:1: not JSON: '}' expected near end of file"},
        {"[1]", "golden.ndjson:1: \"row\" must be an array of 2 values"},
        {"{\"row\": [0], \"score\": 1}",
         "golden.ndjson:1: \"row\" must be an array of 2 values"},
        {"{\"row\": [0, \"x\"], \"score\": 1}",
         "golden.ndjson:1: 'avg' is neither a number nor null"},
        {"{\"row\": [0, 1]}", "golden.ndjson:1: \"score\" is missing or no number"},
        {"{\"features\": {\"amuont\": 1}, \"score\": 1}",
         "golden.ndjson:1: \"features\" has 'amuont', which is no column of the model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(check(cases[i][0]), -1);
        assert_string_equal(error.msg + strlen("leat.yaml:3:31: model.golden: "),
                            cases[i][1]);
    }
}

static void test_golden__a_wrong_score_refuses_the_model(void **state)
{
    (void)state;
    assert_int_equal(check("{\"row\": [0, 1], \"score\": 0.5}"), -1);
    assert_int_equal(error.code, LEAT_E_MODEL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden__rows_and_features),
        cmocka_unit_test(test_golden__two_steps_are_allowed_and_three_are_not),
        cmocka_unit_test(test_golden__scores_of_several_classes),
        cmocka_unit_test(test_golden__refusals),
        cmocka_unit_test(test_golden__a_wrong_score_refuses_the_model),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
