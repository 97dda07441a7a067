/* features/aggregate/state_bytes.h: numbers in a state's bytes, wherever they stand.
 *
 * Threads: any.
 */
#ifndef LEAT_FEATURES_STATE_BYTES_H
#define LEAT_FEATURES_STATE_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a state is little-endian, and read as it is"
#endif

#define LEAT_STATE_NUMBER(name, type)                                                    \
    static inline type leat_get_##name(const uint8_t *bytes)                             \
    {                                                                                    \
        type number;                                                                     \
        memcpy(&number, bytes, sizeof number);                                           \
        return number;                                                                   \
    }                                                                                    \
    static inline void leat_put_##name(uint8_t *bytes, type number)                      \
    {                                                                                    \
        memcpy(bytes, &number, sizeof number);                                           \
    }

LEAT_STATE_NUMBER(u16, uint16_t)
LEAT_STATE_NUMBER(u32, uint32_t)
LEAT_STATE_NUMBER(u64, uint64_t)
LEAT_STATE_NUMBER(i64, int64_t)
LEAT_STATE_NUMBER(f64, double)

#endif
