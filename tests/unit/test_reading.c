#include "allocations.h"
#include "base/categories.h"
#include "base/reading.h"
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#define SLICE(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})

enum { LENGTH = 4 };

static leat_arena arena;
static leat_reading reading;
static leat_event event;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 1024);
    reading = (leat_reading){.length = LENGTH, .pad = -1};
    event = (leat_event){.has_time = true, .time = {1000, 250000000}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

typedef leat_status put_function(const leat_reading *reading, void *at, leat_dtype dtype,
                                 leat_slice value, const leat_event *event);

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static double put_number(put_function *put, leat_slice value)
{
    double number;
    assert_int_equal(put(&reading, &number, LEAT_F64, value, &event), LEAT_OK);
    return number;
}

static double number_of(leat_slice value)
{
    return put_number(leat_reading_put, value);
}

static double number_of_text(const char *text)
{
    return put_number(leat_reading_put_text, slice_of(text));
}

/* Refused with that status, and the elements are as they were. */
static void expect_refusal(put_function *put, leat_status expected, leat_dtype dtype,
                           leat_slice value)
{
    uint64_t elements[LENGTH], before[LENGTH];
    memset(elements, 0x5a, sizeof elements);
    memcpy(before, elements, sizeof elements);
    assert_int_equal(put(&reading, elements, dtype, value, &event), expected);
    assert_memory_equal(elements, before, sizeof elements);
}

static void expect_status(leat_status expected, leat_dtype dtype, leat_slice value)
{
    expect_refusal(leat_reading_put, expected, dtype, value);
}

static void expect_text_status(leat_status expected, leat_dtype dtype, const char *text)
{
    expect_refusal(leat_reading_put_text, expected, dtype, slice_of(text));
}

static void expect_missing_is_missing(void)
{
    expect_status(LEAT_E_MISSING, LEAT_F64, SLICE("\xc0"));
    expect_status(LEAT_E_MISSING, LEAT_F64, SLICE("\xca\x7f\xc0\0\0"));
    expect_status(LEAT_E_MISSING, LEAT_I64, SLICE("\xcb\x7f\xf8\0\0\0\0\0\0"));
}

/* ---- numbers, text, categories ---- */

static void test_reading__a_number_is_an_elements(void **state)
{
    (void)state;
    assert_true(number_of(SLICE("\xcb\x3f\xf8\0\0\0\0\0\0")) == 1.5);
    assert_true(number_of_text("1.5") == 1.5);
    expect_missing_is_missing();
    expect_status(LEAT_E_TYPE, LEAT_F64, SLICE("\xa1x"));
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\xcb\x3f\xf8\0\0\0\0\0\0"));
    expect_text_status(LEAT_E_TYPE, LEAT_F64, "x");
}

static void test_reading__text_points_into_the_value(void **state)
{
    (void)state;
    leat_slice element = {0};
    leat_slice value = SLICE("\xa2hi");
    reading.kind = LEAT_READING_TEXT;
    assert_int_equal(leat_reading_put(&reading, &element, LEAT_STRING, value, &event),
                     LEAT_OK);
    assert_ptr_equal(element.data, value.data + 1);
    assert_int_equal(element.size, 2);
    assert_int_equal(
        leat_reading_put_text(&reading, &element, LEAT_STRING, value, &event), LEAT_OK);
    assert_ptr_equal(element.data, value.data);
    expect_missing_is_missing();
    expect_status(LEAT_E_TYPE, LEAT_STRING, SLICE("\x01"));
    expect_status(LEAT_E_TYPE, LEAT_STRING, SLICE("\xc4\x01x"));
    expect_status(LEAT_E_TYPE, LEAT_F64, SLICE("\xa1x"));
}

static void test_reading__a_category_is_its_place(void **state)
{
    (void)state;
    static const char *const names[] = {"DE", "FR", "12", "-3", ""};
    reading.kind = LEAT_READING_CATEGORY;
    assert_int_equal(leat_categories_new(&reading.categories, &arena, names, 5), LEAT_OK);
    assert_true(number_of(SLICE("\xa2"
                                "FR")) == 1);
    assert_true(number_of(SLICE("\x0c")) == 2);
    assert_true(number_of(SLICE("\xfd")) == 3);
    assert_true(number_of(SLICE("\xcb\x40\x28\0\0\0\0\0\0")) == 2);
    assert_true(number_of(SLICE("\xca\xc0\x40\0\0")) == 3);
    expect_status(LEAT_E_TYPE, LEAT_F64, SLICE("\xcb\x40\x28\x80\0\0\0\0\0"));
    expect_status(LEAT_E_TYPE, LEAT_F64, SLICE("\xca\x7f\x80\0\0"));
    assert_true(number_of(SLICE("\xa0")) == 4);
    assert_true(number_of_text("DE") == 0);
    assert_true(number_of_text("12") == 2);
    int64_t integer;
    assert_int_equal(leat_reading_put(&reading, &integer, LEAT_I64,
                                      SLICE("\xa2"
                                            "FR"),
                                      &event),
                     LEAT_OK);
    assert_int_equal(integer, 1);
}

static void make_categories(const char *const *names, uint32_t n)
{
    reading.kind = LEAT_READING_CATEGORY;
    assert_int_equal(leat_categories_new(&reading.categories, &arena, names, n), LEAT_OK);
}

static void test_reading__an_unknown_category_is_missing(void **state)
{
    (void)state;
    static const char *const names[] = {"DE", "12"};
    make_categories(names, 2);
    expect_missing_is_missing();
    expect_status(LEAT_E_MISSING, LEAT_F32, SLICE("\xa2XX"));
    expect_status(LEAT_E_MISSING, LEAT_F32,
                  SLICE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
    expect_status(LEAT_E_MISSING, LEAT_F32, SLICE("\xd3\x80\0\0\0\0\0\0\0"));
    expect_text_status(LEAT_E_MISSING, LEAT_F32, "");
}

static void test_reading__what_is_no_category(void **state)
{
    (void)state;
    static const char *const names[] = {"DE", "12a", "-"};
    make_categories(names, 3);
    expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\x00"));
    expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\xff"));
    expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\xc3"));
    expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\xca\x3f\x80\0\0"));
    expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\x90"));
}

/* ---- times ---- */

static leat_slice pack_seconds(uint8_t packed[9], int64_t seconds)
{
    packed[0] = 0xd3;
    for (int i = 0; i < 8; i++)
        packed[1 + i] = (uint8_t)((uint64_t)seconds >> (56 - 8 * i));
    return (leat_slice){packed, 9};
}

/* Beside the C library's clock in that zone. */
static void compare_parts(const char *zone)
{
    uint8_t packed[9];
    setenv("TZ", zone, 1);
    tzset();
    for (int64_t at = -40000000000; at < 4000000000; at += 99999989) {
        time_t seconds = at;
        struct tm local;
        assert_non_null(localtime_r(&seconds, &local));
        leat_slice value = pack_seconds(packed, at);
        reading.kind = LEAT_READING_HOUR;
        assert_true(number_of(value) == local.tm_hour);
        reading.kind = LEAT_READING_WEEKDAY;
        assert_true(number_of(value) == (local.tm_wday + 6) % 7);
    }
    unsetenv("TZ");
    tzset();
}

static void test_reading__hours_and_weekdays_are_the_librarys(void **state)
{
    (void)state;
    leat_error error;
    compare_parts("UTC");
    static const char *const zones[] = {"America/St_Johns", "Asia/Kathmandu",
                                        "Australia/Lord_Howe"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(leat_zone_load(&reading.zone, &arena, zones[i], &error),
                         LEAT_OK);
        compare_parts(zones[i]);
    }
}

static void test_reading__a_time_in_any_form(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_HOUR;
    assert_true(number_of(SLICE("\xd6\xff\0\0\x0e\x10")) == 1);
    assert_true(number_of(SLICE("\xcd\x0e\x0f")) == 0);
    assert_true(number_of(SLICE("\xb4"
                                "2026-01-31T23:00:00Z")) == 23);
    assert_true(number_of_text("3600") == 1);
    assert_true(number_of_text("2026-01-31T23:30:00+02:00") == 21);
    int32_t integer;
    assert_int_equal(
        leat_reading_put_text(&reading, &integer, LEAT_I32, SLICE("7200"), &event),
        LEAT_OK);
    assert_int_equal(integer, 2);
}

static void test_reading__what_is_no_time(void **state)
{
    (void)state;
    static const leat_reading_kind kinds[] = {LEAT_READING_HOUR, LEAT_READING_WEEKDAY,
                                              LEAT_READING_SECONDS_SINCE};
    for (int i = 0; i < 3; i++) {
        reading.kind = kinds[i];
        expect_missing_is_missing();
        expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\xa3now"));
        expect_status(LEAT_E_TYPE, LEAT_F32, SLICE("\xc3"));
        expect_status(LEAT_E_RANGE, LEAT_F32, SLICE("\xca\x7f\x80\0\0"));
        expect_text_status(LEAT_E_TYPE, LEAT_F32, "2026-01-31");
    }
}

/* The least second that a timestamp can say, in a zone behind UTC. */
static void test_reading__a_time_without_an_hour(void **state)
{
    (void)state;
    leat_error error;
    reading.kind = LEAT_READING_HOUR;
    assert_int_equal(leat_zone_load(&reading.zone, &arena, "Etc/GMT+5", &error), LEAT_OK);
    expect_status(LEAT_E_RANGE, LEAT_F32,
                  SLICE("\xc7\x0c\xff\0\0\0\0\x80\0\0\0\0\0\0\0"));
    reading.kind = LEAT_READING_SECONDS_SINCE;
    expect_status(LEAT_E_RANGE, LEAT_F32,
                  SLICE("\xc7\x0c\xff\0\0\0\0\x80\0\0\0\0\0\0\0"));
}

static void test_reading__seconds_since_count_to_the_events_time(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_SECONDS_SINCE;
    assert_true(number_of(SLICE("\xcd\x03\xe8")) == 0.25);
    assert_true(number_of(SLICE("\xcd\x03\xe9")) == -0.75);
    assert_true(number_of_text("900.5") == 99.75);
    int64_t whole;
    leat_slice later = SLICE("\xcd\x03\xe9");
    assert_int_equal(leat_reading_put(&reading, &whole, LEAT_I64, later, &event),
                     LEAT_OK);
    assert_int_equal(whole, -1);
    assert_int_equal(
        leat_reading_put_text(&reading, &whole, LEAT_I64, SLICE("1000.5"), &event),
        LEAT_OK);
    assert_int_equal(whole, -1);
    event.has_time = false;
    expect_status(LEAT_E_MISSING, LEAT_F32, later);
}

/* ---- ids ---- */

static void expect_list(put_function *put, leat_slice value, const int64_t *expected)
{
    int64_t ids[LENGTH];
    assert_int_equal(put(&reading, ids, LEAT_I64, value, &event), LEAT_OK);
    assert_memory_equal(ids, expected, sizeof ids);
}

static void expect_ids(leat_slice value, int64_t a, int64_t b, int64_t c, int64_t d)
{
    expect_list(leat_reading_put, value, (int64_t[]){a, b, c, d});
}

static void expect_text_ids(const char *text, int64_t a, int64_t b, int64_t c, int64_t d)
{
    expect_list(leat_reading_put_text, slice_of(text), (int64_t[]){a, b, c, d});
}

static void test_reading__ids_are_padded_behind(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    expect_ids(SLICE("\x90"), -1, -1, -1, -1);
    expect_ids(SLICE("\x92\x07\xcb\x40\x20\0\0\0\0\0\0"), 7, 8, -1, -1);
    expect_ids(SLICE("\x94\x01\x02\x03\x04"), 1, 2, 3, 4);
    expect_text_ids("", -1, -1, -1, -1);
    expect_text_ids("7,8", 7, 8, -1, -1);
}

static void test_reading__ids_are_cut_at_the_end_that_is_not_kept(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    expect_ids(SLICE("\x96\x01\x02\x03\x04\x05\x06"), 3, 4, 5, 6);
    expect_text_ids("1,2,3,4,5,6", 3, 4, 5, 6);
    reading.keeps_first = true;
    expect_ids(SLICE("\x96\x01\x02\x03\x04\x05\x06"), 1, 2, 3, 4);
    expect_text_ids("1,2,3,4,5,6", 1, 2, 3, 4);
}

static void test_reading__ids_that_are_cut_off_may_be_anything(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    expect_ids(SLICE("\x96\xa1x\x92\x01\x90\x03\x04\x05\x06"), 3, 4, 5, 6);
    expect_text_ids("x,,3,4,5,6", 3, 4, 5, 6);
    reading.keeps_first = true;
    expect_ids(SLICE("\x96\x01\x02\x03\x04\xa1x\x90"), 1, 2, 3, 4);
    expect_text_ids("1,2,3,4,x", 1, 2, 3, 4);
}

static void test_reading__ids_keep_every_digit(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    expect_ids(SLICE("\x92\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\xd3\x80\0\0\0\0\0\0\0"),
               INT64_MAX, INT64_MIN, -1, -1);
    expect_text_ids("9223372036854775807,-9007199254740993", INT64_MAX, -9007199254740993,
                    -1, -1);
    expect_status(LEAT_E_RANGE, LEAT_I64, SLICE("\x91\xcf\x80\0\0\0\0\0\0\0"));
    expect_status(LEAT_E_RANGE, LEAT_I32, SLICE("\x91\xce\x80\0\0\0"));
    expect_status(LEAT_E_RANGE, LEAT_F32, SLICE("\x91\xce\x01\0\0\x01"));
    expect_status(LEAT_E_RANGE, LEAT_F64, SLICE("\x91\xcf\0\x20\0\0\0\0\0\x01"));
    expect_status(LEAT_E_RANGE, LEAT_F32,
                  SLICE("\x91\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"));
}

static void test_reading__ids_fill_tensors_of_every_number(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    leat_slice value = SLICE("\x92\x05\xce\x01\0\0\0");
    int32_t narrow[LENGTH];
    float floats[LENGTH];
    double doubles[LENGTH];
    assert_int_equal(leat_reading_put(&reading, narrow, LEAT_I32, value, &event), 0);
    assert_int_equal(leat_reading_put(&reading, floats, LEAT_F32, value, &event), 0);
    assert_int_equal(leat_reading_put(&reading, doubles, LEAT_F64, value, &event), 0);
    static const double expected[LENGTH] = {5, 16777216, -1, -1};
    for (int i = 0; i < LENGTH; i++) {
        assert_true(narrow[i] == expected[i]);
        assert_true((double)floats[i] == expected[i]);
        assert_true(doubles[i] == expected[i]);
    }
}

static void test_reading__what_are_no_ids(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    expect_missing_is_missing();
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\x01"));
    expect_status(LEAT_E_TYPE, LEAT_I64,
                  SLICE("\xa1"
                        "1"));
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\x80"));
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\x92\x01\xc0"));
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\x92\x01\xc3"));
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\x92\x01\x90"));
    expect_status(LEAT_E_TYPE, LEAT_I64, SLICE("\x92\x01\xca\x3f\0\0\0"));
    static const char *const texts[] = {"x",   "1,",  ",1",     "1,,2", "[1",    "1]",
                                        "1 2", "1.5", "[1,2]3", "[",    "[[1]]", "nan"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_text_status(LEAT_E_TYPE, LEAT_I64, texts[i]);
}

static void test_reading__ids_of_text_may_stand_in_brackets(void **state)
{
    (void)state;
    reading.kind = LEAT_READING_IDS;
    expect_text_ids("[1, 2,3 ]", 1, 2, 3, -1);
    expect_text_ids(" [ 1 , 2 ] ", 1, 2, -1, -1);
    expect_text_ids(" 1 , 2 ", 1, 2, -1, -1);
    expect_text_ids("[]", -1, -1, -1, -1);
    expect_text_ids("[ ]", -1, -1, -1, -1);
}

/* Beside what one would write first: all of the list, then the end that stays. */
static void test_reading__ids_of_any_number(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint8_t packed[64];
        int64_t all[16], expected[LENGTH];
        int n = rand() % 16;
        uint8_t *at = packed;
        *at++ = (uint8_t)(0x90 | n);
        for (int i = 0; i < n; i++) {
            all[i] = rand() % 128;
            *at++ = (uint8_t)all[i];
        }
        reading.kind = LEAT_READING_IDS;
        reading.keeps_first = round % 2;
        int first = n > LENGTH && !reading.keeps_first ? n - LENGTH : 0;
        for (int i = 0; i < LENGTH; i++)
            expected[i] = first + i < n ? all[first + i] : reading.pad;
        expect_list(leat_reading_put, (leat_slice){packed, (uint32_t)(at - packed)},
                    expected);
    }
}

/* ---- all of them ---- */

static void test_reading__says_what_it_takes(void **state)
{
    (void)state;
    static const struct {
        leat_reading_kind kind;
        const char *text;
    } expected[] = {
        {LEAT_READING_NUMBER, "a number"},
        {LEAT_READING_TEXT, "a string"},
        {LEAT_READING_CATEGORY, "a string"},
        {LEAT_READING_HOUR, "a time"},
        {LEAT_READING_WEEKDAY, "a time"},
        {LEAT_READING_SECONDS_SINCE, "a time"},
        {LEAT_READING_IDS, "an array of integers"},
    };
    for (int i = 0; i < 7; i++) {
        reading.kind = expected[i].kind;
        assert_string_equal(leat_reading_text(&reading, LEAT_F32), expected[i].text);
    }
}

static void test_reading__nothing_is_asked_of_the_heap(void **state)
{
    (void)state;
    static const char *const names[] = {"DE"};
    leat_error error;
    int64_t elements[LENGTH];
    assert_int_equal(leat_categories_new(&reading.categories, &arena, names, 1), LEAT_OK);
    assert_int_equal(leat_zone_load(&reading.zone, &arena, "Europe/Berlin", &error), 0);
    size_t calls = allocated.calls;
    static const char *const texts[] = {"7", "7", "DE", "7", "7", "7", "1,2,3"};
    for (int kind = LEAT_READING_NUMBER; kind <= LEAT_READING_IDS; kind++) {
        reading.kind = (leat_reading_kind)kind;
        leat_dtype dtype = kind == LEAT_READING_TEXT ? LEAT_STRING : LEAT_I64;
        leat_slice text = {(const uint8_t *)texts[kind], (uint32_t)strlen(texts[kind])};
        assert_int_equal(leat_reading_put_text(&reading, elements, dtype, text, &event),
                         LEAT_OK);
    }
    assert_int_equal(allocated.calls, calls);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_reading__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_number_is_an_elements),
        TEST(text_points_into_the_value),
        TEST(a_category_is_its_place),
        TEST(an_unknown_category_is_missing),
        TEST(what_is_no_category),
        TEST(hours_and_weekdays_are_the_librarys),
        TEST(a_time_in_any_form),
        TEST(what_is_no_time),
        TEST(a_time_without_an_hour),
        TEST(seconds_since_count_to_the_events_time),
        TEST(ids_are_padded_behind),
        TEST(ids_are_cut_at_the_end_that_is_not_kept),
        TEST(ids_that_are_cut_off_may_be_anything),
        TEST(ids_keep_every_digit),
        TEST(ids_fill_tensors_of_every_number),
        TEST(what_are_no_ids),
        TEST(ids_of_text_may_stand_in_brackets),
        TEST(ids_of_any_number),
        TEST(says_what_it_takes),
        TEST(nothing_is_asked_of_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
