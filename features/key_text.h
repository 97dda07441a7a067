/* features/key_text.h: a captured value as text in a key.
 *
 * Strings and bytes as they are, integers in decimal, bools as 1 and 0.
 *
 * Owns:    nothing; digits lie in the arena.
 * Threads: one lane.
 * Fails:   E_MISSING: absent or nil; E_TYPE: a float or a container, with `value` saying
 *          which; E_MEMORY.
 */
#ifndef LEAT_FEATURES_KEY_TEXT_H
#define LEAT_FEATURES_KEY_TEXT_H

#include "base/arena.h"
#include "base/msgpack.h"

/* `capture`: one msgpack value that was checked, or data NULL. */
leat_status leat_key_text(leat_arena *arena, leat_slice capture, leat_slice *text,
                          leat_value *value) LEAT_MUST_CHECK;

/* The pieces back to back; data NULL when out of memory. */
leat_slice leat_slice_join(leat_arena *arena, const leat_slice *pieces, uint32_t n);

#endif
