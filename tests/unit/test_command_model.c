/* leat model: the facts as text and as JSON. */
#include "worker/commands.h"

#include "captured.h"
#include "tiny_model.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static tiny_model tiny, unnamed;
static char said[CAPTURED_SIZE];

static int set_up(void **state)
{
    (void)state;
    tiny_model_write(&tiny, "\"a\",\"b\"", TINY_LOGISTIC);
    tiny_model_write(&unnamed, "", TINY_TWO_CLASSES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tiny_model_remove(&tiny);
    tiny_model_remove(&unnamed);
    return 0;
}

static int show(const tiny_model *model, char *option)
{
    char path[64];
    snprintf(path, sizeof path, "%s/m.json", model->folder);
    char *argv[] = {"model", path, option, NULL};
    return captured_run(leat_command_model, argv, said);
}

static void test_model__text(void **state)
{
    (void)state;
    assert_int_equal(show(&tiny, NULL), 0);
    assert_non_null(strstr(said, "format     XGBoost JSON\n"));
    assert_non_null(strstr(said, "trees      1, 2 leaves, at most 1 deep\n"));
    assert_non_null(strstr(said, "output     score: f32 [rows, 1]\n"));
    assert_non_null(
        strstr(said, "features: f32 [rows, 2]:\n           a\n           b\n"));
}

static void test_model__json(void **state)
{
    (void)state;
    assert_int_equal(show(&tiny, "--json"), 0);
    json_t *root = json_loads(said, 0, NULL);
    const char *objective, *kind, *column;
    int trees, leaves, width;
    json_t *warning;
    assert_int_equal(json_unpack(root, "{s:s,s:i,s:i,s:{s:s},s:[{s:[n,i],s:[s,s]}],s:o}",
                                 "objective", &objective, "trees", &trees, "leaves",
                                 &leaves, "output", "kind", &kind, "inputs", "shape",
                                 &width, "columns", &column, &column, "warning",
                                 &warning),
                     0);
    assert_string_equal(objective, "binary:logistic");
    assert_string_equal(kind, "score");
    assert_string_equal(column, "b");
    assert_int_equal(trees, 1);
    assert_int_equal(leaves, 2);
    assert_int_equal(width, 2);
    json_decref(root);
}

static void test_model__a_model_without_names(void **state)
{
    (void)state;
    assert_int_equal(show(&unnamed, NULL), 0);
    assert_non_null(strstr(said, "f32 [rows, 2], columns without names\n"));
    assert_int_equal(show(&unnamed, "--json"), 0);
    assert_non_null(strstr(said, "\"columns\": null"));
    assert_non_null(strstr(said, "\"kind\": \"scores\""));
}

static void test_model__a_row_has_its_cost_and_its_memory(void **state)
{
    (void)state;
    assert_int_equal(show(&tiny, "--json"), 0);
    json_t *root = json_loads(said, 0, NULL);
    double alone, together;
    json_int_t memory, plan, sum;
    assert_int_equal(json_unpack(root, "{s:{s:F,s:F},s:I,s:I,s:I}", "row_us", "1", &alone,
                                 "256", &together, "memory_bytes", &memory, "plan_bytes",
                                 &plan, "sum_bytes", &sum),
                     0);
    assert_true(alone > 0 && together > 0);
    assert_true(memory > 0 && plan > 0 && sum >= plan);
    json_decref(root);
}

static void test_model__usage(void **state)
{
    (void)state;
    assert_int_equal(show(&tiny, "--nope"), 64);
    assert_int_equal(show(&tiny, "second"), 64);
    assert_int_equal(show(&tiny, "--help"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__text),
        cmocka_unit_test(test_model__json),
        cmocka_unit_test(test_model__a_model_without_names),
        cmocka_unit_test(test_model__a_row_has_its_cost_and_its_memory),
        cmocka_unit_test(test_model__usage),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
