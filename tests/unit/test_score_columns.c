#include "worker/score/score_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static leat_arena arena;
static leat_columns columns;
static leat_error error;

static bool by_name_alone;

static const char *const model_names[] = {"amount", "hour", "country"};

static int setup(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    by_name_alone = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

/* Matches the columns of one line, such as "a,b", to the model's names (or NULL). */
static leat_status match(const char *line, const char *const *names, uint32_t n_features)
{
    FILE *file = fmemopen((void *)(uintptr_t)line, strlen(line), "r");
    leat_csv csv;
    assert_int_equal(leat_csv_init(&csv, file, "rows.csv"), LEAT_OK);
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_OK);
    const leat_wanted wanted = {n_features, names, by_name_alone};
    leat_status status = leat_columns_match(&columns, &arena, &csv, &wanted, &error);
    leat_csv_fini(&csv);
    fclose(file);
    return status;
}

static void assert_features(const uint32_t *expected, uint32_t n)
{
    assert_int_equal(columns.n, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(columns.features[i], expected[i]);
}

static void test_score_columns__by_name_in_any_order(void **state)
{
    (void)state;
    assert_int_equal(match("country,amount,hour", model_names, 3), LEAT_OK);
    assert_true(columns.by_name);
    assert_features((uint32_t[]){2, 0, 1}, 3);
    assert_string_equal(columns.names[0], "country");
}

static void test_score_columns__by_name_ignores_others(void **state)
{
    (void)state;
    assert_int_equal(match("id,hour,amount,id,country", model_names, 3), LEAT_OK);
    assert_true(columns.by_name);
    assert_features((uint32_t[]){LEAT_NO_FEATURE, 1, 0, LEAT_NO_FEATURE, 2}, 5);
}

static void test_score_columns__by_position_when_no_name_matches(void **state)
{
    (void)state;
    assert_int_equal(match("a,b,c", model_names, 3), LEAT_OK);
    assert_false(columns.by_name);
    assert_false(columns.looks_like_data);
    assert_features((uint32_t[]){0, 1, 2}, 3);
}

static void test_score_columns__by_position_when_the_model_has_no_names(void **state)
{
    (void)state;
    assert_int_equal(match("amount,amount", NULL, 2), LEAT_OK);
    assert_false(columns.by_name);
    assert_features((uint32_t[]){0, 1}, 2);
}

static void test_score_columns__counts_that_differ_are_refused(void **state)
{
    (void)state;
    assert_int_equal(match("a,b", NULL, 3), LEAT_E_FORMAT);
    assert_string_equal(error.msg, "rows.csv:1: the file has 2 columns and the model 3 "
                                   "features, and they do not go by name");
    assert_int_equal(match("a,b,c,d", model_names, 3), LEAT_E_FORMAT);
}

static void test_score_columns__another_separator_is_explained(void **state)
{
    (void)state;
    assert_int_equal(match("amount;hour;country", model_names, 3), LEAT_E_FORMAT);
    assert_string_equal(error.msg, "rows.csv:1: the file has 1 columns and the model 3 "
                                   "features, and they do not go by name; columns are "
                                   "separated by commas");
}

static void test_score_columns__some_of_the_names_are_refused(void **state)
{
    (void)state;
    assert_int_equal(match("amount,Hour,country", model_names, 3), LEAT_E_FORMAT);
    assert_string_equal(error.msg,
                        "rows.csv:1: only 2 of the model's 3 features have a column, "
                        "'hour' has none: name all columns as the model does, or none");
}

static void test_score_columns__several_inputs_never_go_by_position(void **state)
{
    (void)state;
    by_name_alone = true;
    assert_int_equal(match("a,b,c", model_names, 3), LEAT_E_FORMAT);
    assert_string_equal(error.msg,
                        "rows.csv:1: only 0 of the model's 3 features have a column, "
                        "'amount' has none: name all columns as the model does");
    assert_int_equal(match("hour,country,amount", model_names, 3), LEAT_OK);
    assert_true(columns.by_name);
}

static void test_score_columns__name_that_stands_twice_is_refused(void **state)
{
    (void)state;
    assert_int_equal(match("amount,hour,amount,country", model_names, 3), LEAT_E_FORMAT);
    assert_string_equal(error.msg, "rows.csv:1: two columns are named 'amount'");
}

static void test_score_columns__numbers_look_like_data(void **state)
{
    (void)state;
    assert_int_equal(match("5.1,3,1e-2", NULL, 3), LEAT_OK);
    assert_true(columns.looks_like_data);
}

static void test_score_columns__counting_names_do_not_look_like_data(void **state)
{
    (void)state;
    assert_int_equal(match("0,1,2", NULL, 3), LEAT_OK);
    assert_false(columns.looks_like_data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_score_columns__by_name_in_any_order),
        TEST(test_score_columns__by_name_ignores_others),
        TEST(test_score_columns__by_position_when_no_name_matches),
        TEST(test_score_columns__by_position_when_the_model_has_no_names),
        TEST(test_score_columns__counts_that_differ_are_refused),
        TEST(test_score_columns__another_separator_is_explained),
        TEST(test_score_columns__some_of_the_names_are_refused),
        TEST(test_score_columns__several_inputs_never_go_by_position),
        TEST(test_score_columns__name_that_stands_twice_is_refused),
        TEST(test_score_columns__numbers_look_like_data),
        TEST(test_score_columns__counting_names_do_not_look_like_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
