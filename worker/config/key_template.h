/* worker/config/key_template.h: how a lookup spells its Redis key.
 *
 *   user:{event.user_id}    text, with paths of the event, or of a candidate, in braces
 *   {{ and }}               braces that stand for themselves
 *
 * Owns:    everything lives in the arena.
 * Threads: any.
 * Fails:   E_CONFIG, with what is wrong; E_MEMORY.
 */
#ifndef LEAT_WORKER_KEY_TEMPLATE_H
#define LEAT_WORKER_KEY_TEMPLATE_H

#include "base/path.h"
#include "features/lookup/lookup.h"

#include <stdbool.h>

typedef struct leat_template_part {
    leat_slice literal; /* data NULL: the value at `path` */
    leat_path path;
} leat_template_part;

typedef struct leat_key_template {
    uint32_t n_parts;
    leat_template_part parts[LEAT_MAX_KEY_PARTS];
} leat_key_template;

leat_status leat_key_template_parse(leat_key_template *template, leat_arena *arena,
                                    const char *text, leat_error *error) LEAT_MUST_CHECK;

#endif
