#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const leat_status all[] = {
#define X(name, value, class, text) LEAT_##name,
    LEAT_STATUS_LIST(X)
#undef X
};

enum { N_STATUSES = sizeof all / sizeof all[0] };

static void test_status__each_has_a_name_and_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < N_STATUSES; i++) {
        for (int k = 0; k < i; k++) {
            assert_int_not_equal(all[i], all[k]);
            assert_string_not_equal(leat_status_name(all[i]), leat_status_name(all[k]));
            assert_string_not_equal(leat_status_text(all[i]), leat_status_text(all[k]));
        }
    }
    assert_string_equal(leat_status_name(LEAT_E_TRUNCATED), "E_TRUNCATED");
}

static void test_status__errors_have_a_class_and_news_have_none(void **state)
{
    (void)state;
    for (int i = 0; i < N_STATUSES; i++)
        assert_int_equal(leat_status_class(all[i]) == LEAT_CLASS_NONE, all[i] >= LEAT_OK);
    assert_int_equal(leat_status_class(LEAT_E_UTF8), LEAT_CLASS_ROW);
    assert_int_equal(leat_status_class(LEAT_E_TIMEOUT), LEAT_CLASS_RETRY);
    assert_int_equal(leat_status_class(LEAT_E_MEMORY), LEAT_CLASS_FATAL);
}

static void test_error__set_fills_code_class_and_message(void **state)
{
    (void)state;
    leat_error error;
    leat_status status = leat_error_set(&error, LEAT_E_TYPE, "%s: found %d", "a", 5);
    assert_int_equal(status, LEAT_E_TYPE);
    assert_int_equal(error.code, LEAT_E_TYPE);
    assert_int_equal(error.class, LEAT_CLASS_ROW);
    assert_string_equal(error.msg, "a: found 5");
}

static void test_error__nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(leat_error_set(NULL, LEAT_E_IO, "x"), LEAT_E_IO);
}

static void test_error__a_long_message_ends_in_dots(void **state)
{
    (void)state;
    leat_error error;
    leat_error_set(&error, LEAT_E_IO, "%300d", 1);
    assert_int_equal(strlen(error.msg), sizeof error.msg - 1);
    assert_string_equal(error.msg + sizeof error.msg - 4, "...");
    leat_error_set(&error, LEAT_E_IO, "%255d", 7);
    assert_string_equal(error.msg + sizeof error.msg - 4, "  7");
}

static void test_error__a_prefix_comes_before_the_message(void **state)
{
    (void)state;
    leat_error error;
    leat_error_set(&error, LEAT_E_MODEL, "tree %d", 3);
    assert_int_equal(leat_error_prefix(&error, "%s: ", "a.json"), LEAT_E_MODEL);
    assert_string_equal(error.msg, "a.json: tree 3");
}

static void test_error__a_prefix_pushes_the_end_out(void **state)
{
    (void)state;
    leat_error error;
    leat_error_set(&error, LEAT_E_MODEL, "%250d", 1);
    assert_int_equal(leat_error_prefix(&error, "0123456789: "), LEAT_E_MODEL);
    assert_int_equal(strlen(error.msg), sizeof error.msg - 1);
    assert_memory_equal(error.msg, "0123456789: ", 12);
    assert_string_equal(error.msg + sizeof error.msg - 4, "...");
    assert_int_equal(leat_error_prefix(&error, "%300d", 1), LEAT_E_MODEL);
    assert_int_equal(strlen(error.msg), sizeof error.msg - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status__each_has_a_name_and_a_text_of_its_own),
        cmocka_unit_test(test_status__errors_have_a_class_and_news_have_none),
        cmocka_unit_test(test_error__set_fills_code_class_and_message),
        cmocka_unit_test(test_error__nobody_has_to_listen),
        cmocka_unit_test(test_error__a_long_message_ends_in_dots),
        cmocka_unit_test(test_error__a_prefix_comes_before_the_message),
        cmocka_unit_test(test_error__a_prefix_pushes_the_end_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
