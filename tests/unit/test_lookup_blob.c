#include "features/lookup/lookup_format.h"

#include "base/clock.h"
#include "base/log.h"
#include "lookup_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SET of bytes. */
#define PUT(f, key, bytes)                                                               \
    real_redis_do(&(f)->server, "SET %s %b", key, bytes, sizeof(bytes) - 1)

static void test_lookup_blob__maps_feed_their_columns(void **state)
{
    lookup_bed *f = *state;
    PUT(f, "user:bob",
        "\x82\xa3"
        "avg\xcb\x40\x29\0\0\0\0\0\0\xa5"
        "count\x03");
    PUT(f, "user:eve",
        "\x81\xa3"
        "avg\xff");
    PUT(f, "{shop}:s:v1", "\x81\xa6rating\xc3");
    leat_event *bob =
        lookup_bed_add(f, lookup_bed_text(f, "bob"), lookup_bed_text(f, "s"));
    leat_event *eve = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    leat_event *tom = lookup_bed_add(f, lookup_bed_text(f, "tom"), NULL);
    leat_event *again = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, bob, 12.5F, 3, 1);
    lookup_bed_assert_row(f, eve, -1, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, tom, NAN, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, again, 12.5F, 3, NAN);
    assert_int_equal(bob->quality, LEAT_QUALITY_COMPLETE);
    assert_int_equal(tom->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(tom->status, LEAT_OK);
}

/* By Redis's own count. */
static void test_lookup_blob__all_maps_of_a_lookup_are_one_question(void **state)
{
    lookup_bed *f = *state;
    PUT(f, "user:bob",
        "\x81\xa3"
        "avg\x01");
    PUT(f, "{shop}:s:v1", "\x81\xa6rating\x02");
    for (int i = 0; i < 16; i++) {
        char name[8];
        snprintf(name, sizeof name, "u%d", i);
        lookup_bed_add(f, lookup_bed_text(f, i ? name : "bob"), lookup_bed_text(f, "s"));
    }
    real_redis_do(&f->server, "CONFIG RESETSTAT");
    lookup_bed_run(f);
    lookup_bed_assert_row(f, &f->batch.events[0], 1, COUNT_DEFAULT, 2);
    lookup_bed_assert_row(f, &f->batch.events[15], NAN, COUNT_DEFAULT, 2);
    redisReply *reply = redisCommand(f->server.admin, "INFO commandstats");
    assert_non_null(strstr(reply->str, "cmdstat_mget:calls=2,"));
    freeReplyObject(reply);
}

static void test_lookup_blob__a_map_that_cannot_be_read_fails_its_events_alone(
    void **state)
{
    lookup_bed *f = *state;
    PUT(f, "user:bob",
        "\x81\xa3"
        "avg\xa9x");
    PUT(f, "user:eve",
        "\x81\xa3"
        "avg\x01");
    PUT(f, "user:tom",
        "\x81\xa3"
        "avg\xa1x");
    leat_event *bob = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_event *eve = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    leat_event *tom = lookup_bed_add(f, lookup_bed_text(f, "tom"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, eve, 1, COUNT_DEFAULT, NAN);
    assert_int_equal(eve->status, LEAT_OK);
    assert_int_equal(bob->status, LEAT_E_TRUNCATED);
    assert_int_equal(bob->stage, LEAT_STAGE_FEATURES);
    assert_string_equal(bob->reason,
                        "lookup user: key \"user:bob\": payload is truncated "
                        "at byte 5 of 7");
    assert_int_equal(tom->status, LEAT_E_TYPE);
    assert_string_equal(tom->reason,
                        "lookup user.avg is a string, which is not a number");
    assert_int_equal(
        leat_counter_read(
            &leat_features_read_stats(f->features)->lookups.at[0].values.failed),
        3);
}

/* MGET tells no type, so the key of one that is missing is asked for it, in the trip of the
 * next batch that makes one. */
static void test_lookup_blob__the_type_of_a_missing_key_is_asked_for_once(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1");
    real_redis_do(&f->server, "CONFIG RESETSTAT");
    for (int i = 0; i < 5; i++) {
        lookup_bed_clear(f);
        leat_event *bob = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
        lookup_bed_run(f);
        lookup_bed_assert_row(f, bob, NAN, COUNT_DEFAULT, NAN);
        assert_int_equal(bob->quality, LEAT_QUALITY_DEFAULTED);
    }
    redisReply *reply = redisCommand(f->server.admin, "INFO commandstats");
    assert_non_null(strstr(reply->str, "cmdstat_mget:calls=5,"));
    assert_non_null(strstr(reply->str, "cmdstat_type:calls=1,"));
    freeReplyObject(reply);
}

/* ---- JSON ---- */

static void test_lookup_blob__json_is_read_like_msgpack(void **state)
{
    lookup_bed *f = *state;
    PUT(f, "user:bob", "{\"avg\": 12.5, \"count\": 3}");
    PUT(f, "user:eve", " {\"avg\": null, \"other\": [1, {}], \"count\": true} ");
    PUT(f, "{shop}:s:v1", "{\"rating\": -1e2}");
    leat_event *bob =
        lookup_bed_add(f, lookup_bed_text(f, "bob"), lookup_bed_text(f, "s"));
    leat_event *eve = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, bob, 12.5F, 3, -100);
    lookup_bed_assert_row(f, eve, NAN, 1, NAN);
}

static void test_lookup_blob__json_that_is_none_names_key_and_byte(void **state)
{
    lookup_bed *f = *state;
    PUT(f, "user:bob", "{\"avg\": 12.5,}");
    PUT(f, "user:eve", "[1]");
    leat_event *bob = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_event *eve = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    lookup_bed_run(f);
    assert_int_equal(bob->status, LEAT_E_FORMAT);
    assert_non_null(strstr(bob->reason, "lookup user: key \"user:bob\": "));
    assert_non_null(strstr(bob->reason, "byte 13"));
    assert_int_equal(eve->status, LEAT_E_TYPE);
    assert_string_equal(eve->reason,
                        "lookup user: key \"user:eve\": expected a map, found an array");
}

static void test_lookup_blob__what_is_too_old_is_missing(void **state)
{
    lookup_bed *f = *state;
    lookup_bed_set_age(f);
    PUT(f, "user:bob", "{\"at\": 1700000000, \"avg\": 1, \"count\": 2}");
    PUT(f, "user:eve", "{\"at\": null, \"avg\": 1, \"count\": 2}");
    lookup_bed_assert_ages(f);
}

int main(void)
{
#define MSGPACK(test)                                                                    \
    cmocka_unit_test_setup_teardown(test, lookup_bed_set_up_msgpack, lookup_bed_tear_down)
#define JSON(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, lookup_bed_set_up_json, lookup_bed_tear_down)
    const struct CMUnitTest tests[] = {
        MSGPACK(test_lookup_blob__maps_feed_their_columns),
        MSGPACK(test_lookup_blob__all_maps_of_a_lookup_are_one_question),
        MSGPACK(test_lookup_blob__a_map_that_cannot_be_read_fails_its_events_alone),
        MSGPACK(test_lookup_blob__the_type_of_a_missing_key_is_asked_for_once),
        JSON(test_lookup_blob__json_is_read_like_msgpack),
        JSON(test_lookup_blob__what_is_too_old_is_missing),
        JSON(test_lookup_blob__json_that_is_none_names_key_and_byte),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
