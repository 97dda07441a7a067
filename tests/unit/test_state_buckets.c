#include "state_fixture.h"

#include <math.h>
#include <string.h>

static void assert_near(double found, double expected, double most)
{
    if (isnan(expected))
        assert_true(isnan(found));
    else
        assert_true(fabs(found - expected) <= most * fmax(1, fabs(expected)));
}

static void test_state_buckets__window_is_sixty_buckets(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START + SECOND / 2, 1);
    assert_true(asked(START + 60 * SECOND - 1) == 1);
    assert_true(asked(START + 60 * SECOND) == 0);
}

static void test_state_buckets__numbers_of_a_window(void **state)
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

static void test_state_buckets__std_needs_two(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_STD, 1);
    add(START, 4);
    assert_true(isnan(asked(START)));
    add(START + SECOND, 6);
    assert_true(asked(START + SECOND) == sqrt(2));
}

/* Where the sum of squares less the square of the sum has no digit left. */
static void test_state_buckets__std_of_large_numbers_that_differ_little(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_STD, 1);
    for (int i = 0; i < 999; i++)
        add(START + i * SECOND / 20, 1e9 + i % 3);
    assert_near(asked(START + 50 * SECOND), sqrt(666.0 / 998), 1e-6);
}

static void test_state_buckets__infinity_is_a_number(void **state)
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

static void test_state_buckets__count_stays_at_its_most(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START, 1);
    memset(entity.data + entity.size - 4, 0xff, 4);
    add(START, 1);
    assert_true(asked(START) == (double)UINT32_MAX);
}

/* A window as one would write it down: all events, and a loop over them. */
typedef struct twin {
    struct {
        int64_t bucket;
        double number; /* NaN: none */
    } events[4000];
    uint32_t n;
    int64_t newest;
} twin;

static twin all;

static void twin_apply(int64_t time_ns, double number, bool is_taken)
{
    int64_t bucket = time_ns / SECOND;
    if (bucket > all.newest)
        all.newest = bucket;
    assert_int_equal(is_taken,
                     all.newest - bucket < LEAT_WINDOW_BUCKETS + windows[0].late_buckets);
    if (!is_taken)
        return;
    all.events[all.n].bucket = bucket;
    all.events[all.n++].number = number;
}

/* In the order of the cases below. */
static void twin_answer(int64_t time_ns, double *numbers)
{
    int64_t bucket = time_ns / SECOND;
    double count = 0, n = 0, sum = 0, squares = 0, min = NAN, max = NAN;
    for (uint32_t i = 0; i < all.n; i++) {
        double number = all.events[i].number;
        if (all.events[i].bucket > bucket ||
            all.events[i].bucket <= bucket - LEAT_WINDOW_BUCKETS)
            continue;
        count++;
        if (isnan(number))
            continue;
        n++;
        sum += number;
        squares += number * number;
        min = fmin(min, number);
        max = fmax(max, number);
    }
    const double expected[] = {
        count, sum, n > 0 ? sum / n : NAN,
        min,   max, n > 1 ? sqrt((squares - sum * sum / n) / (n - 1)) : NAN};
    memcpy(numbers, expected, sizeof expected);
}

/* Of whole numbers every sum is exact, whatever the order. */
static void test_state_buckets__as_a_list_of_events(void **state)
{
    (void)state;
    int64_t latest_ns = START;
    windows[0].late_buckets = 3;
    for (int kind = LEAT_AGGREGATE_COUNT; kind <= LEAT_AGGREGATE_STD; kind++)
        aggregate((leat_aggregate_kind)kind, 1);
    lay_out();
    for (uint32_t i = 0; i < sizeof all.events / sizeof all.events[0]; i++) {
        double expected[LEAT_AGGREGATE_STD + 1];
        /* At times later than lateness: then only what is kept is seen. */
        int64_t time_ns = next_time(&latest_ns, i % 50 ? 3 : 80);
        double number = random_below(10) ? (double)random_below(1000) - 500 : NAN;
        if (latest_ns / SECOND - time_ns / SECOND <= 3) {
            asked(time_ns);
            twin_answer(time_ns, expected);
            for (int kind = 0; kind <= LEAT_AGGREGATE_STD; kind++)
                assert_near(answer[kind], expected[kind],
                            kind == LEAT_AGGREGATE_STD ? 1e-9 : 0);
        }
        twin_apply(time_ns, number, apply(time_ns, number) == LEAT_OK);
        assert_checked(LEAT_OK);
    }
}

static void test_state_buckets__out_of_order_is_refused(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_COUNT, 1);
    add(START, 1);
    add(START + SECOND, 1);
    uint8_t *second = entity.data + entity.size - 6, first[6];
    memcpy(first, second - 6, 6);
    assert_checked(LEAT_OK);
    memcpy(second - 6, second, 6); /* the same twice */
    assert_checked(LEAT_E_FORMAT);
    memcpy(second, first, 6); /* the other way round */
    assert_checked(LEAT_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state_buckets__window_is_sixty_buckets),
        TEST(test_state_buckets__numbers_of_a_window),
        TEST(test_state_buckets__std_needs_two),
        TEST(test_state_buckets__std_of_large_numbers_that_differ_little),
        TEST(test_state_buckets__infinity_is_a_number),
        TEST(test_state_buckets__count_stays_at_its_most),
        TEST(test_state_buckets__as_a_list_of_events),
        TEST(test_state_buckets__out_of_order_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
