/* base/element.h: one element of a tensor, and what may become of it.
 *
 *   f32, f64   any number or bool, rounded once, from a double: what lies beyond becomes
 *              infinite
 *   i64, i32   a whole number within range, in whatever form it comes (3, 3.0, true), and
 *              to the last digit
 *   bool       true and false, 1 and 0
 *
 * nil and NaN are missing. A float keeps a missing value as NaN; the other types have no
 * word for it, so a row that needs one and has no default cannot be scored.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   E_TYPE: no number, or no whole one; E_RANGE: a number that the type cannot
 *          hold; E_MISSING. The element is unchanged then.
 */
#ifndef LEAT_BASE_ELEMENT_H
#define LEAT_BASE_ELEMENT_H

#include "base/msgpack.h"
#include "base/tensor.h"

leat_status leat_element_put(void *at, leat_dtype dtype,
                             const leat_value *value) LEAT_MUST_CHECK;

/* The same for a number that is kept as text (base/number.h); integers are read to the
 * last digit, and a bool may be "true" or "false" in any case. */
leat_status leat_element_parse(void *at, leat_dtype dtype,
                               leat_slice text) LEAT_MUST_CHECK;

/* NaN where the type has one, else 0, and no text. */
void leat_element_clear(void *at, leat_dtype dtype);

/* Whether NaN stands for what is missing. */
static inline bool leat_dtype_has_nan(leat_dtype dtype)
{
    return dtype == LEAT_F32 || dtype == LEAT_F64;
}

/* "a number", "an integer", "a bool", "a string": what such an element takes. */
const char *leat_dtype_text(leat_dtype dtype);

#endif
