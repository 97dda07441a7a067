#include "features/lookup/blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

enum { MOST = 8 };

typedef struct fixture {
    leat_arena arena;
    leat_path paths[MOST];
    const leat_path *wanted[MOST];
    uint32_t n;
    leat_blob *blob;
    leat_slice values[MOST];
    leat_error error;
} fixture;

static int set_up(void **state)
{
    static fixture only;
    only = (fixture){0};
    leat_arena_init(&only.arena, 4096);
    *state = &only;
    return 0;
}

static int tear_down(void **state)
{
    leat_arena_fini(&((fixture *)*state)->arena);
    return 0;
}

static leat_status make(fixture *f, const char *const *texts, uint32_t n)
{
    f->n = n;
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(leat_path_parse(&f->paths[i], &f->arena, texts[i], &f->error),
                         LEAT_OK);
        f->wanted[i] = &f->paths[i];
    }
    return leat_blob_new(&f->blob, &f->arena, f->wanted, n, &f->error);
}

#define MAKE(f, ...)                                                                     \
    make(f, (const char *const[]){__VA_ARGS__},                                          \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static leat_status walk(fixture *f, const char *bytes, size_t size)
{
    leat_slice slice = {(const uint8_t *)bytes, (uint32_t)size};
    memset(f->values, 0xff, sizeof f->values);
    return leat_blob_walk(f->blob, slice, f->values, &f->error);
}

#define WALK(f, bytes) walk(f, bytes, sizeof(bytes) - 1)

static void assert_value(const fixture *f, uint32_t i, const char *bytes)
{
    assert_non_null(f->values[i].data);
    assert_int_equal(f->values[i].size, strlen(bytes));
    assert_memory_equal(f->values[i].data, bytes, strlen(bytes));
}

static void test_blob__values_are_found_wherever_they_lie(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.a", "user.m.x", "user.m.l[1]", "user.none"), LEAT_OK);
    assert_int_equal(WALK(f, "\x83"
                             "\xa1z\xc0"
                             "\xa1m\x82\xa1l\x93\x05\xa1y\x07\xa1x\xcc\x80"
                             "\xa1"
                             "a\x93\x01\x02\x03"),
                     LEAT_OK);
    assert_value(f, 0, "\x93\x01\x02\x03");
    assert_value(f, 1, "\xcc\x80");
    assert_value(f, 2, "\xa1y");
    assert_null(f->values[3].data);
}

static void test_blob__a_path_may_be_the_beginning_of_another(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.m.x", "user.m", "user.m.x"), LEAT_OK);
    assert_int_equal(WALK(f, "\x81\xa1m\x81\xa1x\x07"), LEAT_OK);
    assert_value(f, 0, "\x07");
    assert_value(f, 1, "\x81\xa1x\x07");
    assert_value(f, 2, "\x07");
}

static void test_blob__the_last_of_equal_keys_counts_with_all_below(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.m.x", "user.m.y"), LEAT_OK);
    assert_int_equal(WALK(f, "\x82\xa1m\x82\xa1x\x01\xa1y\x02\xa1m\x81\xa1y\x03"),
                     LEAT_OK);
    assert_null(f->values[0].data);
    assert_value(f, 1, "\x03");
}

static void test_blob__one_walk_leaves_nothing_for_the_next(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.a", "user.m.x"), LEAT_OK);
    assert_int_equal(WALK(f, "\x82\xa1"
                             "a\x01\xa1m\x81\xa1x\x07"),
                     LEAT_OK);
    assert_int_equal(WALK(f, "\x80"), LEAT_OK);
    assert_null(f->values[0].data);
    assert_null(f->values[1].data);
}

static void test_blob__nil_on_the_way_and_a_short_array_are_absence(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.m.x", "user.l[2]"), LEAT_OK);
    assert_int_equal(WALK(f, "\x82\xa1m\xc0\xa1l\x92\x01\x02"), LEAT_OK);
    assert_null(f->values[0].data);
    assert_null(f->values[1].data);
}

static void test_blob__keys_of_other_types_are_passed_over(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.a"), LEAT_OK);
    assert_int_equal(WALK(f, "\x83\x05\x06\x91\x01\x02\xc4\x01"
                             "a\x09"),
                     LEAT_OK);
    assert_value(f, 0, "\x09");
}

static void test_blob__what_is_malformed_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        leat_status status;
        const char *why;
    } cases[] = {
#define CASE(bytes, status, why) {bytes, sizeof(bytes) - 1, status, why}
        CASE("", LEAT_E_TRUNCATED, "byte 0 of 0"),
        CASE("\x81", LEAT_E_COUNT, "byte 0 of 1"),
        CASE("\x81\xa1m\xa5xy", LEAT_E_TRUNCATED, "byte 3 of 6"),
        CASE("\x81\xa1z\xc1", LEAT_E_FORMAT, "byte 3"),
        CASE("\x81\xa1z\xa1\xff", LEAT_E_UTF8, "byte 3"),
        CASE("\x81\xa1\xff\x01", LEAT_E_UTF8, "byte 1"),
        CASE("\x80\x80", LEAT_E_TRAILING, "byte 1 of 2"),
        CASE("\x81\xa1m\x81\xa1x\xc7\x01\x05z", LEAT_E_FORMAT, "byte 6"),
        CASE("\x93\x01\x02\x03", LEAT_E_TYPE, "expected a map, found an array"),
        CASE("{\"a\": 1}", LEAT_E_TYPE, "expected a map, found an integer"),
        CASE("\x81\xa1m\x05", LEAT_E_TYPE,
             "user.m.x: expected a map on the way, found an integer"),
        CASE("\x81\xa1l\x80", LEAT_E_TYPE,
             "user.l[0]: expected an array on the way, found a map"),
    };
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.m.x", "user.l[0]"), LEAT_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(walk(f, cases[i].bytes, cases[i].size), cases[i].status);
        if (!strstr(f->error.msg, cases[i].why))
            fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].why, f->error.msg);
    }
}

static void test_blob__depth_is_bounded(void **state)
{
    fixture *f = *state;
    char deep[4 + 100] = "\x81\xa1z";
    memset(deep + 3, '\x91', 100);
    deep[103] = 1;
    assert_int_equal(MAKE(f, "user.a"), LEAT_OK);
    assert_int_equal(walk(f, deep, sizeof deep), LEAT_E_DEPTH);
}

static void test_blob__a_map_for_one_and_an_array_for_another(void **state)
{
    fixture *f = *state;
    assert_int_equal(MAKE(f, "user.m.x", "user.m[0]"), LEAT_E_CONFIG);
    assert_non_null(strstr(f->error.msg, "'user.m.x' and 'user.m[0]'"));
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(test_blob__values_are_found_wherever_they_lie),
        FRESH(test_blob__a_path_may_be_the_beginning_of_another),
        FRESH(test_blob__the_last_of_equal_keys_counts_with_all_below),
        FRESH(test_blob__one_walk_leaves_nothing_for_the_next),
        FRESH(test_blob__nil_on_the_way_and_a_short_array_are_absence),
        FRESH(test_blob__keys_of_other_types_are_passed_over),
        FRESH(test_blob__what_is_malformed_is_refused_with_its_place),
        FRESH(test_blob__depth_is_bounded),
        FRESH(test_blob__a_map_for_one_and_an_array_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
