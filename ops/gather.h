/* ops/gather.h: elements by their numbers, for what fetches them (gather.c) and what puts
 * them back (scatter.c).
 *
 * An index that lies outside is refused where it is known when shapes are computed. Where
 * it comes from the events it leaves NaN, or 0 where there is none.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_GATHER_H
#define LEAT_OPS_GATHER_H

#include "ops/known.h"

/* Input must be i64 or i32. */
leat_status leat_index_load(leat_node *node, uint32_t input) LEAT_MUST_CHECK;

/* Index i, where -1 is the last of `length` elements; -1 when it lies outside. */
static inline int64_t leat_index_at(const leat_array *indexes, size_t i, uint32_t length)
{
    const int64_t at = leat_integer_at(indexes, i);
    if (at < -(int64_t)length || at >= (int64_t)length)
        return -1;
    return at < 0 ? at + (int64_t)length : at;
}

/* Indexes first, first + step ... must lie inside, if they are known. */
leat_status leat_index_check(const leat_array *indexes, size_t first, size_t step,
                             uint32_t length, leat_error *error) LEAT_MUST_CHECK;

/* What an index outside gives: NaN, 0, an absent string. */
void leat_fill_nonsense(leat_array *array, size_t first, size_t n);

/* ---- indexes of one axis, each for the line on which it stands ---- */

leat_status leat_lines_check(const leat_array *data, const leat_array *indexes,
                             uint32_t axis, leat_error *error) LEAT_MUST_CHECK;

/* The element of data that index i, whose value is `at`, means. */
size_t leat_line_element(const leat_array *data, const leat_array *indexes, uint32_t axis,
                         size_t i, int64_t at);

/* ---- tuples of indexes: the last axis of `indexes` ---- */

typedef struct leat_tuples {
    uint32_t length; /* of a tuple, >= 1 */
    size_t batches;  /* each of them has tuples, and data, of its own */
    size_t n;        /* tuples of a batch */
    size_t slice;    /* elements that a tuple means */
} leat_tuples;

leat_status leat_tuples_check(const leat_array *data, const leat_array *indexes,
                              uint32_t batch, leat_tuples *tuples,
                              leat_error *error) LEAT_MUST_CHECK;

leat_tuples leat_tuples_of(const leat_array *data, const leat_array *indexes,
                           uint32_t batch);

/* Where a tuple's slice begins, in its batch. *valid: how many of its indexes lie inside,
 * counted to the first that does not; the slice is the one of those. */
size_t leat_tuple_find(const leat_array *data, const leat_array *indexes, uint32_t batch,
                       uint32_t length, size_t tuple, uint32_t *valid);

#endif
