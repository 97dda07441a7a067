#include "allocations.h"
#include "state_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_state__event_does_not_see_itself(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    assert_true(asked(START) == 0);
    add(START, 1);
    assert_true(asked(START) == 1);
}

static void test_state__nothing_in_the_window_is_missing(void **state)
{
    (void)state;
    const leat_aggregate_kind missing[] = {
        LEAT_AGGREGATE_MEAN, LEAT_AGGREGATE_MIN,  LEAT_AGGREGATE_MAX,
        LEAT_AGGREGATE_STD,  LEAT_AGGREGATE_LAST, LEAT_AGGREGATE_SINCE_LAST};
    enum { N = sizeof missing / sizeof missing[0] };
    for (uint32_t i = 0; i < N; i++)
        aggregate(missing[i], 1);
    aggregate(LEAT_AGGREGATE_SUM, 1);
    lay_out();
    for (int round = 0; round < 2; round++) { /* never seen, and long ago */
        asked(START + round * 60 * SECOND);
        for (uint32_t i = 0; i < N; i++)
            assert_true(isnan(answer[i]));
        assert_true(answer[N] == 0);
        add(START, 1);
    }
}

static void test_state__missing_inputs_are_not_seen(void **state)
{
    (void)state;
    const leat_aggregate_input absent[2] = {{5, 5, false}, {NAN, 0, false}};
    const leat_aggregate_input nan[2] = {{NAN, 7, true}, {NAN, 0, false}};
    aggregate(LEAT_AGGREGATE_COUNT, 1);
    aggregate(LEAT_AGGREGATE_MEAN, 1);
    aggregate(LEAT_AGGREGATE_MAX, 1);
    aggregate(LEAT_AGGREGATE_LAST, 2);
    aggregate(LEAT_AGGREGATE_DISTINCT, 1);
    lay_out();
    assert_int_equal(leat_state_apply(&spec, &entity, START, absent), LEAT_OK);
    assert_int_equal(leat_state_apply(&spec, &entity, START, nan), LEAT_OK);
    asked(START);
    assert_true(answer[0] == 2); /* count sees every event */
    for (int i = 1; i < 5; i++)
        assert_true(isnan(answer[i]));
    assert_true(answer[5] == 1); /* text has a hash, and no number */
}

static void test_state__times_before_1970(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(-1, 1); /* bucket -1, not 0 */
    assert_true(asked(59 * SECOND - 1) == 1);
    assert_true(asked(59 * SECOND) == 0);
}

static void test_state__late_event_sees_its_own_window(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START, 1);
    add(START + 60 * SECOND, 1);
    assert_true(asked(START + 60 * SECOND) == 1);
    assert_true(asked(START + 59 * SECOND) == 1); /* the first, not the second */
    add(START + 59 * SECOND, 1);
    assert_true(asked(START + 60 * SECOND) == 2);
}

static void test_state__event_too_late_changes_nothing(void **state)
{
    (void)state;
    aggregate(LEAT_AGGREGATE_COUNT, 1);
    aggregate(LEAT_AGGREGATE_SINCE_LAST, 1);
    lay_out();
    add(START + 60 * SECOND, 1);
    add(START, 1); /* the oldest bucket that is kept */
    uint8_t before[64];
    uint32_t size = entity.size;
    memcpy(before, entity.data, size);
    assert_int_equal(apply(START - 1, 1), LEAT_MORE);
    assert_int_equal(entity.size, size);
    assert_memory_equal(entity.data, before, size);
}

static void test_state__windows_have_lateness_of_their_own(void **state)
{
    (void)state;
    static const leat_aggregate of_day = {LEAT_AGGREGATE_COUNT, 0, 1, 1};
    aggregate(LEAT_AGGREGATE_COUNT, 1);
    windows[1] = (leat_sliding_window){1440 * SECOND, 1, 1, &of_day};
    spec.n_windows = 2;
    spec.n_answers = 2;
    lay_out();
    add(START + 3600 * SECOND, 1);
    assert_int_equal(apply(START, 1), LEAT_OK); /* too late for the minute alone */
    asked(START + 3600 * SECOND);
    assert_true(answer[0] == 1);
    assert_true(answer[1] == 2);
}

