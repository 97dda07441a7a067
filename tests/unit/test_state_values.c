#include "state_fixture.h"

#include <math.h>
#include <string.h>

static void test_state_values__last_values_in_the_order_of_applying(void **state)
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

static void test_state_values__as_a_list_of_events(void **state)
{
    (void)state;
    enum { N = 4000, LAST = 5 };
    static int64_t buckets[N];
    int64_t latest_ns = START;
    only(LEAT_AGGREGATE_LAST, LAST);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t filled = 0;
        int64_t time_ns = next_time(&latest_ns, 1);
        asked(time_ns);
        for (uint32_t k = i > LAST ? i - LAST : 0; k < i; k++)
            if (buckets[k] > time_ns / SECOND - LEAT_WINDOW_BUCKETS)
                assert_true(answer[filled++] == k);
        while (filled < LAST)
            assert_true(isnan(answer[filled++]));
        buckets[i] = time_ns / SECOND;
        add(time_ns, i);
        assert_checked(LEAT_OK);
    }
}

static void test_state_values__several_numbers_of_one_input(void **state)
{
    (void)state;
    aggregate(LEAT_AGGREGATE_LAST, 3);
    aggregate(LEAT_AGGREGATE_LAST, 1);
    lay_out();
    add(START, 1);
    uint32_t one = entity.size;
    add(START, 2);
    assert_int_equal(entity.size, one + 10); /* kept once */
    asked(START);
    assert_true(answer[0] == 1 && answer[1] == 2 && answer[3] == 2);
}

static void test_state_values__more_than_asked_for_is_refused(void **state)
{
    (void)state;
    enum { COUNT_AT = 12, RECORD = 10 };
    uint8_t copy[64];
    only(LEAT_AGGREGATE_LAST, 2);
    add(START, 1);
    add(START, 2);
    uint32_t size = entity.size;
    memcpy(copy, entity.data, size);
    memcpy(copy + size, copy + size - RECORD, RECORD);
    copy[COUNT_AT]++;
    leat_slice longer = {copy, size + RECORD};
    assert_int_equal(leat_state_check(&spec, longer), LEAT_E_FORMAT);
}

static void test_state_values__leave_with_their_bucket(void **state)
{
    (void)state;
    only(LEAT_AGGREGATE_LAST, 3);
    add(START, 1);
    uint32_t one = entity.size;
    add(START + 61 * SECOND, 2); /* the first that a late event cannot see either */
    assert_int_equal(entity.size, one);
    assert_checked(LEAT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state_values__last_values_in_the_order_of_applying),
        TEST(test_state_values__as_a_list_of_events),
        TEST(test_state_values__several_numbers_of_one_input),
        TEST(test_state_values__more_than_asked_for_is_refused),
        TEST(test_state_values__leave_with_their_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
