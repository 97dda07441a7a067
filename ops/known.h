/* ops/known.h: inputs whose values, not only whose shapes, decide about shapes.
 *
 * Axes, lengths, repeats: constants, or made of shapes. They are read when shapes are
 * computed, and by run() again, which finds what shape() has checked.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   E_UNSUPPORTED where the values depend on the events, E_MODEL where there are
 *          too many of them or an axis makes no sense.
 */
#ifndef LEAT_OPS_KNOWN_H
#define LEAT_OPS_KNOWN_H

#include "ops/operator.h"

enum { LEAT_KNOWN_MOST = 2 * LEAT_ARRAY_RANK };

typedef struct leat_known {
    bool given; /* false: the optional input is absent */
    uint32_t n;
    int64_t values[LEAT_KNOWN_MOST];
} leat_known;

/* Integer i of an i64 or i32 array. */
static inline int64_t leat_integer_at(const leat_array *array, size_t i)
{
    return array->dtype == LEAT_I64 ? ((const int64_t *)array->data)[i]
                                    : ((const int32_t *)array->data)[i];
}

/* The values of input i must be known. */
leat_status leat_known_check(const leat_call *call, uint32_t i,
                             leat_error *error) LEAT_MUST_CHECK;

/* All integers of input i, any number of axes. */
leat_status leat_known_read(const leat_call *call, uint32_t i, leat_known *known,
                            leat_error *error) LEAT_MUST_CHECK;

/* The one integer of input i, `absent` when there is no such input. */
leat_status leat_known_one(const leat_call *call, uint32_t i, int64_t absent,
                           int64_t *value, leat_error *error) LEAT_MUST_CHECK;

/* ---- axes: an attribute of older opsets, an input of newer ones ---- */

/* Where an operator finds its axes; inside the state of a node. */
typedef struct leat_axes {
    leat_known attribute;
    bool is_input; /* input 1 */
} leat_axes;

/* In load(): reads the attribute before version `input_since`. */
leat_status leat_axes_load(leat_node *node, uint32_t input_since,
                           leat_axes *axes) LEAT_MUST_CHECK;

leat_status leat_axes_read(const leat_axes *axes, const leat_call *call,
                           leat_known *known, leat_error *error) LEAT_MUST_CHECK;

/* As a set of bits, for an array with that many axes; 0 when there are none. */
leat_status leat_axes_set(const leat_known *known, uint32_t rank, uint32_t *set,
                          leat_error *error) LEAT_MUST_CHECK;

/* Both. */
leat_status leat_axes_find(const leat_axes *axes, const leat_call *call, uint32_t rank,
                           uint32_t *set, leat_error *error) LEAT_MUST_CHECK;

/* Reads a list attribute of at most LEAT_KNOWN_MOST integers. */
leat_status leat_known_attribute(leat_node *node, const char *name,
                                 leat_known *known) LEAT_MUST_CHECK;

#endif
