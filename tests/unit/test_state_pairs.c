#include "state_fixture.h"

#include <math.h>

static void test_state_pairs__is_exact_to_its_bound(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < LEAT_DISTINCT_PAIRS; i++) {
        add(START + i * SECOND / 5, i);
        assert_true(asked(START + i * SECOND / 5) == i + 1);
    }
}

static void test_state_pairs__value_that_recurs_stays_one_pair(void **state)
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

static void test_state_pairs__few_values_are_counted_however_late_events_may_be(
    void **state)
{
    (void)state;
    windows[0].late_buckets = 1000;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < 3000; i++) {
        add(START + i * SECOND, i % 3);
        assert_true(asked(START + i * SECOND) == (i < 2 ? i + 1 : 3));
    }
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

static void test_state_pairs__has_the_error_that_is_stated(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    assert_stated(distinct_error(400, 1));
}

static void test_state_pairs__has_it_while_the_window_slides(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    assert_stated(distinct_error(40, 20));
}

static void test_state_pairs__is_exact_again_after_a_flood(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < 20000; i++)
        add(START + i, i);
    /* Ten values a minute from then on. */
    for (int i = 1; i < 300; i++) {
        add(START + i * SECOND, i / 6);
        if (i >= 61)
            assert_true(asked(START + i * SECOND) == i / 6 - (i - 59) / 6 + 1);
    }
}

/* The values of a stream that has few of them, and when each was seen. */
typedef struct twin {
    int64_t buckets[4000];
    uint32_t values[4000];
    uint32_t n;
} twin;

static double twin_answer(const twin *all, int64_t bucket)
{
    bool is_seen[40] = {false};
    double n = 0;
    for (uint32_t i = 0; i < all->n; i++)
        if (all->buckets[i] <= bucket && all->buckets[i] > bucket - LEAT_WINDOW_BUCKETS)
            is_seen[all->values[i]] = true;
    for (uint32_t value = 0; value < 40; value++)
        n += is_seen[value];
    return n;
}

static void test_state_pairs__as_a_list_of_events(void **state)
{
    (void)state;
    static twin all;
    int64_t latest_ns = START;
    windows[0].late_buckets = 3;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (all.n = 0; all.n < sizeof all.values / sizeof all.values[0]; all.n++) {
        int64_t time_ns = next_time(&latest_ns, 3);
        uint32_t value = (uint32_t)random_below(all.n / 100 + 1);
        assert_true(asked(time_ns) == twin_answer(&all, time_ns / SECOND));
        add(time_ns, value);
        assert_checked(LEAT_OK);
        all.buckets[all.n] = time_ns / SECOND;
        all.values[all.n] = value;
    }
}

/* Its head stands behind those of a state; 12 bytes. */
static void test_state_pairs__damage_is_refused(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_DISTINCT, 1);
    for (int i = 0; i < 2000; i++)
        add(START + i * SECOND / 50, i);
    assert_checked(LEAT_OK);
    const struct {
        uint32_t at;
        uint8_t byte;
    } damages[] = {
        {13, 2},              /* more than there may be */
        {14, 49},             /* a level of more bits than a hash has */
        {15, 48},             /* the next one above the level */
        {17, 0},              /* an edge that is not kept */
        {entity.size - 1, 0}, /* the greatest hash becomes a small one */
        {entity.size - 7, 0}, /* a bucket that is not kept */
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        uint8_t *byte = entity.data + damages[i].at, good = *byte;
        *byte = damages[i].byte;
        assert_checked(LEAT_E_FORMAT);
        *byte = good;
    }
    assert_checked(LEAT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state_pairs__is_exact_to_its_bound),
        TEST(test_state_pairs__value_that_recurs_stays_one_pair),
        TEST(test_state_pairs__few_values_are_counted_however_late_events_may_be),
        TEST(test_state_pairs__has_the_error_that_is_stated),
        TEST(test_state_pairs__has_it_while_the_window_slides),
        TEST(test_state_pairs__is_exact_again_after_a_flood),
        TEST(test_state_pairs__as_a_list_of_events),
        TEST(test_state_pairs__damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
