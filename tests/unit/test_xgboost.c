#include "golden_scores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

/* ---- golden: what XGBoost itself said, see tests/golden/make.py */

static void test_xgboost__scores_as_1_7_4_from_json(void **state)
{
    (void)state;
    expect_golden("binary-1.7.4.json");
    expect_golden("classes-1.7.4.json");
    expect_golden("pruned-1.7.4.json");
    expect_golden("dart-1.7.4.json");
    expect_golden("categories-1.7.4.json");
}

static void test_xgboost__scores_as_1_7_4_from_ubjson(void **state)
{
    (void)state;
    expect_golden("binary-1.7.4.ubj");
    expect_golden("classes-1.7.4.ubj");
    expect_golden("pruned-1.7.4.ubj");
    expect_golden("dart-1.7.4.ubj");
    expect_golden("categories-1.7.4.ubj");
}

static void test_xgboost__scores_as_3_2_0_from_json(void **state)
{
    (void)state;
    expect_golden("binary-3.2.0.json");
    expect_golden("classes-3.2.0.json");
    expect_golden("pruned-3.2.0.json");
    expect_golden("dart-3.2.0.json");
    expect_golden("categories-3.2.0.json");
}

static void test_xgboost__scores_as_3_2_0_from_ubjson(void **state)
{
    (void)state;
    expect_golden("binary-3.2.0.ubj");
    expect_golden("classes-3.2.0.ubj");
    expect_golden("pruned-3.2.0.ubj");
    expect_golden("dart-3.2.0.ubj");
    expect_golden("categories-3.2.0.ubj");
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

/* With two things replaced. */
static leat_model *accept2(const char *from, const char *to, const char *from2,
                           const char *to2)
{
    leat_model *model;
    leat_error error;
    char *once = spoilt(from, to), *text = replace(once, from2, to2);
    if (parse(&model, text, &error))
        fail_msg("%s", error.msg);
    free(once);
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
    expect_refused("\"name\":\"gbtree\"", "\"name\":\"gblinear\"", LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.name: gblinear is not supported: gbtree and "
                   "dart are");
    expect_refused("\"name\":\"gbtree\"", "\"name\":\"x\"", LEAT_E_UNSUPPORTED,
                   "learner.gradient_booster.name: x is not supported: gbtree and dart "
                   "are");
}

static void test_xgboost__refuses_leaves_that_are_vectors(void **state)
{
    (void)state;
    expect_refused("\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"",
                   LEAT_E_UNSUPPORTED,
                   "trees[0].tree_param.size_leaf_vector: leaves that are vectors "
                   "(multi_output_tree) are not supported");
}

static void test_xgboost__sums_each_target_by_itself(void **state)
{
    (void)state;
    leat_model *model = accept2("\"num_target\":\"1\"", "\"num_target\":\"2\"",
                                "\"tree_info\":[0,0]", "\"tree_info\":[0,1]");
    assert_int_equal(leat_model_output(model)->shape[1], 2);
    assert_int_equal(leat_model_output_kind(model), LEAT_OUTPUT_SCORES);
    leat_model_free(model);
}

static const char *warning_of(const leat_model *model)
{
    leat_model_facts facts;
    leat_model_describe(model, &facts);
    return facts.warning;
}

/* ---- dart */

/* The sum of a row of missing values with these weights in place of none. */
static float margin_with(const char *from, const char *to)
{
    leat_model *model = accept(from, to);
    float margin = margin_of_missing(model);
    leat_model_free(model);
    return margin;
}

static void test_xgboost__finds_the_weights_of_dart_in_three_places(void **state)
{
    (void)state;
    size_t size;
    leat_model *model;
    leat_error error;
    float of_3_3 = margin_with("\"name\":\"gbtree\"",
                               "\"name\":\"gbtree\",\"weight_drop\":[0.25,0.5]");
    float of_3_4 = margin_with("\"gbtree_model_param\"",
                               "\"weight_drop\":[0.25,0.5],\"gbtree_model_param\"");
    char *text = read_file(GOLDEN "binary-3.2.0.json", &size);
    char *nested =
        replace(text, "\"gradient_booster\":{",
                "\"gradient_booster\":{\"name\":\"dart\",\"weight_drop\":[0.25,"
                "0.5],\"gbtree\":{");
    char *closed = replace(nested, "\"name\":\"gbtree\"}", "\"name\":\"gbtree\"}}");
    if (parse(&model, closed, &error))
        fail_msg("%s", error.msg);
    float of_3_2 = margin_of_missing(model);
    leat_model_free(model);
    assert_float_equal(of_3_3, of_3_2, 0);
    assert_float_equal(of_3_4, of_3_2, 0);
    assert_true(of_3_2 != margin_with("gbtree", "gbtree"));
    free(text);
    free(nested);
    free(closed);
}

static void test_xgboost__trees_without_a_weight_have_1(void **state)
{
    (void)state;
    float plain = margin_with("gbtree", "gbtree");
    assert_float_equal(margin_with("\"gbtree_model_param\"",
                                   "\"weight_drop\":[1],\"gbtree_model_param\""),
                       plain, 0);
    assert_true(margin_with("\"gbtree_model_param\"",
                            "\"weight_drop\":[0.5],\"gbtree_model_param\"") != plain);
}

static void test_xgboost__refuses_weights_that_fit_no_tree(void **state)
{
    (void)state;
    expect_refused("\"gbtree_model_param\"",
                   "\"weight_drop\":[1,1,1],\"gbtree_model_param\"", LEAT_E_MODEL,
                   "weight_drop: found an array, expected a weight for each tree");
    expect_refused("\"gbtree_model_param\"",
                   "\"weight_drop\":[1,\"1\"],\"gbtree_model_param\"", LEAT_E_MODEL,
                   "weight_drop[1]: found a string, expected a number");
}

/* ---- categories */

#define CATEGORIES_FILE "categories-3.2.0.json"

static void expect_categories_refused(const char *from, const char *to, const char *msg)
{
    size_t size;
    leat_model *model;
    leat_error error;
    char *text = read_file(GOLDEN CATEGORIES_FILE, &size);
    char *changed = replace(text, from, to);
    assert_int_equal(parse(&model, changed, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg, msg);
    free(text);
    free(changed);
}

/* What each category gives in a model where `from` is replaced. */
static void score_categories(const char *from, const char *to, float margins[40])
{
    size_t size;
    leat_model *model;
    leat_session *session;
    leat_error error;
    float rows[40][4] = {{0}};
    leat_tensor input = {.data = rows}, output = {.data = margins};
    char *text = read_file(GOLDEN CATEGORIES_FILE, &size);
    char *changed = replace(text, from, to);
    if (parse(&model, changed, &error))
        fail_msg("%s", error.msg);
    for (int i = 0; i < 40; i++)
        rows[i][3] = (float)i;
    assert_int_equal(leat_session_new(&session, model, LEAT_SCORE_MARGIN), LEAT_OK);
    assert_int_equal(leat_session_run(session, &input, 40, &output, UINT64_MAX), LEAT_OK);
    leat_session_free(session);
    leat_model_free(model);
    free(text);
    free(changed);
}

static void test_xgboost__categories_may_stand_in_any_order(void **state)
{
    (void)state;
    float plain[40], mixed[40];
    score_categories("\"categories\":[3,4,5,8,9,10,15", "\"categories\":[3,4,5,8,9,10,15",
                     plain);
    score_categories("\"categories\":[3,4,5,8,9,10,15", "\"categories\":[15,5,3,10,4,9,8",
                     mixed);
    assert_memory_equal(plain, mixed, sizeof plain);
    score_categories("\"categories\":[3,4,5,8,9,10,15", "\"categories\":[4,4,4,4,3,3,15",
                     mixed);
    assert_true(plain[4] == mixed[4] && plain[3] == mixed[3] && plain[6] == mixed[6]);
    assert_true(plain[8] != mixed[8]);
}

static void test_xgboost__names_categories_that_do_not_fit(void **state)
{
    (void)state;
    expect_categories_refused("\"categories\":[3,", "\"categories\":[-3,",
                              "trees[0].categories[0]: -3, expected 0 to 16777215");
    expect_categories_refused("\"categories\":[3,", "\"categories\":[16777216,",
                              "trees[0].categories[0]: 16777216, expected 0 to 16777215");
    expect_categories_refused("\"categories_nodes\":[0,3,", "\"categories_nodes\":[0,0,",
                              "trees[0].categories_nodes[1]: 0, expected ascending nodes "
                              "of 15");
    expect_categories_refused(
        "\"categories_nodes\":[0,3,4,5,6]", "\"categories_nodes\":[0,3,4,5,16]",
        "trees[0].categories_nodes[4]: 16, expected ascending nodes "
        "of 15");
    expect_categories_refused("\"categories_segments\":[0,17,",
                              "\"categories_segments\":[0,0,",
                              "trees[0].categories_segments[1]: 0, expected 17");
    expect_categories_refused("\"categories_sizes\":[17,1,28,14,1]",
                              "\"categories_sizes\":[17,1,28,14,2]",
                              "trees[0].categories_sizes[4]: 2, but 61 categories are "
                              "listed");
    expect_categories_refused("\"categories_sizes\":[17,", "\"categories_sizes\":[0,",
                              "trees[0].categories_sizes[0]: 0, but 61 categories are "
                              "listed");
    expect_categories_refused(
        "\"categories_nodes\":[0,3,4,5,6]", "\"categories_nodes\":[0,3,4,5]",
        "trees[0].categories_segments: found 5 elements, expected 4");
    expect_categories_refused(
        "\"split_type\":[1,0,", "\"split_type\":[1,1,",
        "trees[0].split_type[1]: 1, but the node has no categories");
    expect_categories_refused("\"split_type\":[1,0,", "\"split_type\":[0,0,",
                              "trees[0].split_type[0]: 0, but the node has categories");
}

static void test_xgboost__refuses_other_kinds_of_splits(void **state)
{
    (void)state;
    expect_refused("\"split_type\":[0,", "\"split_type\":[2,", LEAT_E_UNSUPPORTED,
                   "trees[0].split_type[0]: 2 is not supported");
}

static void test_xgboost__says_that_categories_of_a_frame_are_codes(void **state)
{
    (void)state;
    leat_model *model = accept("\"enc\":[]", "\"enc\":[{\"offsets\":[],\"values\":[]}]");
    assert_string_equal(warning_of(model),
                        "categorical features whose categories the file does not make "
                        "clear take codes: the position of a category in the training "
                        "frame's list");
    leat_model_free(model);
    model = accept2("\"enc\":[]", "\"enc\":[{}]", "\"attributes\":{}",
                    "\"attributes\":{\"best_iteration\":\"0\"}");
    assert_non_null(strstr(warning_of(model), "booster[:1]; categorical features"));
    leat_model_free(model);
}

/* ---- conditions that no number is below, or all are */

/* The leaf that a row with `x` in the root's feature ends in, from the root of a stump. */
static int32_t leaf_of(const char *condition, float x)
{
    char text[1024];
    leat_model *model;
    leat_session *session;
    leat_error error;
    int32_t leaf;
    snprintf(text, sizeof text,
             "{\"learner\":{\"learner_model_param\":{\"base_score\":\"0\","
             "\"num_feature\":\"1\"},\"objective\":{\"name\":\"reg:squarederror\"},"
             "\"gradient_booster\":{\"name\":\"gbtree\",\"model\":{"
             "\"gbtree_model_param\":{\"num_trees\":\"1\"},\"tree_info\":[0],\"trees\":[{"
             "\"left_children\":[2,-1,-1],\"right_children\":[1,-1,-1],"
             "\"split_indices\":[0,0,0],\"default_left\":[1,0,0],"
             "\"split_conditions\":[%s,1,2]}]}}}}",
             condition);
    if (parse(&model, text, &error))
        fail_msg("%s", error.msg);
    leat_tensor input = {.data = &x}, output = {.data = &leaf};
    assert_int_equal(leat_session_new(&session, model, LEAT_SCORE_LEAVES), LEAT_OK);
    assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
    leat_session_free(session);
    leat_model_free(model);
    return leaf;
}

/* Node 2 is the left child here and node 1 the right one. */
enum { LEFT = 2, RIGHT = 1 };

static void test_xgboost__compares_as_float32(void **state)
{
    (void)state;
    assert_int_equal(leaf_of("0.1", 0.1f), RIGHT);
    assert_int_equal(leaf_of("0.1", nextafterf(0.1f, 0)), LEFT);
    assert_int_equal(leaf_of("-0.0", 0.0f), RIGHT);
    assert_int_equal(leaf_of("0.0", -0.0f), RIGHT);
    assert_int_equal(leaf_of("0.0", -1e-45f), LEFT);
    assert_int_equal(leaf_of("1e-45", 0.0f), LEFT);
    assert_int_equal(leaf_of("1e-45", 1e-45f), RIGHT);
    assert_int_equal(leaf_of("0.1", NAN), LEFT);
}

static void test_xgboost__conditions_may_be_infinite_or_nan(void **state)
{
    (void)state;
    assert_int_equal(leaf_of("Infinity", 3.4e38f), LEFT);
    assert_int_equal(leaf_of("Infinity", INFINITY), RIGHT);
    assert_int_equal(leaf_of("-Infinity", -INFINITY), RIGHT);
    assert_int_equal(leaf_of("NaN", -INFINITY), RIGHT);
    assert_int_equal(leaf_of("NaN", 0), RIGHT);
    assert_int_equal(leaf_of("NaN", NAN), LEFT);
}

/* ---- objectives */

static void test_xgboost__knows_every_objective(void **state)
{
    (void)state;
    static const char *const names[] = {
        "binary:hinge",      "binary:logistic",    "binary:logitraw",
        "count:poisson",     "multi:softmax",      "multi:softprob",
        "rank:map",          "rank:ndcg",          "rank:pairwise",
        "reg:absoluteerror", "reg:expectileerror", "reg:gamma",
        "reg:linear",        "reg:logistic",       "reg:pseudohubererror",
        "reg:quantileerror", "reg:squarederror",   "reg:squaredlogerror",
        "reg:tweedie",       "survival:aft",       "survival:cox",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        leat_model *model = accept("binary:logistic", names[i]);
        assert_string_equal(leat_model_objective(model), names[i]);
        leat_model_free(model);
    }
}

static void test_xgboost__refuses_other_objectives_by_name(void **state)
{
    (void)state;
    expect_refused("binary:logistic", "reg:unheard", LEAT_E_UNSUPPORTED,
                   "learner.objective.name: the objective reg:unheard is not supported");
}

/* Two groups, of which the first is higher. */
static leat_model *accept_quantiles(const char *objective, const char *version)
{
    size_t size;
    leat_model *model;
    leat_error error;
    static const char *const changes[][2] = {
        {"\"num_target\":\"1\"", "\"num_target\":\"2\""},
        {"\"tree_info\":[0,0]", "\"tree_info\":[0,1]"},
        {"[3E-1]", "[9E0,2E0]"},
    };
    char *text = read_file(GOLDEN "binary-3.2.0.json", &size);
    char *with_objective = replace(text, "binary:logistic", objective);
    free(text);
    text = replace(with_objective, "\"version\":[3,2,0]", version);
    free(with_objective);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *changed = replace(text, changes[i][0], changes[i][1]);
        free(text);
        text = changed;
    }
    if (parse(&model, text, &error))
        fail_msg("%s", error.msg);
    free(text);
    return model;
}

static void score_missing(const leat_model *model, leat_score_kind kind, float *scores)
{
    leat_session *session;
    float row[4] = {NAN, NAN, NAN, NAN};
    leat_tensor input = {.data = row}, output = {.data = scores};
    assert_int_equal(leat_session_new(&session, model, kind), LEAT_OK);
    assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
    leat_session_free(session);
}

static void test_xgboost__sorts_quantiles_as_3_4_does(void **state)
{
    (void)state;
    float margins[2], scores[2];
    leat_model *model = accept_quantiles("reg:quantileerror", "\"version\":[3,4,1]");
    score_missing(model, LEAT_SCORE_MARGIN, margins);
    score_missing(model, LEAT_SCORE_PREDICT, scores);
    assert_true(margins[0] > margins[1]);
    assert_float_equal(scores[0], margins[1], 0);
    assert_float_equal(scores[1], margins[0], 0);
    leat_model_free(model);
    model = accept_quantiles("reg:quantileerror", "\"version\":[3,3,0]");
    score_missing(model, LEAT_SCORE_PREDICT, scores);
    assert_memory_equal(scores, margins, sizeof scores);
    leat_model_free(model);
}

/* The intercept of an expectile is its distance from the one below it, and crossing ones
 * are held 1e-6 apart. */
static void test_xgboost__stacks_expectiles(void **state)
{
    (void)state;
    float margins[2], scores[2];
    leat_model *model = accept_quantiles("reg:expectileerror", "\"version\":[3,4,1]");
    score_missing(model, LEAT_SCORE_MARGIN, margins);
    score_missing(model, LEAT_SCORE_PREDICT, scores);
    assert_true(margins[1] < -10); /* log(1e-6), near enough */
    assert_float_equal(scores[0], margins[0], 0);
    assert_true(scores[1] > scores[0] && scores[1] < scores[0] + 1e-4f);
    leat_model_free(model);
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
    expect_refused("\"num_class\":\"0\"", "\"num_class\":\"4000000000\"",
                   LEAT_E_UNSUPPORTED,
                   "4000000000 outputs a row: 1 to 65536 are supported");
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
        cmocka_unit_test(test_xgboost__refuses_leaves_that_are_vectors),
        cmocka_unit_test(test_xgboost__sums_each_target_by_itself),
        cmocka_unit_test(test_xgboost__finds_the_weights_of_dart_in_three_places),
        cmocka_unit_test(test_xgboost__trees_without_a_weight_have_1),
        cmocka_unit_test(test_xgboost__refuses_weights_that_fit_no_tree),
        cmocka_unit_test(test_xgboost__categories_may_stand_in_any_order),
        cmocka_unit_test(test_xgboost__names_categories_that_do_not_fit),
        cmocka_unit_test(test_xgboost__refuses_other_kinds_of_splits),
        cmocka_unit_test(test_xgboost__says_that_categories_of_a_frame_are_codes),
        cmocka_unit_test(test_xgboost__compares_as_float32),
        cmocka_unit_test(test_xgboost__conditions_may_be_infinite_or_nan),
        cmocka_unit_test(test_xgboost__knows_every_objective),
        cmocka_unit_test(test_xgboost__refuses_other_objectives_by_name),
        cmocka_unit_test(test_xgboost__sorts_quantiles_as_3_4_does),
        cmocka_unit_test(test_xgboost__stacks_expectiles),
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
