/* ops/walk.h: passing over arrays that lie differently, in the order of an output.
 *
 * A walk has the axes of the output, and for each input how many elements apart its
 * neighbours along that axis are: 0 where it repeats (broadcast), anything where it is
 * transposed or cut, below 0 where it runs backwards. Neighbouring axes that lie as one
 * are one, so that equal shapes, scalars and rows need no code of their own: a kernel
 * sees runs of the innermost axis that are as long as they can be.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_OPS_WALK_H
#define LEAT_OPS_WALK_H

#include "ops/operator.h"

enum { LEAT_WALK_INPUTS = 3, LEAT_WALK_RANK = 2 * LEAT_ARRAY_RANK };

typedef struct leat_walk {
    uint32_t n_inputs;
    uint32_t rank;
    size_t length[LEAT_WALK_RANK];                      /* outermost first */
    ptrdiff_t stride[LEAT_WALK_RANK][LEAT_WALK_INPUTS]; /* elements */
} leat_walk;

/* Computes n neighbouring elements of the output. in[k] moves step[k] elements at a time:
 * 0 or 1 where the walk is a broadcast. */
typedef void leat_walk_kernel(const void *const *in, const ptrdiff_t *step, void *out,
                              size_t n);

/* How many elements apart neighbours along an axis are. */
static inline ptrdiff_t leat_stride(const leat_array *array, uint32_t axis)
{
    return (ptrdiff_t)leat_array_span(array, axis + 1, array->rank);
}

/* A walk without axes: one element. */
void leat_walk_start(leat_walk *walk, uint32_t n_inputs);

/* The next axis inwards; strides: [n_inputs]. At most LEAT_WALK_RANK axes. */
void leat_walk_add_axis(leat_walk *walk, size_t length, const ptrdiff_t *strides);

/* in: [n_inputs], where the walk begins, elements of in_size bytes. */
void leat_walk_run(const leat_walk *walk, const void *const *in, const size_t *in_size,
                   void *out, size_t out_size, leat_walk_kernel *kernel);

/* Over the output, with every input broadcast to its shape. */
void leat_walk_broadcast(uint32_t n_inputs, const leat_array *const *inputs,
                         const leat_array *output, leat_walk_kernel *kernel);

/* The elements themselves, for a walk of one input that begins at element `first`. */
void leat_walk_copy(const leat_walk *walk, const leat_array *input, size_t first,
                    leat_array *output);

/* The elements of the input, broadcast to the output's shape. */
void leat_broadcast_copy(const leat_array *input, leat_array *output);

/* shape() of operators that broadcast all their inputs. */
leat_status leat_shape_broadcast(const leat_call *call, size_t *scratch,
                                 leat_error *error);

#endif
