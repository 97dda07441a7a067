#include "features/aggregate/state_describe.h"
#include "state_fixture.h"
#include "worker/json_text.h"

#include <string.h>

static const char *const window_names[] = {"card_1m", "card_24m"};
static const char *aggregate_names[MOST_ANSWERS];

static void name(leat_aggregate_kind kind, uint32_t n, const char *text)
{
    aggregate_names[spec.n_answers] = text;
    aggregate(kind, n);
}

/* The description at a time, as JSON. */
static const char *described(int64_t time_ns)
{
    static char json[4096];
    const leat_state_names names = {window_names, aggregate_names};
    leat_slice map;
    leat_arena memory;
    leat_arena_init(&memory, 4096);
    assert_int_equal(leat_state_describe(&spec, &names, &entity, time_ns, &memory, &map),
                     LEAT_OK);
    leat_cursor cursor = leat_cursor_over(map);
    FILE *out = fmemopen(json, sizeof json, "w");
    assert_non_null(out);
    assert_int_equal(leat_json_write(out, &cursor), LEAT_OK);
    fclose(out);
    assert_ptr_equal(cursor.at, cursor.end);
    leat_arena_fini(&memory);
    return json;
}

static void test_state_describe__what_is_held_and_answered(void **state)
{
    (void)state;
    static const leat_aggregate of_day = {LEAT_AGGREGATE_DISTINCT, 0, 1, 6};
    name(LEAT_AGGREGATE_COUNT, 1, "count");
    name(LEAT_AGGREGATE_STD, 1, "spread");
    name(LEAT_AGGREGATE_LAST, 3, "last");
    name(LEAT_AGGREGATE_SINCE_LAST, 1, "gap");
    windows[1] = (leat_sliding_window){24 * SECOND, 1, 1, &of_day};
    aggregate_names[spec.n_answers++] = "shops";
    spec.n_windows = 2;
    lay_out();
    add(START, 1.5);
    add(START + 5 * SECOND / 2, -7);
    assert_string_equal(
        described(START + 3 * SECOND),
        "{\"latest\":\"2023-11-14T22:13:22.500000000Z\",\"bytes\":118,\"windows\":["
        "{\"name\":\"card_1m\",\"bucket_seconds\":1.0,\"buckets\":2,"
        "\"oldest\":\"2023-11-14T22:13:20.000000000Z\","
        "\"newest\":\"2023-11-14T22:13:22.000000000Z\","
        "\"values\":{\"count\":2.0,\"spread\":6.010407640085654,"
        "\"last\":[1.5,-7.0,null],\"gap\":0.5}},"
        "{\"name\":\"card_24m\",\"bucket_seconds\":24.0,\"values\":{\"shops\":2.0},"
        "\"pairs\":{\"shops\":{\"kept\":2,\"of\":1}}}]}");
}

static void test_state_describe__entity_that_was_never_seen(void **state)
{
    (void)state;
    name(LEAT_AGGREGATE_COUNT, 1, "count");
    name(LEAT_AGGREGATE_DISTINCT, 1, "shops");
    lay_out();
    assert_string_equal(described(START),
                        "{\"windows\":[{\"name\":\"card_1m\",\"bucket_seconds\":1.0,"
                        "\"values\":{\"count\":0.0,\"shops\":0.0}}]}");
}

static void test_state_describe__sample_of_values(void **state)
{
    (void)state;
    name(LEAT_AGGREGATE_DISTINCT, 1, "shops");
    lay_out();
    for (int i = 0; i < 300; i++)
        add(START, i);
    assert_non_null(strstr(described(START), ",\"of\":2}"));
}

static void test_state_describe__times_before_1970_and_the_first_of_all(void **state)
{
    (void)state;
    name(LEAT_AGGREGATE_COUNT, 1, "count");
    lay_out();
    add(INT64_MIN, 1);
    assert_non_null(
        strstr(described(INT64_MIN), "\"latest\":\"1677-09-21T00:12:43.145224192Z\""));
    entity.size = 0;
    add(-1, 1);
    const char *json = described(0);
    assert_non_null(strstr(json, "\"latest\":\"1969-12-31T23:59:59.999999999Z\""));
    assert_non_null(strstr(json, "\"oldest\":\"1969-12-31T23:59:59.000000000Z\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state_describe__what_is_held_and_answered),
        TEST(test_state_describe__entity_that_was_never_seen),
        TEST(test_state_describe__sample_of_values),
        TEST(test_state_describe__times_before_1970_and_the_first_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
