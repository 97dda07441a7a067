/* base/column.h: a column's elements when there is no value for them.
 *
 * A sequence is all `pad`. Any other column has its default, or NaN; where its type has
 * no NaN it is cleared, and the row cannot be scored.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   E_TYPE, E_RANGE, E_MISSING: the column's type cannot hold it.
 */
#ifndef LEAT_BASE_COLUMN_H
#define LEAT_BASE_COLUMN_H

#include "base/schema.h"

/* Whether its elements are those of one value, an array. */
bool leat_column_is_sequence(const leat_column *column);

leat_status leat_column_put_default(const leat_column *column, void *at,
                                    leat_dtype dtype) LEAT_MUST_CHECK;

/* Whether an event without its value cannot be scored. */
bool leat_column_is_required(const leat_column *column, leat_dtype dtype);

#endif
