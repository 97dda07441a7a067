#include "worker/config/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_address__comes_out_as_it_went_in(void **state)
{
    (void)state;
    static const char *const texts[] = {"off", "127.0.0.1:9464", "0.0.0.0:0",
                                        "[::1]:65535", "[::]:80"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        leat_address address;
        char text[LEAT_ADDRESS_TEXT];
        assert_true(leat_address_parse(&address, texts[i]));
        assert_string_equal(leat_address_print(&address, text), texts[i]);
    }
}

static void test_address__what_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ":9464",
        "9464",
        "127.0.0.1",
        "127.0.0.1:",
        "1.2.3:9464",
        "127.0.0.1:x",
        "1.2.3.4:-1",
        "1.2.3.4:65536",
        "1.2.3.4:123456",
        "::1:9464",
        "[::1]",
        "[::1]9464",
        "[1.2.3.4]:80",
        "localhost:9464",
        "[]:80",
        "1.2.3.4:9464 ",
        "]:1",
        "on",
        "[::1%lo]:80",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        leat_address address;
        if (leat_address_parse(&address, texts[i]))
            fail_msg("'%s' was taken for an address", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address__comes_out_as_it_went_in),
        cmocka_unit_test(test_address__what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
