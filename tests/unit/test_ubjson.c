#include "runtime/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

struct reading {
    leat_arena arena;
    const leat_doc *root;
    leat_status status;
    leat_error error;
};

/* A literal with NULs in it. */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define COUNT(n)    "L\0\0\0\0\0\0\0" n

static void start(struct reading *reading, const uint8_t *bytes, size_t size)
{
    *reading = (struct reading){0};
    leat_arena_init(&reading->arena, 4096);
    reading->status =
        leat_ubjson_read(&reading->root, &reading->arena, bytes, size, &reading->error);
}

static void stop(struct reading *reading)
{
    leat_arena_fini(&reading->arena);
}

static void expect_number(const uint8_t *bytes, size_t size, double expected)
{
    struct reading reading;
    start(&reading, bytes, size);
    assert_int_equal(reading.status, LEAT_OK);
    assert_int_equal(reading.root->kind, LEAT_DOC_NUMBER);
    assert_memory_equal(&reading.root->number, &expected, sizeof expected);
    stop(&reading);
}

static void expect_packed(const uint8_t *bytes, size_t size, double expected)
{
    struct reading reading;
    double number;
    start(&reading, bytes, size);
    assert_int_equal(reading.status, LEAT_OK);
    assert_int_equal(reading.root->kind, LEAT_DOC_PACKED);
    assert_int_equal(reading.root->count, 1);
    assert_true(leat_doc_number_at(reading.root, 0, &number));
    assert_memory_equal(&number, &expected, sizeof expected);
    stop(&reading);
}

static void expect_refused(const uint8_t *bytes, size_t size, const char *msg)
{
    struct reading reading;
    start(&reading, bytes, size);
    assert_int_equal(reading.status, LEAT_E_MODEL);
    assert_string_equal(reading.error.msg, msg);
    stop(&reading);
}

static void test_ubjson__reads_every_type_of_number(void **state)
{
    (void)state;
    expect_number(BYTES("i\xfe"), -2);
    expect_number(BYTES("U\xfe"), 254);
    expect_number(BYTES("I\xff\x00"), -256);
    expect_number(BYTES("l\x80\0\0\0"), -2147483648.0);
    expect_number(BYTES("L\0\0\0\1\0\0\0\0"), 4294967296.0);
    expect_number(BYTES("d\x3d\xcc\xcc\xcd"), (double)0.1f);
    expect_number(BYTES("d\x80\0\0\0"), -0.0);
    expect_number(BYTES("D\x3f\xb9\x99\x99\x99\x99\x99\x9a"), 0.1);
}

static void test_ubjson__reads_every_type_of_packed_array(void **state)
{
    (void)state;
    expect_packed(BYTES("[$i#" COUNT("\1") "\xfe"), -2);
    expect_packed(BYTES("[$U#" COUNT("\1") "\xfe"), 254);
    expect_packed(BYTES("[$I#" COUNT("\1") "\xff\x00"), -256);
    expect_packed(BYTES("[$l#" COUNT("\1") "\xff\xff\xff\xff"), -1);
    expect_packed(BYTES("[$L#" COUNT("\1") "\0\0\0\1\0\0\0\0"), 4294967296.0);
    expect_packed(BYTES("[$d#" COUNT("\1") "\xff\x80\0\0"), -INFINITY);
    expect_packed(BYTES("[$D#" COUNT("\1") "\x3f\xb9\x99\x99\x99\x99\x99\x9a"), 0.1);
}

static void test_ubjson__reads_objects_and_both_plain_arrays(void **state)
{
    (void)state;
    struct reading reading;
    double number;
    start(&reading, BYTES("{" COUNT("\1") "b[TFZ]" COUNT("\1") "a[#" COUNT(
                        "\2") "i\7S" COUNT("\2") "hi" COUNT("\0") "{}}"));
    assert_int_equal(reading.status, LEAT_OK);
    const leat_doc *open = leat_doc_member(reading.root, "b");
    const leat_doc *counted = leat_doc_member(reading.root, "a");
    assert_int_equal(open->count, 3);
    assert_true(leat_doc_number_at(open, 0, &number) && number == 1);
    assert_false(leat_doc_number_at(open, 2, &number));
    assert_int_equal(counted->count, 2);
    assert_memory_equal(counted->items[1].text, "hi", 2);
    assert_int_equal(leat_doc_member(reading.root, "")->kind, LEAT_DOC_OBJECT);
    stop(&reading);
}

static void test_ubjson__refuses_a_count_larger_than_the_file(void **state)
{
    (void)state;
    expect_refused(BYTES("[$d#L\0\0\0\0\xff\0\0\0\0\0\0\0"),
                   "byte 5: declares 4278190080 elements, but the file has room for 1");
    expect_refused(BYTES("[#L\x7f\xff\xff\xff\xff\xff\xff\xff"),
                   "byte 3: declares 9223372036854775808 elements, but the file has room "
                   "for 0");
    expect_refused(BYTES("SL\xff\xff\xff\xff\xff\xff\xff\xff"),
                   "byte 2: declares -1 elements, but the file has room for 0");
}

static void test_ubjson__names_the_byte_where_it_goes_wrong(void **state)
{
    (void)state;
    expect_refused(BYTES(""), "byte 0: the file ends, expected a value");
    expect_refused(BYTES("{i\1a"), "byte 1: found 0x69, expected a count ('L')");
    expect_refused(BYTES("{L\0\0"),
                   "byte 4: the file ends, expected the 8 bytes of a count");
    expect_refused(BYTES("[$S#"),
                   "byte 2: found 0x53, expected the type of an array, one "
                   "of dDiUIlL");
    expect_refused(BYTES("[$d]"), "byte 3: found 0x5d, expected '#'");
    expect_refused(BYTES("[i"), "byte 2: the file ends, expected the rest of a number");
    expect_refused(BYTES("H"), "byte 0: found 0x48, expected the type of a value, one of "
                               "{[SZTFdDiUIlL");
    expect_refused(BYTES("ZZ"), "byte 1: found 0x5a, expected the end of the file");
}

static void test_ubjson__refuses_a_key_that_stands_twice(void **state)
{
    (void)state;
    expect_refused(BYTES("{" COUNT("\1") "aZ" COUNT("\1") "aZ}"),
                   "the key \"a\" stands twice in one object");
}

static void test_ubjson__refuses_deep_nesting(void **state)
{
    (void)state;
    uint8_t bytes[1 << 16];
    memset(bytes, '[', sizeof bytes);
    expect_refused(bytes, sizeof bytes, "byte 32: nests deeper than 32 levels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ubjson__reads_every_type_of_number),
        cmocka_unit_test(test_ubjson__reads_every_type_of_packed_array),
        cmocka_unit_test(test_ubjson__reads_objects_and_both_plain_arrays),
        cmocka_unit_test(test_ubjson__refuses_a_count_larger_than_the_file),
        cmocka_unit_test(test_ubjson__names_the_byte_where_it_goes_wrong),
        cmocka_unit_test(test_ubjson__refuses_a_key_that_stands_twice),
        cmocka_unit_test(test_ubjson__refuses_deep_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