static void test_state__seconds_since_the_last(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_SINCE_LAST, 1);
    add(START, 1);
    assert_true(asked(START + 3 * SECOND / 2) == 1.5);
    assert_true(asked(START - SECOND / 4) == -0.25);
    assert_true(asked(START + 60 * SECOND - 1) == 59.999999999);
    assert_true(isnan(asked(START + 60 * SECOND)));
}

static void test_state__pause_of_years_leaves_one_bucket(void **state)
{
    (void)state;
    aggregate(LEAT_AGGREGATE_SUM, 1);
    aggregate(LEAT_AGGREGATE_DISTINCT, 1);
    aggregate(LEAT_AGGREGATE_LAST, 5);
    lay_out();
    add(START, 1);
    uint32_t one = entity.size;
    for (int i = 1; i < 400; i++)
        add(START + i * SECOND / 7, i);
    assert_true(entity.size > 20 * one);
    /* 65536 * k buckets on, so that the low bits of the numbers are the same. */
    add(START + 65536 * 1000 * SECOND, 2);
    assert_int_equal(entity.size, one);
    assert_true(asked(START + 65536 * 1000 * SECOND) == 2);
    assert_checked(LEAT_OK);
}

static void test_state__every_time_is_fine(void **state)
{
    (void)state;
    windows[0].bucket_ns = 1;
    aggregate(LEAT_AGGREGATE_COUNT, 1);
    aggregate(LEAT_AGGREGATE_SINCE_LAST, 1);
    lay_out();
    add(INT64_MIN, 1);
    assert_true(asked(INT64_MIN) == 1);
    assert_true(asked(INT64_MAX) == 0);
    add(INT64_MAX, 1);
    assert_true(asked(INT64_MAX) == 1);
    assert_true(asked(INT64_MIN) == 0);
    assert_true(answer[1] == -18446744073.709553);
    assert_int_equal(apply(INT64_MIN, 1), LEAT_MORE);
}

static void test_state__no_allocation_once_warm(void **state)
{
    (void)state;
    for (int kind = 0; kind <= LEAT_AGGREGATE_SINCE_LAST; kind++)
        aggregate((leat_aggregate_kind)kind, kind == LEAT_AGGREGATE_LAST ? 20 : 1);
    lay_out();
    size_t warm = 0;
    for (int i = 0; i < 20000; i++) {
        if (i == 10000)
            warm = allocated.calls;
        asked(START + i * SECOND / 9);
        add(START + i * SECOND / 9, i % 1000);
    }
    assert_int_equal(allocated.calls, warm);
}

static void test_state__loaded_state_has_room_for_an_event(void **state)
{
    (void)state;
    leat_state other = {0};
    aggregate(LEAT_AGGREGATE_SUM, 1);
    aggregate(LEAT_AGGREGATE_DISTINCT, 1);
    lay_out();
    add(START, 1);
    assert_int_equal(leat_state_load(&spec, &other, bytes()), LEAT_OK);
    leat_state_fini(&entity);
    entity = other;
    size_t calls = allocated.calls;
    add(START + SECOND, 2);
    assert_int_equal(allocated.calls, calls);
    assert_true(asked(START + SECOND) == 3);
}

/* All kinds, and what some events made of them. */
static void some_events(void)
{
    for (int kind = 0; kind <= LEAT_AGGREGATE_SINCE_LAST; kind++)
        aggregate((leat_aggregate_kind)kind, kind == LEAT_AGGREGATE_LAST ? 3 : 1);
    lay_out();
    for (int i = 0; i < 8; i++)
        add(START + i * SECOND / 3, i);
    assert_checked(LEAT_OK);
}

