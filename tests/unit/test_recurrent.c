#include "recurrent_twin.h"
#include "twin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An input [a][b][c], or [b][a][c] when it is swapped, from values with room for more
 * columns than b. */
static void add(one_node *node, const scene *s, const double *values, size_t a, size_t b,
                size_t c, bool swap, bool constant)
{
    const int64_t shape[] = {(int64_t)(swap ? b : a), (int64_t)(swap ? a : b),
                             (int64_t)c};
    void *data =
        (constant ? one_node_constant : one_node_input)(node, s->dtype, 3, shape);
    for (size_t i = 0; i < a * b * c; i++) {
        const size_t x = i / c / b, y = i / c % b;
        twin_put(&node->in[node->node.n_inputs - 1], data,
                 (swap ? y * a + x : x * b + y) * c + i % c, values[i]);
    }
}

static void add_flat(one_node *node, const scene *s, const double *values, size_t step,
                     size_t n)
{
    const size_t d = scene_directions(s);
    void *data =
        one_node_constant(node, s->dtype, 2, (int64_t[]){(int64_t)d, (int64_t)n});
    for (size_t i = 0; i < d * n; i++)
        twin_put(&node->in[node->node.n_inputs - 1], data, i,
                 values[i / n * step + i % n]);
}

static void add_weights(one_node *node, const scene *s, const double *values, size_t n)
{
    const size_t d = scene_directions(s), width = scene_gates(s) * H;
    const int64_t shape[] = {(int64_t)d, (int64_t)width, (int64_t)n};
    void *data =
        (s->constant ? one_node_constant : one_node_input)(node, s->dtype, 3, shape);
    for (size_t i = 0; i < d * width * n; i++)
        twin_put(&node->in[node->node.n_inputs - 1], data, i,
                 values[i / (width * n) * MOST_G * H * n + i % (width * n)]);
}

static void add_attributes(one_node *node, const scene *s)
{
    const uint32_t gates = scene_gates(s), each = gates == 1 ? 1 : gates - 1;
    one_node_int(node, "hidden_size", H);
    if (s->direction)
        one_node_text(node, "direction", s->direction);
    if (s->layout)
        one_node_int(node, "layout", s->layout);
    if (s->before_reset)
        one_node_int(node, "linear_before_reset", s->before_reset);
    if (s->input_forget)
        one_node_int(node, "input_forget", s->input_forget);
    if (s->clip > 0)
        one_node_float(node, "clip", s->clip);
    if (s->activations)
        one_node_texts(node, "activations", s->activations, each * scene_directions(s));
}

static void add_inputs(one_node *node, const scene *s)
{
    const size_t d = scene_directions(s), width = scene_gates(s) * H;
    add(node, s, &s->x[0][0][0], T, B, I, s->layout, false);
    add_weights(node, s, &s->w[0][0][0], I);
    add_weights(node, s, &s->r[0][0][0], H);
    if (s->bias)
        add_flat(node, s, s->b[0], sizeof s->b[0] / sizeof(double), 2 * width);
    else
        one_node_no_input(node);
    if (s->lengths)
        memcpy(one_node_input(node, LEAT_I32, 1, (int64_t[]){B}), s->length,
               sizeof s->length);
    else
        one_node_no_input(node);
    if (s->states)
        add(node, s, &s->h0[0][0][0], d, B, H, s->layout, false);
    if (width < MOST_G * H || !(s->states || s->peepholes))
        return;
    if (!s->states)
        one_node_no_input(node);
    if (s->states)
        add(node, s, &s->c0[0][0][0], d, B, H, s->layout, false);
    else
        one_node_no_input(node);
    if (s->peepholes)
        add_flat(node, s, s->p[0], 3 * H, 3 * H);
}

static void start(one_node *node, const scene *s)
{
    one_node_start(node, "", s->op, s->version ? s->version : 14);
    one_node_outputs(node, scene_gates(s) == 4 ? 3 : 2);
    add_attributes(node, s);
    add_inputs(node, s);
}

static void assert_same(const scene *s, const char *what, const leat_array *found,
                        size_t at, const double *expected)
{
    const double bound = found->dtype == LEAT_F32 ? 1e-6 : 1e-13;
    for (size_t i = 0; i < H; i++) {
        const double y = twin_get(found, at * H + i);
        if (!(fabs(y - expected[i]) <= bound * fmax(1, fabs(expected[i]))))
            fail_msg("%s %s: %s[%zu][%zu] is %.9g, expected %.9g", s->op,
                     s->direction ? s->direction : "", what, at, i, y, expected[i]);
    }
}

