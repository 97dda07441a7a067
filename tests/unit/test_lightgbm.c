#include "golden_scores.h"

/* ---- golden: what LightGBM itself said, see tests/golden/make_lightgbm.py */

static void test_lightgbm__scores_as_4_7_0(void **state)
{
    (void)state;
    expect_golden("binary-4.7.0.lgb");
    expect_golden("zero-4.7.0.lgb");
    expect_golden("categories-4.7.0.lgb");
    expect_golden("forest-4.7.0.lgb");
    expect_golden("linear-4.7.0.lgb");
}

static void test_lightgbm__scores_as_3_3_5(void **state)
{
    (void)state;
    expect_golden("binary-3.3.5.lgb");
    expect_golden("categories-3.3.5.lgb");
}

static void test_lightgbm__scores_as_2_2_3(void **state)
{
    (void)state;
    expect_golden("binary-2.2.3.lgb");
    expect_golden("categories-2.2.3.lgb");
}

/* ---- a small model, whole or with one thing replaced */

/* A stump on feature 1, and a tree with two splits whose children come before it; two
 * features. */
static const char small[] = "tree\n"
                            "version=v4\n"
                            "num_class=1\n"
                            "num_tree_per_iteration=1\n"
                            "label_index=0\n"
                            "max_feature_idx=1\n"
                            "objective=regression\n"
                            "feature_names=amount hour\n"
                            "feature_infos=[0:1] [0:1]\n"
                            "tree_sizes=1 2\n"
                            "\n"
                            "Tree=0\n"
                            "num_leaves=2\n"
                            "num_cat=0\n"
                            "split_feature=1\n"
                            "threshold=0.5\n"
                            "decision_type=10\n"
                            "left_child=-1\n"
                            "right_child=-2\n"
                            "leaf_value=1 2\n"
                            "is_linear=0\n"
                            "shrinkage=1\n"
                            "\n"
                            "\n"
                            "Tree=1\n"
                            "num_leaves=3\n"
                            "num_cat=1\n"
                            "split_feature=0 1\n"
                            "threshold=0 0.25\n"
                            "decision_type=1 0\n"
                            "left_child=1 -3\n"
                            "right_child=-1 -2\n"
                            "leaf_value=10 20 30\n"
                            "cat_boundaries=0 1\n"
                            "cat_threshold=11\n"
                            "shrinkage=1\n"
                            "\n"
                            "\n"
                            "end of trees\n"
                            "\n"
                            "feature_importances:\n"
                            "hour=2\n"
                            "\n"
                            "parameters:\n"
                            "[boosting: gbdt]\n"
                            "end of parameters\n"
                            "\n"
                            "pandas_categorical:null\n";

static leat_status parse(leat_model **model, const char *text, leat_error *error)
{
    return leat_model_parse(model, text, strlen(text), NULL, error);
}

static leat_model *accept(const char *from, const char *to)
{
    leat_model *model;
    leat_error error;
    char *text = replace(small, from, to);
    if (parse(&model, text, &error))
        fail_msg("%s", error.msg);
    free(text);
    return model;
}

static void expect_refused(const char *from, const char *to, leat_status status,
                           const char *msg)
{
    leat_model *model;
    leat_error error;
    char *text = replace(small, from, to);
    assert_int_equal(parse(&model, text, &error), status);
    assert_string_equal(error.msg, msg);
    free(text);
}

static void run(const leat_model *model, leat_score_kind kind, double x0, double x1,
                void *scores)
{
    leat_session *session;
    double row[2] = {x0, x1};
    leat_tensor input = {.data = row}, output = {.data = scores};
    assert_int_equal(leat_session_new(&session, model, kind), LEAT_OK);
    assert_int_equal(leat_session_run(session, &input, 1, &output, 0), LEAT_OK);
    leat_session_free(session);
}

static double predict_with(const char *from, const char *to, double x0, double x1)
{
    double score;
    leat_model *model = accept(from, to);
    run(model, LEAT_SCORE_PREDICT, x0, x1, &score);
    leat_model_free(model);
    return score;
}

