#include "worker/batch_meters.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t sum_of(const leat_distribution *distribution)
{
    return leat_counter_read(&distribution->sum);
}

static void test_batch_meters__failures_are_counted_by_stage_and_reason(void **state)
{
    (void)state;
    leat_event events[] = {
        {.status = LEAT_E_TYPE, .stage = LEAT_STAGE_FEATURES},
        {.status = LEAT_OK, .n = 1},
        {.status = LEAT_E_TOO_LARGE, .stage = LEAT_STAGE_PUBLISH},
        {.status = LEAT_E_TYPE, .stage = LEAT_STAGE_FEATURES},
    };
    const leat_batch batch = {.events = events, .n_events = 4};
    leat_batch_meters meters = {0};
    leat_batch_meters_end(&meters, &batch);
    assert_int_equal(leat_counter_read(&meters.failed[LEAT_STAGE_FEATURES][-LEAT_E_TYPE]),
                     2);
    assert_int_equal(
        leat_counter_read(&meters.failed[LEAT_STAGE_PUBLISH][-LEAT_E_TOO_LARGE]), 1);
    assert_int_equal(leat_batch_meters_failed(&meters), 3);
    assert_int_equal(sum_of(&meters.size), 4);
}

static void test_batch_meters__rows_are_counted_beside_events(void **state)
{
    (void)state;
    leat_event events[] = {{.n = 200}, {.n = 0}, {.first = 200, .n = 37}};
    const leat_batch batch = {.events = events, .n_events = 3, .n_rows = 237};
    leat_batch_meters meters = {0};
    leat_batch_meters_end(&meters, &batch);
    assert_int_equal(sum_of(&meters.size), 3);
    assert_int_equal(sum_of(&meters.rows), 237);
    assert_int_equal(leat_counter_read(&meters.rows.counts[8]), 1); /* 129 to 256 */
}

static void test_batch_meters__the_wait_begins_with_the_first_event(void **state)
{
    (void)state;
    const leat_batch batch = {.opened_ns = leat_now_ns() - LEAT_SEC};
    leat_batch_meters meters = {0};
    leat_batch_meters_begin(&meters, &batch);
    assert_true(sum_of(&meters.wait) >= LEAT_SEC);
}

/* Together the stages take as long as the batch was on its way: nothing counts twice. */
static void test_batch_meters__a_stage_ends_where_the_next_begins(void **state)
{
    (void)state;
    uint64_t began_ns = leat_now_ns();
    const leat_batch batch = {.opened_ns = began_ns};
    leat_batch_meters meters = {0};
    leat_batch_meters_begin(&meters, &batch);
    leat_batch_meters_lap(&meters, LEAT_STAGE_DECODE);
    leat_batch_meters_lap(&meters, LEAT_STAGE_MODEL);
    uint64_t all = sum_of(&meters.wait) + sum_of(&meters.stages[LEAT_STAGE_DECODE]) +
                   sum_of(&meters.stages[LEAT_STAGE_MODEL]);
    assert_int_equal(all, meters.lap_ns - began_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_meters__failures_are_counted_by_stage_and_reason),
        cmocka_unit_test(test_batch_meters__rows_are_counted_beside_events),
        cmocka_unit_test(test_batch_meters__the_wait_begins_with_the_first_event),
        cmocka_unit_test(test_batch_meters__a_stage_ends_where_the_next_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
