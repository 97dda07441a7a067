/* runtime/sha256.h: the digest by which a model is known.
 *
 * Threads: any.
 * Source:  FIPS 180-4, section 6.2.
 */
#ifndef LEAT_RUNTIME_SHA256_H
#define LEAT_RUNTIME_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { LEAT_SHA256_TEXT = 65 }; /* 64 lower-case hex digits and a NUL */

void leat_sha256(const uint8_t *bytes, size_t size, char text[LEAT_SHA256_TEXT]);

#endif