static double predict(double x0, double x1)
{
    return predict_with("v4", "v4", x0, x1);
}

static void test_lightgbm__is_known_by_its_first_line(void **state)
{
    (void)state;
    leat_model *model = accept("v4", "v4");
    assert_string_equal(leat_model_format(model), "LightGBM text");
    assert_string_equal(leat_model_objective(model), "regression");
    assert_string_equal(leat_model_feature_names(model)[1], "hour");
    assert_int_equal(leat_model_inputs(model)->dtype, LEAT_F64);
    assert_int_equal(leat_model_output(model)->dtype, LEAT_F64);
    leat_model_free(model);
}

static void test_lightgbm__lines_may_end_as_on_windows(void **state)
{
    (void)state;
    char text[2 * sizeof small], *to = text;
    leat_model *model;
    double score;
    for (const char *from = small; *from; *to++ = *from++)
        if (*from == '\n')
            *to++ = '\r';
    *to = 0;
    assert_int_equal(parse(&model, text, NULL), LEAT_OK);
    run(model, LEAT_SCORE_PREDICT, 0, 1, &score);
    assert_true(score == predict(0, 1));
    leat_model_free(model);
}

static void test_lightgbm__leaves_have_its_own_numbers(void **state)
{
    (void)state;
    int32_t leaves[2];
    leat_model *model = accept("v4", "v4");
    run(model, LEAT_SCORE_LEAVES, 0, 0.5, leaves);
    assert_int_equal(leaves[0], 0);
    assert_int_equal(leaves[1], 1);
    run(model, LEAT_SCORE_LEAVES, 2, 0.6, leaves);
    assert_int_equal(leaves[0], 1);
    assert_int_equal(leaves[1], 0);
    leat_model_free(model);
}

/* ---- numbers */

static void test_lightgbm__goes_left_up_to_the_threshold(void **state)
{
    (void)state;
    assert_true(predict(9, 0.5) == 11);
    assert_true(predict(9, nextafter(0.5, 1)) == 12);
    assert_true(predict(9, -INFINITY) == 11);
    assert_true(predict(9, INFINITY) == 12);
}

static void test_lightgbm__thresholds_may_be_infinite_or_nan(void **state)
{
    (void)state;
    assert_true(predict_with("=0.5", "=inf", 9, INFINITY) == 11);
    assert_true(predict_with("=0.5", "=-inf", 9, -1e308) == 12);
    assert_true(predict_with("=0.5", "=-inf", 9, -INFINITY) == 11);
    assert_true(predict_with("=0.5", "=nan", 9, -INFINITY) == 12);
    assert_true(predict_with("=0.5", "=nan", 9, NAN) == 11);
}

/* The threshold of the second one is below zero. */
static void test_lightgbm__what_is_missing_depends_on_the_type(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        double of_nan, of_zero, of_tiny; /* the leaf: 1 left, 2 right */
    } types[] = {
        {"threshold=-1\ndecision_type=0", 2, 2, 2},  /* none: NaN counts as zero */
        {"threshold=-1\ndecision_type=2", 2, 2, 2},  /* its default does not matter */
        {"threshold=-1\ndecision_type=4", 2, 2, 2},  /* zero, to the right */
        {"threshold=-1\ndecision_type=6", 1, 1, 1},  /* zero, to the left */
        {"threshold=-1\ndecision_type=8", 2, 2, 2},  /* NaN, to the right */
        {"threshold=-1\ndecision_type=10", 1, 2, 2}, /* NaN, to the left */
        {"threshold=1\ndecision_type=0", 1, 1, 1},
        {"threshold=1\ndecision_type=4", 2, 2, 2},
        {"threshold=1\ndecision_type=8", 2, 1, 1},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        static const char from[] = "threshold=0.5\ndecision_type=10";
        assert_true(predict_with(from, types[i].to, 9, NAN) == 10 + types[i].of_nan);
        assert_true(predict_with(from, types[i].to, 9, -0.0) == 10 + types[i].of_zero);
        assert_true(predict_with(from, types[i].to, 9, 1e-36) == 10 + types[i].of_tiny);
    }
    assert_true(predict_with("=0.5\ndecision_type=10\n", "=0.5\n", 9, NAN) == 11);
}

