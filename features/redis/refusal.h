/* features/redis/refusal.h: what Redis says when it refuses, by kind.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_FEATURES_REFUSAL_H
#define LEAT_FEATURES_REFUSAL_H

#include "base/slice.h"

typedef enum leat_refusal {
    LEAT_REFUSAL_OTHER,
    LEAT_REFUSAL_WRONGTYPE, /* of one key; no waiting mends it */
    LEAT_REFUSAL_LOADING,
    LEAT_REFUSAL_READONLY,
    LEAT_REFUSAL_NOAUTH,
    LEAT_REFUSAL_NOPERM,
    LEAT_REFUSAL_CLUSTER, /* MOVED, ASK, CLUSTERDOWN, CROSSSLOT: not supported here */
    LEAT_N_REFUSALS,
} leat_refusal;

/* Of the words of an error reply. */
leat_refusal leat_refusal_of(leat_slice words);

/* "other", "wrongtype", "loading", ... */
const char *leat_refusal_name(leat_refusal refusal);

#endif
