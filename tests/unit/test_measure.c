/* What the source tells of its partitions. */
#include "source_fixture.h"

static uint64_t total(const leat_source *source, size_t counter)
{
    const leat_partition_meters *meters = leat_source_meters(source);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < leat_partition_meters_n(meters); i++)
        sum += leat_counter_read(
            (leat_counter *)((char *)leat_partition_meters_at(meters, i) + counter));
    return sum;
}

static void test_measure__events_are_counted_where_they_came_from(void **state)
{
    fixture *self = *state;
    produce(self, 9);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    for (uint32_t n = 0; n < 9; n += self->batch.n_events) {
        fill_some(self, source, &any_window);
        leat_source_count(source, &self->batch);
    }
    const leat_partition_meters *meters = leat_source_meters(source);
    assert_int_equal(leat_partition_meters_n(meters), PARTITIONS);
    assert_int_equal(total(source, offsetof(leat_partition_meter, consumed)), 9);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const leat_partition_meter *meter = leat_partition_meters_at(meters, i);
        assert_string_equal(meter->topic, "in");
        assert_int_equal(leat_counter_read(&meter->consumed),
                         meter->partition == 0 ? 5 : 4);
    }
    leave(self, source);
}

static void test_measure__lag_is_what_was_not_taken(void **state)
{
    fixture *self = *state;
    produce(self, 20);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window two = {2, LEAT_MS, 1 << 20};
    fill_some(self, source, &two);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS; /* until both were fetched once */
    while (leat_source_measure(source) + self->batch.n_events != 20)
        assert_true(leat_now_ns() < deadline_ns);
    assert_int_equal(total(source, offsetof(leat_partition_meter, lag)),
                     20 - self->batch.n_events);
    leave(self, source);
}

static void test_measure__what_was_given_up_is_not_assigned(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, source, PARTITIONS);
    leat_source_measure(source);
    assert_int_equal(total(source, offsetof(leat_partition_meter, assigned)), PARTITIONS);
    leat_source *second = open_source(self, LEAT_START_AT_BEGINNING);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_n_assigned(second) != 1 || leat_source_n_assigned(source) != 1) {
        fill(self, second, &any_window);
        fill(self, source, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
    leat_source_measure(source);
    assert_int_equal(total(source, offsetof(leat_partition_meter, assigned)), 1);
    leave(self, second);
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_measure__events_are_counted_where_they_came_from, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_measure__lag_is_what_was_not_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_measure__what_was_given_up_is_not_assigned,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