/* 1e-35 as a float counts as zero, the next double does not. */
static void test_lightgbm__flushes_what_is_nearly_zero(void **state)
{
    (void)state;
    const double zero = (double)1e-35f;
    static const char from[] = "threshold=0.5", to[] = "threshold=-1e-40";
    assert_true(predict_with(from, to, 9, -zero) == 12);
    assert_true(predict_with(from, to, 9, nextafter(-zero, -1)) == 11);
    assert_true(predict_with(from, "threshold=0", 9, zero) == 11);
    assert_true(predict_with(from, "threshold=0", 9, nextafter(zero, 1)) == 12);
}

/* ---- categories: 0, 1 and 3 are listed, and go to the left and its split */

static void test_lightgbm__cuts_categories_to_integers(void **state)
{
    (void)state;
    const struct {
        double category, score;
    } cases[] = {
        {0, 21},
        {1, 21},
        {2, 11},
        {3, 21},
        {4, 11},
        {-0.0, 21},
        {-0.999, 21},
        {-1, 11},
        {1.999, 21},
        {3.5, 21},
        {nextafter(4, 0), 21},
        {31, 11},
        {32, 11},
        {1e20, 11},
        {NAN, 11},
        {INFINITY, 11},
        {-INFINITY, 11},
        {2.5, 11},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(predict(cases[i].category, 0.5) == cases[i].score);
}

static void test_lightgbm__a_list_may_be_empty_or_end_in_its_last_word(void **state)
{
    (void)state;
    assert_true(predict_with("cat_threshold=11", "cat_threshold=0", 0, 0.5) == 11);
    assert_true(predict_with("cat_threshold=11", "cat_threshold=4294967295", 31, 0.5) ==
                21);
    assert_true(predict_with("cat_threshold=11", "cat_threshold=4294967295", 32, 0.5) ==
                11);
    assert_true(predict_with("0 1\ncat_threshold=11", "0 2\ncat_threshold=2147483648 1",
                             32, 0.5) == 21);
}

static void test_lightgbm__names_categories_that_do_not_fit(void **state)
{
    (void)state;
    expect_refused("threshold=0 0.25", "threshold=1 0.25", LEAT_E_MODEL,
                   "Tree=1: threshold[0]: 1, but the tree has 1 lists of categories");
    expect_refused("threshold=0 0.25", "threshold=-1 0.25", LEAT_E_MODEL,
                   "Tree=1: threshold[0]: -1, but the tree has 1 lists of categories");
    expect_refused("threshold=0 0.25", "threshold=nan 0.25", LEAT_E_MODEL,
                   "Tree=1: threshold[0]: nan, but the tree has 1 lists of categories");
    expect_refused(
        "threshold=0 0.25\ndecision_type=1 0", "threshold=0 0\ndecision_type=1 1",
        LEAT_E_MODEL,
        "Tree=1: threshold[1]: the list of categories 0 is used a second time");
    expect_refused("cat_boundaries=0 1", "cat_boundaries=1 1", LEAT_E_MODEL,
                   "Tree=1: cat_boundaries[0]: 1, expected an ascending list from 0");
    expect_refused("cat_boundaries=0 1", "cat_boundaries=0 -1", LEAT_E_MODEL,
                   "Tree=1: cat_boundaries[1]: -1, expected an ascending list from 0");
    expect_refused("cat_threshold=11", "cat_threshold=11 12", LEAT_E_MODEL,
                   "Tree=1: cat_threshold: found 2 numbers, expected 1");
    expect_refused("num_cat=1", "num_cat=4000000000", LEAT_E_MODEL,
                   "Tree=1: cat_boundaries: found 3 characters, expected 4000000001 "
                   "numbers");
}

/* ---- objectives */

static void test_lightgbm__knows_every_objective(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name;
        double (*link)(double margin);
    } objectives[] = {
        {"binary sigmoid:1", "binary", NULL},
        {"cross_entropy", "cross_entropy", NULL},
        {"cross_entropy_lambda", "cross_entropy_lambda", NULL},
        {"custom", "custom", NULL},
        {"fair", "fair", NULL},
        {"gamma", "gamma", exp},
        {"huber", "huber", NULL},
        {"lambdarank", "lambdarank", NULL},
        {"mape", "mape", NULL},
        {"multiclass num_class:1", "multiclass", NULL},
        {"multiclassova num_class:1 sigmoid:1", "multiclassova", NULL},
        {"poisson", "poisson", exp},
        {"quantile", "quantile", NULL},
        {"rank_xendcg", "rank_xendcg", NULL},
        {"regression_l1", "regression_l1", NULL},
        {"tweedie", "tweedie", exp},
    };
    for (size_t i = 0; i < sizeof objectives / sizeof *objectives; i++) {
        char line[64];
        double score;
        snprintf(line, sizeof line, "objective=%s", objectives[i].line);
        leat_model *model = accept("objective=regression", line);
        assert_string_equal(leat_model_objective(model), objectives[i].name);
        run(model, LEAT_SCORE_PREDICT, 9, 0, &score);
        if (objectives[i].link)
            assert_true(score == objectives[i].link(11));
        leat_model_free(model);
    }
}

