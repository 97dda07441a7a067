#include "twin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    RANK = 4,
    ROUNDS = 40,
    INTEGERS = 1u << LEAT_I64 | 1u << LEAT_I32,
    FLOATS = 1u << LEAT_F32 | 1u << LEAT_F64
};

/* ---- the specification's formulas; integers are small enough for a double ---- */

static double add(double x, double y)
{
    return x + y;
}

static double sub(double x, double y)
{
    return x - y;
}

static double mul(double x, double y)
{
    return x * y;
}

static double over(double x, double y)
{
    return x / y;
}

static double cut_over(double x, double y)
{
    return y == 0 ? 0 : trunc(x / y);
}

static double floor_mod(double x, double y)
{
    return y == 0 ? 0 : x - y * floor(x / y);
}

static double least(double x, double y)
{
    return x != x || y != y ? (double)NAN : x < y ? x : y;
}

static double most(double x, double y)
{
    return x != x || y != y ? (double)NAN : x < y ? y : x;
}

static double cut_pow(double x, double y)
{
    return x == 0 && y < 0 ? 0 : trunc(pow(x, y));
}

static double slope(double x, double y)
{
    return x < 0 ? x * y : x;
}

static double mean(double x, double y)
{
    return (x + y) / 2;
}

static const struct {
    const char *name;
    uint32_t version;
    double (*exact)(double x, double y);
    uint32_t dtypes;
    double error;
} functions[] = {
    {"Add", 7, add, FLOATS | INTEGERS, 0},
    {"Sub", 14, sub, FLOATS | INTEGERS, 0},
    {"Mul", 13, mul, FLOATS | INTEGERS, 0},
    {"Div", 7, over, FLOATS, 1e-7},
    {"Div", 14, cut_over, INTEGERS, 0},
    {"Mod", 10, floor_mod, INTEGERS, 0},
    {"Min", 13, least, FLOATS | INTEGERS, 0},
    {"Max", 8, most, FLOATS | INTEGERS, 0},
    {"Sum", 8, add, FLOATS | INTEGERS, 0},
    {"Mean", 13, mean, FLOATS, 0},
    {"Pow", 7, pow, FLOATS, 2e-7},
    {"Pow", 15, cut_pow, INTEGERS, 0},
};

enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

/* Every element of the output from the elements that an index walk finds. */
static void check_elements(const one_node *node, const char *name,
                           double (*exact)(double, double), double error)
{
    const leat_array *out = &node->out[0];
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(out, i, index);
        const double expected = exact(twin_broadcast(&node->in[0], out->rank, index),
                                      twin_broadcast(&node->in[1], out->rank, index));
        twin_same(name, i, twin_get(out, i),
                  out->dtype == LEAT_F32 ? (double)(float)expected : expected, error);
    }
}

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
    assert_int_equal(node.out[0].dtype, dtype);
    check_elements(&node, functions[f].name, functions[f].exact, functions[f].error);
    one_node_stop(&node);
}

static void test_binary__any_shapes_that_broadcast_meet_element_by_element(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++)
        for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
            for (int round = 0; round < ROUNDS && functions[f].dtypes >> dtype & 1;
                 round++)
                check_random_shapes(f, dtype);
}

static void test_binary__shapes_that_do_not_broadcast_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Add", 14);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_MODEL, "f32[2,3] and f32[2] do not broadcast");
    one_node_stop(&node);
}

static void test_binary__types_that_differ_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Add", 14);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    one_node_input(&node, LEAT_F64, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_MODEL, "input 1 is f64, expected f32");
    one_node_stop(&node);
}

static void test_binary__empty_arrays_broadcast(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Mul", 14);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){0, 3});
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_run(&node);
    twin_same_shape(&node.out[0], 2, (int64_t[]){0, 3});
    one_node_stop(&node);
}

static void two_f32(one_node *node, const char *name, const float *x, const float *y,
                    size_t n)
{
    one_node_start(node, "", name, 13);
    memcpy(one_node_input(node, LEAT_F32, 1, &(int64_t){(int64_t)n}), x, n * sizeof *x);
    memcpy(one_node_input(node, LEAT_F32, 1, &(int64_t){(int64_t)n}), y, n * sizeof *y);
    one_node_run(node);
}

