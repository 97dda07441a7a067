/* Schemas that no decoder can be made of. */
#include "decode_fixture.h"

static void test_decode_compile__strings_want_a_reading(void **state)
{
    (void)state;
    add_column("event.p");
    inputs[0].dtype = LEAT_STRING;
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg, "column 'event.p': its input takes strings, and it "
                                   "has no reading");
}

static void test_decode_compile__a_default_must_fit_its_column(void **state)
{
    (void)state;
    add_default_column("event.p", 2.5);
    inputs[0].dtype = LEAT_I64;
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg, "column 'event.p': its default is no i64");
}

static void test_decode_compile__text_is_no_column(void **state)
{
    (void)state;
    add_column("headers.trace");
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "headers.trace is text"));
}

static void test_decode_compile__a_place_cannot_be_map_and_array(void **state)
{
    (void)state;
    add_column("event.p.q");
    add_column("event.p[0]");
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg,
                        "'event.p.q' takes event.p for a map, and 'event.p[0]' "
                        "takes it for an array");
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_compile__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(strings_want_a_reading),
        TEST(a_default_must_fit_its_column),
        TEST(text_is_no_column),
        TEST(a_place_cannot_be_map_and_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