static void test_lightgbm__objectives_have_options(void **state)
{
    (void)state;
    static const char from[] = "objective=regression";
    assert_true(predict_with(from, "objective=regression sqrt", 9, 0) == 121);
    assert_true(predict_with(from, "objective=quantile sqrt", 9, 0) == 121);
    assert_true(predict_with(from, "objective=huber sqrt", 9, 0) == 11);
    assert_true(predict_with(from, "objective=binary sigmoid:0.1", 9, 0) ==
                1 / (1 + exp(-0.1 * 11)));
    assert_true(predict_with("objective=regression\n", "", 9, 0) == 11);
}

static void test_lightgbm__refuses_other_objectives_by_name(void **state)
{
    (void)state;
    expect_refused("objective=regression", "objective=new", LEAT_E_UNSUPPORTED,
                   "the objective new is not supported");
    expect_refused("objective=regression", "objective=binary sigmoid:0", LEAT_E_MODEL,
                   "objective: found sigmoid:0, expected a sigmoid above 0");
    expect_refused("objective=regression", "objective=multiclass num_class:3",
                   LEAT_E_MODEL,
                   "objective: found num_class:3, expected num_class as above");
}

static void test_lightgbm__averages_over_iterations_before_the_link(void **state)
{
    (void)state;
    double margin;
    static const char from[] = "objective=regression\n";
    assert_true(predict_with(from, "objective=regression\naverage_output\n", 9, 0) ==
                5.5);
    assert_true(predict_with(from, "objective=poisson\naverage_output\n", 9, 0) ==
                exp(5.5));
    leat_model *model = accept(from, "objective=poisson\naverage_output\n");
    run(model, LEAT_SCORE_MARGIN, 9, 0, &margin);
    assert_true(margin == 11);
    leat_model_free(model);
}

static void test_lightgbm__an_iteration_has_a_tree_for_each_class(void **state)
{
    (void)state;
    double scores[2];
    leat_model *model = accept("num_class=1\nnum_tree_per_iteration=1",
                               "average_output\nnum_class=2\nnum_tree_per_iteration=2");
    run(model, LEAT_SCORE_PREDICT, 9, 0, scores);
    assert_true(scores[0] == 1 && scores[1] == 10);
    leat_model_free(model);
}

