#include "features/aggregate/state_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static leat_state_key key_of(char text[16], uint32_t n)
{
    int size = snprintf(text, 16, "entity%u", n);
    return (leat_state_key){.text = {(const uint8_t *)text, (uint32_t)size}};
}

static leat_kept_state *get(leat_state_table *table, uint32_t n)
{
    char text[16];
    leat_kept_state *kept = leat_state_table_get(table, key_of(text, n));
    assert_non_null(kept);
    return kept;
}

static void test_state_table__finds_what_it_keeps(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, SIZE_MAX);
    leat_state_table_begin(&table);
    for (uint32_t i = 0; i < 10000; i++) {
        leat_kept_state *kept = get(&table, i);
        assert_false(kept->is_known);
        kept->is_known = true;
    }
    for (uint32_t i = 0; i < 10000; i++)
        assert_true(get(&table, i)->is_known);
    assert_int_equal(table.n, 10000);
    leat_state_table_fini(&table);
}

static void test_state_table__whose_it_is_counts(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, SIZE_MAX);
    leat_state_table_begin(&table);
    char text[16];
    leat_state_key keys[4];
    for (int i = 0; i < 4; i++)
        keys[i] = key_of(text, 1);
    keys[1].entity = keys[2].slot = keys[3].tenure = 1;
    for (int i = 0; i < 4; i++)
        leat_state_table_get(&table, keys[i]);
    assert_int_equal(table.n, 4);
    leat_state_table_fini(&table);
}

/* The head of a shared state is the batch's that read it. */
static void test_state_table__memory_used_again_has_no_past(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, SIZE_MAX);
    leat_state_table_begin(&table);
    leat_kept_state *before = get(&table, 1);
    before->shared = (leat_shared_state *)&table;
    before->is_known = before->is_asked = true;
    leat_state_table_drop(&table, before);
    leat_state_table_begin(&table);
    leat_kept_state *after = get(&table, 2);
    assert_ptr_equal(after, before);
    assert_null(after->shared);
    assert_false(after->is_known);
    assert_false(after->is_asked);
    leat_state_table_fini(&table);
}

/* What was used longest ago goes, and never what the batch uses. */
static void test_state_table__is_bounded(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, 10000);
    for (uint32_t i = 0; i < 1000; i++) {
        leat_state_table_begin(&table);
        get(&table, 0)->is_known = true;
        get(&table, 1 + i)->is_known = true;
        assert_true(get(&table, 0)->is_known);
        assert_true(table.bytes <= 10000 + 512);
    }
    leat_state_table_begin(&table);
    assert_true(get(&table, 1000)->is_known);
    assert_false(get(&table, 500)->is_known);
    leat_state_table_begin(&table);
    for (uint32_t i = 0; i < 1000; i++)
        get(&table, 2000 + i)->is_known = true;
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(get(&table, 2000 + i)->is_known);
    leat_state_table_fini(&table);
}

static void test_state_table__unsaved_states_stay_longest(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, 10000);
    leat_state_table_begin(&table);
    leat_kept_state *kept = get(&table, 0);
    kept->is_known = true;
    leat_state_table_changed(&table, kept);
    for (uint32_t i = 1; i < 1000; i++) {
        leat_state_table_begin(&table);
        get(&table, i);
    }
    assert_true(get(&table, 0)->is_known);
    assert_int_equal(table.n_lost, 0);
    leat_state_table_saved(&table);
    for (uint32_t i = 1; i < 1000; i++) {
        leat_state_table_begin(&table);
        get(&table, i);
    }
    assert_false(get(&table, 0)->is_known);
    assert_int_equal(table.n_lost, 0);
    leat_state_table_fini(&table);
}

static uint32_t count(const leat_state_list *list)
{
    uint32_t n = 0;
    for (const leat_kept_state *kept = list->oldest; kept; kept = kept->newer)
        n++;
    return n;
}

/* Of what is not saved, a quarter of the room at most. */
static void test_state_table__unsaved_states_are_bounded(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, 10000);
    for (uint32_t i = 0; i < 1000; i++) {
        leat_state_table_begin(&table);
        leat_state_table_changed(&table, get(&table, i));
        assert_true(table.unsaved_bytes <= 10000 / 4 + 512);
        assert_int_equal(table.n_unsaved, count(&table.unsaved));
    }
    assert_true(table.n_unsaved > 0 && table.n_lost > 0);
    leat_state_table_saved(&table);
    assert_int_equal(table.unsaved_bytes, 0);
    assert_int_equal(table.n_unsaved, 0);
    leat_state_table_fini(&table);
}

static void test_state_table__what_is_lost_is_counted(void **state)
{
    (void)state;
    leat_state_table table;
    leat_state_table_init(&table, 10000);
    for (uint32_t i = 0; i < 1000; i++) {
        leat_state_table_begin(&table);
        leat_state_table_changed(&table, get(&table, i));
    }
    assert_int_equal(table.n_lost, 1000 - table.n);
    assert_true(table.n_lost > 0);
    leat_state_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_table__finds_what_it_keeps),
        cmocka_unit_test(test_state_table__whose_it_is_counts),
        cmocka_unit_test(test_state_table__memory_used_again_has_no_past),
        cmocka_unit_test(test_state_table__is_bounded),
        cmocka_unit_test(test_state_table__unsaved_states_stay_longest),
        cmocka_unit_test(test_state_table__unsaved_states_are_bounded),
        cmocka_unit_test(test_state_table__what_is_lost_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
