#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024 };

static leat_arena arena;

static int setup(void **state)
{
    (void)state;
    leat_arena_init(&arena, BLOCK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static void test_arena__pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    char *last = NULL;
    for (size_t size = 1; size < 200; size++) {
        char *piece = leat_arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        memset(piece, (int)size, size);
        if (last)
            assert_int_equal(*last, (char)(size - 1));
        last = piece;
    }
}

static void test_arena__aligned_pieces_start_a_cache_line(void **state)
{
    (void)state;
    for (size_t size = 1; size < 100; size++) {
        assert_non_null(leat_arena_alloc(&arena, size));
        uintptr_t at = (uintptr_t)leat_arena_aligned(&arena, size);
        assert_int_equal(at % LEAT_ARENA_ALIGN, 0);
    }
}

static void test_arena__no_size_is_a_piece_too(void **state)
{
    (void)state;
    void *one = leat_arena_alloc(&arena, 0);
    void *other = leat_arena_alloc(&arena, 0);
    assert_non_null(one);
    assert_ptr_not_equal(one, other);
}

static void test_arena__a_piece_larger_than_a_block(void **state)
{
    (void)state;
    char *small = leat_arena_alloc(&arena, 10);
    memset(small, 's', 10);
    char *large = leat_arena_alloc(&arena, 10 * BLOCK);
    memset(large, 'l', 10 * BLOCK);
    assert_int_equal(small[9], 's');
}

static void use_it(void)
{
    for (int i = 0; i < 50; i++)
        memset(leat_arena_alloc(&arena, 100), i, 100);
    memset(leat_arena_aligned(&arena, 3 * BLOCK), 1, 3 * BLOCK);
}

static void test_arena__reset_keeps_the_blocks(void **state)
{
    (void)state;
    use_it();
    size_t footprint = leat_arena_footprint(&arena);
    assert_true(footprint >= 50 * 100 + 3 * BLOCK);
    for (int round = 0; round < 10; round++) {
        leat_arena_reset(&arena);
        use_it();
        assert_int_equal(leat_arena_footprint(&arena), footprint);
    }
}

static void test_arena__calloc_zeroes_what_was_used_before(void **state)
{
    (void)state;
    memset(leat_arena_alloc(&arena, 100), 0xff, 100);
    leat_arena_reset(&arena);
    const char *zeroed = leat_arena_calloc(&arena, 10, 10);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
}

static void test_arena__sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX; /* the compiler need not know */
    assert_null(leat_arena_calloc(&arena, huge / 2, 3));
    assert_null(leat_arena_alloc(&arena, huge));
    assert_null(leat_arena_alloc(&arena, huge - 100));
    assert_null(leat_arena_strndup(&arena, "", huge));
}

static void test_arena__nothing_is_given_beyond_the_limit(void **state)
{
    (void)state;
    assert_non_null(leat_arena_alloc(&arena, 4 * BLOCK));
    leat_arena_limit(&arena, 8 * BLOCK);
    assert_null(leat_arena_alloc(&arena, 4 * BLOCK));
    assert_non_null(leat_arena_alloc(&arena, 2 * BLOCK));
    assert_null(leat_arena_aligned(&arena, 2 * BLOCK));
    assert_in_range(leat_arena_footprint(&arena), 6 * BLOCK, 8 * BLOCK);
}

static void test_arena__strings(void **state)
{
    (void)state;
    assert_string_equal(leat_arena_strndup(&arena, "amount", 2), "am");
    assert_string_equal(leat_arena_strndup(&arena, "", 0), "");
    assert_string_equal(leat_arena_printf(&arena, "%s[%d]", "items", 3), "items[3]");
    const char *wide = leat_arena_printf(&arena, "%*d", 3 * BLOCK, 7);
    assert_int_equal(strlen(wide), 3 * BLOCK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_arena__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_are_aligned_and_apart),
        TEST(aligned_pieces_start_a_cache_line),
        TEST(no_size_is_a_piece_too),
        TEST(a_piece_larger_than_a_block),
        TEST(reset_keeps_the_blocks),
        TEST(calloc_zeroes_what_was_used_before),
        TEST(sizes_that_overflow_are_refused),
        TEST(nothing_is_given_beyond_the_limit),
        TEST(strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
