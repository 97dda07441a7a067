#include "runtime/link.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

uint32_t leat_link_width(leat_link link, uint32_t n_groups)
{
    return link == LEAT_LINK_ARGMAX ? 1 : n_groups;
}

/* 88.7 keeps expf finite, and the tiny summand is XGBoost's guard; a NaN passes through.
 */
static float sigmoid(float x)
{
    float y = 88.7f < -x ? 88.7f : -x;
    return 1.0f / (expf(y) + 1.0f + 1e-16f);
}

static void softmax(const float *margins, uint32_t n, float *output)
{
    float largest = margins[0];
    for (uint32_t i = 1; i < n; i++)
        largest = fmaxf(margins[i], largest);
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        output[i] = expf(margins[i] - largest);
        sum += (double)output[i];
    }
    for (uint32_t i = 0; i < n; i++)
        output[i] /= (float)sum;
}

static float argmax(const float *margins, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (margins[i] > margins[best])
            best = i;
    return (float)best;
}

void leat_link_apply(leat_link link, const float *margins, uint32_t n_rows,
                     uint32_t n_groups, float *output)
{
    const size_t n = (size_t)n_rows * n_groups;
    switch (link) {
    case LEAT_LINK_IDENTITY:
        memcpy(output, margins, n * sizeof *output);
        break;
    case LEAT_LINK_SIGMOID:
        for (size_t i = 0; i < n; i++)
            output[i] = sigmoid(margins[i]);
        break;
    case LEAT_LINK_EXP:
        for (size_t i = 0; i < n; i++)
            output[i] = expf(margins[i]);
        break;
    case LEAT_LINK_STEP:
        for (size_t i = 0; i < n; i++)
            output[i] = margins[i] > 0 ? 1.0f : 0.0f;
        break;
    case LEAT_LINK_SOFTMAX:
        for (size_t i = 0; i < n; i += n_groups)
            softmax(margins + i, n_groups, output + i);
        break;
    case LEAT_LINK_ARGMAX:
        for (size_t row = 0; row < n_rows; row++)
            output[row] = argmax(margins + row * n_groups, n_groups);
        break;
    }
}