static void test_lightgbm__trees_take_turns_among_the_classes(void **state)
{
    (void)state;
    double margins[2];
    leat_model *model = accept("num_class=1\nnum_tree_per_iteration=1",
                               "num_class=2\nnum_tree_per_iteration=2");
    run(model, LEAT_SCORE_MARGIN, 9, 0, margins);
    assert_true(margins[0] == 1 && margins[1] == 10);
    leat_model_free(model);
    expect_refused("num_class=1\nnum_tree_per_iteration=1",
                   "num_class=3\nnum_tree_per_iteration=3", LEAT_E_MODEL,
                   "found 2 trees, expected a multiple of 3");
    expect_refused("num_class=1\nnum_tree_per_iteration=1",
                   "num_class=4000000000\nnum_tree_per_iteration=4000000000",
                   LEAT_E_UNSUPPORTED,
                   "4000000000 outputs a row: 1 to 65536 are supported");
    expect_refused("num_tree_per_iteration=1", "num_tree_per_iteration=2", LEAT_E_MODEL,
                   "num_tree_per_iteration: 2, but num_class is 1");
}

/* ---- linear trees */

#define LINEAR                                                                           \
    "is_linear=1\nleaf_const=100 200\nnum_features=2 0\nleaf_features=0 1   \n"          \
    "leaf_coeff=2 4   \n"

static void test_lightgbm__leaves_may_be_linear(void **state)
{
    (void)state;
    assert_true(predict_with("is_linear=0\n", LINEAR, 9, 0.25) == 100 + 18 + 1 + 10);
    assert_true(predict_with("is_linear=0\n", LINEAR, NAN, 0.25) == 1 + 10);
    assert_true(predict_with("is_linear=0\n", LINEAR, NAN, 0.75) == 200 + 10);
}

static void test_lightgbm__names_terms_that_do_not_fit(void **state)
{
    (void)state;
    expect_refused("is_linear=0\n",
                   "is_linear=1\nleaf_const=1 2\nnum_features=1 0\nleaf_features=2\n"
                   "leaf_coeff=1\n",
                   LEAT_E_MODEL,
                   "Tree=0: leaf 0, term 0: 2, but the model has 2 features");
    expect_refused("is_linear=0\n", "is_linear=1\nleaf_const=1 2\nnum_features=-1 0\n",
                   LEAT_E_MODEL, "Tree=0: num_features[0]: -1, expected a count");
    expect_refused("is_linear=0\n",
                   "is_linear=1\nleaf_const=1 2\nnum_features=2147483647 2147483647\n"
                   "leaf_features=1\nleaf_coeff=1\n",
                   LEAT_E_MODEL,
                   "Tree=0: leaf_features: found 1 characters, expected 4294967294 "
                   "numbers");
    expect_refused("is_linear=0\n", "is_linear=1\n", LEAT_E_MODEL,
                   "Tree=0: leaf_const: found nothing, expected 2 numbers");
}

/* ---- trees */

static void test_lightgbm__a_tree_may_be_one_leaf(void **state)
{
    (void)state;
    assert_true(predict_with("num_leaves=2\nnum_cat=0\nsplit_feature=1\nthreshold=0.5\n"
                             "decision_type=10\nleft_child=-1\nright_child=-2\n"
                             "leaf_value=1 2\n",
                             "num_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\n"
                             "leaf_value=7\n",
                             9, 0) == 17);
}

static void test_lightgbm__a_forest_may_be_empty(void **state)
{
    (void)state;
    double score = 1;
    leat_model *model;
    leat_error error;
    const char *begin = strstr(small, "Tree=0"), *rest = strstr(small, "end of trees");
    char text[sizeof small];
    snprintf(text, sizeof text, "%.*s%s", (int)(begin - small), small, rest);
    if (parse(&model, text, &error))
        fail_msg("%s", error.msg);
    run(model, LEAT_SCORE_PREDICT, 9, 0, &score);
    assert_true(score == 0);
    leat_model_free(model);
}

