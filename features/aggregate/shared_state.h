/* features/aggregate/shared_state.h: a state that several lanes change.
 *
 * Design notes: nobody overwrites what another has written, and nothing counts twice
 *
 *   1. A lane reads the state with every batch, and applies the batch's events to it.
 *   2. It writes back where the version in Redis is still the one that it has read; the
 *      new one is one more. Otherwise another lane was faster: the state is read and the
 *      events are applied again, until it is written or time is up.
 *   3. Of the states of a batch some may be written, and others not yet, when the lane
 *      dies. So each state knows itself up to which offset of each partition it has seen
 *      (marks); an event up to there is not applied again.
 *   4. Such an event is answered from the present state, where its answer is in no
 *      journal: answers are reproducible only where one lane has the entity to itself.
 *
 * In Redis the state is preceded by a head: the version, the number of marks, the marks.
 *
 * Owns:    nothing; version and marks lie in the batch's arena.
 * Threads: one lane.
 * Fails:   E_FORMAT for bytes that are no head; E_MEMORY.
 */
#ifndef LEAT_FEATURES_SHARED_STATE_H
#define LEAT_FEATURES_SHARED_STATE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

/* The partition's events up to this offset were applied. */
typedef struct leat_state_mark {
    uint64_t partition; /* leat_state_mark_id */
    int64_t applied;
} leat_state_mark;

typedef struct leat_shared_state leat_shared_state;
struct leat_shared_state {
    leat_slice version; /* as it was read: the first 8 bytes of what is there, if any */
    uint32_t n_marks;
    uint32_t max_marks;
    leat_state_mark *marks;
    bool is_changed;
    bool is_overtaken; /* to be read and applied again */
};

/* A partition's name in marks: the same in every lane and for ever. */
uint64_t leat_state_mark_id(const char *topic, int32_t partition);

/* What stands under a key (data NULL: nothing) to a head in the arena, and the bytes behind
 * it to `rest`. */
leat_status leat_shared_state_read(leat_shared_state **shared, leat_arena *arena,
                                   leat_slice bytes, leat_slice *rest) LEAT_MUST_CHECK;

/* Whether an event is new to the state; if so, it is noted as applied. */
leat_status leat_shared_state_note(leat_shared_state *shared, leat_arena *arena,
                                   uint64_t partition, int64_t offset,
                                   bool *is_new) LEAT_MUST_CHECK;

/* Whether the state has seen the event. */
bool leat_shared_state_has_seen(const leat_shared_state *shared, uint64_t partition,
                                int64_t offset);

/* Head and state as they are to be written; data NULL: out of memory. */
leat_slice leat_shared_state_write(const leat_shared_state *shared, leat_arena *arena,
                                   leat_slice state);

#endif
