/* runtime/onnx.h: ONNX files to graphs.
 *
 * IR version 3 and above. Refused by name: data outside of the file, sparse and quantised
 * tensors, functions of the model's own, inputs that are sequences, maps or optional.
 * Initialisers are constants, also where they are inputs whose value a caller could set. A
 * subgraph is not read: an operator that has one is not supported.
 *
 * Reading takes memory in proportion to the file, whatever it declares: the unpacker of the
 * protobuf has a budget.
 *
 * Owns:    nothing; what is read lives in the graph's arena.
 * Threads: main.
 * Fails:   E_MODEL for what no valid file holds, E_UNSUPPORTED, E_MEMORY; the message names
 *          the node, tensor or input.
 * Source:  https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
#ifndef LEAT_RUNTIME_ONNX_H
#define LEAT_RUNTIME_ONNX_H

#include "runtime/graph.h"

/* Into an initialised graph, which is not loaded yet. */
leat_status leat_onnx_read(leat_graph *graph, const void *bytes, size_t size,
                           leat_error *error) LEAT_MUST_CHECK;

/* A file that holds one tensor. */
leat_status leat_onnx_read_tensor(leat_array *array, leat_arena *arena, const void *bytes,
                                  size_t size, leat_error *error) LEAT_MUST_CHECK;

#endif
