#include "worker/config/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *nearest_of(const char *wanted, const char *a, const char *b)
{
    leat_nearest nearest = leat_nearest_to(wanted);
    leat_nearest_offer(&nearest, a);
    leat_nearest_offer(&nearest, b);
    return nearest.best ? nearest.best : "";
}

static void test_nearest__a_swap_is_one_mistake(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("form", "from", "format"), "from");
    assert_string_equal(nearest_of("topcis", "lanes", "topics"), "topics");
}

static void test_nearest__the_nearest_wins(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("max_event", "max_bytes", "max_events"), "max_events");
}

static void test_nearest__nothing_is_near_enough(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("threads", "lanes", "topics"), "");
    assert_string_equal(nearest_of("ab", "xy", "cd"), "");
}

static void test_nearest__long_names_are_passed_over(void **state)
{
    (void)state;
    char name[65];
    memset(name, 'a', 64);
    name[64] = 0;
    assert_string_equal(nearest_of(name, name, "aaa"), "");
    assert_string_equal(nearest_of("aab", name, "aaa"), "aaa");
}

static void test_nearest__an_empty_name(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("", "a", "abc"), "a");
}

static void test_nearest__hint(void **state)
{
    (void)state;
    char hint[LEAT_NEAREST_HINT];
    leat_nearest nearest = leat_nearest_to("topci");
    assert_string_equal(leat_nearest_hint(&nearest, hint), "");
    leat_nearest_offer(&nearest, "topic");
    assert_string_equal(leat_nearest_hint(&nearest, hint), "; did you mean 'topic'?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest__a_swap_is_one_mistake),
        cmocka_unit_test(test_nearest__the_nearest_wins),
        cmocka_unit_test(test_nearest__nothing_is_near_enough),
        cmocka_unit_test(test_nearest__long_names_are_passed_over),
        cmocka_unit_test(test_nearest__an_empty_name),
        cmocka_unit_test(test_nearest__hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