static void assert_outcome(const one_node *node, const scene *s, const outcome *expected)
{
    const size_t d_all = scene_directions(s);
    assert_int_equal(leat_array_count(&node->out[0]), T * d_all * B * H);
    assert_int_equal(node->out[0].rank, 4);
    assert_int_equal(node->out[0].shape[0], s->layout ? B : T);
    assert_int_equal(node->out[1].rank, 3);
    assert_int_equal(node->out[1].shape[0], s->layout ? B : d_all);
    for (size_t d = 0; d < d_all; d++) {
        for (size_t b = 0; b < B; b++) {
            for (size_t t = 0; t < T; t++)
                assert_same(s, "Y", &node->out[0],
                            s->layout ? (b * T + t) * d_all + d : (t * d_all + d) * B + b,
                            expected->y[t][d][b]);
            const size_t at = s->layout ? b * d_all + d : d * B + b;
            assert_same(s, "Y_h", &node->out[1], at, expected->h[d][b]);
            if (scene_gates(s) == 4)
                assert_same(s, "Y_c", &node->out[2], at, expected->c[d][b]);
        }
    }
}

static void assert_like_twin(scene s)
{
    one_node node;
    outcome expected;
    scene_fill(&s);
    scene_twin(&s, &expected);
    start(&node, &s);
    one_node_run(&node);
    assert_outcome(&node, &s, &expected);
    one_node_stop(&node);
}

static const char *const ops[] = {"RNN", "GRU", "LSTM"};
static const char *const directions[] = {NULL, "forward", "reverse", "bidirectional"};

/* Everything at once that every operator has. */
static void test_recurrent__is_the_formula_in_every_direction_and_layout(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3 * 4 * 2 * 2 * 2; i++)
        assert_like_twin((scene){
            .op = ops[i % 3],
            .direction = directions[i / 3 % 4],
            .layout = i / 12 % 2,
            .dtype = i / 24 % 2 ? LEAT_F64 : LEAT_F32,
            .constant = i / 48 % 2,
            .bias = true,
            .lengths = true,
            .states = true,
        });
}

static void test_recurrent__needs_no_more_than_x_w_and_r(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_like_twin((scene){.op = ops[i], .constant = true, .version = 7});
}

static void test_recurrent__gru_resets_after_the_product(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_like_twin((scene){
            .op = "GRU",
            .direction = i % 2 ? "bidirectional" : "reverse",
            .before_reset = 1,
            .bias = i / 2 % 2,
            .dtype = i / 4 ? LEAT_F64 : LEAT_F32,
            .constant = true,
            .states = true,
        });
}

static void test_recurrent__lstm_has_peepholes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_like_twin((scene){
            .op = "LSTM",
            .direction = "bidirectional",
            .peepholes = true,
            .bias = i % 2,
            .states = i / 2,
            .constant = true,
        });
}

static void test_recurrent__lstm_couples_input_and_forget(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_like_twin(
            (scene){.op = "LSTM", .input_forget = 1, .peepholes = i, .constant = true});
}

static void test_recurrent__clips_what_activations_get(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_like_twin((scene){
            .op = ops[i], .clip = 0.3f, .bias = true, .states = true, .constant = true});
}

static void test_recurrent__knows_every_activation(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"Relu", "Softsign"}, {"HardSigmoid", "Elu"},  {"Softplus", "Tanh"},
        {"Sigmoid", "Elu"},   {"Sigmoid", "Softsign"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_like_twin((scene){.op = "GRU", .activations = names[i], .constant = true});
}

/* The lists of parameters are shared out to those activations that have one. */
static void test_recurrent__shares_out_alpha_and_beta(void **state)
{
    (void)state;
    static const char *const names[] = {"Affine", "Tanh", "LeakyRelu", "ScaledTanh"};
    scene s = {.op = "GRU",
               .direction = "bidirectional",
               .activations = names,
               .constant = true};
    one_node node;
    outcome expected;
    scene_fill(&s);
    scene_twin(&s, &expected);
    start(&node, &s);
    one_node_floats(&node, "activation_alpha", (float[]){0.5f, 0.125f, 0.5f}, 3);
    one_node_floats(&node, "activation_beta", (float[]){0.25f, 0.25f}, 2);
    one_node_run(&node);
    assert_outcome(&node, &s, &expected);
    one_node_stop(&node);
}

