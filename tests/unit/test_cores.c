#include "worker/cores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_cores__a_quota_rounds_up(void **state)
{
    (void)state;
    assert_int_equal(leat_cores_of_quota("100000 100000"), 1);
    assert_int_equal(leat_cores_of_quota("150000 100000\n"), 2);
    assert_int_equal(leat_cores_of_quota("5000 100000"), 1);
    assert_int_equal(leat_cores_of_quota("800000 100000"), 8);
}

static void test_cores__no_quota_is_zero(void **state)
{
    (void)state;
    const char *const texts[] = {"max 100000", "",         "100000",
                                 "0 100000",   "100000 0", "x y"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(leat_cores_of_quota(texts[i]), 0);
}

static void test_cores__there_is_always_one(void **state)
{
    (void)state;
    assert_in_range(leat_cores(), 1, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cores__a_quota_rounds_up),
        cmocka_unit_test(test_cores__no_quota_is_zero),
        cmocka_unit_test(test_cores__there_is_always_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
