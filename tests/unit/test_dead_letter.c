#include "producers/dead_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/msgpack.h"

static const leat_dead_letter_spec spec = {"leat:fraud", "3"};

static leat_event failed_event(const char *reason)
{
    return (leat_event){
        .topic = "transactions",
        .partition = 7,
        .offset = INT64_C(9000000000000000001),
        .status = LEAT_E_TRUNCATED,
        .stage = LEAT_STAGE_DECODE,
        .reason = reason,
    };
}

static void assert_header(const rd_kafka_headers_t *headers, const char *name,
                          const char *expected)
{
    const void *value;
    size_t size;
    if (rd_kafka_header_get_last(headers, name, &value, &size))
        fail_msg("there is no header %s", name);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(value, expected, size);
}

#define MESSAGE "__connect.errors.exception.message"

static void assert_message(const char *reason, const char *expected)
{
    leat_event event = failed_event(reason);
    rd_kafka_headers_t *headers = leat_dead_letter_headers(&spec, &event, NULL);
    assert_header(headers, MESSAGE, expected);
    rd_kafka_headers_destroy(headers);
}

static void test_dead_letter__says_where_and_why(void **state)
{
    (void)state;
    leat_event event = failed_event("ends at byte 12 of 40");
    rd_kafka_headers_t *headers = leat_dead_letter_headers(&spec, &event, NULL);
    assert_int_equal(rd_kafka_header_cnt(headers), 9);
    assert_header(headers, "__connect.errors.topic", "transactions");
    assert_header(headers, "__connect.errors.partition", "7");
    assert_header(headers, "__connect.errors.offset", "9000000000000000001");
    assert_header(headers, "__connect.errors.connector.name", "leat:fraud");
    assert_header(headers, "__connect.errors.task.id", "3");
    assert_header(headers, "__connect.errors.stage", "decode");
    assert_header(headers, "__connect.errors.class.name", "leat.decode");
    assert_header(headers, "__connect.errors.exception.class.name", "E_TRUNCATED");
    assert_header(headers, MESSAGE, "ends at byte 12 of 40");
    rd_kafka_headers_destroy(headers);
}

static void test_dead_letter__keeps_the_records_headers_in_order(void **state)
{
    (void)state;
    rd_kafka_headers_t *existing = rd_kafka_headers_new(3);
    rd_kafka_header_add(existing, "traceparent", -1, "00-ab", -1);
    rd_kafka_header_add(existing, "blob", -1, "\0\xff", 2);
    rd_kafka_header_add(existing, "none", -1, NULL, 0);
    leat_event event = failed_event("why");
    rd_kafka_headers_t *headers = leat_dead_letter_headers(&spec, &event, existing);

    assert_int_equal(rd_kafka_header_cnt(existing), 3);
    assert_int_equal(rd_kafka_header_cnt(headers), 12);
    const char *name;
    const void *value;
    size_t size;
    assert_int_equal(rd_kafka_header_get_all(headers, 0, &name, &value, &size), 0);
    assert_string_equal(name, "traceparent");
    assert_int_equal(rd_kafka_header_get_all(headers, 1, &name, &value, &size), 0);
    assert_int_equal(size, 2);
    assert_memory_equal(value, "\0\xff", 2);
    assert_int_equal(rd_kafka_header_get_all(headers, 2, &name, &value, &size), 0);
    assert_null(value);
    rd_kafka_headers_destroy(headers);
    rd_kafka_headers_destroy(existing);
}

static void test_dead_letter__existing_header_is_never_overwritten(void **state)
{
    (void)state;
    rd_kafka_headers_t *existing = rd_kafka_headers_new(2);
    rd_kafka_header_add(existing, "__connect.errors.topic", -1, "the first one", -1);
    rd_kafka_header_add(existing, "__connect.errors.stage", -1, NULL, 0);
    leat_event event = failed_event("why");
    rd_kafka_headers_t *headers = leat_dead_letter_headers(&spec, &event, existing);

    assert_int_equal(rd_kafka_header_cnt(headers), 9);
    assert_header(headers, "__connect.errors.topic", "the first one");
    const void *value;
    size_t size;
    assert_int_equal(
        rd_kafka_header_get_last(headers, "__connect.errors.stage", &value, &size), 0);
    assert_null(value);
    assert_header(headers, "__connect.errors.partition", "7");
    rd_kafka_headers_destroy(headers);
    rd_kafka_headers_destroy(existing);
}

static void test_dead_letter__without_a_reason_the_status_speaks(void **state)
{
    (void)state;
    assert_message(NULL, "payload is truncated");
}

static void test_dead_letter__utf8_reason_is_untouched(void **state)
{
    (void)state;
    assert_message("Größe \xf0\x9f\x90\x9f \xe2\x82\xac",
                   "Größe \xf0\x9f\x90\x9f \xe2\x82\xac");
}

static void test_dead_letter__bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    assert_message("a\xff"
                   "b",
                   "a\xef\xbf\xbd"
                   "b");
    assert_message("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
    assert_message("cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd");
}

static void test_dead_letter__long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    char reason[3 * 1000 + 1];
    for (size_t i = 0; i < 1000; i++)
        memcpy(reason + 3 * i, "\xe2\x82\xac", 3);
    reason[sizeof reason - 1] = 0;
    leat_event event = failed_event(reason);
    rd_kafka_headers_t *headers = leat_dead_letter_headers(&spec, &event, NULL);
    const void *value;
    size_t size;
    assert_int_equal(rd_kafka_header_get_last(headers, MESSAGE, &value, &size), 0);
    assert_int_equal(size, 1023);
    assert_true(leat_utf8_valid(value, size));
    rd_kafka_headers_destroy(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_letter__says_where_and_why),
        cmocka_unit_test(test_dead_letter__keeps_the_records_headers_in_order),
        cmocka_unit_test(test_dead_letter__existing_header_is_never_overwritten),
        cmocka_unit_test(test_dead_letter__without_a_reason_the_status_speaks),
        cmocka_unit_test(test_dead_letter__utf8_reason_is_untouched),
        cmocka_unit_test(test_dead_letter__bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(test_dead_letter__long_reason_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
