/* features/aggregate/aggregate_look.h: what Redis keeps of one entity, for people.
 *
 * Owns:    nothing; the description lies in the arena.
 * Threads: any; it has a connection of its own.
 * Fails:   E_UNAVAILABLE with Redis's words, E_FORMAT for bytes that are no state of the
 *          entity, E_MEMORY.
 */
#ifndef LEAT_FEATURES_AGGREGATE_LOOK_H
#define LEAT_FEATURES_AGGREGATE_LOOK_H

#include "base/error.h"
#include "features/aggregate/aggregate.h"

/* A msgpack map: `entity`, its path; `key`, where Redis has it; `state`, as
 * leat_state_describe has it at `time_ns`. */
leat_status leat_aggregate_look(const leat_redis_spec *redis,
                                const leat_entity_spec *entity, leat_slice name,
                                int64_t time_ns, leat_arena *arena, leat_slice *map,
                                leat_error *error) LEAT_MUST_CHECK;

#endif
