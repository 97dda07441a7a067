#include "allocations.h"
#include "base/categories.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>

static leat_arena arena;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static const leat_categories *make(const char *const *names, uint32_t n)
{
    const leat_categories *made;
    assert_int_equal(leat_categories_new(&made, &arena, names, n), LEAT_OK);
    assert_int_equal(leat_categories_count(made), n);
    return made;
}

/* The place, or -1. */
static int64_t find(const leat_categories *categories, const char *name, size_t size)
{
    uint32_t place;
    leat_slice slice = {(const uint8_t *)name, (uint32_t)size};
    return leat_categories_find(categories, slice, &place) ? (int64_t)place : -1;
}

static void test_categories__a_string_has_its_place(void **state)
{
    (void)state;
    const char *names[] = {"DE", "", "FR", "NO"};
    const leat_categories *made = make(names, 4);
    assert_int_equal(find(made, "DE", 2), 0);
    assert_int_equal(find(made, "", 0), 1);
    assert_int_equal(find(made, "FR", 2), 2);
    assert_int_equal(find(made, "NO", 2), 3);
}

static void test_categories__what_is_not_listed_is_not_found(void **state)
{
    (void)state;
    const char *names[] = {"DE", "FR"};
    const leat_categories *made = make(names, 2);
    assert_int_equal(find(made, "D", 1), -1);
    assert_int_equal(find(made, "DEU", 3), -1);
    assert_int_equal(find(made, "de", 2), -1);
    assert_int_equal(find(made, "DE\0", 3), -1);
    assert_int_equal(find(make(NULL, 0), "DE", 2), -1);
}

static void test_categories__of_equal_names_the_first_one_counts(void **state)
{
    (void)state;
    const char *names[] = {"a", "b", "a", "c"};
    const leat_categories *made = make(names, 4);
    assert_int_equal(find(made, "a", 1), 0);
    assert_int_equal(find(made, "c", 1), 3);
}

static void test_categories__are_copies(void **state)
{
    (void)state;
    char name[] = "DE";
    const char *names[] = {name};
    const leat_categories *made = make(names, 1);
    name[0] = 'X';
    assert_int_equal(find(made, "DE", 2), 0);
}

/* Beside a search through all of them. */
static void test_categories__many(void **state)
{
    (void)state;
    enum { N = 3000 };
    static char texts[N][8];
    const char *names[N];
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "%x", i * 7919 % 5003);
        names[i] = texts[i];
    }
    const leat_categories *made = make(names, N);
    size_t calls = allocated.calls;
    for (int wanted = 0; wanted < 5003; wanted++) {
        char text[8];
        size_t size = (size_t)snprintf(text, sizeof text, "%x", wanted);
        int expected = 0;
        while (expected < N && strcmp(names[expected], text) != 0)
            expected++;
        assert_int_equal(find(made, text, size), expected < N ? expected : -1);
    }
    assert_int_equal(allocated.calls, calls);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_categories__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_string_has_its_place),
        TEST(what_is_not_listed_is_not_found),
        TEST(of_equal_names_the_first_one_counts),
        TEST(are_copies),
        TEST(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
