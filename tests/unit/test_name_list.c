#include "worker/config/name_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_name_list__names_with_commas(void **state)
{
    (void)state;
    leat_name_list list = {0};
    assert_string_equal(list.text, "");
    leat_name_list_add(&list, "a");
    assert_string_equal(list.text, "a");
    leat_name_list_add(&list, "b");
    assert_string_equal(list.text, "a, b");
    assert_int_equal(list.n, 2);
}

static void test_name_list__no_name_is_cut(void **state)
{
    (void)state;
    leat_name_list list = {0};
    for (int i = 0; i < 100; i++)
        leat_name_list_add(&list, "twelve_bytes");
    assert_int_equal(list.n, 100);
    assert_true(strlen(list.text) < sizeof list.text);
    assert_string_equal(list.text + strlen(list.text) - 20, "s, twelve_bytes, ...");
    leat_name_list_add(&list, "x");
    assert_string_equal(list.text + strlen(list.text) - 5, ", ...");
}

static void test_name_list__a_name_longer_than_all(void **state)
{
    (void)state;
    char name[500];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    leat_name_list list = {0};
    leat_name_list_add(&list, name);
    assert_string_equal(list.text, "...");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_list__names_with_commas),
        cmocka_unit_test(test_name_list__no_name_is_cut),
        cmocka_unit_test(test_name_list__a_name_longer_than_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