static void test_binary__nan_and_infinity_go_the_way_of_ieee(void **state)
{
    (void)state;
    static const float x[] = {NAN, 1, INFINITY, 0, -0.0f, 1, -1};
    static const float y[] = {1, NAN, -INFINITY, 0, 1, 0, 0};
    static const struct {
        const char *name;
        float expected[7];
    } cases[] = {
        {"Add", {NAN, NAN, NAN, 0, 1, 1, -1}},
        {"Mul", {NAN, NAN, -INFINITY, 0, -0.0f, 0, -0.0f}},
        {"Div", {NAN, NAN, NAN, NAN, -0.0f, INFINITY, -INFINITY}},
        {"Max", {NAN, NAN, INFINITY, 0, 1, 1, 0}},
        {"Min", {NAN, NAN, -INFINITY, 0, -0.0f, 0, -1}},
        {"Pow", {NAN, 1, 0, 1, -0.0f, 1, 1}},
    };
    for (size_t f = 0; f < sizeof cases / sizeof *cases; f++) {
        one_node node;
        two_f32(&node, cases[f].name, x, y, 7);
        for (size_t i = 0; i < 7; i++)
            twin_same(cases[f].name, i, twin_get(&node.out[0], i),
                      (double)cases[f].expected[i], 0);
        one_node_stop(&node);
    }
}

static void check_i64(const char *name, int64_t x, int64_t y, int64_t expected)
{
    one_node node;
    one_node_start(&node, "", name, 14);
    *(int64_t *)one_node_input(&node, LEAT_I64, 0, NULL) = x;
    *(int64_t *)one_node_input(&node, LEAT_I64, 0, NULL) = y;
    one_node_run(&node);
    assert_int_equal(*(int64_t *)node.out[0].data, expected);
    one_node_stop(&node);
}

static void test_binary__integers_wrap_and_divide_by_zero_to_zero(void **state)
{
    (void)state;
    check_i64("Add", INT64_MAX, 1, INT64_MIN);
    check_i64("Sub", INT64_MIN, 1, INT64_MAX);
    check_i64("Mul", INT64_MAX, 2, -2);
    check_i64("Div", INT64_MIN, -1, INT64_MIN);
    check_i64("Div", 7, 0, 0);
    check_i64("Div", -7, 2, -3);
    check_i64("Mod", INT64_MIN, -1, 0);
    check_i64("Mod", 7, 0, 0);
    check_i64("Mod", -7, 3, 2);
    check_i64("Mod", 7, -3, -2);
    check_i64("Pow", -1, INT64_MIN, 1);
    check_i64("Pow", -1, -3, -1);
    check_i64("Pow", 2, 63, INT64_MIN);
    check_i64("Pow", 3, -1, 0);
}

static void test_binary__small_integers_divide_without_overflow(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Div", 14);
    *(int32_t *)one_node_input(&node, LEAT_I32, 0, NULL) = INT32_MIN;
    *(int32_t *)one_node_input(&node, LEAT_I32, 0, NULL) = -1;
    one_node_run(&node);
    assert_int_equal(*(int32_t *)node.out[0].data, INT32_MIN);
    one_node_stop(&node);
}

static void test_binary__fmod_has_the_sign_of_the_dividend(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++) {
        one_node node;
        one_node_start(&node, "", "Mod", 13);
        one_node_int(&node, "fmod", 1);
        void *x = one_node_input(&node, dtype, 1, (int64_t[]){2});
        twin_put(&node.in[0], x, 0, -7), twin_put(&node.in[0], x, 1, 7);
        void *y = one_node_input(&node, dtype, 1, (int64_t[]){2});
        twin_put(&node.in[1], y, 0, 3), twin_put(&node.in[1], y, 1, -3);
        one_node_run(&node);
        assert_true(twin_get(&node.out[0], 0) == -1);
        assert_true(twin_get(&node.out[0], 1) == 1);
        one_node_stop(&node);
    }
}

