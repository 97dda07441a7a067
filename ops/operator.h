/* ops/operator.h: what a node of a graph computes.
 *
 * An operator is a row in the table of its family (ops/elementwise.c, ops/reduce.c ...),
 * known by domain, name and the range of opset versions that it implements. It works in
 * three steps, so that whatever can be wrong with a model is found before the first event:
 *
 *   load    once a model: reads the node's attributes, checks and settles types, and turns
 *           constants (weights) into what run() likes best. Knows dtypes, not shapes,
 *           except of inputs that are constants.
 *   shape   once a session and number of rows: the shapes of the outputs from those of the
 *           inputs (and from their values, where data is not NULL), and the scratch
 *           memory of a run.
 *   run     computes. Cannot fail and allocates nothing. Where a number of the events
 *           makes no sense (an index outside of a table), what comes out is NaN, so that
 *           the row is refused and its neighbours are not; integers become 0.
 *
 * A node whose inputs are all known when shapes are computed (constants, and what was made
 * of shapes) is run right then, by the same run().
 *
 * Owns:    nothing; state lives in the model's arena, arrays and scratch are the session's.
 * Threads: load: main. shape and run: a lane each, with a call of its own; state is
 *          immutable after load.
 * Fails:   E_UNSUPPORTED for an attribute, type or case that is named; E_MODEL for what no
 *          valid model holds; E_MEMORY. The graph puts the node in front of the message.
 * Source:  https://onnx.ai/onnx/operators/
 */
#ifndef LEAT_OPS_OPERATOR_H
#define LEAT_OPS_OPERATOR_H

#include "base/arena.h"
#include "ops/array.h"
#include "ops/attribute.h"

/* A node while its operator loads it. */
typedef struct leat_node {
    uint32_t version; /* of the operator's domain: the model's opset */
    uint32_t n_attributes;
    leat_attribute *attributes;
    uint32_t n_inputs;
    const leat_array *const *inputs; /* [n_inputs]; NULL: an optional one that is absent.
                                        data and shape stand where it is a constant */
    uint32_t n_outputs;
    leat_array *const *outputs; /* [n_outputs]; NULL: nobody reads it. load sets dtype */
    leat_arena *arena;          /* as long as the model */
    void *state;                /* what load leaves for shape and run */
    leat_error *error;
} leat_node;

/* A node at work. */
typedef struct leat_call {
    const void *state;
    uint32_t n_inputs;
    const leat_array *const *inputs; /* as in leat_node */
    uint32_t n_outputs;
    leat_array *const *outputs;
    void *scratch; /* 64-byte aligned, as many bytes as shape() asked for */
} leat_call;

/* What the graph may do with a node. */
enum {
    LEAT_OP_VIEW = 1,     /* its output is input 0 in another shape: never run */
    LEAT_OP_IN_PLACE = 2, /* output 0 may lie where input 0 does, when equally large */
    LEAT_OP_OF_SHAPE = 4, /* needs the shape of input 0, not its elements */
};

typedef struct leat_operator {
    const char *domain; /* "": ai.onnx; "ai.onnx.ml"; "leat": made by fusion */
    const char *name;
    uint32_t since; /* opset versions [since, until] */
    uint32_t until; /* LEAT_NEWEST: up to the newest that this was written for */
    uint32_t flags;
    uint32_t min_inputs;
    uint32_t max_inputs;
    uint32_t max_outputs;
    leat_status (*load)(leat_node *node);
    leat_status (*shape)(const leat_call *call, size_t *scratch, leat_error *error);
    void (*run)(const leat_call *call);
} leat_operator;

enum { LEAT_NEWEST = 1 << 16, LEAT_VARIADIC = 1 << 16 };

/* The one for that version of the domain; NULL when there is none. "ai.onnx" is "". */
const leat_operator *leat_operator_find(const char *domain, const char *name,
                                        uint32_t version);

/* The families, ops/<family>.c. A table ends with a row whose name is NULL. */
extern const leat_operator leat_along_operators[];
extern const leat_operator leat_attention_operators[];
extern const leat_operator leat_binary_operators[];
extern const leat_operator leat_cast_operators[];
extern const leat_operator leat_clip_operators[];
extern const leat_operator leat_compare_operators[];
extern const leat_operator leat_constant_operators[];
extern const leat_operator leat_dense_operators[];
extern const leat_operator leat_elementwise_operators[];
extern const leat_operator leat_gather_operators[];
extern const leat_operator leat_matmul_operators[];
extern const leat_operator leat_ml_columns_operators[];
extern const leat_operator leat_ml_encode_operators[];
extern const leat_operator leat_ml_linear_operators[];
extern const leat_operator leat_ml_scale_operators[];
extern const leat_operator leat_ml_svm_operators[];
extern const leat_operator leat_ml_trees_operators[];
extern const leat_operator leat_moving_operators[];
extern const leat_operator leat_normalise_axes_operators[];
extern const leat_operator leat_normalise_operators[];
extern const leat_operator leat_recurrent_operators[];
extern const leat_operator leat_reduce_operators[];
extern const leat_operator leat_scatter_operators[];
extern const leat_operator leat_select_operators[];
extern const leat_operator leat_shaping_operators[];
extern const leat_operator leat_slice_operators[];
extern const leat_operator leat_softmax_operators[];
extern const leat_operator leat_transpose_operators[];

/* ---- for operators ---- */

/* "input 1: f64 is not supported". */
leat_status leat_node_refuse_dtype(leat_node *node, uint32_t input);

/* Input i must be there and of one of the dtypes, a mask of 1u << LEAT_F32 ... */
leat_status leat_node_check_dtype(leat_node *node, uint32_t input,
                                  uint32_t dtypes) LEAT_MUST_CHECK;

/* Sets the dtype of an output, when anybody reads it. */
void leat_node_set_dtype(leat_node *node, uint32_t output, leat_dtype dtype);

/* `size` zeroed bytes in the model's arena as node->state; NULL with the error set. */
void *leat_node_new_state(leat_node *node, size_t size);

/* A load(), or its first lines: input 0 of any type, which is output 0's, too. */
leat_status leat_load_same(leat_node *node) LEAT_MUST_CHECK;

/* A shape(): output 0 has the shape of input 0. */
leat_status leat_shape_same(const leat_call *call, size_t *scratch, leat_error *error);

/* Input i, or NULL when it is absent. */
static inline const leat_array *leat_call_input(const leat_call *call, uint32_t i)
{
    return i < call->n_inputs ? call->inputs[i] : NULL;
}

/* Output i, or NULL when nobody reads it. */
static inline leat_array *leat_call_output(const leat_call *call, uint32_t i)
{
    return i < call->n_outputs ? call->outputs[i] : NULL;
}

#endif
