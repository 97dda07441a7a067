#include "tiny_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static tiny_model tiny;    /* names its columns amount and avg */
static tiny_model classes; /* a score for each of two */
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

static leat_plan *plan_of(const tiny_model *model, const char *text)
{
    leat_plan *plan = tiny_model_plan(model, text, &error);
    if (!plan)
        fail_msg("%s", error.msg);
    return plan;
}

static void expect_refused(const tiny_model *model, const char *text, const char *message)
{
    assert_null(tiny_model_plan(model, text, &error));
    if (!strstr(error.msg, message))
        fail_msg("\"%s\" does not hold \"%s\"", error.msg, message);
}

#define MODEL  "model: {path: m.json}\nsink: {topic: out}\n"
#define PRICES "features: {amount: {from: candidate.price}, avg: {from: event.avg}}\n"

static const char *capture_of(const leat_plan *plan, uint32_t index)
{
    assert_true(index < plan->schema.n_captures);
    return plan->schema.captures[index].text;
}

static void test_plan_rank__candidates_and_their_item(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(
        &tiny, MODEL PRICES "rank: {over: event.page.items, top: 3, item: candidate.id, "
                            "max: 50}");
    assert_int_equal(plan->schema.candidates.max, 50);
    assert_string_equal(capture_of(plan, plan->schema.candidates.capture),
                        "event.page.items");
    assert_string_equal(capture_of(plan, plan->schema.candidates.item), "candidate.id");
    assert_int_equal(plan->prediction.shape, LEAT_SHAPE_RANKING);
    assert_int_equal(plan->prediction.top, 3);
    assert_int_equal(plan->prediction.ranked_by, 0);
    leat_plan_release(plan);
}

static void test_plan_rank__defaults(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(
        &tiny, MODEL "features: {amount: {from: candidate}, avg: {from: event.avg}}\n"
                     "rank: {over: event.c}");
    assert_int_equal(plan->schema.candidates.max, 1000);
    assert_string_equal(capture_of(plan, plan->schema.candidates.item), "candidate");
    assert_int_equal(plan->prediction.top, 10);
    leat_plan_release(plan);
}

static void test_plan_rank__none_without_it(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(
        &tiny, MODEL "features: {amount: {from: event.a}, avg: {from: event.avg}}\n");
    assert_int_equal(plan->schema.candidates.max, 0);
    assert_int_equal(plan->prediction.shape, LEAT_SHAPE_SCORE);
    leat_plan_release(plan);
}

static void test_plan_rank__lookups_of_candidates(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(
        &tiny, MODEL "features: {amount: {from: item.price}, avg: {from: user.avg}}\n"
                     "lookups:\n"
                     "  user: {key: 'user:{event.user}'}\n"
                     "  item: {key: 'item:{event.shop}:{candidate}'}\n"
                     "rank: {over: event.c}");
    const leat_lookup_spec *lookups = plan->features.lookups;
    assert_false(lookups[0].of_candidate);
    assert_true(lookups[1].of_candidate);
    assert_int_equal(lookups[1].parts[3].capture, plan->schema.candidates.item);
    leat_plan_release(plan);
}

static void test_plan_rank__lookups_of_feast(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(
        &tiny, MODEL "features: {amount: {from: item.price}, avg: {from: event.avg}}\n"
                     "lookups: {item: {format: feast, feast: {project: p, view: v, "
                     "entities: {item_id: candidate.id}}}}\n"
                     "rank: {over: event.c, item: candidate.id}");
    assert_true(plan->features.lookups[0].of_candidate);
    leat_plan_release(plan);
}

static void test_plan_rank__by_a_class(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(&classes, MODEL PRICES
                              "rank: {over: event.c, item: candidate.id, class: 1}");
    assert_int_equal(plan->prediction.ranked_by, 1);
    assert_int_equal(plan->prediction.shape, LEAT_SHAPE_RANKING);
    leat_plan_release(plan);
}

static void test_plan_rank__a_class_that_makes_no_sense(void **state)
{
    (void)state;
    expect_refused(&classes, MODEL PRICES "rank: {over: event.c, item: candidate.id}",
                   "6:7: rank.class: this model gives 2 scores; say by which one "
                   "candidates are ranked, counted from 0");
    expect_refused(&classes,
                   MODEL PRICES "rank: {over: event.c, item: candidate.id, class: 2}",
                   "rank.class: 2, but this model gives 2 scores, counted from 0");
    expect_refused(&tiny,
                   MODEL PRICES "rank: {over: event.c, item: candidate.id, class: 0}",
                   "rank.class: this model gives a single score; remove it");
}

/* A plan for features alone has rows for candidates, too. */
static void test_plan_rank__without_a_model(void **state)
{
    (void)state;
    static const char text[] =
        "kafka: {bootstrap.servers: h}\nsource: {topics: [in]}\n" MODEL PRICES
        "rank: {over: event.c, item: candidate.id}";
    leat_config *config;
    leat_plan *plan;
    assert_int_equal(
        leat_config_parse(&config, tiny.config, text, sizeof text - 1, &error), LEAT_OK);
    assert_int_equal(leat_plan_new_without_model(&plan, config, &error), LEAT_OK);
    leat_config_free(config);
    assert_int_equal(plan->schema.candidates.max, 1000);
    leat_plan_release(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_rank__candidates_and_their_item),
        cmocka_unit_test(test_plan_rank__defaults),
        cmocka_unit_test(test_plan_rank__none_without_it),
        cmocka_unit_test(test_plan_rank__lookups_of_candidates),
        cmocka_unit_test(test_plan_rank__lookups_of_feast),
        cmocka_unit_test(test_plan_rank__by_a_class),
        cmocka_unit_test(test_plan_rank__a_class_that_makes_no_sense),
        cmocka_unit_test(test_plan_rank__without_a_model),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
