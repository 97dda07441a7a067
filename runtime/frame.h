/* runtime/frame.h: a loaded graph at work: the arrays of its values and the calls of its
 * operators.
 *
 *   shape   from the shapes of the inputs those of all values follow, by asking every
 *           operator once. What is known already then (what was made of constants and
 *           shapes, or of inputs whose elements the caller knows) is computed on the spot.
 *   lay     the caller says where the elements of all other values are
 *   run     the steps that are left
 *
 * Owns:    arrays, calls and the elements of what is known; until fini.
 * Threads: one lane. The graph is shared and outlives the frame.
 * Fails:   init: E_MEMORY. shape: what operators say of shapes, with the node in front;
 *          E_UNSUPPORTED for arrays that are too large. run: never.
 */
#ifndef LEAT_RUNTIME_FRAME_H
#define LEAT_RUNTIME_FRAME_H

#include "runtime/graph.h"

typedef struct leat_frame {
    const leat_graph *graph;
    leat_array *arrays; /* [graph->n_values], by id */
    leat_call *calls;   /* [graph->n_nodes] */
    uint32_t n_steps;
    uint32_t *steps;    /* [n_steps]: the nodes to run, neither known nor views */
    size_t scratch;     /* bytes of the step that needs most */
    size_t known_bytes; /* of what was computed along with the shapes */
    leat_arena known;
    leat_arena arena;
} leat_frame;

/* `known_bytes` is expected for what is known: with enough of it, shape() never allocates.
 */
leat_status leat_frame_init(leat_frame *frame, const leat_graph *graph,
                            size_t known_bytes, leat_error *error) LEAT_MUST_CHECK;
void leat_frame_fini(leat_frame *frame);

/* The array of an input, whose shape is to be set, and its data where it is known. */
static inline leat_array *leat_frame_input(leat_frame *frame, uint32_t i)
{
    return &frame->arrays[frame->graph->inputs[i].value->id];
}

/* Afterwards the data of a value is NULL where it is to be laid. */
leat_status leat_frame_shape(leat_frame *frame, leat_error *error) LEAT_MUST_CHECK;

/* `scratch`: 64-byte aligned, frame->scratch bytes. */
void leat_frame_run(const leat_frame *frame, void *scratch);

#endif
