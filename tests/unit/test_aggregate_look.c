#include "aggregate_bed.h"
#include "base/log.h"
#include "features/aggregate/aggregate_look.h"
#include "worker/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define NOW_NS (130 * INT64_C(1000000000))

static const char *const windows[] = {"card_1m"};
static const char *const aggregates[N_COLUMNS] = {"count", "spent", "gap"};

/* A bed whose states have names, and that has seen a card twice. */
static int set_up(void **state)
{
    aggregate_lane lane;
    aggregate_bed_set_up(state);
    aggregate_bed *bed = *state;
    bed->card.names = (leat_state_names){windows, aggregates};
    aggregate_lane_open(&lane, bed);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 120, 2.5), LEAT_OK);
    aggregate_lane_close(&lane);
    return 0;
}

/* What there is of a card, as JSON; NULL: `error` says why. */
static const char *look(const aggregate_bed *bed, const char *name, leat_error *error)
{
    static char json[4096];
    leat_arena arena;
    leat_slice map;
    leat_arena_init(&arena, 4096);
    leat_status status = leat_aggregate_look(&bed->redis, &bed->card, leat_slice_of(name),
                                             NOW_NS, &arena, &map, error);
    if (status == LEAT_OK) {
        FILE *out = fmemopen(json, sizeof json, "w");
        leat_cursor cursor = leat_cursor_over(map);
        assert_non_null(out);
        assert_int_equal(leat_json_write(out, &cursor), LEAT_OK);
        fclose(out);
    }
    leat_arena_fini(&arena);
    return status == LEAT_OK ? json : NULL;
}

static void test_aggregate_look__what_a_worker_has_left(void **state)
{
    leat_error error;
    const char *json = look(*state, "ann", &error);
    assert_non_null(json);
    assert_non_null(strstr(json, "{\"entity\":\"key\",\"key\":\"leat:test:1:card:ann\","
                                 "\"state\":{\"latest\":\"1970-01-01T00:02:00."));
    assert_non_null(
        strstr(json, "\"values\":{\"count\":2.0,\"spent\":7.5,\"gap\":10.0}"));
}

static void test_aggregate_look__an_entity_that_was_never_seen(void **state)
{
    leat_error error;
    const char *json = look(*state, "bob", &error);
    assert_non_null(json);
    assert_string_equal(
        json,
        "{\"entity\":\"key\",\"key\":\"leat:test:1:card:bob\",\"state\":{\"windows\":["
        "{\"name\":\"card_1m\",\"bucket_seconds\":1.0,"
        "\"values\":{\"count\":0.0,\"spent\":0.0,\"gap\":null}}]}}");
}

static void test_aggregate_look__what_is_no_state_is_named(void **state)
{
    aggregate_bed *bed = *state;
    leat_error error;
    real_redis_do(&bed->server, "SET leat:test:1:card:carl what");
    assert_null(look(bed, "carl", &error));
    assert_string_equal(error.msg, "leat:test:1:card:carl: no state of these aggregates");
    real_redis_do(&bed->server, "LPUSH leat:test:1:card:dora what");
    assert_null(look(bed, "dora", &error));
    assert_non_null(strstr(error.msg, "redis: WRONGTYPE"));
}

static void test_aggregate_look__redis_is_away(void **state)
{
    aggregate_bed *bed = *state;
    leat_error error;
    real_redis_kill(&bed->server);
    assert_null(look(bed, "ann", &error));
    assert_non_null(strstr(error.msg, "cannot connect"));
    real_redis_restart(&bed->server);
}

#define LOOK_TEST(name)                                                                  \
    cmocka_unit_test_setup_teardown(name, set_up, aggregate_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOK_TEST(test_aggregate_look__what_a_worker_has_left),
        LOOK_TEST(test_aggregate_look__an_entity_that_was_never_seen),
        LOOK_TEST(test_aggregate_look__what_is_no_state_is_named),
        LOOK_TEST(test_aggregate_look__redis_is_away),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
