#include "model_files.h"
#include "runtime/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

/* ---- golden: what XGBoost itself said, see tests/golden/make.py */

enum { MAX_VALUES = 16 };

static uint32_t read_values(char **text, float *values)
{
    uint32_t n = 0;
    while (**text && **text != '|')
        values[n++] = strtof(*text, text), *text += strspn(*text, " \n");
    *text += **text == '|' ? 2 : 0;
    return n;
}

static void expect_row(const leat_model *model, leat_score_kind kind, float *row,
                       const float *expected, uint32_t width)
{
    leat_session *session;
    float scores[MAX_VALUES];
    int32_t leaves[MAX_VALUES];
    int is_leaves = kind == LEAT_SCORE_LEAVES;
    leat_tensor input = {.data = row};
    leat_tensor output = {.data = is_leaves ? (void *)leaves : scores};
    assert_int_equal(leat_session_new(&session, model, kind), LEAT_OK);
    assert_int_equal(leat_session_output(session)->shape[1], width);
    assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
    for (uint32_t i = 0; is_leaves && i < width; i++)
        scores[i] = (float)leaves[i];
    assert_memory_equal(scores, expected, width * sizeof *scores);
    leat_session_free(session);
}

static void expect_golden(const char *name)
{
    char path[128];
    size_t size;
    snprintf(path, sizeof path, GOLDEN "%.*s.txt", (int)(strrchr(name, '.') - name),
             name);
    char *lines = read_file(path, &size), *rest = NULL;
    leat_model *model;
    leat_error error;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (leat_model_open(&model, path, NULL, &error))
        fail_msg("%s", error.msg);
    unsigned n_rows = 0;
    for (char *line = strtok_r(lines, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        float row[MAX_VALUES], expected[MAX_VALUES];
        read_values(&line, row);
        static const leat_score_kind kinds[] = {LEAT_SCORE_LEAVES, LEAT_SCORE_MARGIN,
                                                LEAT_SCORE_PREDICT};
        for (int i = 0; i < 3; i++) {
            uint32_t width = read_values(&line, expected);
            expect_row(model, kinds[i], row, expected, width);
        }
        n_rows++;
    }
    assert_int_equal(n_rows, 40);
    leat_model_free(model);
    free(lines);
}

static void test_xgboost__scores_as_1_7_4_from_json(void **state)
{
    (void)state;
    expect_golden("binary-1.7.4.json");
    expect_golden("classes-1.7.4.json");
    expect_golden("pruned-1.7.4.json");
}

static void test_xgboost__scores_as_1_7_4_from_ubjson(void **state)
{
    (void)state;
    expect_golden("binary-1.7.4.ubj");
    expect_golden("classes-1.7.4.ubj");
    expect_golden("pruned-1.7.4.ubj");
}

static void test_xgboost__scores_as_3_2_0_from_json(void **state)
{
    (void)state;
    expect_golden("binary-3.2.0.json");
    expect_golden("classes-3.2.0.json");
    expect_golden("pruned-3.2.0.json");
}

static void test_xgboost__scores_as_3_2_0_from_ubjson(void **state)
{
    (void)state;
    expect_golden("binary-3.2.0.ubj");
    expect_golden("classes-3.2.0.ubj");
    expect_golden("pruned-3.2.0.ubj");
}

/* ---- a good model with one thing replaced */

static leat_status parse(leat_model **model, const char *text, leat_error *error)
{
    return leat_model_parse(model, text, strlen(text), NULL, error);
}

static char *spoilt(const char *from, const char *to)
{
    size_t size;
    char *text = read_file(GOLDEN "binary-3.2.0.json", &size);
    char *changed = replace(text, from, to);
    free(text);
    return changed;
}

static void expect_refused(const char *from, const char *to, leat_status status,
                           const char *msg)
{
    leat_model *model;
    leat_error error;
    char *text = spoilt(from, to);
    assert_int_equal(parse(&model, text, &error), status);
    assert_string_equal(error.msg, msg);
    free(text);
}

static leat_model *accept(const char *from, const char *to)
{
    leat_model *model;
    leat_error error;
    char *text = spoilt(from, to);
    if (parse(&model, text, &error))
        fail_msg("%s", error.msg);
    free(text);
    return model;
}

static float margin_of_missing(const leat_model *model)
{
    leat_session *session;
    float row[4] = {NAN, NAN, NAN, NAN}, margin;
    leat_tensor input = {.data = row}, output = {.data = &margin};
    assert_int_equal(leat_session_new(&session, model, LEAT_SCORE_MARGIN), LEAT_OK);
    assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
    leat_session_free(session);
    return margin;
}

static void test_xgboost__refuses_other_boosters_by_name(void **state)
{
    (void)state;
    expect_refused(
        "\"name\":\"gbtree\"", "\"name\":\"gblinear\"", LEAT_E_UNSUPPORTED,
        "learner.gradient_booster.name: gblinear is not supported: gbtree with "
        "numeric splits is");
    expect_refused("\"name\":\"gbtree\"", "\"name\":\"dart\"", LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.name: dart is not supported: gbtree with "
                   "numeric splits is");
    expect_refused("\"name\":\"gbtree\"", "\"name\":\"x\"", LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.name: this booster is not supported: gbtree "
                   "with numeric splits is");
}

/* From 3.3 only the weights say that a booster is dart. */
static void test_xgboost__refuses_dart_that_calls_itself_gbtree(void **state)
{
    (void)state;
    expect_refused("\"name\":\"gbtree\"", "\"name\":\"gbtree\",\"weight_drop\":[1,0.5]",
                   LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.name: dart is not supported: gbtree with "
                   "numeric splits is");
    expect_refused("\"gbtree_model_param\"", "\"weight_drop\":[1],\"gbtree_model_param\"",
                   LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.name: dart is not supported: gbtree with "
                   "numeric splits is");
}

static void test_xgboost__refuses_categories_vectors_and_targets(void **state)
{
    (void)state;
    expect_refused(
        "\"split_type\":[0,", "\"split_type\":[1,", LEAT_E_UNSUPPORTED,
        "trees[0].split_type: a categorical split is not supported: gbtree with "
        "numeric splits is");
    expect_refused("\"enc\":[]", "\"enc\":[{}]", LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.model.cats: categorical features are not "
                   "supported: gbtree with numeric splits is");
    expect_refused(
        "\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"", LEAT_E_UNSUPPORTED,
        "trees[0].tree_param.size_leaf_vector: a leaf vector is not supported: "
        "gbtree with numeric splits is");
    expect_refused("\"num_target\":\"1\"", "\"num_target\":\"2\"", LEAT_E_UNSUPPORTED,
                   "learner.learner_model_param.num_target: more than one target is not "
                   "supported: gbtree with numeric splits is");
}

static void test_xgboost__refuses_other_objectives_by_name(void **state)
{
    (void)state;
    expect_refused("binary:logistic", "survival:cox", LEAT_E_UNSUPPORTED,
                   "learner.objective.name: the objective survival:cox is not supported");
}

static void test_xgboost__names_what_is_missing(void **state)
{
    (void)state;
    expect_refused("\"objective\"", "\"objection\"", LEAT_E_MODEL,
                   "learner.objective.name: found nothing, expected a string");
    expect_refused("\"base_score\"", "\"base\"", LEAT_E_MODEL,
                   "learner.learner_model_param.base_score: found nothing, expected a "
                   "string");
    expect_refused("\"split_conditions\"", "\"conditions\"", LEAT_E_MODEL,
                   "trees[0].split_conditions: found nothing, expected an array");
    expect_refused("\"left_children\"", "\"left\"", LEAT_E_MODEL,
                   "trees[0].left_children: found nothing, expected an array");
    expect_refused("\"model\":{", "\"mode\":{", LEAT_E_MODEL,
                   "learner.gradient_booster.model: found nothing, expected an object");
}

static void test_xgboost__names_what_does_not_fit_together(void **state)
{
    (void)state;
    expect_refused("\"num_trees\":\"2\"", "\"num_trees\":\"3\"", LEAT_E_MODEL,
                   "trees: found 2 elements, expected 3");
    expect_refused("\"tree_info\":[0,0]", "\"tree_info\":[0]", LEAT_E_MODEL,
                   "tree_info: found 1 elements, expected 2");
    expect_refused("\"tree_info\":[0,0]", "\"tree_info\":[0,1]", LEAT_E_MODEL,
                   "trees[1].group: 1, but the model has 1 outputs");
    expect_refused("\"num_feature\":\"4\",\"num_target\"",
                   "\"num_feature\":\"2\",\"num_target\"", LEAT_E_MODEL,
                   "trees[0].split_indices[4]: 2, but the model has 2 features");
    expect_refused("\"right_children\":[2,", "\"right_children\":[", LEAT_E_MODEL,
                   "trees[0].right_children: found 12 elements, expected 13");
    expect_refused("\"right_children\":[2,", "\"right_children\":[200,", LEAT_E_MODEL,
                   "trees[0].right_children[0]: 200, but the tree has 13 nodes");
    expect_refused("\"right_children\":[2,", "\"right_children\":[1,", LEAT_E_MODEL,
                   "trees[0].right_children[0]: node 1 is reached a second time");
    expect_refused("\"split_indices\":[0,", "\"split_indices\":[1e10,", LEAT_E_MODEL,
                   "trees[0].split_indices[0]: 1e+10 is no 32-bit integer");
    expect_refused("\"split_indices\":[0,", "\"split_indices\":[0.5,", LEAT_E_MODEL,
                   "trees[0].split_indices[0]: 0.5 is no 32-bit integer");
    expect_refused("\"split_indices\":[0,", "\"split_indices\":[\"0\",", LEAT_E_MODEL,
                   "trees[0].split_indices[0]: found a string, expected a number");
    expect_refused("\"id\":0", "\"id\":7", LEAT_E_MODEL, "trees[0].id: expected 0");
    expect_refused("\"feature_names\":[\"amount\",", "\"feature_names\":[", LEAT_E_MODEL,
                   "learner.feature_names: found 3 elements, expected 4");
    expect_refused("\"feature_names\":[\"amount\"", "\"feature_names\":[\"\xff\"",
                   LEAT_E_MODEL, "learner.feature_names[0]: expected a string of UTF-8");
    expect_refused(
        "\"num_feature\":\"4\",\"num_target\"", "\"num_feature\":\"-4\",\"num_target\"",
        LEAT_E_MODEL,
        "learner.learner_model_param.num_feature: found \"-4\", expected a count "
        "in a string");
}

static void test_xgboost__refuses_a_base_score_out_of_range(void **state)
{
    (void)state;
    expect_refused(
        "[3E-1]", "[3E-1,2E-1]", LEAT_E_MODEL,
        "learner.learner_model_param.base_score: found \"[3E-1,2E-1]\", expected "
        "a number or 1 of them");
    expect_refused(
        "[3E-1]", "half", LEAT_E_MODEL,
        "learner.learner_model_param.base_score: byte 0: found 'h', expected a "
        "number");
    expect_refused("[3E-1]", "NaN", LEAT_E_MODEL,
                   "learner.learner_model_param.base_score: nan is out of range for "
                   "binary:logistic");
    expect_refused("[3E-1]", "[null]", LEAT_E_MODEL,
                   "learner.learner_model_param.base_score: nan is out of range for "
                   "binary:logistic");
    expect_refused("[3E-1]", "1.5", LEAT_E_MODEL,
                   "learner.learner_model_param.base_score: 1.5 is out of range for "
                   "binary:logistic");
    char *old = spoilt("\"version\":[3,2,0]", "\"version\":[3,0,0]");
    char *text = replace(old, "[3E-1]", "0");
    leat_model *model;
    leat_error error;
    assert_int_equal(parse(&model, text, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg, "learner.learner_model_param.base_score: 0 is out of "
                                   "range for binary:logistic");
    free(old);
    free(text);
}

/* XGBoost 3.2 holds a probability of 0 at 1e-6. */
static void test_xgboost__clamps_a_base_score_as_3_2_does(void **state)
{
    (void)state;
    leat_model *plain = accept("[3E-1]", "[1E-6]");
    leat_model *clamped = accept("[3E-1]", "[0E0]");
    assert_float_equal(margin_of_missing(plain), margin_of_missing(clamped), 0);
    leat_model_free(plain);
    leat_model_free(clamped);
}

static void test_xgboost__reads_both_forms_of_base_score(void **state)
{
    (void)state;
    leat_model *list = accept("[3E-1]", "[3E-1]");
    leat_model *number = accept("[3E-1]", "3E-1");
    assert_float_equal(margin_of_missing(list), margin_of_missing(number), 0);
    leat_model_free(list);
    leat_model_free(number);
}

static void test_xgboost__keeps_feature_names_in_order(void **state)
{
    (void)state;
    leat_model *model = accept("hour", "Stunde\\u00fc");
    const char *const *names = leat_model_feature_names(model);
    assert_string_equal(names[0], "amount");
    assert_string_equal(names[1], "Stunde\xc3\xbc");
    assert_string_equal(names[3], "avg_30d");
    leat_model_free(model);
    model = accept("\"feature_names\":[\"amount\",\"hour\",\"country code\",\"avg_30d\"]",
                   "\"feature_names\":[]");
    assert_null(leat_model_feature_names(model));
    leat_model_free(model);
}

static const char *warning_of(const leat_model *model)
{
    leat_model_facts facts;
    leat_model_describe(model, &facts);
    return facts.warning;
}

static void test_xgboost__warns_of_a_best_iteration_before_the_last(void **state)
{
    (void)state;
    leat_model *model =
        accept("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"0\"}");
    assert_string_equal(warning_of(model),
                        "best_iteration 0 is ignored: all 2 rounds count, as in "
                        "Booster.predict; to stop there, save booster[:1]");
    leat_model_free(model);
    model = accept("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"1\"}");
    assert_null(warning_of(model));
    leat_model_free(model);
    model = accept("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"-1\"}");
    assert_null(warning_of(model));
    leat_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xgboost__scores_as_1_7_4_from_json),
        cmocka_unit_test(test_xgboost__scores_as_1_7_4_from_ubjson),
        cmocka_unit_test(test_xgboost__scores_as_3_2_0_from_json),
        cmocka_unit_test(test_xgboost__scores_as_3_2_0_from_ubjson),
        cmocka_unit_test(test_xgboost__refuses_other_boosters_by_name),
        cmocka_unit_test(test_xgboost__refuses_dart_that_calls_itself_gbtree),
        cmocka_unit_test(test_xgboost__refuses_categories_vectors_and_targets),
        cmocka_unit_test(test_xgboost__refuses_other_objectives_by_name),
        cmocka_unit_test(test_xgboost__names_what_is_missing),
        cmocka_unit_test(test_xgboost__names_what_does_not_fit_together),
        cmocka_unit_test(test_xgboost__refuses_a_base_score_out_of_range),
        cmocka_unit_test(test_xgboost__clamps_a_base_score_as_3_2_does),
        cmocka_unit_test(test_xgboost__reads_both_forms_of_base_score),
        cmocka_unit_test(test_xgboost__keeps_feature_names_in_order),
        cmocka_unit_test(test_xgboost__warns_of_a_best_iteration_before_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
