#include "ops/post_transform.h"

#include <float.h>
#include <math.h>

leat_status leat_post_transform_load(leat_node *node, leat_post_transform *transform)
{
    static const char *const words[] = {"NONE",         "SOFTMAX", "LOGISTIC",
                                        "SOFTMAX_ZERO", "PROBIT",  NULL};
    uint32_t word;
    leat_status status = leat_attribute_word(node, "post_transform", words, 0, &word);
    *transform = (leat_post_transform)word;
    return status;
}

/* Of |x|, so that exp never overflows. */
float leat_logistic(float x)
{
    float y = 1 / (1 + expf(-fabsf(x)));
    return x < 0 ? 1 - y : y;
}

/* Winitzki's approximation of the inverse error function, as everywhere in ai.onnx.ml. */
static float probit(float p)
{
    const float a = 0.147f, pi = 3.14159265f;
    const float x = 2 * p - 1;
    const float log_term = logf((1 - x) * (1 + x));
    const float half = 2 / (pi * a) + 0.5f * log_term;
    const float root = sqrtf(-half + sqrtf(half * half - 1 / a * log_term));
    return 1.41421356f * (x < 0 ? -root : root);
}

static float largest(const float *row, uint32_t width)
{
    float most = -FLT_MAX;
    for (uint32_t i = 0; i < width; i++)
        if (row[i] > most)
            most = row[i];
    return most;
}

static void softmax(float *row, uint32_t width, bool keep_zeros)
{
    const float most = largest(row, width);
    float sum = 0;
    for (uint32_t i = 0; i < width; i++) {
        if (keep_zeros && fabsf(row[i]) <= 1e-7f) {
            row[i] *= expf(-most);
            continue;
        }
        row[i] = expf(row[i] - most);
        sum += row[i];
    }
    for (uint32_t i = 0; i < width; i++)
        row[i] /= sum;
}

static void run_each(float (*function)(float), float *scores, size_t n)
{
    for (size_t i = 0; i < n; i++)
        scores[i] = function(scores[i]);
}

void leat_post_transform_run(leat_post_transform transform, float *scores, size_t n_rows,
                             uint32_t width)
{
    if (width == 1 && transform != LEAT_POST_PROBIT)
        return;
    switch (transform) {
    case LEAT_POST_NONE:
        break;
    case LEAT_POST_LOGISTIC:
        run_each(leat_logistic, scores, n_rows * width);
        break;
    case LEAT_POST_PROBIT:
        run_each(probit, scores, n_rows * width);
        break;
    case LEAT_POST_SOFTMAX:
    case LEAT_POST_SOFTMAX_ZERO:
        for (size_t row = 0; row < n_rows; row++)
            softmax(scores + row * width, width, transform == LEAT_POST_SOFTMAX_ZERO);
        break;
    }
}

void leat_post_transform_pair(leat_post_transform transform, bool probability,
                              double score, float pair[2])
{
    pair[0] = (float)(probability ? 1 - score : -score);
    pair[1] = (float)score;
    if (transform == LEAT_POST_LOGISTIC) {
        pair[0] = leat_logistic(-pair[1]);
        pair[1] = leat_logistic(pair[1]);
    }
}
