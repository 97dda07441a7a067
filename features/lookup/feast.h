/* features/lookup/feast.h: the online store that Feast keeps in Redis, as bytes.
 *
 * A HASH an entity:
 *
 *   key      the entity as Feast serializes it, and the project's name (leat_feast_key).
 *            Version 3, all numbers little-endian: u32 count of join keys; by name, each
 *            u32 2 (string), u32 size, name; then each value: u32 type, u32 size, bytes.
 *            Version 2 leaves the count and the sizes of names out.
 *   field    murmur3 (32 bits, seed 0) of "view:feature", 4 bytes little-endian
 *   value    a feast.types.Value: a protobuf message of one field, which says the type
 *   _ts:VIEW a google.protobuf.Timestamp: when the features of the view are from
 *
 * A value becomes msgpack: numbers, text, bytes and bools as they are, a time as its
 * seconds, lists and sets as arrays, json, uuid and decimal as their text; null and a
 * value of no bytes as nil. Maps and lists of lists are not known here.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   E_MEMORY; key: E_MISSING, E_TYPE, E_RANGE for a value that the join key cannot
 *          have; value, time: E_FORMAT for bytes that are no such message, E_UTF8, E_TYPE
 *          for a type that is not known here.
 * Source:  feast/infra/key_encoding_utils.py, infra/online_stores/helpers.py and
 *          protos/feast/types/Value.proto (Feast 0.67); MurmurHash3.cpp (public domain)
 */
#ifndef LEAT_FEATURES_FEAST_H
#define LEAT_FEATURES_FEAST_H

#include "base/arena.h"
#include "base/error.h"
#include "base/event_time.h"

/* As Feast numbers them. */
typedef enum leat_feast_type {
    LEAT_FEAST_BY_VALUE = 0, /* what the event has: an integer is an INT64 */
    LEAT_FEAST_BYTES = 1,
    LEAT_FEAST_STRING = 2,
    LEAT_FEAST_INT32 = 3,
    LEAT_FEAST_INT64 = 4,
    LEAT_FEAST_UNIX_TIMESTAMP = 8,
} leat_feast_type;

typedef struct leat_feast_join {
    const char *name;
    uint32_t capture; /* index into schema->captures */
    leat_feast_type type;
} leat_feast_join;

/* "a string", "an int32", ...: what a join key of that type takes. */
const char *leat_feast_type_text(leat_feast_type type);

uint32_t leat_murmur3_32(leat_slice bytes, uint32_t seed);

/* joins: [n] in the order of their names; values: [n], msgpack. Where it fails by a value,
 * `at_fault` says which one. */
leat_status leat_feast_key(leat_arena *arena, const char *project, uint32_t version,
                           const leat_feast_join *joins, const leat_slice *values,
                           uint32_t n, leat_slice *key,
                           uint32_t *at_fault) LEAT_MUST_CHECK;

/* One value as msgpack, in the arena. */
leat_status leat_feast_value(leat_slice bytes, leat_arena *arena, leat_slice *packed,
                             leat_error *error) LEAT_MUST_CHECK;

leat_status leat_feast_time(leat_slice bytes, leat_event_time *time,
                            leat_error *error) LEAT_MUST_CHECK;

#endif
