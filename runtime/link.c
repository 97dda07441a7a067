#include "runtime/link.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

uint32_t leat_link_width(const leat_link *link, uint32_t n_groups)
{
    return link->kind == LEAT_LINK_ARGMAX ? 1 : n_groups;
}

/* ---- float32, as XGBoost. Each takes rows of n_groups. */

static void identity_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    memcpy(y, x, n_rows * n_groups * sizeof *y);
}

/* 88.7 keeps expf finite, and the tiny summand is XGBoost's guard; a NaN passes through.
 */
static void sigmoid_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    for (size_t i = 0; i < n_rows * n_groups; i++) {
        float held = 88.7f < -x[i] ? 88.7f : -x[i];
        y[i] = 1.0f / (expf(held) + 1.0f + 1e-16f);
    }
}

static void exp_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    for (size_t i = 0; i < n_rows * n_groups; i++)
        y[i] = expf(x[i]);
}

static void step_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    for (size_t i = 0; i < n_rows * n_groups; i++)
        y[i] = x[i] > 0 ? 1.0f : 0.0f;
}

static void softmax_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    for (size_t row = 0; row < n_rows; row++, x += n_groups, y += n_groups) {
        float largest = x[0];
        for (size_t i = 1; i < n_groups; i++)
            largest = fmaxf(x[i], largest);
        double sum = 0;
        for (size_t i = 0; i < n_groups; i++) {
            y[i] = expf(x[i] - largest);
            sum += (double)y[i];
        }
        for (size_t i = 0; i < n_groups; i++)
            y[i] /= (float)sum;
    }
}

static void argmax_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    for (size_t row = 0; row < n_rows; row++, x += n_groups) {
        size_t best = 0;
        for (size_t i = 1; i < n_groups; i++)
            if (x[i] > x[best])
                best = i;
        y[row] = (float)best;
    }
}

/* XGBoost's insertion sort: a NaN stays where it is met. */
static void sort_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    memcpy(y, x, n_rows * n_groups * sizeof *y);
    for (size_t row = 0; row < n_rows; row++, y += n_groups) {
        for (size_t i = 1; i < n_groups; i++) {
            float value = y[i];
            size_t at = i;
            for (; at > 0 && y[at - 1] > value; at--)
                y[at] = y[at - 1];
            y[at] = value;
        }
    }
}

static float softplus(float x)
{
    return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
}

static void cumulate_f32(const float *x, size_t n_rows, size_t n_groups, float *y)
{
    for (size_t row = 0; row < n_rows; row++, x += n_groups, y += n_groups) {
        y[0] = x[0];
        for (size_t i = 1; i < n_groups; i++)
            y[i] = y[i - 1] + (1e-6f + softplus(x[i]));
    }
}

/* ---- float64, as LightGBM. The margins, already divided, become what is predicted. */

static void sigmoid_f64(const leat_link *link, size_t n_rows, size_t n_groups, double *y)
{
    for (size_t i = 0; i < n_rows * n_groups; i++)
        y[i] = 1 / (1 + exp(-link->slope * y[i]));
}

static void exp_f64(const leat_link *link, size_t n_rows, size_t n_groups, double *y)
{
    (void)link;
    for (size_t i = 0; i < n_rows * n_groups; i++)
        y[i] = exp(y[i]);
}

static void softmax_f64(const leat_link *link, size_t n_rows, size_t n_groups, double *y)
{
    (void)link;
    for (size_t row = 0; row < n_rows; row++, y += n_groups) {
        double largest = y[0], sum = 0;
        for (size_t i = 1; i < n_groups; i++)
            largest = y[i] < largest ? largest : y[i];
        for (size_t i = 0; i < n_groups; i++)
            sum += y[i] = exp(y[i] - largest);
        for (size_t i = 0; i < n_groups; i++)
            y[i] /= sum;
    }
}

static void square_f64(const leat_link *link, size_t n_rows, size_t n_groups, double *y)
{
    (void)link;
    for (size_t i = 0; i < n_rows * n_groups; i++)
        y[i] = (double)((y[i] > 0) - (y[i] < 0)) * y[i] * y[i];
}

static void softplus_f64(const leat_link *link, size_t n_rows, size_t n_groups, double *y)
{
    (void)link;
    for (size_t i = 0; i < n_rows * n_groups; i++)
        y[i] = log1p(exp(y[i]));
}

static void (*const f32[])(const float *x, size_t n_rows, size_t n_groups, float *y) = {
    [LEAT_LINK_IDENTITY] = identity_f32, [LEAT_LINK_SIGMOID] = sigmoid_f32,
    [LEAT_LINK_EXP] = exp_f32,           [LEAT_LINK_SOFTMAX] = softmax_f32,
    [LEAT_LINK_STEP] = step_f32,         [LEAT_LINK_ARGMAX] = argmax_f32,
    [LEAT_LINK_SORT] = sort_f32,         [LEAT_LINK_CUMULATE] = cumulate_f32,
};

static void (*const f64[])(const leat_link *link, size_t n_rows, size_t n_groups,
                           double *y) = {
    [LEAT_LINK_IDENTITY] = NULL,     [LEAT_LINK_SIGMOID] = sigmoid_f64,
    [LEAT_LINK_EXP] = exp_f64,       [LEAT_LINK_SOFTMAX] = softmax_f64,
    [LEAT_LINK_SQUARE] = square_f64, [LEAT_LINK_SOFTPLUS] = softplus_f64,
};

void leat_link_apply(const leat_link *link, leat_dtype dtype, const void *margins,
                     uint32_t n_rows, uint32_t n_groups, void *output)
{
    if (dtype == LEAT_F32) {
        f32[link->kind](margins, n_rows, n_groups, output);
        return;
    }
    const double *x = margins;
    double *y = output;
    for (size_t i = 0; i < (size_t)n_rows * n_groups; i++)
        y[i] = x[i] / link->divisor;
    if (f64[link->kind])
        f64[link->kind](link, n_rows, n_groups, y);
}
