#include "worker/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_exit__codes_are_those_of_sysexits(void **state)
{
    (void)state;
    static const struct {
        leat_status status;
        int code;
    } cases[] = {
        {LEAT_OK, 0},
        {LEAT_END, 0},
        {LEAT_E_USAGE, 64},
        {LEAT_E_MODEL, 65},
        {LEAT_E_TRUNCATED, 65},
        {LEAT_E_HALTED, 65},
        {LEAT_E_NO_INPUT, 66},
        {LEAT_E_TIMEOUT, 69},
        {LEAT_E_UNAVAILABLE, 69},
        {LEAT_E_KAFKA, 70},
        {LEAT_E_MEMORY, 70},
        {LEAT_E_INTERNAL, 70},
        {LEAT_E_CONFIG, 78},
        {LEAT_E_UNSUPPORTED, 78},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(leat_exit_code(cases[i].status), cases[i].code);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit__codes_are_those_of_sysexits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