/* A list that is too short leaves the last ones what they are by themselves. */
static void test_recurrent__takes_no_parameter_from_behind_a_list(void **state)
{
    (void)state;
    static const char *const names[] = {"HardSigmoid", "Elu"};
    scene s = {.op = "GRU", .activations = names, .constant = true};
    one_node node;
    outcome expected;
    scene_fill(&s);
    scene_twin(&s, &expected);
    start(&node, &s);
    one_node_floats(&node, "activation_alpha", (float[]){0.2f}, 1);
    one_node_run(&node);
    assert_outcome(&node, &s, &expected);
    one_node_stop(&node);
}

/* So many rows that a product with W holds two of the five steps: those of the scene,
 * over and over. */
static void test_recurrent__goes_through_blocks_of_steps(void **state)
{
    (void)state;
    enum { ROWS = 40 * B };
    for (size_t i = 0; i < 2 * 3; i++) {
        scene s = {.op = ops[i / 2],
                   .direction = i % 2 ? "reverse" : "forward",
                   .constant = true};
        one_node node;
        outcome expected;
        scene_fill(&s);
        scene_twin(&s, &expected);
        one_node_start(&node, "", s.op, 14);
        add_attributes(&node, &s);
        float *x = one_node_input(&node, LEAT_F32, 3, (int64_t[]){T, ROWS, I});
        for (size_t k = 0; k < T * ROWS * I; k++)
            x[k] = (float)s.x[k / I / ROWS][k / I % ROWS % B][k % I];
        add_weights(&node, &s, &s.w[0][0][0], I);
        add_weights(&node, &s, &s.r[0][0][0], H);
        one_node_run(&node);
        for (size_t row = 0; row < T * ROWS; row++)
            assert_same(&s, "Y", &node.out[0], row,
                        expected.y[row / ROWS][0][row % ROWS % B]);
        one_node_stop(&node);
    }
}

static void test_recurrent__a_length_that_cannot_be_makes_its_row_nan(void **state)
{
    (void)state;
    static const int32_t wrong[] = {-1, T + 1, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < 12; i++) {
        scene s = {.op = ops[i % 3], .lengths = true, .constant = true};
        one_node node;
        outcome expected;
        scene_fill(&s);
        scene_twin(&s, &expected);
        s.length[1] = wrong[i / 3];
        start(&node, &s);
        one_node_run(&node);
        for (size_t k = 0; k < H; k++) {
            assert_true(isnan(twin_get(&node.out[0], B * H + H + k)));
            assert_true(isnan(twin_get(&node.out[1], H + k)));
        }
        assert_same(&s, "Y_h", &node.out[1], 0, expected.h[0][0]);
        assert_same(&s, "Y_h", &node.out[1], 2, expected.h[0][2]);
        one_node_stop(&node);
    }
}

static void test_recurrent__nan_spoils_its_row_from_there_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        scene s = {.op = ops[i], .constant = true};
        one_node node;
        outcome expected;
        scene_fill(&s);
        scene_twin(&s, &expected);
        s.x[3][1][2] = NAN;
        start(&node, &s);
        one_node_run(&node);
        assert_same(&s, "Y", &node.out[0], 2 * B + 1, expected.y[2][0][1]);
        assert_true(isnan(twin_get(&node.out[0], (3 * B + 1) * H)));
        assert_true(isnan(twin_get(&node.out[1], H)));
        assert_same(&s, "Y_h", &node.out[1], 0, expected.h[0][0]);
        one_node_stop(&node);
    }
}

/* A batch may have no rows, a sequence no elements: the state is what it was. */
static void test_recurrent__of_nothing_is_the_state_that_was(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {{0, 2, I}, {3, 0, I}, {0, 0, I}};
    for (size_t i = 0; i < 3; i++) {
        one_node node;
        one_node_start(&node, "", "GRU", 14);
        one_node_outputs(&node, 2);
        one_node_input(&node, LEAT_F32, 3, shapes[i]);
        one_node_constant(&node, LEAT_F32, 3, (int64_t[]){1, 3 * H, I});
        one_node_constant(&node, LEAT_F32, 3, (int64_t[]){1, 3 * H, H});
        one_node_no_input(&node);
        one_node_no_input(&node);
        float *h = one_node_input(&node, LEAT_F32, 3, (int64_t[]){1, shapes[i][1], H});
        if (shapes[i][1])
            h[0] = 7;
        one_node_run(&node);
        assert_int_equal(leat_array_count(&node.out[0]), 0);
        if (shapes[i][1])
            assert_true(twin_get(&node.out[1], 0) == 7);
        one_node_stop(&node);
    }
}

