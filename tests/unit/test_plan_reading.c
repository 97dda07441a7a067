/* How features are read, by what the model's inputs take. The models: tower.onnx wants
 * ids, i64 [rows, 2], and x, f32 [rows, 3]; strings.onnx wants a country as a string
 * beside numbers of every type. */
#include "base/categories.h"
#include "tiny_model.h"

#include "base/reading.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static tiny_model tiny; /* names its columns amount and avg */
static leat_error error;
static leat_plan *plan;

static int set_up(void **state)
{
    (void)state;
    tiny_model_write(&tiny, "\"amount\",\"avg\"", TINY_LOGISTIC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tiny_model_remove(&tiny);
    return 0;
}

static int release(void **state)
{
    (void)state;
    leat_plan_release(plan);
    plan = NULL;
    return 0;
}

/* A plan for the model with the features; NULL with the message. */
static leat_plan *try(const char *model, const char *features)
{
    char text[2048], folder[256];
    assert_non_null(getcwd(folder, sizeof folder));
    if (strncmp(model, "tests/", 6))
        folder[0] = 0;
    snprintf(text, sizeof text,
             "model: {path: %s%s%s}\nsink: {topic: out}\nfeatures: {%s}", folder,
             *folder ? "/" : "", model, features);
    leat_plan_release(plan);
    plan = tiny_model_plan(&tiny, text, &error);
    return plan;
}

static const leat_column *columns_of(const char *model, const char *features)
{
    if (!try(model, features))
        fail_msg("%s", error.msg);
    return plan->schema.columns;
}

static void expect_refused(const char *model, const char *features, const char *message)
{
    assert_null(try(model, features));
    const char *found = strchr(error.msg, ' ');
    assert_non_null(found);
    assert_string_equal(found + 1, message);
}

#define TREE    "m.json"
#define TOWER   "tests/golden/onnx/tower.onnx, inputs: {x: [a, b, c]}"
#define STRINGS "tests/cli/typed/strings.onnx, inputs: {rates: [high, low]}"

/* ---- kinds ---- */

static void test_plan_reading__a_number_has_no_reading(void **state)
{
    (void)state;
    const leat_column *columns = columns_of(
        TREE, "amount: {from: event.a}, avg: {from: event.b, as: number, default: 2}");
    assert_null(columns[0].reading);
    assert_int_equal(columns[0].n, 1);
    assert_true(isnan(columns[0].default_value));
    assert_null(columns[1].reading);
    assert_true(columns[1].default_value == 2);
    assert_int_equal(plan->schema.n_captures, 1); /* the time */
}

static void test_plan_reading__an_hour_is_read_from_a_capture(void **state)
{
    (void)state;
    const leat_column *columns = columns_of(
        TREE, "amount: {from: event.at, as: hour, zone: Europe/Berlin, default: 12}, "
              "avg: {from: event.b.c, as: seconds_since}");
    assert_int_equal(columns[0].reading->kind, LEAT_READING_HOUR);
    assert_non_null(columns[0].reading->zone);
    assert_true(columns[0].default_value == 12);
    assert_int_equal(columns[0].capture, plan->schema.time_capture);
    assert_int_equal(columns[1].reading->kind, LEAT_READING_SECONDS_SINCE);
    assert_string_equal(plan->schema.captures[columns[1].capture].text, "event.b.c");
}

static void test_plan_reading__categories_have_their_place(void **state)
{
    (void)state;
    const leat_column *columns = columns_of(
        TREE, "amount: {from: event.a, categories: [DE, FR, NO], default: FR}, "
              "avg: {from: meta.topic, categories: [in]}");
    uint32_t place;
    assert_int_equal(columns[0].reading->kind, LEAT_READING_CATEGORY);
    assert_true(leat_categories_find(columns[0].reading->categories,
                                     (leat_slice){(const uint8_t *)"NO", 2}, &place));
    assert_int_equal(place, 2);
    assert_true(columns[0].default_value == 1);
    assert_int_equal(columns[1].reading->kind, LEAT_READING_CATEGORY);
}

static void test_plan_reading__a_key_is_text_that_spells_a_number(void **state)
{
    (void)state;
    const leat_column *columns =
        columns_of(TREE, "amount: {from: key}, avg: {from: headers.n}");
    for (int i = 0; i < 2; i++) {
        assert_non_null(columns[i].reading);
        assert_int_equal(columns[i].reading->kind, LEAT_READING_NUMBER);
    }
    assert_int_equal(plan->schema.captures[columns[0].capture].root, LEAT_ROOT_KEY);
}

static void test_plan_reading__a_lookup_feeds_a_reading_without_a_capture(void **state)
{
    (void)state;
    const leat_column *columns =
        columns_of(TREE, "amount: {from: user.country, categories: [DE]}, "
                         "avg: {from: user.age}}\nlookups: {user: {key: 'u:{event.id}'}");
    assert_int_equal(columns[0].reading->kind, LEAT_READING_CATEGORY);
    assert_int_equal(columns[0].capture, LEAT_NO_CAPTURE);
    assert_null(columns[1].reading);
    assert_int_equal(plan->schema.n_captures, 2); /* the time, the id */
}

#define NUMBERS                                                                          \
    "age: {from: event.age}, visits: {from: event.v}, amount: {from: event.a}, "         \
    "card_present: {from: event.c}, high: {from: event.h}, low: {from: event.l}, "

static void test_plan_reading__an_input_of_strings_takes_text(void **state)
{
    (void)state;
    const leat_column *columns =
        columns_of(STRINGS, NUMBERS "country: {from: event.country, default: none}");
    const leat_column *country = columns;
    while (strcmp(country->name, "country"))
        country++;
    assert_int_equal(country->reading->kind, LEAT_READING_TEXT);
    assert_int_equal(country->default_text.size, 4);
    assert_memory_equal(country->default_text.data, "none", 4);
}

/* ---- sequences ---- */

#define ABC "a: {from: event.a}, b: {from: event.b}, c: {from: event.c}"

static void test_plan_reading__a_sequence_may_be_an_input(void **state)
{
    (void)state;
    const leat_column *columns =
        columns_of(TOWER, "ids: {from: event.items, as: ids, length: 2, pad: 1}, " ABC);
    assert_int_equal(plan->schema.n_columns, 4);
    assert_string_equal(columns[0].name, "ids");
    assert_int_equal(columns[0].n, 2);
    assert_int_equal(columns[0].reading->length, 2);
    assert_int_equal(columns[0].reading->pad, 1);
    assert_false(columns[0].reading->keeps_first);
    assert_int_equal(columns[3].tensor, 1);
    assert_int_equal(columns[3].element, 2);
}

static void test_plan_reading__a_sequence_stands_among_the_listed(void **state)
{
    (void)state;
    const leat_column *columns = columns_of(
        "tests/golden/onnx/tower.onnx, inputs: {x: [s, a], ids: [p, q]}",
        "s: {from: event.s, as: ids, length: 2, keep: first}, a: {from: event.a}, "
        "p: {from: event.p}, q: {from: event.q}");
    assert_int_equal(plan->schema.n_columns, 4);
    assert_string_equal(columns[2].name, "s");
    assert_int_equal(columns[2].element, 0);
    assert_int_equal(columns[2].n, 2);
    assert_true(columns[2].reading->keeps_first);
    assert_string_equal(columns[3].name, "a");
    assert_int_equal(columns[3].element, 2);
}

/* ---- what does not fit ---- */

static void test_plan_reading__lengths_have_to_fill_the_input(void **state)
{
    (void)state;
    expect_refused(TOWER, "ids: {from: event.i, as: ids, length: 3}, " ABC,
                   "features.ids.length: 3, but the model's input of that name wants 2");
    expect_refused("tests/golden/onnx/tower.onnx, inputs: {x: [a, s], ids: [p, q]}",
                   "s: {from: event.s, as: ids, length: 3}, a: {from: event.a}",
                   "model.inputs.x: the 2 features that are listed fill 4 elements, and "
                   "the model wants 3; a sequence fills as many as its length");
    expect_refused(TREE, "amount: {from: event.a, as: ids, length: 2}",
                   "features.amount.as: a sequence of 2, but the model knows 'amount' as "
                   "a single column");
    expect_refused("m.json, inputs: {features: [amount, avg]}",
                   "amount: {from: event.a, as: ids, length: 2}, avg: {from: event.b}",
                   "model.inputs.features: the 2 features that are listed fill 3 "
                   "elements, and the model wants 2; a sequence fills as many as its "
                   "length");
}

static void test_plan_reading__defaults_and_pads_have_to_fit(void **state)
{
    (void)state;
    expect_refused(TREE, "amount: {from: event.a, default: none}, avg: {from: event.b}",
                   "features.amount.default: none, but the model's input takes a number "
                   "(f32)");
    expect_refused(TREE, "amount: {from: event.a, default: 1e39}, avg: {from: event.b}",
                   "features.amount.default: 1e39, but the model's input takes a number "
                   "(f32)");
    expect_refused("tests/golden/onnx/tower.onnx, inputs: {x: [s, a]}",
                   "s: {from: event.s, as: ids, length: 2, pad: 16777217}, a: {from: "
                   "event.a}, ids: {from: event.i, as: ids, length: 2}",
                   "features.s.pad: 16777217, but the model's input takes f32");
}

static void test_plan_reading__what_the_input_does_not_take(void **state)
{
    (void)state;
    expect_refused(STRINGS, NUMBERS "country: {from: event.country, as: hour}",
                   "features.country.as: the model's input takes strings; remove it");
    expect_refused(STRINGS, NUMBERS "country: {from: event.c, categories: [DE]}",
                   "features.country.categories: the model's input takes the strings "
                   "themselves; remove them");
    expect_refused(STRINGS, NUMBERS "country: {from: meta.offset}",
                   "features.country.from: meta.offset is a number, and the model's "
                   "input takes strings");
    expect_refused(STRINGS,
                   "age: {from: event.age}, visits: {from: event.v}, amount: {from: "
                   "event.a}, card_present: {from: event.c, as: hour}",
                   "features.card_present.as: the model's input takes a bool");
    expect_refused(TREE, "amount: {from: meta.topic}, avg: {from: event.b}",
                   "features.amount.from: meta.topic is text, and the model's input "
                   "takes a number; write  categories:  beside it");
}

#define TEST(name) cmocka_unit_test_teardown(test_plan_reading__##name, release)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_number_has_no_reading),
        TEST(an_hour_is_read_from_a_capture),
        TEST(categories_have_their_place),
        TEST(a_key_is_text_that_spells_a_number),
        TEST(a_lookup_feeds_a_reading_without_a_capture),
        TEST(an_input_of_strings_takes_text),
        TEST(a_sequence_may_be_an_input),
        TEST(a_sequence_stands_among_the_listed),
        TEST(lengths_have_to_fill_the_input),
        TEST(defaults_and_pads_have_to_fit),
        TEST(what_the_input_does_not_take),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
