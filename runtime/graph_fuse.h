/* runtime/graph_fuse.h: patterns of nodes that one operator computes better.
 *
 * A pattern is a function that is shown a node. When the node is the last one of its
 * pattern it rewrites it, as graph.h says, or else leaves everything alone. What a pattern
 * takes in must be read by the pattern alone; no result moves by more than 1e-6.
 *
 *   fuse_dense.c   Gemm, MatMul, Add of a bias, BatchNormalization, activations: Dense
 *   fuse_shapes.c  GELU and LayerNormalization, written out
 *
 * Owns:    nothing; all is the graph's.
 * Threads: main.
 * Fails:   E_MEMORY.
 */
#ifndef LEAT_RUNTIME_GRAPH_FUSE_H
#define LEAT_RUNTIME_GRAPH_FUSE_H

#include "runtime/graph.h"

typedef leat_status leat_fuse_pattern(leat_graph *graph, leat_graph_node *node,
                                      leat_error *error);

leat_fuse_pattern leat_fuse_gemm;
leat_fuse_pattern leat_fuse_matmul;
leat_fuse_pattern leat_fuse_bias;
leat_fuse_pattern leat_fuse_batch_norm;
leat_fuse_pattern leat_fuse_activation;
leat_fuse_pattern leat_fuse_gelu;
leat_fuse_pattern leat_fuse_layer_norm;

/* ---- for patterns ---- */

/* The node is of that domain and type. */
bool leat_fuse_is(const leat_graph_node *node, const char *domain, const char *op_type);

/* The node that makes the value, if it is of that domain and type and the value is read
 * `n_readers` times; or NULL. */
leat_graph_node *leat_fuse_made_by(const leat_graph_value *value, const char *domain,
                                   const char *op_type, uint32_t n_readers);

/* A constant of f32. */
bool leat_fuse_is_f32(const leat_graph_value *value);

/* A constant of f32 with one element, equal to `number` but for rounding. It has an axis at
 * most, so that it gives none to what it meets. */
bool leat_fuse_is_number(const leat_graph_value *value, double number);

/* The integer that a node's attribute says. */
int64_t leat_fuse_int(const leat_graph_node *node, const char *name, int64_t absent);

#endif