static void test_binary__mod_of_floats_needs_fmod(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Mod", 13);
    one_node_input(&node, LEAT_F32, 0, NULL);
    one_node_input(&node, LEAT_F32, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: f32");
    one_node_stop(&node);
}

static void test_binary__a_power_is_of_its_base_type(void **state)
{
    (void)state;
    for (leat_dtype base = LEAT_F32; base <= LEAT_I32; base++)
        for (leat_dtype exponent = LEAT_F32; exponent <= LEAT_I32; exponent++) {
            one_node node;
            one_node_start(&node, "", "Pow", 15);
            void *x = one_node_input(&node, base, 1, (int64_t[]){2});
            twin_put(&node.in[0], x, 0, 3), twin_put(&node.in[0], x, 1, -2);
            void *y = one_node_input(&node, exponent, 0, NULL);
            twin_put(&node.in[1], y, 0, 3);
            one_node_run(&node);
            assert_int_equal(node.out[0].dtype, base);
            assert_true(twin_get(&node.out[0], 0) == 27);
            assert_true(twin_get(&node.out[0], 1) == -8);
            one_node_stop(&node);
        }
}

static void test_binary__any_number_of_inputs_is_folded_from_the_left(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double expected[4];
    } cases[] = {{"Sum", {3.5, 0.5, 5.5, 7.5}},
                 {"Max", {2, 2, 4, 5}},
                 {"Min", {0.5, -1.5, 0.5, -1.5}},
                 {"Mean", {3.5 / 3, 0.5 / 3, 5.5 / 3, 7.5 / 3}}};
    for (size_t f = 0; f < 4; f++) {
        one_node node;
        one_node_start(&node, "", cases[f].name, 13);
        memcpy(one_node_input(&node, LEAT_F32, 2, (int64_t[]){1, 2}),
               (float[]){0.5f, -1.5f}, 2 * sizeof(float));
        memcpy(one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 1}), (float[]){2, 4},
               2 * sizeof(float));
        memcpy(one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2}),
               (float[]){1, 0, 1, 5}, 4 * sizeof(float));
        one_node_run(&node);
        for (size_t i = 0; i < 4; i++)
            twin_same(cases[f].name, i, twin_get(&node.out[0], i), cases[f].expected[i],
                      1e-6);
        one_node_stop(&node);
    }
}

static void test_binary__one_input_alone_is_passed_on(void **state)
{
    (void)state;
    static const char *const names[] = {"Sum", "Max", "Min", "Mean"};
    for (size_t f = 0; f < 4; f++) {
        one_node node;
        one_node_start(&node, "", names[f], 8);
        const leat_array *in = twin_input(&node, LEAT_F32, 2, (int64_t[]){3, 5});
        one_node_run(&node);
        assert_memory_equal(node.out[0].data, in->data, 15 * sizeof(float));
        one_node_stop(&node);
    }
}

static void test_binary__a_slope_broadcasts_to_x_alone(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "PRelu", 16);
    twin_input(&node, LEAT_F32, 3, (int64_t[]){4, 3, 5});
    twin_input(&node, LEAT_F32, 2, (int64_t[]){3, 1});
    one_node_run(&node);
    check_elements(&node, "PRelu", slope, 1e-7);
    one_node_stop(&node);
    one_node_start(&node, "", "PRelu", 16);
    twin_input(&node, LEAT_F32, 1, (int64_t[]){5});
    twin_input(&node, LEAT_F32, 2, (int64_t[]){3, 5});
    twin_refused(&node, LEAT_E_MODEL, "slope f32[3,5] does not broadcast to f32[5]");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary__any_shapes_that_broadcast_meet_element_by_element),
        cmocka_unit_test(test_binary__shapes_that_do_not_broadcast_are_refused),
        cmocka_unit_test(test_binary__types_that_differ_are_refused),
        cmocka_unit_test(test_binary__empty_arrays_broadcast),
        cmocka_unit_test(test_binary__nan_and_infinity_go_the_way_of_ieee),
        cmocka_unit_test(test_binary__integers_wrap_and_divide_by_zero_to_zero),
        cmocka_unit_test(test_binary__small_integers_divide_without_overflow),
        cmocka_unit_test(test_binary__fmod_has_the_sign_of_the_dividend),
        cmocka_unit_test(test_binary__mod_of_floats_needs_fmod),
        cmocka_unit_test(test_binary__a_power_is_of_its_base_type),
        cmocka_unit_test(test_binary__any_number_of_inputs_is_folded_from_the_left),
        cmocka_unit_test(test_binary__one_input_alone_is_passed_on),
        cmocka_unit_test(test_binary__a_slope_broadcasts_to_x_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
