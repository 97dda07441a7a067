/* ops/array.h: a block of elements with any number of axes: what flows through a graph.
 *
 * Where a tensor of a batch has rows, an array is whatever an operator makes of them. Its
 * shape may be known before its elements are: data is NULL until then.
 *
 * Owns:    nothing; whoever made the array says where its data lives.
 * Threads: one at a time; any, once nobody writes.
 */
#ifndef LEAT_OPS_ARRAY_H
#define LEAT_OPS_ARRAY_H

#include "base/error.h"
#include "base/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEAT_ARRAY_RANK = 8, LEAT_ARRAY_TEXT = 96 };

typedef struct leat_array {
    leat_dtype dtype;
    uint32_t rank; /* 0: a scalar, one element */
    uint32_t shape[LEAT_ARRAY_RANK];
    void *data; /* row-major; NULL: not known yet. Aligned to 64 bytes, except where it is
                   the caller's: some rows of a batch are only aligned to their elements */
} leat_array;

/* Elements: the product of the shape, 1 for a scalar. */
size_t leat_array_count(const leat_array *array);

size_t leat_array_bytes(const leat_array *array);

/* The product of shape[first..end). */
size_t leat_array_span(const leat_array *array, uint32_t first, uint32_t end);

bool leat_array_same_shape(const leat_array *a, const leat_array *b);

/* Gives it that shape; E_MODEL when a length is negative or the array would be larger than
 * memory, E_UNSUPPORTED beyond LEAT_ARRAY_RANK axes. */
leat_status leat_array_reshape(leat_array *array, uint32_t rank, const int64_t *shape,
                               leat_error *error) LEAT_MUST_CHECK;

/* The shape of `like`, but not its dtype. */
void leat_array_copy_shape(leat_array *array, const leat_array *like);

/* ONNX's (numpy's) multidirectional broadcast of two shapes: `out` gets it; E_MODEL where
 * two lengths differ and neither is 1. */
leat_status leat_array_broadcast(leat_array *out, const leat_array *a,
                                 const leat_array *b, leat_error *error) LEAT_MUST_CHECK;

/* Axis -1 is the last: the axis counted from 0, or E_MODEL. */
leat_status leat_axis(int64_t axis, uint32_t rank, uint32_t *found,
                      leat_error *error) LEAT_MUST_CHECK;

/* "f32[2,3]", for messages. */
const char *leat_array_describe(const leat_array *array, char text[LEAT_ARRAY_TEXT]);

#endif
