#include "fuse_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- GELU ---- */

/* What a variant of a pattern has otherwise. */
static struct {
    uint32_t order;
    double half, root, one, cube;
} gelu;

static leat_graph_value *any_order(fuse_network *net, leat_graph_value *x,
                                   leat_graph_value *half, leat_graph_value *rest)
{
    switch (gelu.order) {
    case 0: /* torch */
        return fuse_two(net, "Mul", fuse_two(net, "Mul", x, rest), half);
    case 1: /* tensorflow */
        return fuse_two(net, "Mul", x, fuse_two(net, "Mul", half, rest));
    default:
        return fuse_two(net, "Mul", fuse_two(net, "Mul", x, half), rest);
    }
}

static void erf_gelu(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *inner =
        gelu.order == 1 ? fuse_two(net, "Mul", x, fuse_number(net, 1 / gelu.root))
                        : fuse_two(net, "Div", x, fuse_number(net, gelu.root));
    leat_graph_value *rest =
        fuse_two(net, "Add", fuse_one(net, "Erf", inner), fuse_number(net, gelu.one));
    any_order(net, x, fuse_number(net, gelu.half), rest);
}

static void tanh_gelu(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *cube = gelu.order == 1
                                 ? fuse_two(net, "Mul", fuse_two(net, "Mul", x, x), x)
                                 : fuse_two(net, "Pow", x, fuse_number(net, gelu.cube));
    leat_graph_value *sum =
        fuse_two(net, "Add", x, fuse_two(net, "Mul", fuse_number(net, 0.044715), cube));
    leat_graph_value *inner =
        fuse_two(net, "Mul", fuse_number(net, sqrt(2 / acos(-1))), sum);
    leat_graph_value *rest =
        fuse_two(net, "Add", fuse_number(net, gelu.one), fuse_one(net, "Tanh", inner));
    any_order(net, x, fuse_number(net, gelu.half), rest);
}

static void layer_erf_gelu(fuse_network *net, leat_graph_value *x)
{
    erf_gelu(net,
             fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_row(net, FUSE_N)));
}

static void reset_gelu(uint32_t order)
{
    gelu.order = order;
    gelu.half = 0.5;
    gelu.root = sqrt(2);
    gelu.one = 1;
    gelu.cube = 3;
}

static void test_fuse_shapes__gelu_in_any_order(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 3; order++) {
        reset_gelu(order);
        fuse_check(erf_gelu, "Gelu ");
        fuse_check(tanh_gelu, "Gelu ");
        fuse_check(layer_erf_gelu, "Dense ");
    }
}

static void test_fuse_shapes__gelu_with_other_constants_stays(void **state)
{
    (void)state;
    reset_gelu(0), gelu.half = 0.51;
    fuse_check(erf_gelu, "Div Erf Add Mul Mul ");
    reset_gelu(0), gelu.root = 1.5;
    fuse_check(erf_gelu, "Div Erf Add Mul Mul ");
    reset_gelu(0), gelu.one = 1.1;
    fuse_check(erf_gelu, "Div Erf Add Mul Mul ");
    fuse_check(tanh_gelu, "Pow Mul Add Mul Tanh Add Mul Mul ");
    reset_gelu(0), gelu.cube = 2;
    fuse_check(tanh_gelu, "Pow Mul Add Mul Tanh Add Mul Mul ");
}

/* The erf is of another value than the product. */
static void gelu_of_two(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *inner =
        fuse_two(net, "Div", fuse_one(net, "Neg", x), fuse_number(net, sqrt(2)));
    leat_graph_value *rest =
        fuse_two(net, "Add", fuse_one(net, "Erf", inner), fuse_number(net, 1));
    fuse_two(net, "Mul", fuse_two(net, "Mul", x, rest), fuse_number(net, 0.5));
}

static void test_fuse_shapes__gelu_is_of_one_value(void **state)
{
    (void)state;
    fuse_check(gelu_of_two, "Neg Div Erf Add Mul Mul ");
}

/* ---- LayerNormalization ---- */

static struct {
    int64_t axes[2];
    size_t n_axes;
    double power;
    bool by_product; /* the square */
    bool by_input;   /* the axes */
} layer_norm;

static leat_graph_value *mean(fuse_network *net, leat_graph_value *x)
{
    leat_array like = {.dtype = LEAT_I64, .rank = 1, .shape = {1}};
    if (layer_norm.by_input) {
        leat_graph_value *axes = leat_graph_add_constant(&net->graph, "axes", &like);
        *(int64_t *)axes->array.data = layer_norm.axes[0];
        return fuse_two(net, "ReduceMean", x, axes);
    }
    leat_graph_value *made = fuse_one(net, "ReduceMean", x);
    leat_attribute *axes = leat_arena_calloc(&net->graph.arena, 1, sizeof *axes);
    *axes = (leat_attribute){.name = "axes", .kind = LEAT_ATTRIBUTE_INTS};
    axes->ints = layer_norm.axes;
    axes->n = layer_norm.n_axes;
    made->producer->attributes = axes;
    made->producer->n_attributes = 1;
    return made;
}

static void written_out(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *centred = fuse_two(net, "Sub", x, mean(net, x));
    leat_graph_value *square =
        layer_norm.by_product
            ? fuse_two(net, "Mul", centred, centred)
            : fuse_two(net, "Pow", centred, fuse_number(net, layer_norm.power));
    leat_graph_value *sum =
        fuse_two(net, "Add", mean(net, square), fuse_number(net, 1e-5));
    leat_graph_value *y = fuse_two(net, "Div", centred, fuse_one(net, "Sqrt", sum));
    fuse_two(net, "Add", fuse_two(net, "Mul", y, fuse_row(net, FUSE_K)),
             fuse_row(net, FUSE_K));
}

static void reset_layer_norm(void)
{
    memset(&layer_norm, 0, sizeof layer_norm);
    layer_norm.axes[0] = -1;
    layer_norm.n_axes = 1;
    layer_norm.power = 2;
}

static void test_fuse_shapes__layer_norm_of_the_last_axis(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        reset_layer_norm();
        layer_norm.by_product = way & 1;
        layer_norm.by_input = way >> 1;
        fuse_check_rank(written_out, 2, way >> 1 ? 18 : 13, "LayerNormalization ");
        fuse_check_rank(written_out, 3, way >> 1 ? 18 : 13, "LayerNormalization ");
    }
}

static const char unfused[] = "ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add ";

static void test_fuse_shapes__layer_norm_of_other_axes_or_powers_stays(void **state)
{
    (void)state;
    reset_layer_norm(), layer_norm.axes[0] = 0;
    fuse_check(written_out, unfused);
    reset_layer_norm(), layer_norm.axes[1] = 0, layer_norm.n_axes = 2;
    fuse_check(written_out, unfused);
    reset_layer_norm(), layer_norm.power = 4;
    fuse_check(written_out, unfused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fuse_shapes__gelu_in_any_order),
        cmocka_unit_test(test_fuse_shapes__gelu_with_other_constants_stays),
        cmocka_unit_test(test_fuse_shapes__gelu_is_of_one_value),
        cmocka_unit_test(test_fuse_shapes__layer_norm_of_the_last_axis),
        cmocka_unit_test(test_fuse_shapes__layer_norm_of_other_axes_or_powers_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
