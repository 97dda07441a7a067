#include "consumers/partition_meters.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 5000 };

static void test_partition_meters__an_entry_is_found_by_its_index(void **state)
{
    (void)state;
    leat_partition_meters meters = {0};
    for (int32_t i = 0; i < MANY; i++)
        assert_true(leat_partition_meters_add(&meters, "in", i));
    assert_int_equal(leat_partition_meters_n(&meters), MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(leat_partition_meters_at(&meters, i)->partition, i);
    leat_partition_meters_fini(&meters);
}

static void test_partition_meters__an_entry_stays_where_it_is(void **state)
{
    (void)state;
    leat_partition_meters meters = {0};
    assert_true(leat_partition_meters_add(&meters, "in", 0));
    const leat_partition_meter *first = leat_partition_meters_at(&meters, 0);
    for (int32_t i = 1; i < MANY; i++)
        assert_true(leat_partition_meters_add(&meters, "in", i));
    assert_ptr_equal(leat_partition_meters_at(&meters, 0), first);
    leat_partition_meters_fini(&meters);
}

/* For ThreadSanitizer, and for the names: what is published is whole. */
static void *read_all(void *opaque)
{
    const leat_partition_meters *meters = opaque;
    uint64_t torn = 0;
    for (uint32_t n = 0; n < MANY;) {
        n = leat_partition_meters_n(meters);
        for (uint32_t i = 0; i < n; i++) {
            const leat_partition_meter *meter = leat_partition_meters_at(meters, i);
            torn += !meter->topic || meter->partition != (int32_t)i;
            (void)leat_counter_read(&meter->consumed);
        }
    }
    return (void *)(uintptr_t)torn;
}

static void test_partition_meters__are_read_while_they_grow(void **state)
{
    (void)state;
    leat_partition_meters meters = {0};
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, read_all, &meters), 0);
    for (int32_t i = 0; i < MANY; i++) {
        assert_true(leat_partition_meters_add(&meters, "in", i));
        leat_counter_add(&leat_partition_meters_at(&meters, (uint32_t)i)->consumed, 1);
    }
    void *torn;
    pthread_join(reader, &torn);
    assert_null(torn);
    leat_partition_meters_fini(&meters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partition_meters__an_entry_is_found_by_its_index),
        cmocka_unit_test(test_partition_meters__an_entry_stays_where_it_is),
        cmocka_unit_test(test_partition_meters__are_read_while_they_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
