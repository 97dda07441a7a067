#include "allocations.h"
#include "features/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Buckets of a second: a window of a minute. */
#define SECOND INT64_C(1000000000)
#define START  (INT64_C(1700000000) * SECOND)

enum { MOST = 16, MOST_ANSWERS = 100 };

static leat_aggregate aggregates[MOST];
static leat_sliding_window windows[2];
static leat_state_spec spec;
static leat_arena arena;
static leat_state entity;
static double answer[MOST_ANSWERS];

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    windows[0] = (leat_sliding_window){
        .bucket_ns = SECOND, .late_buckets = 1, .aggregates = aggregates};
    spec = (leat_state_spec){.n_windows = 1, .windows = windows, .n_inputs = 2};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_state_fini(&entity);
    leat_arena_fini(&arena);
    return 0;
}

/* Of input 0, in the first window. */
static void aggregate(leat_aggregate_kind kind, uint32_t n)
{
    leat_aggregate *next = &aggregates[windows[0].n_aggregates++];
    *next = (leat_aggregate){.kind = kind, .n = n, .answer = spec.n_answers};
    spec.n_answers += n;
}

static void lay_out(void)
{
    assert_int_equal(leat_state_lay_out(&spec, &arena), LEAT_OK);
}

/* A spec of one aggregate. */
static void only(leat_aggregate_kind kind, uint32_t n)
{
    aggregate(kind, n);
    lay_out();
}

static uint64_t mixed(uint64_t number)
{
    number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return number ^ number >> 32;
}

static leat_status apply(int64_t time_ns, double number)
{
    const leat_aggregate_input inputs[2] = {{number, mixed((uint64_t)(number * 8)), true},
                                            {NAN, 0, false}};
    return leat_state_apply(&spec, &entity, time_ns, inputs);
}

static void add(int64_t time_ns, double number)
{
    assert_int_equal(apply(time_ns, number), LEAT_OK);
}

/* The first number of the answer at a time. */
static double asked(int64_t time_ns)
{
    leat_state_answer(&spec, &entity, time_ns, answer);
    return answer[0];
}

static leat_slice bytes(void)
{
    return (leat_slice){entity.data, entity.size};
}

static void assert_checked(leat_status expected)
{
    assert_int_equal(leat_state_check(&spec, bytes()), expected);
}

static void test_state__event_does_not_see_itself(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    assert_true(asked(START) == 0);
    add(START, 1);
    assert_true(asked(START) == 1);
}

static void test_state__window_is_sixty_buckets(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START + SECOND / 2, 1);
    assert_true(asked(START + 60 * SECOND - 1) == 1);
    assert_true(asked(START + 60 * SECOND) == 0);
}

static void test_state__numbers_of_a_window(void **state)
{
    (void)state;
    const struct {
        leat_aggregate_kind kind;
        double expected;
    } cases[] = {{LEAT_AGGREGATE_COUNT, 4},   {LEAT_AGGREGATE_SUM, 12},
                 {LEAT_AGGREGATE_MEAN, 3},    {LEAT_AGGREGATE_MIN, -2},
                 {LEAT_AGGREGATE_MAX, 8},     {LEAT_AGGREGATE_STD, 0},
                 {LEAT_AGGREGATE_DISTINCT, 4}};
    enum { N = sizeof cases / sizeof cases[0] };
    for (uint32_t i = 0; i < N; i++)
        aggregate(cases[i].kind, 1);
    lay_out();
    add(START, 8);
    add(START, -2);
    add(START + SECOND, 1);
    add(START + 5 * SECOND, 5);
    asked(START + 6 * SECOND);
    for (uint32_t i = 0; i < N; i++)
        if (cases[i].kind != LEAT_AGGREGATE_STD)
            assert_true(answer[i] == cases[i].expected);
    /* Distances from 3: 5, -5, -2, 2. */
    assert_true(fabs(answer[5] - sqrt(58.0 / 3)) < 1e-15);
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

static void test_state__std_needs_two(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_STD, 1);
    add(START, 4);
    assert_true(isnan(asked(START)));
    add(START + SECOND, 6);
    assert_true(asked(START + SECOND) == sqrt(2));
}

static void test_state__infinity_is_a_number(void **state)
{
    (void)state;
    aggregate(LEAT_AGGREGATE_MIN, 1);
    aggregate(LEAT_AGGREGATE_MAX, 1);
    lay_out();
    add(START, INFINITY);
    assert_true(asked(START) == INFINITY);
    add(START + 100 * SECOND, -INFINITY);
    asked(START + 100 * SECOND);
    assert_true(answer[1] == -INFINITY);
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
    only(LEAT_AGGREGATE_COUNT, 1);
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

static void test_state__last_values_in_the_order_of_applying(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_LAST, 3);
    add(START + SECOND, 1);
    add(START, 2);
    asked(START + SECOND);
    assert_true(answer[0] == 1 && answer[1] == 2 && isnan(answer[2]));
    add(START + 2 * SECOND, 3);
    add(START + 60 * SECOND, 4);
    asked(START + 60 * SECOND); /* 2 has left the window */
    assert_true(answer[0] == 3 && answer[1] == 4 && isnan(answer[2]));
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

static void test_state__count_stays_at_its_most(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START, 1);
    memset(entity.data + entity.size - 4, 0xff, 4);
    add(START, 1);
    assert_true(asked(START) == (double)UINT32_MAX);
}

