/* The cache in front of Redis, seen from the stage; test_cache.c looks inside. */
#include "features/lookup/lookup_format.h"

#include "base/clock.h"
#include "base/log.h"
#include "lookup_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const leat_cache_spec forever = {
    .entries = 100, .bytes = 1 << 20, .ttl_ns = 3600 * LEAT_SEC};
static const leat_cache_spec at_once_stale = {
    .entries = 100, .bytes = 1 << 20, .stale_ns = 3600 * LEAT_SEC};
static const leat_cache_spec at_once_gone = {.entries = 100, .bytes = 1 << 20};

/* A bed of its own beside the fixture's server. */
static void open_bed(lookup_bed *bed, void **state, leat_cache_spec cache,
                     leat_lookup_format format)
{
    real_redis *server = &((lookup_bed *)*state)->server;
    *bed = (lookup_bed){.cache = cache};
    lookup_bed_open(bed, real_redis_unix_spec(server), format, 16);
}

static real_redis *server_of(void **state)
{
    return &((lookup_bed *)*state)->server;
}

/* How often Redis was asked that, by its own count. */
static long count_calls(real_redis *server, const char *command)
{
    redisReply *reply = redisCommand(server->admin, "INFO commandstats");
    char name[64];
    snprintf(name, sizeof name, "cmdstat_%s:calls=", command);
    const char *at = strstr(reply->str, name);
    long calls = at ? strtol(at + strlen(name), NULL, 10) : 0;
    freeReplyObject(reply);
    return calls;
}

static leat_event *ask(lookup_bed *bed, const char *user)
{
    lookup_bed_clear(bed);
    leat_event *event = lookup_bed_add(bed, lookup_bed_text(bed, user), NULL);
    lookup_bed_run(bed);
    return event;
}

static void test_lookup_cache__a_fresh_entity_is_not_asked_for(void **state)
{
    lookup_bed bed;
    real_redis *server = server_of(state);
    open_bed(&bed, state, forever, LEAT_LOOKUP_HASH);
    real_redis_do(server, "HSET user:bob avg 1 count 2");
    real_redis_do(server, "CONFIG RESETSTAT");
    for (int i = 0; i < 3; i++) {
        const leat_event *bob = ask(&bed, "bob");
        lookup_bed_assert_row(&bed, bob, 1, 2, NAN);
        assert_int_equal(bob->quality, LEAT_QUALITY_DEFAULTED); /* it has no shop */
        lookup_bed_assert_row(&bed, ask(&bed, "nobody"), NAN, COUNT_DEFAULT, NAN);
    }
    assert_int_equal(count_calls(server, "hmget"), 2);
    const leat_features_stats *stats = leat_features_read_stats(bed.features);
    assert_int_equal(leat_counter_read(&stats->lookups.cache.hits), 4);
    assert_int_equal(leat_counter_read(&stats->lookups.cache.misses), 2);
    assert_int_equal(leat_counter_read(&stats->round_trips), 2);
    lookup_bed_close(&bed);
}

static void test_lookup_cache__maps_are_kept_as_their_values(void **state)
{
    lookup_bed bed;
    real_redis *server = server_of(state);
    open_bed(&bed, state, forever, LEAT_LOOKUP_JSON);
    real_redis_do(server, "SET user:bob %s", "{\"avg\":1.5,\"count\":[],\"x\":[1,2]}");
    real_redis_do(server, "CONFIG RESETSTAT");
    for (int i = 0; i < 3; i++) {
        const leat_event *bob = ask(&bed, "bob");
        assert_int_equal(bob->status, LEAT_E_TYPE); /* count is no number */
        assert_true(lookup_bed_row(&bed, bob)[AVERAGE] == 1.5F);
    }
    assert_int_equal(count_calls(server, "mget"), 1);
    lookup_bed_close(&bed);
}

static void test_lookup_cache__what_cannot_be_read_is_not_kept(void **state)
{
    lookup_bed bed;
    real_redis *server = server_of(state);
    open_bed(&bed, state, forever, LEAT_LOOKUP_JSON);
    real_redis_do(server, "SET user:bob {");
    assert_int_equal(ask(&bed, "bob")->status, LEAT_E_TRUNCATED);
    real_redis_do(server, "SET user:bob %s", "{\"avg\":1.5}");
    lookup_bed_assert_row(&bed, ask(&bed, "bob"), 1.5F, COUNT_DEFAULT, NAN);
    lookup_bed_close(&bed);
}

