/* runtime/network.h: a graph as a model: rows in, rows out.
 *
 * Nothing in an ONNX file says that it maps rows to rows. So when a network is made, the
 * shapes of all its values are worked out for every number of rows that a run will ever
 * take at once, 1 to `block`. What an operator refuses is refused then; the output has been
 * seen to have one row for one; what follows from shapes and never changed has become a
 * constant; and the most memory that any value needs is known, so that a run can neither
 * fail nor allocate. Larger batches go block by block.
 *
 * A model whose batch is fixed at 1 is run row by row. One that is fixed at another number
 * is refused, as is an input with a further axis that is free.
 *
 * Owns:    its graph, until fini.
 * Threads: init and fini: main; then any, immutable.
 * Fails:   as graph.h and onnx.h say; E_UNSUPPORTED for inputs and outputs that are not rows.
 */
#ifndef LEAT_RUNTIME_NETWORK_H
#define LEAT_RUNTIME_NETWORK_H

#include "base/tensor.h"
#include "runtime/frame.h"
#include "runtime/session.h"

/* Where the elements of a value are during a run. */
typedef enum leat_place_kind {
    LEAT_PLACE_NONE,   /* constant, known with the shapes, or not read */
    LEAT_PLACE_PLAN,   /* in the session's memory, at `offset` */
    LEAT_PLACE_INPUT,  /* where the caller has input `input` */
    LEAT_PLACE_OUTPUT, /* where the caller wants the output */
} leat_place_kind;

typedef struct leat_place {
    leat_place_kind kind;
    uint32_t input;
    size_t offset;
} leat_place;

typedef struct leat_network {
    leat_graph graph;         /* with one output */
    leat_tensor_spec *inputs; /* [graph.n_inputs] */
    leat_tensor_spec output;  /* f32 or f64 [rows, n] */
    bool has_fixed_batch;
    uint32_t block; /* rows that a run takes at once */

    size_t *sizes;    /* [graph.n_values]: bytes of a value, the most of any block */
    bool *keeps_size; /* [graph.n_values]: it is always as large as input 0 of its node */
    leat_place *places; /* [graph.n_values] */
    size_t known_bytes; /* of what is known with the shapes */
    size_t scratch;
    leat_session_memory memory; /* of intermediates, in a run of a block */

    uint64_t n_parameters; /* elements of floating constants */
    uint32_t n_operators;
    const leat_operator_count *operators; /* [n_operators], the most frequent first */
} leat_network;

/* An ONNX file. */
leat_status leat_network_init(leat_network *network, const void *bytes, size_t size,
                              leat_error *error) LEAT_MUST_CHECK;
void leat_network_fini(leat_network *network);

/* ---- parts of init ---- */

/* Tries every number of rows; sets block, sizes, keeps_size, known_bytes, scratch and the
 * output's shape (network_rows.c). */
leat_status leat_network_try_rows(leat_network *network, leat_error *error);

/* Places all values of a frame that has its shapes (network_layout.c). */
leat_status leat_network_lay_out(leat_network *network, const leat_frame *frame,
                                 leat_error *error);

/* Sets the shapes of a frame's inputs for so many rows, not their data. */
void leat_network_set_rows(const leat_network *network, leat_frame *frame,
                           uint32_t n_rows);

#endif