static void test_state__distinct_is_exact_to_its_bound(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < LEAT_DISTINCT_PAIRS; i++) {
        add(START + i * SECOND / 5, i);
        assert_true(asked(START + i * SECOND / 5) == i + 1);
    }
}

static void test_state__value_that_recurs_stays_one_pair(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    add(START, 1);
    uint32_t one = entity.size;
    for (int i = 1; i < 60; i++)
        add(START + i * SECOND, 1);
    /* The newest bucket's, and what an event that is a bucket late still sees. */
    assert_true(entity.size <= one + 8);
    assert_true(asked(START + 59 * SECOND) == 1);
    assert_true(asked(START + 58 * SECOND) == 1);
}

static void test_state__few_values_are_counted_however_late_events_may_be(void **state)
{
    (void)state;
    windows[0].late_buckets = 1000;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < 3000; i++)
        add(START + i * SECOND, i % 3);
    assert_true(asked(START + 3000 * SECOND) == 3);
    assert_checked(LEAT_OK);
}

/* The squared relative errors, summed, of `n_asked` answers about an entity that goes on
 * seeing `n` new values a window. */
static double distinct_errors(uint64_t seed, uint64_t n, uint64_t n_asked)
{
    leat_aggregate_input inputs[2] = {{.is_present = true}};
    double squares = 0;
    entity.size = 0;
    for (uint64_t i = 1; i <= n_asked * n; i++) {
        uint64_t bucket = (i - 1) * 60 / n;
        int64_t time_ns = START + (int64_t)bucket * SECOND;
        inputs[0].hash = mixed(seed * 1000003 + i);
        assert_int_equal(leat_state_apply(&spec, &entity, time_ns, inputs), LEAT_OK);
        if (i % n == 0) {
            double error = asked(time_ns) / (double)n - 1;
            squares += error * error;
        }
    }
    return squares;
}

/* Over an octave of numbers of values, since the error goes up and down within one. */
static double distinct_error(uint64_t n_entities, uint64_t n_asked)
{
    enum { STEPS = 8 };
    double squares = 0;
    for (uint64_t step = 0; step < STEPS; step++) {
        double all = 0, n_all = (double)(n_entities * n_asked);
        uint64_t n = (uint64_t)(20 * exp2((double)step / STEPS)) * 60;
        for (uint64_t e = 0; e < n_entities; e++)
            all += distinct_errors(step * n_entities + e, n, n_asked);
        print_message("%llu values: %.2f%%\n", (unsigned long long)n,
                      100 * sqrt(all / n_all));
        assert_true(sqrt(all / n_all) < 1.5 / sqrt(LEAT_DISTINCT_PAIRS));
        squares += all / n_all;
    }
    return sqrt(squares / STEPS);
}

static void assert_stated(double error)
{
    print_message("%.2f%%, %.3f / sqrt(256)\n", 100 * error, 16 * error);
    assert_true(error > 1.0 / sqrt(LEAT_DISTINCT_PAIRS));
    assert_true(error < 1.25 / sqrt(LEAT_DISTINCT_PAIRS));
}

static void test_state__distinct_has_the_error_that_is_stated(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    assert_stated(distinct_error(400, 1));
}

static void test_state__distinct_has_it_while_the_window_slides(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    assert_stated(distinct_error(40, 20));
}

static void test_state__distinct_is_exact_again_after_a_flood(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < 20000; i++)
        add(START + i, i);
    /* Ten values a minute from then on. */
    for (int i = 0; i < 120; i++)
        add(START + (1 + i) * SECOND, i / 6);
    assert_true(asked(START + 120 * SECOND) == 10);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_state__event_does_not_see_itself),
        TEST(test_state__window_is_sixty_buckets),
        TEST(test_state__numbers_of_a_window),
        TEST(test_state__nothing_in_the_window_is_missing),
        TEST(test_state__std_needs_two),
        TEST(test_state__infinity_is_a_number),
        TEST(test_state__missing_inputs_are_not_seen),
        TEST(test_state__times_before_1970),
        TEST(test_state__late_event_sees_its_own_window),
        TEST(test_state__event_too_late_changes_nothing),
        TEST(test_state__windows_have_lateness_of_their_own),
        TEST(test_state__last_values_in_the_order_of_applying),
        TEST(test_state__seconds_since_the_last),
        TEST(test_state__pause_of_years_leaves_one_bucket),
        TEST(test_state__every_time_is_fine),
        TEST(test_state__count_stays_at_its_most),
        TEST(test_state__distinct_is_exact_to_its_bound),
        TEST(test_state__value_that_recurs_stays_one_pair),
        TEST(test_state__few_values_are_counted_however_late_events_may_be),
        TEST(test_state__distinct_has_the_error_that_is_stated),
        TEST(test_state__distinct_has_it_while_the_window_slides),
        TEST(test_state__distinct_is_exact_again_after_a_flood),
        TEST(test_state__no_allocation_once_warm),
        TEST(test_state__loaded_state_has_room_for_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
