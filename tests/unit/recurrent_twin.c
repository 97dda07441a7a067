#include "recurrent_twin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t scene_gates(const scene *s)
{
    return !strcmp(s->op, "RNN") ? 1 : !strcmp(s->op, "GRU") ? 3 : 4;
}

uint32_t scene_directions(const scene *s)
{
    return s->direction && !strcmp(s->direction, "bidirectional") ? 2 : 1;
}

static double activation(const char *name, double x)
{
    if (!strcmp(name, "Sigmoid"))
        return 1 / (1 + exp(-x));
    if (!strcmp(name, "Relu"))
        return fmax(0, x);
    if (!strcmp(name, "Affine"))
        return 0.5 * x + 0.25; /* alpha and beta of the test */
    if (!strcmp(name, "LeakyRelu"))
        return x < 0 ? 0.125 * x : x; /* alpha of the test */
    if (!strcmp(name, "ThresholdedRelu"))
        return x > 1 ? x : 0;
    if (!strcmp(name, "ScaledTanh"))
        return 0.5 * tanh(0.25 * x); /* alpha and beta of the test */
    if (!strcmp(name, "HardSigmoid"))
        return fmax(0, fmin(1, (double)0.2f * x + 0.5));
    if (!strcmp(name, "Elu"))
        return x < 0 ? exp(x) - 1 : x;
    if (!strcmp(name, "Softsign"))
        return x / (1 + fabs(x));
    if (!strcmp(name, "Softplus"))
        return log(1 + exp(x));
    return tanh(x);
}

static const char *name_of(const scene *s, uint32_t d, uint32_t which)
{
    static const char *const defaults[] = {"Sigmoid", "Tanh", "Tanh"};
    const uint32_t each = scene_gates(s) == 1 ? 1 : scene_gates(s) - 1;
    if (s->activations)
        return s->activations[d * each + which];
    return each == 1 ? "Tanh" : defaults[which];
}

static double act(const scene *s, uint32_t d, uint32_t which, double x)
{
    const double clip = s->clip > 0 ? (double)s->clip : INFINITY;
    return activation(name_of(s, d, which), fmin(clip, fmax(-clip, x)));
}

/* Row `row` of W times x, with its bias. */
static double from_input(const scene *s, uint32_t d, size_t row, const double *x)
{
    double sum = s->bias ? s->b[d][row] : 0;
    for (size_t i = 0; i < I; i++)
        sum += s->w[d][row][i] * x[i];
    return sum;
}

static double from_state(const scene *s, uint32_t d, size_t row, const double *h)
{
    double sum = s->bias ? s->b[d][scene_gates(s) * H + row] : 0;
    for (size_t i = 0; i < H; i++)
        sum += s->r[d][row][i] * h[i];
    return sum;
}

static double gate(const scene *s, uint32_t d, size_t row, const double *x,
                   const double *h)
{
    return from_input(s, d, row, x) + from_state(s, d, row, h);
}

static void twin_gru(const scene *s, uint32_t d, const double *x, double *h)
{
    double z[H], r[H], reset[H], next[H];
    for (size_t i = 0; i < H; i++) {
        z[i] = act(s, d, 0, gate(s, d, i, x, h));
        r[i] = act(s, d, 0, gate(s, d, H + i, x, h));
        reset[i] = r[i] * h[i];
    }
    for (size_t i = 0; i < H; i++) {
        const size_t row = 2 * H + i;
        const double of_state = s->before_reset ? r[i] * from_state(s, d, row, h)
                                                : from_state(s, d, row, reset);
        next[i] = act(s, d, 1, from_input(s, d, row, x) + of_state);
    }
    for (size_t i = 0; i < H; i++)
        h[i] = (1 - z[i]) * next[i] + z[i] * h[i];
}

static void twin_lstm(const scene *s, uint32_t d, const double *x, double *h, double *c)
{
    double next[H];
    for (size_t k = 0; k < H; k++) {
        const double *p = s->p[d];
        const double pi = s->peepholes ? p[k] * c[k] : 0;
        const double pf = s->peepholes ? p[2 * H + k] * c[k] : 0;
        const double i = act(s, d, 0, gate(s, d, k, x, h) + pi);
        const double f =
            s->input_forget ? 1 - i : act(s, d, 0, gate(s, d, 2 * H + k, x, h) + pf);
        c[k] = f * c[k] + i * act(s, d, 1, gate(s, d, 3 * H + k, x, h));
        const double po = s->peepholes ? p[H + k] * c[k] : 0;
        const double o = act(s, d, 0, gate(s, d, H + k, x, h) + po);
        next[k] = o * activation(name_of(s, d, 2), c[k]); /* h is not clipped */
    }
    memcpy(h, next, sizeof next);
}

static void twin_rnn(const scene *s, uint32_t d, const double *x, double *h)
{
    double next[H];
    for (size_t i = 0; i < H; i++)
        next[i] = act(s, d, 0, gate(s, d, i, x, h));
    memcpy(h, next, sizeof next);
}

void scene_twin(const scene *s, outcome *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t d = 0; d < scene_directions(s); d++) {
        const bool reverse = d || (s->direction && !strcmp(s->direction, "reverse"));
        for (size_t row = 0; row < B; row++) {
            double *h = out->h[d][row], *c = out->c[d][row];
            const int length = s->lengths ? s->length[row] : T;
            if (s->states && length)
                memcpy(h, s->h0[d][row], sizeof s->h0[d][row]);
            if (s->states && length)
                memcpy(c, s->c0[d][row], sizeof s->c0[d][row]);
            for (int step = 0; step < length; step++) {
                const int t = reverse ? length - 1 - step : step;
                if (scene_gates(s) == 1)
                    twin_rnn(s, d, s->x[t][row], h);
                else if (scene_gates(s) == 3)
                    twin_gru(s, d, s->x[t][row], h);
                else
                    twin_lstm(s, d, s->x[t][row], h, c);
                memcpy(out->y[t][d][row], h, H * sizeof *h);
            }
        }
    }
}

static void fill(double *values, size_t n, double spread)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (double)(float)(((double)rand() / RAND_MAX * 2 - 1) * spread);
}

void scene_fill(scene *s)
{
    srand(7);
    fill(&s->x[0][0][0], T * B * I, 2);
    fill(&s->w[0][0][0], MOST_D * MOST_G * H * I, 0.8);
    fill(&s->r[0][0][0], MOST_D * MOST_G * H * H, 0.8);
    fill(&s->b[0][0], MOST_D * 2 * MOST_G * H, 0.5);
    fill(&s->h0[0][0][0], MOST_D * B * H, 1);
    fill(&s->c0[0][0][0], MOST_D * B * H, 1);
    fill(&s->p[0][0], MOST_D * 3 * H, 0.5);
    s->length[0] = 2, s->length[1] = T, s->length[2] = 0;
}
