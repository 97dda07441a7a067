#include "ops/key_map.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY = 5000 };

static leat_key_map *make(leat_arena *arena, leat_dtype dtype, size_t n, const void *keys)
{
    leat_key_map *map;
    leat_error error;
    leat_arena_init(arena, 1 << 12);
    assert_int_equal(leat_key_map_new(&map, arena, dtype, n, keys, true, &error),
                     LEAT_OK);
    return map;
}

static uint32_t find(const leat_key_map *map, leat_dtype dtype, void *element)
{
    uint32_t found;
    const leat_array one = {dtype, 1, {1}, element};
    leat_key_map_find(map, &one, 0, 1, &found);
    return found;
}

static void test_key_map__finds_many_integers(void **state)
{
    (void)state;
    leat_arena arena;
    static int64_t keys[MANY];
    for (int64_t i = 0; i < MANY; i++)
        keys[i] = i * 4096; /* alike in their lower bits */
    const leat_key_map *map = make(&arena, LEAT_I64, MANY, keys);
    for (uint32_t i = 0; i < MANY; i++) {
        int64_t other = keys[i] + 1;
        assert_int_equal(find(map, LEAT_I64, &keys[i]), i);
        assert_int_equal(find(map, LEAT_I64, &other), MANY);
    }
    leat_arena_fini(&arena);
}

/* Whole numbers have zeros in the lower half of a double. */
static void test_key_map__finds_many_floats(void **state)
{
    (void)state;
    leat_arena arena;
    static float keys[MANY];
    for (int i = 0; i < MANY; i++)
        keys[i] = (float)(i - MANY / 2);
    const leat_key_map *map = make(&arena, LEAT_F32, MANY, keys);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(find(map, LEAT_F32, &keys[i]), i);
    leat_arena_fini(&arena);
}

/* Multiples of what the hash multiplies by to 1 all begin their search in one slot. */
static void test_key_map__refuses_keys_that_were_made_to_collide(void **state)
{
    (void)state;
    leat_arena arena;
    leat_error error;
    leat_key_map *map;
    static int64_t keys[MANY];
    for (uint64_t i = 0; i < MANY; i++)
        keys[i] = (int64_t)(i * 0xf1de83e19937733d);
    leat_arena_init(&arena, 1 << 12);
    assert_int_equal(leat_key_map_new(&map, &arena, LEAT_I64, MANY, keys, true, &error),
                     LEAT_E_UNSUPPORTED);
    assert_string_equal(error.msg, "key 1025 is alike to more than 1024 others");
    leat_arena_fini(&arena);
}

static void test_key_map__finds_many_strings(void **state)
{
    (void)state;
    leat_arena arena;
    static char texts[MANY][8];
    static leat_slice keys[MANY];
    for (int i = 0; i < MANY; i++) {
        int size = snprintf(texts[i], sizeof texts[i], "k%d", i);
        keys[i] = (leat_slice){(const uint8_t *)texts[i], (uint32_t)size};
    }
    const leat_key_map *map = make(&arena, LEAT_STRING, MANY, keys);
    leat_slice prefix = {(const uint8_t *)"k", 1}, nothing = {NULL, 0};
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(find(map, LEAT_STRING, &keys[i]), i);
    assert_int_equal(find(map, LEAT_STRING, &prefix), MANY);
    assert_int_equal(find(map, LEAT_STRING, &nothing), MANY);
    leat_arena_fini(&arena);
}

static void test_key_map__the_first_of_equal_keys_counts(void **state)
{
    (void)state;
    leat_arena arena;
    float keys[] = {3, 0, -0.0f, 3};
    const leat_key_map *map = make(&arena, LEAT_F32, 4, keys);
    float three = 3, minus_zero = -0.0f;
    assert_int_equal(find(map, LEAT_F32, &three), 0);
    assert_int_equal(find(map, LEAT_F32, &minus_zero), 1);
    leat_arena_fini(&arena);
}

static void test_key_map__no_keys_find_nothing(void **state)
{
    (void)state;
    leat_arena arena;
    int64_t zero = 0;
    const leat_key_map *map = make(&arena, LEAT_I64, 0, &zero);
    assert_int_equal(find(map, LEAT_I64, &zero), 0);
    leat_arena_fini(&arena);
}

static void test_key_map__types_of_numbers_mix(void **state)
{
    (void)state;
    leat_arena arena;
    int64_t ints[] = {-7};
    float floats[] = {-7};
    double f64 = -7.5;
    int32_t i32 = -7;
    const leat_key_map *map = make(&arena, LEAT_I64, 1, ints);
    assert_int_equal(find(map, LEAT_I32, &i32), 0);
    assert_int_equal(find(map, LEAT_F64, &f64), 0);
    leat_arena_fini(&arena);
    map = make(&arena, LEAT_F32, 1, floats);
    assert_int_equal(find(map, LEAT_I64, ints), 0);
    assert_int_equal(find(map, LEAT_F64, &f64), 1);
    leat_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_map__finds_many_integers),
        cmocka_unit_test(test_key_map__finds_many_floats),
        cmocka_unit_test(test_key_map__refuses_keys_that_were_made_to_collide),
        cmocka_unit_test(test_key_map__finds_many_strings),
        cmocka_unit_test(test_key_map__the_first_of_equal_keys_counts),
        cmocka_unit_test(test_key_map__no_keys_find_nothing),
        cmocka_unit_test(test_key_map__types_of_numbers_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