static void test_lightgbm__tree_sizes_are_not_needed(void **state)
{
    (void)state;
    assert_true(predict_with("tree_sizes=1 2\n", "", 9, 0) == 11);
    assert_true(predict_with("tree_sizes=1 2\n", "tree_sizes=99999999 -1\n", 9, 0) == 11);
}

static void test_lightgbm__v2_goes_on_with_importances(void **state)
{
    (void)state;
    assert_true(predict_with("end of trees\n\nfeature_importances:",
                             "feature importances:", 9, 0) == 11);
}

static void test_lightgbm__names_children_that_do_not_fit(void **state)
{
    (void)state;
    expect_refused("left_child=1 -3", "left_child=2 -3", LEAT_E_MODEL,
                   "Tree=1: left_child[0]: 2, but the tree has 3 leaves");
    expect_refused("left_child=1 -3", "left_child=1 -4", LEAT_E_MODEL,
                   "Tree=1: left_child[1]: -4, but the tree has 3 leaves");
    expect_refused("left_child=1 -3", "left_child=1 -2147483648", LEAT_E_MODEL,
                   "Tree=1: left_child[1]: -2147483648, but the tree has 3 leaves");
    expect_refused("left_child=1 -3", "left_child=1 -2", LEAT_E_MODEL,
                   "Tree=1: right_child[1]: node 3 is reached a second time");
    expect_refused("left_child=1 -3", "left_child=1 0", LEAT_E_MODEL,
                   "Tree=1: left_child[1]: node 0 is reached a second time");
    expect_refused("split_feature=0 1", "split_feature=0 2", LEAT_E_MODEL,
                   "Tree=1: split_feature[1]: 2, but the model has 2 features");
}

static void test_lightgbm__names_what_is_missing_or_too_short(void **state)
{
    (void)state;
    expect_refused("threshold=0.5\n", "", LEAT_E_MODEL,
                   "Tree=0: threshold: found nothing, expected 1 numbers");
    expect_refused("leaf_value=1 2\n", "", LEAT_E_MODEL,
                   "leaf_value: found 0 characters, expected 2 numbers");
    expect_refused("num_leaves=2\n", "num_leaves=1000000000\n", LEAT_E_MODEL,
                   "leaf_value: found 3 characters, expected 1000000000 numbers");
    expect_refused("num_leaves=2\n", "num_leaves=0\n", LEAT_E_MODEL,
                   "num_leaves: found 0, expected 1 to 1073741823");
    expect_refused("leaf_value=1 2", "leaf_value=1 x", LEAT_E_MODEL,
                   "Tree=0: leaf_value[1]: found \"x\", expected a number");
    expect_refused("decision_type=10", "decision_type=12", LEAT_E_MODEL,
                   "Tree=0: decision_type[0]: 12 is no type of a decision");
    expect_refused("num_leaves=2\n", "num_leaves=2\nnum_leaves=2\n", LEAT_E_MODEL,
                   "num_leaves stands twice in one block");
}

static void test_lightgbm__refuses_a_header_that_does_not_fit(void **state)
{
    (void)state;
    expect_refused("version=v4", "version=v9", LEAT_E_UNSUPPORTED,
                   "version: found v9, expected v2, v3 or v4");
    expect_refused("version=v4\n", "", LEAT_E_UNSUPPORTED,
                   "version: found nothing, expected v2, v3 or v4");
    expect_refused("max_feature_idx=1\n", "", LEAT_E_MODEL,
                   "max_feature_idx: expected the index of the last feature");
    expect_refused("max_feature_idx=1\n", "max_feature_idx=2147483646\n", LEAT_E_MODEL,
                   "feature_names: found 11 characters, expected 2147483647 names");
    expect_refused("feature_names=amount hour", "feature_names=amount_hour", LEAT_E_MODEL,
                   "feature_names[1]: expected 2 names of UTF-8");
    expect_refused("feature_names=amount hour", "feature_names=a b c", LEAT_E_MODEL,
                   "feature_names[1]: expected 2 names of UTF-8");
    expect_refused("feature_names=amount", "feature_names=\xff", LEAT_E_MODEL,
                   "feature_names[0]: expected 2 names of UTF-8");
}

