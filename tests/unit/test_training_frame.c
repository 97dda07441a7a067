#include "runtime/training_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

enum { N_FEATURES = 3 };

static leat_arena arena, scratch;
static leat_training_frame frame;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 1024);
    leat_arena_init(&scratch, 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    leat_arena_fini(&scratch);
    return 0;
}

static void read_xgboost(const char *enc)
{
    const leat_doc *root;
    assert_int_equal(
        leat_json_read(&root, &scratch, (const uint8_t *)enc, strlen(enc), NULL),
        LEAT_OK);
    assert_int_equal(leat_training_frame_of_xgboost(&frame, N_FEATURES, root, &arena),
                     LEAT_OK);
}

static void read_lightgbm(const char *infos, const char *lists)
{
    assert_int_equal(leat_training_frame_of_lightgbm(
                         &frame, N_FEATURES, (leat_text){infos, strlen(infos)},
                         (leat_text){lists, strlen(lists)}, &arena, &scratch),
                     LEAT_OK);
}

/* The categories of a column with commas between them. */
static void expect(uint32_t column, const char *expected)
{
    char found[256] = "";
    const leat_model_categories *categories = &frame.categories[column];
    for (uint32_t i = 0; i < categories->n; i++) {
        strcat(found, i ? "," : "");
        strcat(found, categories->names[i]);
    }
    assert_string_equal(found, expected);
}

#define STRINGS  "{\"offsets\":[0,2,2,5],\"values\":[68,69,70,82,65]}"
#define NUMBERS  "{\"type\":15,\"values\":[5411,-1,9007199254740992]}"
#define NO_CODES "{\"offsets\":[],\"values\":[]}"

static void test_training_frame__of_xgboost(void **state)
{
    (void)state;
    read_xgboost("[" NO_CODES "," STRINGS "," NUMBERS "]");
    assert_false(frame.is_unread);
    expect(0, "");
    expect(1, "DE,,FRA");
    expect(2, "5411,-1,9007199254740992");
}

static void test_training_frame__without_categories(void **state)
{
    (void)state;
    assert_int_equal(leat_training_frame_of_xgboost(&frame, N_FEATURES, NULL, &arena),
                     LEAT_OK);
    assert_true(!frame.is_unread && !frame.categories);
    read_xgboost("[]");
    assert_true(!frame.is_unread && !frame.categories);
    read_lightgbm("[0:1] 0:1 none", "null");
    assert_true(!frame.is_unread && !frame.categories);
    read_lightgbm("[0:1] none none", "[]");
    assert_true(!frame.is_unread && !frame.categories);
}

/* XGBoost 3.2 counts the letters of an "Å" where it means its bytes. */
static void test_training_frame__of_xgboost_beyond_ascii(void **state)
{
    (void)state;
    read_xgboost("[" NO_CODES "," STRINGS ",{\"offsets\":[0,1],\"values\":[-61]}]");
    assert_true(frame.is_unread);
    expect(1, "DE,,FRA");
    expect(2, "");
    read_xgboost("[" NO_CODES "," STRINGS ",{\"offsets\":[0,1],\"values\":[195]}]");
    assert_true(frame.is_unread);
    expect(2, "");
}

static void test_training_frame__what_is_malformed_is_left_unread(void **state)
{
    (void)state;
    static const char *const columns[] = {
        "{}",
        "7",
        "{\"values\":7}",
        "{\"offsets\":7,\"values\":[65]}",
        "{\"offsets\":[],\"values\":[65]}",
        "{\"offsets\":[1,1],\"values\":[65]}",
        "{\"offsets\":[0,2],\"values\":[65]}",
        "{\"offsets\":[0,1,0],\"values\":[65]}",
        "{\"offsets\":[0,0.5],\"values\":[65]}",
        "{\"offsets\":[0,\"1\"],\"values\":[65]}",
        "{\"offsets\":[0,1],\"values\":[0]}",
        "{\"offsets\":[0,1],\"values\":[\"A\"]}",
        "{\"values\":[1.5]}",
        "{\"values\":[1e300]}",
        "{\"values\":[true]}",
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        char enc[128] = "[" NO_CODES ",";
        strcat(strcat(strcat(enc, columns[i]), ","), NO_CODES "]");
        read_xgboost(enc);
        if (!frame.is_unread)
            fail_msg("taken: %s", columns[i]);
        expect(1, "");
    }
    read_xgboost("[" NO_CODES "]");
    assert_true(frame.is_unread && !frame.categories);
}

static void test_training_frame__of_lightgbm(void **state)
{
    (void)state;
    read_lightgbm("[13.42:661] -1:2:0 5:1",
                  "[[\"NO\", \"\\u00c5land\", \"\"], [5411, 4111]]");
    assert_false(frame.is_unread);
    expect(0, "");
    expect(1, "NO,\xc3\x85land,");
    expect(2, "5411,4111");
}

/* A column that is never split is none of the categorical ones, whatever it was. */
static void test_training_frame__of_lightgbm_when_nobody_can_tell(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[0:1] 0:1 none", "[[\"a\"], [\"b\"]]"},
        {"[0:1] 0:1 1:0", "[[\"a\"]]"},
        {"[0:1] 0:1 [0:1]", "[1]"},
        {"[0:1] 0:1 [0:1]", "{\"a\": 1}"},
        {"[0:1] 0:1 [0:1]", "[["},
        {"[0:1] 0:1 [0:1]", "[true]"},
        {"[0:1] 0:1 [0:1]", "[[true]]"},
        {"[0:1] 0:1 [0:1]", "[[0.5]]"},
        {"", "[[\"a\"]]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_lightgbm(cases[i][0], cases[i][1]);
        if (!frame.is_unread)
            fail_msg("taken: %s", cases[i][1]);
        for (uint32_t column = 0; frame.categories && column < N_FEATURES; column++)
            expect(column, "");
    }
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_training_frame__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(of_xgboost),
        TEST(without_categories),
        TEST(of_xgboost_beyond_ascii),
        TEST(what_is_malformed_is_left_unread),
        TEST(of_lightgbm),
        TEST(of_lightgbm_when_nobody_can_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