static void test_state__other_lengths_are_refused(void **state)
{
    (void)state;
    some_events();
    for (uint32_t size = 0; size <= entity.size + 1; size++) {
        /* A block of its own, so that a byte read beyond it is seen. */
        uint8_t *copy = calloc(1, size + !size);
        assert_non_null(copy);
        memcpy(copy, entity.data, size < entity.size ? size : entity.size);
        assert_int_equal(leat_state_check(&spec, (leat_slice){copy, size}),
                         size == entity.size ? LEAT_OK : LEAT_E_FORMAT);
        free(copy);
    }
}

static void test_state__other_specs_are_refused(void **state)
{
    (void)state;
    some_events();
    leat_aggregate *first = (leat_aggregate *)(uintptr_t)windows[0].aggregates;
    leat_aggregate *last = &first[LEAT_AGGREGATE_LAST];
    spec.meaning++, lay_out(), assert_checked(LEAT_E_FORMAT);
    spec.meaning--, lay_out(), assert_checked(LEAT_OK);
    windows[0].bucket_ns++, lay_out(), assert_checked(LEAT_E_FORMAT);
    windows[0].bucket_ns--, windows[0].late_buckets++, lay_out();
    assert_checked(LEAT_E_FORMAT);
    windows[0].late_buckets--, last->n++, lay_out(), assert_checked(LEAT_E_FORMAT);
    last->n--, first->kind = LEAT_AGGREGATE_SUM, lay_out();
    assert_checked(LEAT_E_FORMAT);
    first->kind = LEAT_AGGREGATE_COUNT, lay_out(), assert_checked(LEAT_OK);
}

/* A state that is refused is well; one that is not has to serve. */
static void test_state__any_flipped_bit(void **state)
{
    (void)state;
    some_events();
    uint32_t size = entity.size, n_refused = 0;
    uint8_t *good = malloc(size);
    assert_non_null(good);
    memcpy(good, entity.data, size);
    for (uint32_t bit = 0; bit < 8 * size; bit++) {
        good[bit / 8] ^= (uint8_t)(1 << bit % 8);
        leat_slice damaged = {good, size};
        if (leat_state_check(&spec, damaged) == LEAT_OK) {
            assert_int_equal(leat_state_load(&spec, &entity, damaged), LEAT_OK);
            asked(START + 3 * SECOND);
            assert_true(apply(START + 3 * SECOND, 9) >= LEAT_OK);
            assert_true(apply(START + 62 * SECOND, 9) >= LEAT_OK);
            assert_checked(LEAT_OK);
        } else {
            n_refused++;
        }
        good[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(n_refused > 8 * 12);
    free(good);
}

static void test_state__last_beyond_the_latest_is_refused(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_SINCE_LAST, 1);
    add(START, 1);
    entity.data[entity.size - 8]++;
    assert_checked(LEAT_E_FORMAT);
}

static void test_state__too_large_to_load_leaves_it_alone(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START, 1);
    leat_slice large = {entity.data, UINT32_MAX};
    assert_int_equal(leat_state_load(&spec, &entity, large), LEAT_E_MEMORY);
    assert_true(asked(START) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state__event_does_not_see_itself),
        TEST(test_state__nothing_in_the_window_is_missing),
        TEST(test_state__missing_inputs_are_not_seen),
        TEST(test_state__times_before_1970),
        TEST(test_state__late_event_sees_its_own_window),
        TEST(test_state__event_too_late_changes_nothing),
        TEST(test_state__windows_have_lateness_of_their_own),
        TEST(test_state__seconds_since_the_last),
        TEST(test_state__pause_of_years_leaves_one_bucket),
        TEST(test_state__every_time_is_fine),
        TEST(test_state__no_allocation_once_warm),
        TEST(test_state__loaded_state_has_room_for_an_event),
        TEST(test_state__other_lengths_are_refused),
        TEST(test_state__other_specs_are_refused),
        TEST(test_state__any_flipped_bit),
        TEST(test_state__last_beyond_the_latest_is_refused),
        TEST(test_state__too_large_to_load_leaves_it_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
