/* Lookups whose keys have parts of a candidate: a row for each entity. */
#include "lookup_bed.h"

#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

static void expect_rating(const lookup_bed *bed, const leat_event *event, uint32_t row,
                          float rating)
{
    float found = lookup_bed_row(bed, event)[row * N_COLUMNS + RATING];
    if (isnan(rating) ? !isnan(found) : found != rating)
        fail_msg("row %u: %g is not %g", row, (double)found, (double)rating);
}

static uint64_t n_keys(const lookup_bed *bed, int lookup)
{
    return leat_counter_read(
        &leat_features_read_stats(bed->features)->lookups.at[lookup].keys);
}

static uint64_t n_trips(const lookup_bed *bed)
{
    return leat_counter_read(&leat_features_read_stats(bed->features)->round_trips);
}

static int set_up(void **state)
{
    if (lookup_bed_set_up(state))
        return 1;
    lookup_bed *f = *state;
    lookup_bed_clear_to_ranking(f);
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2");
    for (int i = 0; i < 10; i++)
        real_redis_do(&f->server, "HSET {shop}:s%d:v1 rating %d", i, 10 * i);
    return 0;
}

static void test_lookup_candidates__each_row_gets_its_own(void **state)
{
    lookup_bed *f = *state;
    const char *const shops[] = {lookup_bed_text(f, "s3"), lookup_bed_text(f, "s1"),
                                 lookup_bed_text(f, "s9")};
    leat_event *event = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 3);
    lookup_bed_run(f);
    for (uint32_t row = 0; row < 3; row++) {
        assert_true(lookup_bed_row(f, event)[row * N_COLUMNS + AVERAGE] == 1);
        assert_true(lookup_bed_row(f, event)[row * N_COLUMNS + COUNT] == 2);
    }
    expect_rating(f, event, 0, 30);
    expect_rating(f, event, 1, 10);
    expect_rating(f, event, 2, 90);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 0);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

/* However many name it, an entity is asked for once, and all in one trip. */
static void test_lookup_candidates__one_trip_without_doubles(void **state)
{
    lookup_bed *f = *state;
    uint64_t before = n_trips(f);
    const char *shops[8];
    for (int i = 0; i < 8; i++)
        shops[i] = lookup_bed_text(f, i % 2 ? "s1" : "s2");
    leat_event *one = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 8);
    leat_event *none = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 0);
    leat_event *other =
        lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops + 1, 5);
    lookup_bed_run(f);
    assert_int_equal(n_trips(f) - before, 1);
    assert_int_equal(n_keys(f, 0), 1);
    assert_int_equal(n_keys(f, 1), 2);
    for (uint32_t row = 0; row < 8; row++)
        expect_rating(f, one, row, row % 2 ? 10 : 20);
    for (uint32_t row = 0; row < 5; row++)
        expect_rating(f, other, row, row % 2 ? 20 : 10);
    assert_int_equal(none->quality, LEAT_QUALITY_COMPLETE);
}

/* The first or the last one. */
static void test_lookup_candidates__one_that_redis_lacks_is_missing(void **state)
{
    lookup_bed *f = *state;
    for (int at = 0; at < 2; at++) {
        lookup_bed_clear_to_ranking(f);
        const char *shops[] = {lookup_bed_text(f, "s3"), lookup_bed_text(f, "s4")};
        shops[at] = lookup_bed_text(f, "nobody");
        leat_event *event =
            lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 2);
        leat_event *whole =
            lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), &shops[!at], 1);
        lookup_bed_run(f);
        expect_rating(f, event, 0, at ? 30 : NAN);
        expect_rating(f, event, 1, at ? NAN : 40);
        assert_int_equal(*leat_batch_missing(&f->batch, event), 1 << RATING);
        assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
        assert_int_equal(*leat_batch_missing(&f->batch, whole), 0);
        assert_int_equal(whole->quality, LEAT_QUALITY_COMPLETE);
    }
}

static void test_lookup_candidates__one_without_a_key_is_missing(void **state)
{
    lookup_bed *f = *state;
    const char *const shops[] = {lookup_bed_text(f, "s3"), NULL};
    leat_event *event = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 2);
    lookup_bed_run(f);
    expect_rating(f, event, 0, 30);
    expect_rating(f, event, 1, NAN);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 1 << RATING);
}

/* A key that cannot be fails the event, not its neighbours. */
static void test_lookup_candidates__one_with_a_wrong_key_fails_its_event(void **state)
{
    lookup_bed *f = *state;
    const char *const wrong[] = {lookup_bed_text(f, "s3"), lookup_bed_raw(f, "\x90", 1),
                                 lookup_bed_text(f, "s3")};
    const char *const right[] = {lookup_bed_text(f, "s4")};
    leat_event *bad = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), wrong, 3);
    leat_event *good = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), right, 1);
    lookup_bed_run(f);
    assert_int_equal(bad->status, LEAT_E_TYPE);
    assert_int_equal(good->status, LEAT_OK);
    expect_rating(f, good, 0, 40);
}

static void test_lookup_candidates__unavailable_while_redis_sleeps(void **state)
{
    lookup_bed *f = *state;
    real_redis_pause(&f->server);
    const char *const shops[] = {lookup_bed_text(f, "s3"), lookup_bed_text(f, "s4")};
    leat_event *event = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 2);
    leat_event *none = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, 0);
    lookup_bed_run(f);
    real_redis_wake(&f->server);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);
    assert_int_equal(*leat_batch_missing(&f->batch, event),
                     1 << AVERAGE | 1 << COUNT | 1 << RATING);
    expect_rating(f, event, 1, NAN);
    assert_int_equal(none->quality, LEAT_QUALITY_COMPLETE);
}

/* Several hundred rows, so that tensors have moved since the first. */
static void test_lookup_candidates__many(void **state)
{
    enum { N = 700 };
    lookup_bed *f = *state;
    const char *names[10], *shops[N];
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        names[i] = lookup_bed_text(f, name);
    }
    for (int i = 0; i < N; i++)
        shops[i] = names[i * 7 % 10];
    leat_event *one = lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops, N);
    leat_event *other =
        lookup_bed_add_candidates(f, lookup_bed_text(f, "bob"), shops + 1, N - 1);
    lookup_bed_run(f);
    for (uint32_t row = 0; row < N; row++)
        expect_rating(f, one, row, (float)(row * 7 % 10 * 10));
    for (uint32_t row = 0; row < N - 1; row++)
        expect_rating(f, other, row, (float)((row + 1) * 7 % 10 * 10));
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_lookup_candidates__##name, set_up,              \
                                    lookup_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_row_gets_its_own),
        TEST(one_trip_without_doubles),
        TEST(one_that_redis_lacks_is_missing),
        TEST(one_without_a_key_is_missing),
        TEST(one_with_a_wrong_key_fails_its_event),
        TEST(unavailable_while_redis_sleeps),
        TEST(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