static void test_lookup_cache__past_its_time_it_is_asked_for_again(void **state)
{
    lookup_bed bed;
    real_redis *server = server_of(state);
    open_bed(&bed, state, at_once_stale, LEAT_LOOKUP_HASH);
    real_redis_do(server, "HSET user:bob avg 1 count 2");
    lookup_bed_assert_row(&bed, ask(&bed, "bob"), 1, 2, NAN);
    real_redis_do(server, "HSET user:bob avg 3");
    const leat_event *bob = ask(&bed, "bob");
    lookup_bed_assert_row(&bed, bob, 3, 2, NAN);
    assert_int_equal(bob->quality, LEAT_QUALITY_DEFAULTED);
    lookup_bed_close(&bed);
}

static void check_outage(void **state, leat_on_unavailable policy)
{
    lookup_bed bed;
    real_redis *server = server_of(state);
    open_bed(&bed, state, at_once_stale, LEAT_LOOKUP_HASH);
    lookup_bed_set_policy(&bed, policy);
    real_redis_do(server, "HSET user:bob avg 1 count 2");
    ask(&bed, "bob");
    ask(&bed, "nobody");
    real_redis_kill(server);
    const leat_event *bob = ask(&bed, "bob");
    lookup_bed_assert_row(&bed, bob, 1, 2, NAN);
    assert_int_equal(bob->quality, LEAT_QUALITY_STALE);
    assert_int_equal(bob->status, LEAT_OK);
    const leat_event *nobody = ask(&bed, "nobody");
    lookup_bed_assert_row(&bed, nobody, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(nobody->quality, LEAT_QUALITY_STALE);
    const leat_features_stats *stats = leat_features_read_stats(bed.features);
    assert_int_equal(leat_counter_read(&stats->lookups.at[0].values.stale), 2);
    real_redis_restart(server);
    lookup_bed_close(&bed);
}

static void test_lookup_cache__what_is_stale_stands_in_during_an_outage(void **state)
{
    check_outage(state, LEAT_UNAVAILABLE_DEFAULT);
}

static void test_lookup_cache__what_is_stale_need_not_wait(void **state)
{
    check_outage(state, LEAT_UNAVAILABLE_WAIT);
}

static void test_lookup_cache__what_is_too_old_stands_in_for_nothing(void **state)
{
    lookup_bed bed;
    real_redis *server = server_of(state);
    open_bed(&bed, state, at_once_gone, LEAT_LOOKUP_HASH);
    real_redis_do(server, "HSET user:bob avg 1 count 2");
    ask(&bed, "bob");
    real_redis_kill(server);
    const leat_event *bob = ask(&bed, "bob");
    lookup_bed_assert_row(&bed, bob, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(bob->quality, LEAT_QUALITY_UNAVAILABLE);
    real_redis_restart(server);
    lookup_bed_close(&bed);
}

static void test_lookup_cache__another_plan_begins_with_nothing(void **state)
{
    lookup_bed bed;
    leat_error error;
    real_redis *server = server_of(state);
    open_bed(&bed, state, forever, LEAT_LOOKUP_HASH);
    real_redis_do(server, "HSET user:bob avg 1 count 2");
    ask(&bed, "bob");
    const leat_features_spec spec = {.n_lookups = 2, .lookups = bed.lookups};
    assert_int_equal(leat_features_adopt(bed.features, &spec, &error), LEAT_OK);
    real_redis_do(server, "HSET user:bob avg 3");
    lookup_bed_assert_row(&bed, ask(&bed, "bob"), 3, 2, NAN);
    lookup_bed_close(&bed);
}

int main(void)
{
#define REAL(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, lookup_bed_set_up, lookup_bed_tear_down)
    const struct CMUnitTest tests[] = {
        REAL(test_lookup_cache__a_fresh_entity_is_not_asked_for),
        REAL(test_lookup_cache__maps_are_kept_as_their_values),
        REAL(test_lookup_cache__what_cannot_be_read_is_not_kept),
        REAL(test_lookup_cache__past_its_time_it_is_asked_for_again),
        REAL(test_lookup_cache__what_is_stale_stands_in_during_an_outage),
        REAL(test_lookup_cache__what_is_stale_need_not_wait),
        REAL(test_lookup_cache__what_is_too_old_stands_in_for_nothing),
        REAL(test_lookup_cache__another_plan_begins_with_nothing),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
