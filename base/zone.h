/* base/zone.h: how far clocks are ahead of UTC somewhere, at any time.
 *
 * A zone is a table of the instants at which its clocks were, or will be, put forward or
 * back. It is read from the database of the system (tzdata), which the C library uses
 * too; the C library itself can only say what time it is in *the* zone of the process,
 * and a process whose lanes run cannot change that. What a zone promises for the years to
 * come (base/zone_rule.h) is worked out until 2100; after that it stays as it is then.
 *
 * Format: RFC 8536, version 2 and later.
 *
 * Owns:    the table lives in the arena, immutable.
 * Threads: load: any; a zone: any.
 * Fails:   load: E_CONFIG: no such zone, with the name and what is expected; E_MEMORY.
 */
#ifndef LEAT_BASE_ZONE_H
#define LEAT_BASE_ZONE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

typedef struct leat_zone leat_zone;

/* name: "Europe/Berlin". */
leat_status leat_zone_load(const leat_zone **zone, leat_arena *arena, const char *name,
                           leat_error *error) LEAT_MUST_CHECK;

/* The same from the bytes of a file of the database: E_CONFIG where they are none. */
leat_status leat_zone_read(const leat_zone **zone, leat_arena *arena, leat_slice file,
                           leat_error *error) LEAT_MUST_CHECK;

/* Seconds ahead of UTC, at a time in seconds since 1970. */
int32_t leat_zone_offset(const leat_zone *zone, int64_t seconds);

/* Where the database is: $TZDIR, or /usr/share/zoneinfo. */
const char *leat_zone_folder(void);

#endif
