#include "tiny_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static tiny_model tiny; /* names its columns amount and avg */
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    tiny_model_write(&tiny, "\"amount\",\"avg\"", TINY_LOGISTIC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tiny_model_remove(&tiny);
    return 0;
}

#define PLAN(topics, features, aggregates)                                               \
    "model: {path: m.json, name: fraud}\n"                                               \
    "source: {topics: " topics ", group: g}\n"                                           \
    "features: {" features "}\n"                                                         \
    "aggregates: {" aggregates "}\n"                                                     \
    "sink: {topic: out}\n"

static leat_plan *plan_of(const char *text)
{
    leat_plan *plan = tiny_model_plan(&tiny, text, &error);
    if (!plan)
        fail_msg("%s", error.msg);
    return plan;
}

#define FEATURES "amount: {from: hour.spent}, avg: {from: day.count}"
#define HOUR     "hour: {entity: key, over: 1h, of: {spent: {sum: event.amount}}}"
#define DAY      "day: {entity: key, over: 24h, lateness: 1h, of: {count: {}}}"

static void test_plan_aggregates__windows_of_an_entity_share_a_state(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(PLAN("[in]", FEATURES, HOUR ", " DAY));
    const leat_aggregates_spec *spec = plan->features.aggregates;
    assert_non_null(spec);
    assert_int_equal(spec->n_entities, 1);
    const leat_entity_spec *entity = &spec->entities[0];
    assert_int_equal(entity->capture, LEAT_NO_CAPTURE);
    assert_false(entity->is_shared);
    assert_int_equal(entity->state.n_windows, 2);
    assert_true(entity->state.windows[0].bucket_ns == UINT64_C(60000000000));
    assert_int_equal(entity->state.windows[0].late_buckets, 1);
    assert_true(entity->state.windows[1].bucket_ns == UINT64_C(1440000000000));
    assert_int_equal(entity->state.windows[1].late_buckets, 3);
    /* a date ahead may not push what the hour keeps out of its window */
    assert_true(entity->ahead_ns == UINT64_C(60000000000));
    assert_true(entity->keep_ms == (24 + 1 + 1) * 3600000);
    assert_int_equal(spec->n_answers, 2);
    leat_plan_release(plan);
}

static void test_plan_aggregates__each_column_finds_its_answer(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(PLAN("[in]", FEATURES, HOUR ", " DAY));
    const leat_entity_spec *entity = &plan->features.aggregates->entities[0];
    assert_int_equal(entity->n_features, 2);
    assert_string_equal(entity->features[0].name, "hour.spent");
    assert_int_equal(entity->features[0].column, 0);
    assert_int_equal(entity->features[0].window, 0);
    assert_int_equal(entity->features[0].answer, 0);
    assert_string_equal(entity->features[1].name, "day.count");
    assert_int_equal(entity->features[1].column, 1);
    assert_int_equal(entity->features[1].window, 1);
    assert_int_equal(entity->features[1].answer, 1);
    assert_string_equal(plan->schema.captures[entity->sources[0].capture].text,
                        "event.amount");
    leat_plan_release(plan);
}

static void test_plan_aggregates__other_entities_are_shared(void **state)
{
    (void)state;
    leat_plan *plan =
        plan_of(PLAN("[in]", FEATURES,
                     HOUR ", day: {entity: event.shop, over: 24h, of: {count: {}}}"));
    const leat_aggregates_spec *spec = plan->features.aggregates;
    assert_int_equal(spec->n_entities, 2);
    assert_false(spec->entities[0].is_shared);
    assert_true(spec->entities[1].is_shared);
    assert_string_equal(plan->schema.captures[spec->entities[1].capture].text,
                        "event.shop");
    assert_int_equal(spec->entities[1].first_answer, 1);
    assert_string_not_equal(spec->entities[0].prefix, spec->entities[1].prefix);
    leat_plan_release(plan);
}

/* The key of another topic may be the same card. */
static void test_plan_aggregates__keys_of_several_topics_are_shared(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(PLAN("[in, more]", FEATURES, HOUR ", " DAY));
    assert_true(plan->features.aggregates->entities[0].is_shared);
    leat_plan_release(plan);
}

static void assert_same_states(const char *one, const char *other, bool is_same)
{
    leat_plan *plans[] = {plan_of(one), plan_of(other)};
    const leat_aggregates_spec *specs[] = {plans[0]->features.aggregates,
                                           plans[1]->features.aggregates};
    assert_int_equal(!strcmp(specs[0]->entities[0].prefix, specs[1]->entities[0].prefix),
                     is_same);
    assert_int_equal(specs[0]->digest == specs[1]->digest, is_same);
    for (int i = 0; i < 2; i++)
        leat_plan_release(plans[i]);
}

static void test_plan_aggregates__what_changes_answers_begins_afresh(void **state)
{
    (void)state;
    const char *base = PLAN("[in]", FEATURES, HOUR ", " DAY);
    assert_same_states(base, PLAN("[in]", FEATURES, HOUR ", " DAY), true);
    assert_same_states(
        base,
        PLAN("[in]", "avg: {from: day.count}, amount: {from: hour.spent}", HOUR ", " DAY),
        true);
    assert_same_states(
        base,
        PLAN("[in]", FEATURES,
             "hour: {entity: key, over: 2h, of: {spent: {sum: event.amount}}}, " DAY),
        false);
    assert_same_states(
        base,
        PLAN("[in]", FEATURES,
             "hour: {entity: key, over: 1h, of: {spent: {mean: event.amount}}}, " DAY),
        false);
    assert_same_states(
        base,
        PLAN("[in]", FEATURES,
             "hour: {entity: key, over: 1h, of: {spent: {sum: event.price}}}, " DAY),
        false);
}

static void test_plan_aggregates__many_numbers_are_a_sequence(void **state)
{
    (void)state;
    const char *text =
        PLAN("[in]", "amount: {from: hour.seen}, avg: {from: event.avg}",
             "hour: {entity: key, over: 1h, of: {seen: {last: event.item, n: 5}}}");
    assert_null(tiny_model_plan(&tiny, text, &error));
    assert_non_null(
        strstr(error.msg,
               "features.amount: hour.seen is a sequence of 5; read it with  as: ids"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_aggregates__windows_of_an_entity_share_a_state),
        cmocka_unit_test(test_plan_aggregates__each_column_finds_its_answer),
        cmocka_unit_test(test_plan_aggregates__other_entities_are_shared),
        cmocka_unit_test(test_plan_aggregates__keys_of_several_topics_are_shared),
        cmocka_unit_test(test_plan_aggregates__what_changes_answers_begins_afresh),
        cmocka_unit_test(test_plan_aggregates__many_numbers_are_a_sequence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
