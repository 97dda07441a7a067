#include "one_node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_elementwise__relu_keeps_nan(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Relu", 13);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    x[0] = -1, x[1] = 2, x[2] = NAN, x[3] = -INFINITY;
    one_node_run(&node);
    const float *y = node.out[0].data;
    assert_float_equal(y[0], 0, 0);
    assert_float_equal(y[1], 2, 0);
    assert_true(isnan(y[2]));
    assert_float_equal(y[3], 0, 0);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise__relu_keeps_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
