/* base/json_escape.h: what stands behind a backslash in JSON, and the UTF-8 of it.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   as each function says.
 */
#ifndef LEAT_BASE_JSON_ESCAPE_H
#define LEAT_BASE_JSON_ESCAPE_H

#include <stdint.h>

/* The character that a letter means: 'n' a newline. 0 for 'u' and all that mean none. */
uint8_t leat_json_escape(uint8_t letter);

/* The worth of four hex digits, or -1 when they are not. */
int32_t leat_json_hex(const uint8_t *digits);

/* The character that a pair of surrogates means; 0 when they are no pair. */
uint32_t leat_json_surrogates(int32_t high, int32_t low);

/* Writes the 1 to 4 bytes of a character; returns the end of it. */
uint8_t *leat_utf8_put(uint8_t *to, uint32_t code);

#endif