static void test_lightgbm__a_file_cut_short_is_no_model(void **state)
{
    (void)state;
    leat_model *model;
    leat_error error;
    char text[sizeof small];
    snprintf(text, sizeof text, "%.*s", (int)(strstr(small, "end of trees") - small),
             small);
    assert_int_equal(parse(&model, text, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg,
                        "found the end of the file, expected a tree or \"end of trees\"");
    expect_refused("Tree=1\n", "Three=1\n", LEAT_E_MODEL,
                   "found another block, expected a tree or \"end of trees\"");
}

static const char *warning_of(const leat_model *model)
{
    leat_model_facts facts;
    leat_model_describe(model, &facts);
    return facts.warning;
}

static void test_lightgbm__says_that_categories_of_a_frame_are_codes(void **state)
{
    (void)state;
    leat_model *model = accept("v4", "v4");
    assert_null(warning_of(model));
    leat_model_free(model);
    model = accept("pandas_categorical:null", "pandas_categorical:[[\"a\", \"b\"]]");
    assert_string_equal(warning_of(model),
                        "categorical features whose categories the file does not make "
                        "clear take codes: the position of a category in the training "
                        "frame's list");
    leat_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lightgbm__scores_as_4_7_0),
        cmocka_unit_test(test_lightgbm__scores_as_3_3_5),
        cmocka_unit_test(test_lightgbm__scores_as_2_2_3),
        cmocka_unit_test(test_lightgbm__is_known_by_its_first_line),
        cmocka_unit_test(test_lightgbm__lines_may_end_as_on_windows),
        cmocka_unit_test(test_lightgbm__leaves_have_its_own_numbers),
        cmocka_unit_test(test_lightgbm__goes_left_up_to_the_threshold),
        cmocka_unit_test(test_lightgbm__thresholds_may_be_infinite_or_nan),
        cmocka_unit_test(test_lightgbm__what_is_missing_depends_on_the_type),
        cmocka_unit_test(test_lightgbm__flushes_what_is_nearly_zero),
        cmocka_unit_test(test_lightgbm__cuts_categories_to_integers),
        cmocka_unit_test(test_lightgbm__a_list_may_be_empty_or_end_in_its_last_word),
        cmocka_unit_test(test_lightgbm__names_categories_that_do_not_fit),
        cmocka_unit_test(test_lightgbm__knows_every_objective),
        cmocka_unit_test(test_lightgbm__objectives_have_options),
        cmocka_unit_test(test_lightgbm__refuses_other_objectives_by_name),
        cmocka_unit_test(test_lightgbm__averages_over_iterations_before_the_link),
        cmocka_unit_test(test_lightgbm__an_iteration_has_a_tree_for_each_class),
        cmocka_unit_test(test_lightgbm__trees_take_turns_among_the_classes),
        cmocka_unit_test(test_lightgbm__leaves_may_be_linear),
        cmocka_unit_test(test_lightgbm__names_terms_that_do_not_fit),
        cmocka_unit_test(test_lightgbm__a_tree_may_be_one_leaf),
        cmocka_unit_test(test_lightgbm__a_forest_may_be_empty),
        cmocka_unit_test(test_lightgbm__tree_sizes_are_not_needed),
        cmocka_unit_test(test_lightgbm__v2_goes_on_with_importances),
        cmocka_unit_test(test_lightgbm__names_children_that_do_not_fit),
        cmocka_unit_test(test_lightgbm__names_what_is_missing_or_too_short),
        cmocka_unit_test(test_lightgbm__refuses_a_header_that_does_not_fit),
        cmocka_unit_test(test_lightgbm__a_file_cut_short_is_no_model),
        cmocka_unit_test(test_lightgbm__says_that_categories_of_a_frame_are_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
