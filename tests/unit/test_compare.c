#include "twin.h"

#include "base/slice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 4, ROUNDS = 40, NUMBERS = 0xf, TRUTHS = 1u << LEAT_BOOL };

static double less(double x, double y)
{
    return x < y;
}

static double less_equal(double x, double y)
{
    return x <= y;
}

static double greater(double x, double y)
{
    return x > y;
}

static double greater_equal(double x, double y)
{
    return x >= y;
}

static double equal(double x, double y)
{
    return x == y;
}

static double both(double x, double y)
{
    return x != 0 && y != 0;
}

static double any(double x, double y)
{
    return x != 0 || y != 0;
}

static double either(double x, double y)
{
    return (x != 0) != (y != 0);
}

static const struct {
    const char *name;
    uint32_t version;
    double (*exact)(double x, double y);
    uint32_t dtypes;
} functions[] = {
    {"Less", 9, less, NUMBERS},
    {"LessOrEqual", 12, less_equal, NUMBERS},
    {"Greater", 7, greater, NUMBERS},
    {"GreaterOrEqual", 16, greater_equal, NUMBERS},
    {"Equal", 13, equal, NUMBERS | TRUTHS},
    {"And", 7, both, TRUTHS},
    {"Or", 7, any, TRUTHS},
    {"Xor", 7, either, TRUTHS},
};

static void check_random_shapes(size_t f, leat_dtype dtype)
{
    int64_t full[RANK], shape[RANK];
    const uint32_t rank = twin_dice(RANK + 1);
    one_node node;
    twin_shape(full, rank, 5);
    one_node_start(&node, "", functions[f].name, functions[f].version);
    for (int k = 0; k < 2; k++) {
        const uint32_t own = twin_part_of(full, rank, shape);
        twin_input(&node, dtype, own, shape);
    }
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    assert_int_equal(out->dtype, LEAT_BOOL);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(out, i, index);
        twin_same(functions[f].name, i, twin_get(out, i),
                  functions[f].exact(twin_broadcast(&node.in[0], out->rank, index),
                                     twin_broadcast(&node.in[1], out->rank, index)),
                  0);
    }
    one_node_stop(&node);
}

static void test_compare__any_shapes_that_broadcast_are_compared(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
            for (int round = 0; round < ROUNDS && functions[f].dtypes >> dtype & 1;
                 round++)
                check_random_shapes(f, dtype);
}

static void test_compare__nan_equals_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"Less", "LessOrEqual", "Greater",
                                        "GreaterOrEqual", "Equal"};
    for (size_t f = 0; f < 5; f++) {
        one_node node;
        one_node_start(&node, "", names[f], 13);
        *(float *)one_node_input(&node, LEAT_F32, 0, NULL) = NAN;
        *(float *)one_node_input(&node, LEAT_F32, 0, NULL) = NAN;
        one_node_run(&node);
        assert_int_equal(*(uint8_t *)node.out[0].data, 0);
        one_node_stop(&node);
    }
}

static void test_compare__large_integers_are_not_rounded(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Less", 13);
    *(int64_t *)one_node_input(&node, LEAT_I64, 0, NULL) = INT64_MAX - 1;
    *(int64_t *)one_node_input(&node, LEAT_I64, 0, NULL) = INT64_MAX;
    one_node_run(&node);
    assert_int_equal(*(uint8_t *)node.out[0].data, 1);
    one_node_stop(&node);
}

static leat_slice text(const char *chars)
{
    return (leat_slice){(const uint8_t *)chars, (uint32_t)strlen(chars)};
}

static void test_compare__strings_are_equal_by_their_bytes(void **state)
{
    (void)state;
    one_node node;
    char again[] = "DE";
    one_node_start(&node, "", "Equal", 19);
    leat_slice *x = one_node_input(&node, LEAT_STRING, 1, (int64_t[]){4});
    x[0] = text("DE"), x[1] = text("FR"), x[2] = text(""), x[3] = text("D");
    *(leat_slice *)one_node_input(&node, LEAT_STRING, 0, NULL) = text(again);
    one_node_run(&node);
    assert_memory_equal(node.out[0].data, ((uint8_t[]){1, 0, 0, 0}), 4);
    one_node_stop(&node);
}

