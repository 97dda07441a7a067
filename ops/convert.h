/* ops/convert.h: numbers of one type as numbers of another, without undefined cases.
 *
 * What does not fit into an integer becomes its nearest one, NaN becomes 0.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_CONVERT_H
#define LEAT_OPS_CONVERT_H

#include <stdint.h>

static inline int64_t leat_to_i64(double x)
{
    if (x != x)
        return 0;
    return x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

static inline int32_t leat_to_i32(double x)
{
    if (x != x)
        return 0;
    return x >= INT32_MAX ? INT32_MAX : x <= INT32_MIN ? INT32_MIN : (int32_t)x;
}

#endif
