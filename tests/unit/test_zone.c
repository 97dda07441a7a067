/* Twin: the C library, which reads the same files and can be told where it is. */
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const int64_t first_second = -2208988800; /* 1900 */
static const int64_t last_second = 4102444800;   /* 2100 */

static leat_arena arena;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static const leat_zone *load(const char *name)
{
    const leat_zone *zone;
    if (leat_zone_load(&zone, &arena, name, &error))
        fail_msg("%s", error.msg);
    return zone;
}

static int32_t offset_of_library(int64_t seconds)
{
    time_t at = seconds;
    struct tm local;
    assert_non_null(localtime_r(&at, &local));
    return (int32_t)local.tm_gmtoff;
}

static void expect_same(const char *name, const leat_zone *zone, int64_t seconds)
{
    int32_t found = leat_zone_offset(zone, seconds);
    int32_t expected = offset_of_library(seconds);
    if (found != expected)
        fail_msg("%s at %lld: %d, expected %d", name, (long long)seconds, found,
                 expected);
}

/* Around every change of the clocks, found by halving where the library sees one. */
static void compare(const char *name)
{
    const leat_zone *zone = load(name);
    setenv("TZ", name, 1);
    tzset();
    const int64_t step = 15 * 86400;
    for (int64_t at = first_second; at < last_second; at += step) {
        int64_t low = at, high = at + step;
        int32_t before = offset_of_library(low);
        while (offset_of_library(high) != before && low + 1 < high) {
            int64_t middle = low + (high - low) / 2;
            if (offset_of_library(middle) == before)
                low = middle;
            else
                high = middle;
        }
        expect_same(name, zone, low);
        expect_same(name, zone, high);
    }
    unsetenv("TZ");
    tzset();
    leat_arena_reset(&arena);
}

/* All names of tzdata.zi: "Z NAME ..." is a zone, "L ZONE NAME" another name of one. */
static void test_zone__every_zone_is_the_librarys(void **state)
{
    (void)state;
    FILE *names = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
    char line[512], name[64];
    int n = 0;
    if (!names)
        skip();
    while (fgets(line, sizeof line, names))
        if (sscanf(line, "Z %63s", name) == 1) {
            compare(name);
            n++;
        }
    fclose(names);
    assert_true(n > 300);
}

static void test_zone__names_with_any_letters(void **state)
{
    (void)state;
    static const char *const names[] = {"UTC", "Etc/GMT+5", "America/Port-au-Prince",
                                        "America/Argentina/Buenos_Aires"};
    for (int i = 0; i < 4; i++)
        compare(names[i]);
    assert_int_equal(leat_zone_offset(load("Etc/GMT+5"), 0), -18000);
}

static void test_zone__there_is_no_end_of_time(void **state)
{
    (void)state;
    const leat_zone *zone = load("Europe/Berlin");
    assert_int_equal(leat_zone_offset(zone, INT64_MAX), 3600);
    assert_int_equal(leat_zone_offset(zone, INT64_MIN), 3208); /* by the sun, to 1893 */
    assert_int_equal(leat_zone_offset(load("Australia/Sydney"), INT64_MAX), 39600);
}

static void test_zone__loading_leaves_the_process_where_it_is(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    load("Europe/Berlin");
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    assert_int_equal(offset_of_library(0), 32400);
    unsetenv("TZ");
    tzset();
}

static void test_zone__an_unknown_name_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berln", "",        "/etc/passwd",
                                        "Europe",       "../zone", "Europe/Berlin "};
    for (int i = 0; i < 6; i++) {
        const leat_zone *zone;
        char expected[64];
        snprintf(expected, sizeof expected, "there is no zone '%s'", names[i]);
        assert_int_equal(leat_zone_load(&zone, &arena, names[i], &error), LEAT_E_CONFIG);
        if (!strstr(error.msg, expected) || !strstr(error.msg, "Europe/Berlin"))
            fail_msg("'%s'", error.msg);
    }
}

static void test_zone__a_file_that_is_no_zone(void **state)
{
    (void)state;
    const leat_zone *zone;
    assert_int_equal(leat_zone_load(&zone, &arena, "leapseconds", &error), LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "leapseconds: no zone of version 2"));
}

/* No byte that is cut off or turned may lead out of the file; ASan looks on. */
static void test_zone__a_damaged_file_is_refused_or_read(void **state)
{
    (void)state;
    static uint8_t bytes[4096];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Dublin", "r");
    if (!file)
        skip();
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    const leat_zone *zone;
    for (size_t i = 0; i < size; i++) {
        uint8_t *exact = malloc(i ? i : 1);
        memcpy(exact, bytes, i);
        assert_int_equal(
            leat_zone_read(&zone, &arena, (leat_slice){exact, (uint32_t)i}, &error),
            LEAT_E_CONFIG);
        free(exact);
        bytes[i] ^= 0x81;
        if (!leat_zone_read(&zone, &arena, (leat_slice){bytes, (uint32_t)size}, &error))
            leat_zone_offset(zone, 0);
        bytes[i] ^= 0x81;
        leat_arena_reset(&arena);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_zone__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_zone_is_the_librarys),
        TEST(names_with_any_letters),
        TEST(there_is_no_end_of_time),
        TEST(loading_leaves_the_process_where_it_is),
        TEST(an_unknown_name_is_named),
        TEST(a_file_that_is_no_zone),
        TEST(a_damaged_file_is_refused_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