static void test_compare__strings_have_no_order(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Less", 13);
    one_node_input(&node, LEAT_STRING, 0, NULL);
    one_node_input(&node, LEAT_STRING, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: string");
    one_node_stop(&node);
}

/* ---- of one element ---- */

static void check_tells(one_node *node, leat_dtype dtype, const char *expected)
{
    static const double values[] = {(double)NAN, (double)INFINITY, (double)-INFINITY, 0,
                                    1};
    void *x = one_node_input(node, dtype, 1, (int64_t[]){5});
    for (size_t i = 0; i < 5; i++)
        twin_put(&node->in[0], x, i, values[i]);
    one_node_run(node);
    assert_int_equal(node->out[0].dtype, LEAT_BOOL);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(((uint8_t *)node->out[0].data)[i], expected[i] == '1');
}

static void test_compare__nan_and_infinities_are_told(void **state)
{
    (void)state;
    static const char *const expected[] = {"00000", "00100", "01000", "01100"};
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
        one_node node;
        one_node_start(&node, "", "IsNaN", 13);
        check_tells(&node, dtype, "10000");
        one_node_stop(&node);
        for (int signs = 0; signs < 4; signs++) {
            one_node_start(&node, "", "IsInf", 10);
            one_node_int(&node, "detect_negative", signs & 1);
            one_node_int(&node, "detect_positive", signs >> 1);
            check_tells(&node, dtype, expected[signs]);
            one_node_stop(&node);
        }
        one_node_start(&node, "", "IsInf", 10);
        check_tells(&node, dtype, "01100");
        one_node_stop(&node);
    }
}

static void test_compare__not_turns_truths(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Not", 1);
    memcpy(one_node_input(&node, LEAT_BOOL, 1, (int64_t[]){2}), (uint8_t[]){0, 1}, 2);
    one_node_run(&node);
    assert_memory_equal(node.out[0].data, ((uint8_t[]){1, 0}), 2);
    one_node_stop(&node);
}

/* ---- Where ---- */

static void check_where(leat_dtype dtype)
{
    int64_t full[RANK], shape[RANK];
    const uint32_t rank = twin_dice(RANK + 1);
    one_node node;
    twin_shape(full, rank, 4);
    one_node_start(&node, "", "Where", 9);
    for (int k = 0; k < 3; k++) {
        const uint32_t own = twin_part_of(full, rank, shape);
        twin_input(&node, k ? dtype : LEAT_BOOL, own, shape);
    }
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    assert_int_equal(out->dtype, dtype);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(out, i, index);
        const int from = twin_broadcast(&node.in[0], out->rank, index) != 0 ? 1 : 2;
        twin_same("Where", i, twin_get(out, i),
                  twin_broadcast(&node.in[from], out->rank, index), 0);
    }
    one_node_stop(&node);
}

static void test_compare__where_chooses_among_shapes_that_broadcast(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_where(dtype);
}

static void test_compare__where_chooses_strings(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Where", 9);
    memcpy(one_node_input(&node, LEAT_BOOL, 1, (int64_t[]){2}), (uint8_t[]){0, 1}, 2);
    *(leat_slice *)one_node_input(&node, LEAT_STRING, 0, NULL) = text("yes");
    *(leat_slice *)one_node_input(&node, LEAT_STRING, 0, NULL) = text("no");
    one_node_run(&node);
    const leat_slice *y = node.out[0].data;
    assert_true(leat_slice_equal(y[0], text("no")));
    assert_true(leat_slice_equal(y[1], text("yes")));
    one_node_stop(&node);
}

static void test_compare__where_needs_truths_and_one_type(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Where", 9);
    for (int k = 0; k < 3; k++)
        one_node_input(&node, LEAT_F32, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: f32");
    one_node_stop(&node);
    one_node_start(&node, "", "Where", 9);
    one_node_input(&node, LEAT_BOOL, 0, NULL);
    one_node_input(&node, LEAT_F32, 0, NULL);
    one_node_input(&node, LEAT_I64, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 2: i64");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare__any_shapes_that_broadcast_are_compared),
        cmocka_unit_test(test_compare__nan_equals_nothing),
        cmocka_unit_test(test_compare__large_integers_are_not_rounded),
        cmocka_unit_test(test_compare__strings_are_equal_by_their_bytes),
        cmocka_unit_test(test_compare__strings_have_no_order),
        cmocka_unit_test(test_compare__nan_and_infinities_are_told),
        cmocka_unit_test(test_compare__not_turns_truths),
        cmocka_unit_test(test_compare__where_chooses_among_shapes_that_broadcast),
        cmocka_unit_test(test_compare__where_chooses_strings),
        cmocka_unit_test(test_compare__where_needs_truths_and_one_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
