#include "twin.h"

#include "base/slice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* TensorProto.DataType */
static const int64_t data_type[] = {
    [LEAT_F32] = 1, [LEAT_F64] = 11, [LEAT_I64] = 7,
    [LEAT_I32] = 6, [LEAT_BOOL] = 9, [LEAT_STRING] = 8,
};

static bool is_float(leat_dtype dtype)
{
    return dtype == LEAT_F32 || dtype == LEAT_F64;
}

static double converted(double x, leat_dtype to)
{
    return to == LEAT_BOOL ? x != 0 : is_float(to) ? x : trunc(x);
}

static void check_values(leat_dtype from, leat_dtype to)
{
    one_node node;
    one_node_start(&node, "", "Cast", 13);
    one_node_int(&node, "to", data_type[to]);
    const leat_array *in = twin_input(&node, from, 2, (int64_t[]){5, 7});
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, to);
    twin_same_shape(&node.out[0], 2, (int64_t[]){5, 7});
    for (size_t i = 0; i < 35; i++)
        twin_same("Cast", i, twin_get(&node.out[0], i), converted(twin_get(in, i), to),
                  0);
    one_node_stop(&node);
}

static void test_cast__every_number_type_becomes_every_other(void **state)
{
    (void)state;
    for (leat_dtype from = LEAT_F32; from <= LEAT_BOOL; from++)
        for (leat_dtype to = LEAT_F32; to <= LEAT_BOOL; to++)
            check_values(from, to);
}

static void test_cast__what_does_not_fit_becomes_the_nearest_integer(void **state)
{
    (void)state;
    static const double x[] = {(double)NAN, (double)INFINITY, (double)-INFINITY, 1e30,
                               -1e30,       2147483648.0,     -2147483649.0};
    static const int64_t wide[] = {0,         INT64_MAX,   INT64_MIN,   INT64_MAX,
                                   INT64_MIN, 2147483648L, -2147483649L};
    static const int32_t narrow[] = {0,         INT32_MAX, INT32_MIN, INT32_MAX,
                                     INT32_MIN, INT32_MAX, INT32_MIN};
    for (leat_dtype to = LEAT_I64; to <= LEAT_I32; to++) {
        one_node node;
        one_node_start(&node, "", "Cast", 13);
        one_node_int(&node, "to", data_type[to]);
        memcpy(one_node_input(&node, LEAT_F64, 1, (int64_t[]){7}), x, sizeof x);
        one_node_run(&node);
        if (to == LEAT_I64)
            assert_memory_equal(node.out[0].data, wide, sizeof wide);
        else
            assert_memory_equal(node.out[0].data, narrow, sizeof narrow);
        one_node_stop(&node);
    }
}

static void test_cast__nan_is_true(void **state)
{
    (void)state;
    for (leat_dtype from = LEAT_F32; from <= LEAT_F64; from++) {
        one_node node;
        one_node_start(&node, "", "Cast", 13);
        one_node_int(&node, "to", data_type[LEAT_BOOL]);
        twin_put(&node.in[0], one_node_input(&node, from, 0, NULL), 0, (double)NAN);
        one_node_run(&node);
        assert_int_equal(*(uint8_t *)node.out[0].data, 1);
        one_node_stop(&node);
    }
}

static void cast_texts(one_node *node, leat_dtype to, const char *const *texts, size_t n)
{
    one_node_start(node, "", "Cast", 13);
    one_node_int(node, "to", data_type[to]);
    leat_slice *x = one_node_input(node, LEAT_STRING, 1, &(int64_t){(int64_t)n});
    for (size_t i = 0; i < n; i++)
        x[i] = (leat_slice){(const uint8_t *)texts[i], (uint32_t)strlen(texts[i])};
    one_node_run(node);
}

static void test_cast__a_text_that_is_no_number_becomes_nan(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.5", "-2e3", "", "one", "1 ", "inf"};
    static const double expected[] = {1.5,         -2000,       (double)NAN,
                                      (double)NAN, (double)NAN, (double)INFINITY};
    for (leat_dtype to = LEAT_F32; to <= LEAT_F64; to++) {
        one_node node;
        cast_texts(&node, to, texts, 6);
        for (size_t i = 0; i < 6; i++)
            twin_same("Cast", i, twin_get(&node.out[0], i), expected[i], 0);
        one_node_stop(&node);
    }
}

static void test_cast__digits_of_a_large_integer_are_all_kept(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected;
    } cases[] = {
        {"123456789012345678", 123456789012345678},
        {"-123456789012345678", -123456789012345678},
        {"9999999999999999999", INT64_MAX},
        {"-", 0},
        {"7.9", 7},
        {"", 0},
        {"-x", 0},
        {"0", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_node node;
        cast_texts(&node, LEAT_I64, &cases[i].text, 1);
        assert_int_equal(*(int64_t *)node.out[0].data, cases[i].expected);
        one_node_stop(&node);
    }
}

static void test_cast__strings_stay_strings_and_nothing_becomes_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"DE", "FR"};
    one_node node;
    cast_texts(&node, LEAT_STRING, texts, 2);
    assert_true(((leat_slice *)node.out[0].data)[1].data == (const uint8_t *)texts[1]);
    one_node_stop(&node);
    one_node_start(&node, "", "Cast", 13);
    one_node_int(&node, "to", data_type[LEAT_STRING]);
    one_node_input(&node, LEAT_F32, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "f32 as string");
    one_node_stop(&node);
}

static void test_cast__other_types_are_refused_by_number(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Cast", 13);
    one_node_int(&node, "to", 10);
    one_node_input(&node, LEAT_F32, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "attribute to: data type 10");
    one_node_stop(&node);
    one_node_start(&node, "", "Cast", 13);
    one_node_input(&node, LEAT_F32, 0, NULL);
    twin_refused(&node, LEAT_E_MODEL, "attribute to is missing");
    one_node_stop(&node);
}

static void test_cast__like_takes_the_type_of_another_array(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "CastLike", 15);
    const leat_array *in = twin_input(&node, LEAT_F32, 1, (int64_t[]){4});
    one_node_input(&node, LEAT_I32, 2, (int64_t[]){3, 3});
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_I32);
    for (size_t i = 0; i < 4; i++)
        twin_same("CastLike", i, twin_get(&node.out[0], i), trunc(twin_get(in, i)), 0);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cast__every_number_type_becomes_every_other),
        cmocka_unit_test(test_cast__what_does_not_fit_becomes_the_nearest_integer),
        cmocka_unit_test(test_cast__nan_is_true),
        cmocka_unit_test(test_cast__a_text_that_is_no_number_becomes_nan),
        cmocka_unit_test(test_cast__digits_of_a_large_integer_are_all_kept),
        cmocka_unit_test(test_cast__strings_stay_strings_and_nothing_becomes_one),
        cmocka_unit_test(test_cast__other_types_are_refused_by_number),
        cmocka_unit_test(test_cast__like_takes_the_type_of_another_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