static void assert_refused(one_node *node, leat_status status, const char *message)
{
    assert_int_equal(one_node_try(node), status);
    assert_string_equal(node->error.msg, message);
    one_node_stop(node);
}

/* A GRU with one input that is not as long as the others say. */
static void start_misfit(one_node *node, uint32_t wrong, bool constant)
{
    static const int64_t shapes[][3] = {{T, B, I},  {1, 3 * H, I}, {1, 3 * H, H},
                                        {1, 6 * H}, {B},           {1, B, H}};
    static const uint32_t ranks[] = {3, 3, 3, 2, 1, 3};
    one_node_start(node, "", "GRU", 14);
    for (uint32_t i = 0; i < 6; i++) {
        int64_t shape[3];
        memcpy(shape, shapes[i], sizeof shape);
        shape[ranks[i] - 1] -= i == wrong;
        const leat_dtype dtype = i == 4 ? LEAT_I32 : LEAT_F32;
        if (constant && i)
            one_node_constant(node, dtype, ranks[i], shape);
        else
            one_node_input(node, dtype, ranks[i], shape);
    }
}

static void test_recurrent__refuses_inputs_that_do_not_fit(void **state)
{
    (void)state;
    static const char *const messages[] = {
        "input 0: found f32[5,3,3], expected [5,3,4]",
        "input 0: found f32[5,3,4], expected [5,3,3]",
        "input 1: found f32[1,18,4], expected [1,15,4]",
        "input 3: found f32[1,35], expected 36 for each direction",
        "input 4: found i32[2], expected 3 elements",
        "input 5: found f32[1,3,5], expected [1,3,6]",
    };
    for (uint32_t wrong = 0; wrong < 6; wrong++) {
        for (int constant = 0; constant < 2; constant++) {
            one_node node;
            start_misfit(&node, wrong, constant);
            assert_refused(&node, LEAT_E_MODEL, messages[wrong]);
        }
    }
}

static void test_recurrent__refuses_what_it_does_not_know(void **state)
{
    (void)state;
    one_node node;
    start_misfit(&node, 9, true);
    one_node_texts(&node, "activations", (const char *[]){"Sigmoid", "Swish"}, 2);
    assert_refused(&node, LEAT_E_UNSUPPORTED,
                   "attribute activations[1] is not supported");
    start_misfit(&node, 9, true);
    one_node_texts(&node, "activations", (const char *[]){"Sigmoid"}, 1);
    assert_refused(&node, LEAT_E_MODEL, "attribute activations: found 1, expected 2");
    start_misfit(&node, 9, true);
    one_node_texts(&node, "activations", (const char *[]){"Affine", "Tanh"}, 2);
    one_node_floats(&node, "activation_alpha", (float[]){1}, 1);
    assert_refused(&node, LEAT_E_UNSUPPORTED,
                   "attribute activation_beta: expected a number for Affine");
    start_misfit(&node, 9, true);
    one_node_int(&node, "hidden_size", H + 1);
    assert_refused(&node, LEAT_E_MODEL, "attribute hidden_size: found 7, input 2 has 6");
    start_misfit(&node, 9, true);
    one_node_int(&node, "input_forget", 1); /* of LSTM */
    assert_refused(&node, LEAT_E_UNSUPPORTED, "attribute input_forget is not supported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recurrent__is_the_formula_in_every_direction_and_layout),
        cmocka_unit_test(test_recurrent__needs_no_more_than_x_w_and_r),
        cmocka_unit_test(test_recurrent__gru_resets_after_the_product),
        cmocka_unit_test(test_recurrent__lstm_has_peepholes),
        cmocka_unit_test(test_recurrent__lstm_couples_input_and_forget),
        cmocka_unit_test(test_recurrent__clips_what_activations_get),
        cmocka_unit_test(test_recurrent__knows_every_activation),
        cmocka_unit_test(test_recurrent__shares_out_alpha_and_beta),
        cmocka_unit_test(test_recurrent__takes_no_parameter_from_behind_a_list),
        cmocka_unit_test(test_recurrent__goes_through_blocks_of_steps),
        cmocka_unit_test(test_recurrent__a_length_that_cannot_be_makes_its_row_nan),
        cmocka_unit_test(test_recurrent__nan_spoils_its_row_from_there_on),
        cmocka_unit_test(test_recurrent__of_nothing_is_the_state_that_was),
        cmocka_unit_test(test_recurrent__refuses_inputs_that_do_not_fit),
        cmocka_unit_test(test_recurrent__refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
