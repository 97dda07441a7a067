#include "features/lookup/lookup.h"

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

static void test_lookup__values_reach_their_columns(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 12.5 count 3 other 9");
    real_redis_do(&f->server, "HSET {shop}:42:v1 rating 1e-1");
    leat_event *event =
        lookup_bed_add(f, lookup_bed_text(f, "bob"), lookup_bed_raw(f, "\x2a", 1));
    lookup_bed_run(f);
    lookup_bed_assert_row(f, event, 12.5F, 3, 0.1F);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 0);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

static void test_lookup__a_missing_key_keeps_what_the_decoder_put(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET {shop}:s:v1 rating 4");
    leat_event *event =
        lookup_bed_add(f, lookup_bed_text(f, "nobody"), lookup_bed_text(f, "s"));
    lookup_bed_run(f);
    lookup_bed_assert_row(f, event, NAN, COUNT_DEFAULT, 4);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 1 << AVERAGE | 1 << COUNT);
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(event->status, LEAT_OK);
}

static void test_lookup__a_missing_field_is_missing_alone(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1");
    real_redis_do(&f->server, "HSET {shop}:s:v1 rating 4");
    leat_event *event =
        lookup_bed_add(f, lookup_bed_text(f, "bob"), lookup_bed_text(f, "s"));
    lookup_bed_run(f);
    lookup_bed_assert_row(f, event, 1, COUNT_DEFAULT, 4);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 1 << COUNT);
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_lookup__an_absent_entity_is_not_asked_for(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user: avg 1 count 1");
    leat_event *absent = lookup_bed_add(f, NULL, NULL);
    leat_event *nil = lookup_bed_add(f, lookup_bed_raw(f, "\xc0", 1), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, absent, NAN, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, nil, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(nil->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(
        leat_counter_read(&leat_features_read_stats(f->features)->lookups.at[0].keys), 0);
}

static void test_lookup__integers_and_bools_stand_in_keys(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:-5 avg 5 count 5");
    real_redis_do(&f->server, "HSET user:18446744073709551615 avg 6 count 6");
    real_redis_do(&f->server, "HSET user:1 avg 7 count 8");
    leat_event *negative = lookup_bed_add(f, lookup_bed_raw(f, "\xfb", 1), NULL);
    leat_event *large = lookup_bed_add(
        f, lookup_bed_raw(f, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9), NULL);
    leat_event *yes = lookup_bed_add(f, lookup_bed_raw(f, "\xc3", 1), NULL);
    leat_event *one = lookup_bed_add(f, lookup_bed_text(f, "1"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, negative, 5, 5, NAN);
    lookup_bed_assert_row(f, large, 6, 6, NAN);
    lookup_bed_assert_row(f, yes, 7, 8, NAN);
    lookup_bed_assert_row(f, one, 7, 8, NAN);
}

static void test_lookup__other_types_in_a_key_fail_the_event(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1 count 1");
    leat_event *real =
        lookup_bed_add(f, lookup_bed_raw(f, "\xca\x3f\x80\x00\x00", 5), NULL);
    leat_event *map = lookup_bed_add(f, lookup_bed_raw(f, "\x80", 1), NULL);
    leat_event *good = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    lookup_bed_run(f);
    assert_int_equal(real->status, LEAT_E_TYPE);
    assert_int_equal(map->status, LEAT_E_TYPE);
    assert_int_equal(map->stage, LEAT_STAGE_FEATURES);
    assert_non_null(strstr(map->reason, "lookup user: event.user is a map"));
    lookup_bed_assert_row(f, good, 1, 1, NAN);
}

static void test_lookup__text_that_is_no_number_fails_the_event(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 0x10 count 1");
    real_redis_do(&f->server, "HSET user:eve avg %b count 1", "a\n", (size_t)2);
    real_redis_do(&f->server, "HSET user:tom avg %b count 1", "", (size_t)0);
    real_redis_do(&f->server, "HSET user:ann avg nan count inf");
    leat_event *hex = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_event *words = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    leat_event *empty = lookup_bed_add(f, lookup_bed_text(f, "tom"), NULL);
    leat_event *odd = lookup_bed_add(f, lookup_bed_text(f, "ann"), NULL);
    lookup_bed_run(f);
    assert_int_equal(hex->status, LEAT_E_TYPE);
    assert_non_null(
        strstr(hex->reason, "lookup user.avg is \"0x10\", which is not a number"));
    assert_non_null(strstr(words->reason, "\"a?\""));
    assert_int_equal(empty->status, LEAT_E_TYPE);
    lookup_bed_assert_row(f, odd, NAN, INFINITY, NAN);
    assert_int_equal(*leat_batch_missing(&f->batch, odd), 1 << AVERAGE | 1 << RATING);
}

static void test_lookup__a_key_of_another_type_is_unavailable_alone(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "SET user:bob text");
    real_redis_do(&f->server, "HSET user:eve avg 1 count 2");
    leat_event *wrong = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_event *right = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, wrong, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(wrong->quality, LEAT_QUALITY_UNAVAILABLE);
    lookup_bed_assert_row(f, right, 1, 2, NAN);
    const leat_features_stats *stats = leat_features_read_stats(f->features);
    assert_int_equal(leat_counter_read(&stats->lookups.refusals[LEAT_REFUSAL_WRONGTYPE]),
                     1);
    assert_int_equal(leat_counter_read(&stats->lookups.at[0].values.unavailable), 2);
    assert_int_equal(right->quality, LEAT_QUALITY_DEFAULTED); /* it has no shop */
}

static void test_lookup__an_entity_is_asked_for_once_and_feeds_all_its_events(
    void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2");
    real_redis_do(&f->server, "HSET user:eve avg 3 count 4");
    for (int i = 0; i < 16; i++)
        lookup_bed_add(f, lookup_bed_text(f, i % 2 ? "eve" : "bob"), NULL);
    lookup_bed_run(f);
    for (int i = 0; i < 16; i++)
        lookup_bed_assert_row(f, &f->batch.events[i], i % 2 ? 3 : 1, i % 2 ? 4 : 2, NAN);
    const leat_features_stats *trips = leat_features_read_stats(f->features);
    const leat_lookup_stats *stats = trips->lookups.at;
    assert_int_equal(leat_counter_read(&stats->lookups), 16);
    assert_int_equal(leat_counter_read(&stats->keys), 2);
    assert_int_equal(leat_counter_read(&stats->values.hits), 32);
    assert_int_equal(leat_counter_read(&stats->values.missing), 0);
    assert_int_equal(leat_counter_read(&stats[1].values.missing), 16);
    assert_int_equal(leat_counter_read(&stats->values.unavailable), 0);
    assert_int_equal(leat_counter_read(&trips->round_trips), 1);
    assert_int_equal(leat_counter_read(&trips->connects), 1);
}

/* "user:66069" and "user:112480" have the same hash. */
static void test_lookup__entities_that_hash_alike_stay_apart(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:66069 avg 1 count 2");
    real_redis_do(&f->server, "HSET user:112480 avg 3 count 4");
    leat_event *one = lookup_bed_add(f, lookup_bed_text(f, "66069"), NULL);
    leat_event *other = lookup_bed_add(f, lookup_bed_text(f, "112480"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, one, 1, 2, NAN);
    lookup_bed_assert_row(f, other, 3, 4, NAN);
}

static void test_lookup__every_row_of_an_event_is_fed_and_no_other(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2");
    leat_event *before = lookup_bed_add(f, NULL, NULL);
    leat_event *ranked = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    const leat_event *second =
        lookup_bed_add(f, NULL, NULL); /* its row becomes the other's */
    lookup_bed_row(f, second)[AVERAGE] = lookup_bed_row(f, second)[COUNT] = -1;
    ranked->n = 2;
    leat_event *filtered = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    filtered->n = 0;
    leat_event *failed = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_batch_fail(&f->batch, failed, LEAT_STAGE_DECODE, LEAT_E_TYPE, "before");
    lookup_bed_run(f);
    const float *row = lookup_bed_row(f, ranked);
    assert_true(row[AVERAGE] == 1 && row[N_COLUMNS + AVERAGE] == 1);
    assert_true(row[COUNT] == 2 && row[N_COLUMNS + COUNT] == 2);
    lookup_bed_assert_row(f, before, NAN, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, filtered, NAN, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, failed, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(filtered->quality, LEAT_QUALITY_COMPLETE);
}

static void test_lookup__ten_thousand_entities_in_one_batch(void **state)
{
    enum { N = 10000 };
    lookup_bed large = {0};
    lookup_bed *f = &large;
    real_redis *server = &((lookup_bed *)*state)->server;
    for (int i = 0; i < N; i++)
        redisAppendCommand(server->admin, "HSET user:%d avg %d.25 count %d", i, i, -i);
    for (int i = 0; i < N; i++) {
        void *reply;
        assert_int_equal(redisGetReply(server->admin, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
    lookup_bed_open(f, real_redis_spec(server), LEAT_LOOKUP_HASH, N);
    for (int i = 0; i < N; i++) {
        char user[16];
        snprintf(user, sizeof user, "%d", i);
        lookup_bed_add(f, lookup_bed_text(f, user), NULL);
    }
    lookup_bed_run(f);
    for (int i = 0; i < N; i++)
        lookup_bed_assert_row(f, &f->batch.events[i], (float)i + 0.25F, (float)-i, NAN);
    lookup_bed_close(f);
}

/* What aggregates write goes through the same connection before the batch is scored. */
static void test_lookup__texts_outlive_what_redis_is_asked_next(void **state)
{
    lookup_bed *f = *state;
    lookup_bed next = {.features = f->features};
    real_redis_do(&f->server, "HSET user:bob avg first count 1");
    real_redis_do(&f->server, "HSET user:eve avg OTHER count 2");
    assert_int_equal(leat_batch_init(&next.batch, 4), LEAT_OK);
    lookup_bed_clear_to_strings(f);
    lookup_bed_clear_to_strings(&next);
    leat_event *bob = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    lookup_bed_add(&next, lookup_bed_text(&next, "eve"), NULL);
    lookup_bed_run(f);
    lookup_bed_run(&next);
    leat_slice text = lookup_bed_strings(f, bob)[AVERAGE];
    assert_int_equal(text.size, 5);
    assert_memory_equal(text.data, "first", 5);
    leat_batch_fini(&next.batch);
}

static void test_lookup__what_is_too_old_is_missing(void **state)
{
    lookup_bed *f = *state;
    lookup_bed_set_age(f);
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2 at 2023-11-14T22:13:20Z");
    real_redis_do(&f->server, "HSET user:eve avg 1 count 2");
    lookup_bed_assert_ages(f);
}

/* ---- Integers ---- */

static leat_event *add_integers(lookup_bed *f, const char *user, const char *shop)
{
    if (!f->batch.n_events)
        lookup_bed_clear_to_integers(f);
    return lookup_bed_add(f, lookup_bed_text(f, user), lookup_bed_text(f, shop));
}

static void test_lookup__integers_reach_their_columns_to_the_last_digit(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 9007199254740993 count -4.0");
    real_redis_do(&f->server, "HSET {shop}:s:v1 rating -9223372036854775808");
    const leat_event *event = add_integers(f, "bob", "s");
    lookup_bed_run(f);
    const int64_t *row = lookup_bed_integers(f, &f->batch.events[0]);
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(row[AVERAGE], 9007199254740993);
    assert_int_equal(row[COUNT], -4);
    assert_true(row[RATING] == INT64_MIN);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 0);
}

static void test_lookup__text_that_is_no_integer_fails_the_event(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1.5 count 1");
    real_redis_do(&f->server, "HSET user:eve avg 9223372036854775808 count 1");
    const leat_event *fraction = add_integers(f, "bob", "s");
    const leat_event *large = add_integers(f, "eve", "s");
    lookup_bed_run(f);
    assert_int_equal(fraction->status, LEAT_E_TYPE);
    assert_string_equal(fraction->reason,
                        "lookup user.avg is \"1.5\", which is not an integer");
    assert_int_equal(large->status, LEAT_E_RANGE);
    assert_string_equal(large->reason,
                        "lookup user.avg is \"9223372036854775808\", which is "
                        "out of the range of i64");
}

static void test_lookup__a_missing_integer_needs_a_default(void **state)
{
    lookup_bed *f = *state;
    real_redis_do(&f->server, "HSET user:bob avg 1");
    real_redis_do(&f->server, "HSET user:eve count 1");
    real_redis_do(&f->server, "HSET {shop}:s:v1 rating 5");
    const leat_event *good = add_integers(f, "bob", "s");
    const leat_event *bad = add_integers(f, "eve", "s");
    const leat_event *alone = add_integers(f, "bob", "none");
    lookup_bed_run(f);
    const int64_t *row = lookup_bed_integers(f, &f->batch.events[0]);
    assert_int_equal(good->status, LEAT_OK);
    assert_int_equal(good->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(row[COUNT], (int64_t)COUNT_DEFAULT);
    assert_int_equal(bad->status, LEAT_E_MISSING);
    assert_string_equal(bad->reason, "lookup user.avg is missing; i64 has no NaN, and "
                                     "the feature no default");
    assert_int_equal(alone->status, LEAT_E_MISSING);
}

static void test_lookup__an_outage_fails_integers_without_a_default(void **state)
{
    lookup_bed *f = *state;
    real_redis_kill(&f->server);
    const leat_event *event = add_integers(f, "bob", "s");
    lookup_bed_run(f);
    assert_int_equal(event->status, LEAT_E_MISSING);
    assert_non_null(strstr(event->reason, "lookup user.avg is unavailable; i64 has"));
    real_redis_restart(&f->server);
}

int main(void)
{
#define REAL(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, lookup_bed_set_up, lookup_bed_tear_down)
    const struct CMUnitTest tests[] = {
        REAL(test_lookup__values_reach_their_columns),
        REAL(test_lookup__a_missing_key_keeps_what_the_decoder_put),
        REAL(test_lookup__a_missing_field_is_missing_alone),
        REAL(test_lookup__an_absent_entity_is_not_asked_for),
        REAL(test_lookup__integers_and_bools_stand_in_keys),
        REAL(test_lookup__other_types_in_a_key_fail_the_event),
        REAL(test_lookup__text_that_is_no_number_fails_the_event),
        REAL(test_lookup__a_key_of_another_type_is_unavailable_alone),
        REAL(test_lookup__an_entity_is_asked_for_once_and_feeds_all_its_events),
        REAL(test_lookup__entities_that_hash_alike_stay_apart),
        REAL(test_lookup__every_row_of_an_event_is_fed_and_no_other),
        REAL(test_lookup__ten_thousand_entities_in_one_batch),
        REAL(test_lookup__texts_outlive_what_redis_is_asked_next),
        REAL(test_lookup__what_is_too_old_is_missing),
        REAL(test_lookup__integers_reach_their_columns_to_the_last_digit),
        REAL(test_lookup__text_that_is_no_integer_fails_the_event),
        REAL(test_lookup__a_missing_integer_needs_a_default),
        REAL(test_lookup__an_outage_fails_integers_without_a_default),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
