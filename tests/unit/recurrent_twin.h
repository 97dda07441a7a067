/* tests/unit/recurrent_twin.h: RNN, GRU and LSTM as the specification says it, one number
 * after another in doubles. */
#ifndef LEAT_TESTS_RECURRENT_TWIN_H
#define LEAT_TESTS_RECURRENT_TWIN_H

#include "one_node.h"

enum { T = 5, B = 3, I = 4, H = 6, MOST_D = 2, MOST_G = 4 };

/* A node as a test wants it, and all that goes into it. */
typedef struct scene {
    const char *op;
    const char *direction;
    int64_t layout, before_reset, input_forget;
    float clip;
    const char *const *activations; /* NULL: the operator's own */
    bool bias, lengths, states, peepholes, constant;
    leat_dtype dtype;
    uint32_t version;

    double x[T][B][I];
    double w[MOST_D][MOST_G * H][I], r[MOST_D][MOST_G * H][H], b[MOST_D][2 * MOST_G * H];
    double h0[MOST_D][B][H], c0[MOST_D][B][H], p[MOST_D][3 * H];
    int32_t length[B];
} scene;

typedef struct outcome {
    double y[T][MOST_D][B][H];
    double h[MOST_D][B][H], c[MOST_D][B][H];
} outcome;

uint32_t scene_gates(const scene *s);
uint32_t scene_directions(const scene *s);

/* Random numbers, the same each time, that are exact in f32; and three lengths. */
void scene_fill(scene *s);

/* What a run of it is to give; zeros where a sequence has ended. */
void scene_twin(const scene *s, outcome *out);

#endif
