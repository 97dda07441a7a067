/* ops/recurrent.h: what RNN, GRU and LSTM have in common.
 *
 * A run multiplies the inputs of many steps with W at once, then goes step by step: the
 * state times R is added, and the cell makes the next state of it. A sequence that is
 * shorter than the others keeps its state when it has ended, in either direction: the
 * reverse one starts at its own last element. The text of a run is ops/recurrent_cells.inc,
 * once for f32 and once for f64.
 *
 * The gates stand in ONNX's order: zrh for GRU, iofc for LSTM.
 *
 * Owns:    nothing; what load made lives in the model's arena.
 * Threads: as ops/operator.h says.
 * Fails:   as ops/operator.h says. A sequence length that no sequence can have makes its
 *          row NaN.
 * Source:  https://onnx.ai/onnx/operators/onnx__GRU.html, onnx__LSTM.html, onnx__RNN.html
 */
#ifndef LEAT_OPS_RECURRENT_H
#define LEAT_OPS_RECURRENT_H

#include "ops/gemm.h"
#include "ops/operator.h"

enum {
    LEAT_RECURRENT_DIRECTIONS = 2,
    LEAT_RECURRENT_ACTIVATIONS = 3, /* f, g and h of a direction */
    LEAT_RECURRENT_RIGHTS = 3,      /* W, R, and what of R a GRU's last gate needs */
    LEAT_RECURRENT_ROWS = 256,      /* rows that one product with W aims at */
};

/* The operators' inputs. */
enum { IN_X, IN_W, IN_R, IN_B, IN_LENGTHS, IN_H, IN_C, IN_PEEPHOLES };

typedef enum leat_cell_kind {
    LEAT_CELL_RNN,
    LEAT_CELL_GRU,
    LEAT_CELL_LSTM
} leat_cell_kind;

typedef struct leat_cell {
    leat_cell_kind kind;
    uint32_t gates;
    uint32_t gates_of_state; /* whose product with R needs the state alone */
    uint32_t n_activations;
    const char *activations[LEAT_RECURRENT_ACTIVATIONS]; /* when the node names none */
} leat_cell;

/* A kind of activation. */
typedef struct leat_activation_kind {
    const char *name;
    float alpha, beta; /* when the node gives none. NaN: it takes none; Inf: it must be
                          given */
    double (*one)(double x, double alpha, double beta);
    void (*many)(const float *x, size_t n, float *y); /* fast; NULL: there is none */
} leat_activation_kind;

typedef struct leat_activation {
    const leat_activation_kind *kind;
    double alpha, beta;
} leat_activation;

typedef struct leat_recurrent {
    const leat_cell *cell;
    uint32_t directions;
    bool reverse[LEAT_RECURRENT_DIRECTIONS];
    leat_activation activations[LEAT_RECURRENT_DIRECTIONS][LEAT_RECURRENT_ACTIVATIONS];
    double clip;              /* 0: none */
    bool batch_first;         /* layout 1 */
    bool linear_before_reset; /* GRU */
    bool input_forget;        /* LSTM */
    /* [directions][LEAT_RECURRENT_RIGHTS]; NULL: weights that no constants are */
    const leat_gemm_right *packed;
} leat_recurrent;

/* How long things are. */
typedef struct leat_recurrent_size {
    uint32_t steps, rows, inputs, hidden, directions;
    uint32_t width; /* gates times hidden */
    uint32_t block; /* steps that one product with W takes on */
} leat_recurrent_size;

leat_recurrent_size leat_recurrent_size_of(const leat_call *call);

/* The activations of all directions from the node's attributes. */
leat_status leat_recurrent_load_activations(leat_node *node,
                                            leat_recurrent *state) LEAT_MUST_CHECK;

/* Elements that the packed weights of a direction take, and packing them: w is
 * [width][inputs], r is [width][hidden]. `packed` is 64-byte aligned. */
size_t leat_recurrent_packed_count(const leat_cell *cell, uint32_t inputs,
                                   uint32_t hidden);
void leat_recurrent_pack(leat_gemm_right *rights, const leat_cell *cell, uint32_t inputs,
                         uint32_t hidden, const float *w, const float *r, float *packed);

/* Bytes of a run's scratch memory, and the run. */
size_t leat_recurrent_scratch_f32(const leat_call *call);
size_t leat_recurrent_scratch_f64(const leat_call *call);
void leat_recurrent_run_f32(const leat_call *call);
void leat_recurrent_run_f64(const leat_call *call);

#endif
