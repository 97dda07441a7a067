#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static leat_arena arena;
static leat_error error;
static leat_path path;

static int setup(void **state)
{
    (void)state;
    leat_arena_init(&arena, 256);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static void parse(const char *text)
{
    if (leat_path_parse(&path, &arena, text, &error) != LEAT_OK)
        fail_msg("%s", error.msg);
    assert_string_equal(path.text, text);
}

static void expect_name(uint32_t step, const char *name)
{
    assert_true(step < path.n_steps);
    assert_false(path.steps[step].is_index);
    assert_int_equal(path.steps[step].name.size, strlen(name));
    assert_memory_equal(path.steps[step].name.data, name, strlen(name));
}

static void expect_index(uint32_t step, uint32_t index)
{
    assert_true(step < path.n_steps);
    assert_true(path.steps[step].is_index);
    assert_int_equal(path.steps[step].index, index);
}

static void expect_refusal(const char *text, const char *message)
{
    assert_int_equal(leat_path_parse(&path, &arena, text, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg, message);
}

static void test_path__a_field_of_the_event(void **state)
{
    (void)state;
    parse("event.amount");
    assert_int_equal(path.root, LEAT_ROOT_EVENT);
    assert_int_equal(path.n_steps, 1);
    expect_name(0, "amount");
}

static void test_path__members_and_elements(void **state)
{
    (void)state;
    parse("event.a.b-c[0][12].d_e");
    assert_int_equal(path.n_steps, 5);
    expect_name(0, "a");
    expect_name(1, "b-c");
    expect_index(2, 0);
    expect_index(3, 12);
    expect_name(4, "d_e");
}

static void test_path__quotes_hold_any_name(void **state)
{
    (void)state;
    parse("event.\"a.b\".\"[0]\".\"say \\\"hi\\\\\".\"\"");
    assert_int_equal(path.n_steps, 4);
    expect_name(0, "a.b");
    expect_name(1, "[0]");
    expect_name(2, "say \"hi\\");
    expect_name(3, "");
}

static void test_path__the_other_roots(void **state)
{
    (void)state;
    parse("key");
    assert_int_equal(path.root, LEAT_ROOT_KEY);
    parse("headers.content-type");
    assert_int_equal(path.root, LEAT_ROOT_HEADERS);
    assert_string_equal(path.name, "content-type");
    parse("headers.\"a.b\"");
    assert_string_equal(path.name, "a.b");
    parse("user.avg_30d");
    assert_int_equal(path.root, LEAT_ROOT_NAMED);
    assert_string_equal(path.name, "user");
    assert_int_equal(path.n_steps, 1);
    expect_name(0, "avg_30d");
}

static void test_path__a_candidate_may_be_anything(void **state)
{
    (void)state;
    parse("candidate");
    assert_int_equal(path.root, LEAT_ROOT_CANDIDATE);
    assert_int_equal(path.n_steps, 0);
    parse("candidate.price.eur");
    assert_int_equal(path.root, LEAT_ROOT_CANDIDATE);
    assert_int_equal(path.n_steps, 2);
    expect_name(1, "eur");
    parse("candidate[1].x");
    assert_true(path.steps[0].is_index);
    assert_int_equal(path.steps[0].index, 1);
    parse("candidates.x");
    assert_int_equal(path.root, LEAT_ROOT_NAMED);
}

static void test_path__meta_has_four_names(void **state)
{
    (void)state;
    static const char *const texts[] = {"meta.topic", "meta.partition", "meta.offset",
                                        "meta.timestamp"};
    for (int i = 0; i < 4; i++) {
        parse(texts[i]);
        assert_int_equal(path.root, LEAT_ROOT_META);
        assert_int_equal(path.meta, i);
    }
}

static void test_path__it_outlives_its_text(void **state)
{
    (void)state;
    char text[] = "event.amount";
    parse(text);
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(path.text, "event.amount");
    expect_name(0, "amount");
}

static void test_path__a_refusal_names_the_column(void **state)
{
    (void)state;
    expect_refusal("event.a[x]",
                   "path 'event.a[x]', column 9: expected a number in brackets");
    expect_refusal("event.a[1", "path 'event.a[1', column 10: expected ']'");
    expect_refusal("event.a[4294967296]",
                   "path 'event.a[4294967296]', column 18: expected a number below 2^32");
    expect_refusal("event", "path 'event', column 6: expected '.'");
    expect_refusal("event[0]", "path 'event[0]', column 6: expected '.'");
    expect_refusal("event.", "path 'event.', column 7: expected the name of a field");
    expect_refusal("event.a..b", "path 'event.a..b', column 9: expected a name");
    expect_refusal("event.a b",
                   "path 'event.a b', column 8: expected '.', '[' or the end");
    expect_refusal("event.\"a", "path 'event.\"a', column 9: expected a closing quote");
    expect_refusal("event.\"a\\",
                   "path 'event.\"a\\', column 10: expected a closing quote");
    expect_refusal("key.a", "path 'key.a', column 4: expected the end");
    expect_refusal("headers", "path 'headers', column 8: expected '.'");
    expect_refusal("headers.a.b", "path 'headers.a.b', column 10: expected the end");
    expect_refusal("meta.time", "path 'meta.time', column 6: expected topic, partition, "
                                "offset or timestamp");
    expect_refusal("meta.",
                   "path 'meta.', column 6: expected topic, partition, offset or "
                   "timestamp");
    expect_refusal("",
                   "path '', column 1: expected event, candidate, key, headers, meta, or "
                   "the name of a lookup");
    expect_refusal("user", "path 'user', column 5: expected '.'");
}

static void test_path__sixteen_steps_are_the_most(void **state)
{
    (void)state;
    parse("event.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a[3]");
    assert_int_equal(path.n_steps, LEAT_MAX_PATH_STEPS);
    expect_index(15, 3);
    expect_refusal("event.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
                   "path 'event.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a', column 38: expected "
                   "the end: a path has at most 16 steps");
}

static void test_path__an_error_need_not_be_told(void **state)
{
    (void)state;
    assert_int_equal(leat_path_parse(&path, &arena, "event[", NULL), LEAT_E_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_path__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_field_of_the_event),        TEST(members_and_elements),
        TEST(quotes_hold_any_name),        TEST(the_other_roots),
        TEST(a_candidate_may_be_anything), TEST(meta_has_four_names),
        TEST(it_outlives_its_text),        TEST(a_refusal_names_the_column),
        TEST(sixteen_steps_are_the_most),  TEST(an_error_need_not_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
