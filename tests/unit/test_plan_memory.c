#include "base/arena.h"
#include "runtime/plan_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 64, STEPS = 40 };

static size_t round_up(size_t size)
{
    return (size + LEAT_ARENA_ALIGN - 1) / LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN;
}

static size_t plan(leat_lifetime *blocks, uint32_t n)
{
    size_t total;
    assert_int_equal(leat_plan_memory(blocks, n, &total), LEAT_OK);
    return total;
}

/* No two that live at a step share a byte, all lie within the whole, and aligned. */
static void check_plan(const leat_lifetime *blocks, uint32_t n, size_t total)
{
    for (uint32_t a = 0; a < n; a++) {
        assert_int_equal(blocks[a].offset % LEAT_ARENA_ALIGN, 0);
        assert_true(blocks[a].offset + blocks[a].size <= total);
        for (uint32_t b = 0; b < a; b++) {
            int together =
                blocks[a].first <= blocks[b].last && blocks[b].first <= blocks[a].last;
            int apart = blocks[a].offset + blocks[a].size <= blocks[b].offset ||
                        blocks[b].offset + blocks[b].size <= blocks[a].offset;
            if (together && !apart && blocks[a].size && blocks[b].size)
                fail_msg("blocks %u and %u overlap", a, b);
        }
    }
}

/* What lives at the fullest step: no plan can be smaller. */
static size_t least(const leat_lifetime *blocks, uint32_t n)
{
    size_t most = 0;
    for (uint32_t step = 0; step <= STEPS; step++) {
        size_t sum = 0;
        for (uint32_t i = 0; i < n; i++)
            if (blocks[i].first <= step && step <= blocks[i].last)
                sum += round_up(blocks[i].size);
        most = sum > most ? sum : most;
    }
    return most;
}

static void test_plan_memory__what_lives_together_does_not_overlap(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        leat_lifetime blocks[MOST];
        uint32_t n = (uint32_t)rand() % (MOST + 1);
        size_t sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t first = (uint32_t)rand() % STEPS;
            blocks[i] = (leat_lifetime){
                .size = (size_t)rand() % (rand() % 2 ? 100 : 10000),
                .first = first,
                .last = first + (uint32_t)rand() % (STEPS + 1 - first),
            };
            sum += round_up(blocks[i].size);
        }
        size_t total = plan(blocks, n);
        check_plan(blocks, n, total);
        assert_true(total >= least(blocks, n) && total <= sum);
    }
}

/* A chain, each value read by the next step: two live at a time. */
static void test_plan_memory__a_chain_needs_its_two_largest_neighbours(void **state)
{
    (void)state;
    leat_lifetime blocks[] = {
        {1024, 0, 1, 0}, {512, 1, 2, 0}, {2048, 2, 3, 0}, {64, 3, 4, 0}, {1024, 4, 5, 0}};
    assert_int_equal(plan(blocks, 5), 2048 + 512);
}

static void test_plan_memory__takes_the_narrowest_gap(void **state)
{
    (void)state;
    /* What lives at step 0 alone leaves a gap of 512 and behind it one of 384. In the wider
     * one 320 bytes would be in the way of the two blocks of 256. */
    leat_lifetime blocks[] = {{1024, 0, 9, 0}, {512, 0, 0, 0}, {448, 0, 9, 0},
                              {384, 0, 0, 0},  {320, 0, 9, 0}, {320, 5, 5, 0},
                              {256, 5, 5, 0},  {256, 5, 5, 0}};
    size_t total = plan(blocks, 8);
    check_plan(blocks, 8, total);
    assert_int_equal(total, 1024 + 512 + 448 + 384 + 320);
}

static void test_plan_memory__equal_lives_lie_side_by_side(void **state)
{
    (void)state;
    leat_lifetime blocks[] = {{1, 3, 3, 0}, {1, 3, 3, 0}, {1, 3, 3, 0}};
    size_t total = plan(blocks, 3);
    check_plan(blocks, 3, total);
    assert_int_equal(total, 3 * LEAT_ARENA_ALIGN);
}

static void test_plan_memory__nothing_needs_nothing(void **state)
{
    (void)state;
    leat_lifetime none = {.size = 0};
    assert_int_equal(plan(&none, 0), 0);
    assert_int_equal(plan(&none, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_memory__what_lives_together_does_not_overlap),
        cmocka_unit_test(test_plan_memory__a_chain_needs_its_two_largest_neighbours),
        cmocka_unit_test(test_plan_memory__takes_the_narrowest_gap),
        cmocka_unit_test(test_plan_memory__equal_lives_lie_side_by_side),
        cmocka_unit_test(test_plan_memory__nothing_needs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
