/* runtime/graph.h: a model as nodes and the values between them.
 *
 * A reader (onnx.c) adds inputs, constants and nodes, in an order in which every value is
 * defined before it is read. leat_graph_load then makes it something that can be run:
 *
 *   drop     nodes whose outputs nobody reads go
 *   find     every node gets its operator; those that are missing are named, all at once
 *   fold     a node that reads constants alone is loaded and run; its outputs are constants
 *   fuse     patterns of nodes become one (graph_fuse.c); what they leave unread goes
 *   load     the operators of the nodes that remain see their attributes and constants
 *
 * Fusion sees each node before its operator has loaded it: constants have dtype, shape and
 * data, other values have no dtype yet (inputs of the graph have one). It works backwards:
 * from the last node of a pattern along `producer`, as long as `n_readers` is 1. The last
 * node is then rewritten in place, so its position and outputs stay; the others are left to
 * be dropped. What a rewritten node reads must be defined before it, which holds for all
 * that the pattern reads.
 *
 * Owns:    everything is in the graph's arena, until fini.
 * Threads: building and loading: main; then any, immutable.
 * Fails:   E_MODEL, E_UNSUPPORTED, with the node's name in front; E_MEMORY.
 */
#ifndef LEAT_RUNTIME_GRAPH_H
#define LEAT_RUNTIME_GRAPH_H

#include "base/arena.h"
#include "ops/operator.h"

typedef struct leat_graph_node leat_graph_node;

typedef struct leat_graph_value {
    const char *name;   /* for messages */
    uint32_t id;        /* graph->values[id] */
    uint32_t n_readers; /* nodes that read it, and the graph when it is an output */
    leat_graph_node *producer; /* NULL: an input or a constant */
    leat_array array; /* the dtype, once the producer is loaded; shape and data only where
                         it is a constant */
} leat_graph_value;

struct leat_graph_node {
    const char *domain;
    const char *op_type;
    const char *name; /* for messages */
    uint32_t version; /* of the domain */
    const leat_operator *op;
    void *state; /* of the operator, once it is loaded */
    uint32_t n_inputs;
    leat_graph_value **inputs; /* [n_inputs]; NULL: absent */
    uint32_t n_outputs;
    leat_graph_value **outputs; /* [n_outputs]; NULL: nobody asks for it */
    uint32_t n_attributes;
    leat_attribute *attributes;
};

/* An input or output of the graph, as its file declares it. */
typedef struct leat_graph_port {
    leat_graph_value *value;
    bool is_tensor;   /* of a dtype that is supported; inputs always are */
    leat_dtype dtype; /* declared */
    bool has_shape;
    uint32_t rank;
    int64_t shape[LEAT_ARRAY_RANK]; /* -1: free */
} leat_graph_port;

typedef struct leat_graph {
    leat_arena arena;
    uint32_t n_values, max_values;
    leat_graph_value **values; /* [n_values] */
    uint32_t n_nodes, max_nodes;
    leat_graph_node **nodes; /* [n_nodes], each behind those whose outputs it reads */
    uint32_t n_inputs;
    leat_graph_port *inputs; /* [n_inputs] */
    uint32_t n_outputs;
    leat_graph_port *outputs; /* [n_outputs] */
} leat_graph;

void leat_graph_init(leat_graph *graph);
void leat_graph_fini(leat_graph *graph);

/* ---- building; NULL: out of memory ---- */

leat_graph_value *leat_graph_add_value(leat_graph *graph, const char *name);

/* Appends a node with room for so many inputs and outputs, which the caller fills in. A
 * value's producer is set by the caller too. */
leat_graph_node *leat_graph_add_node(leat_graph *graph, uint32_t n_inputs,
                                     uint32_t n_outputs);

/* Removes the nodes that no way leads from to an output, and counts the readers that are
 * left. */
void leat_graph_drop_dead(leat_graph *graph);

/* ---- loading ---- */

leat_status leat_graph_load(leat_graph *graph, leat_error *error) LEAT_MUST_CHECK;

/* Puts "node "x" (Gemm): " in front of a message. */
leat_status leat_graph_blame(const leat_graph_node *node, leat_error *error);

/* Somebody reads what the node computes as that output; it has not become a constant. */
bool leat_graph_wants(const leat_graph_node *node, uint32_t output);

static inline bool leat_graph_is_constant(const leat_graph_value *value)
{
    return value && value->array.data;
}

/* ---- rewriting, for fusion ---- */

/* Patterns of nodes become one that computes them better (graph_fuse.c). */
leat_status leat_graph_fuse(leat_graph *graph, leat_error *error) LEAT_MUST_CHECK;

/* Makes the node another one, of domain "leat" or else ONNX's newest of that type, with
 * those inputs (NULL: absent) and no attributes; outputs and name stay. n_readers follows,
 * also of what the nodes read that nobody reads any more. */
leat_status leat_graph_rewrite(leat_graph *graph, leat_graph_node *node,
                               const char *op_type, uint32_t n_inputs,
                               leat_graph_value *const *inputs,
                               leat_error *error) LEAT_MUST_CHECK;

/* Attributes of a rewritten node. The values are copied. */
leat_status leat_graph_set_int(leat_graph *graph, leat_graph_node *node, const char *name,
                               int64_t value) LEAT_MUST_CHECK;
leat_status leat_graph_set_float(leat_graph *graph, leat_graph_node *node,
                                 const char *name, float value) LEAT_MUST_CHECK;
leat_status leat_graph_set_text(leat_graph *graph, leat_graph_node *node,
                                const char *name, const char *value) LEAT_MUST_CHECK;

/* A new constant with zeroed elements; NULL when out of memory. `like` gives dtype and
 * shape. */
leat_graph_value *leat_graph_add_constant(leat_graph *graph, const char *name,
                                          const leat_array *like);

/* What a node says before it is loaded: its attribute of that name and kind, or NULL. */
const leat_attribute *leat_graph_attribute(const leat_graph_node *node, const char *name,
                                           leat_attribute_kind kind);

#endif
