/* features/aggregate/partition.h: what Redis keeps of a partition whose events are aggregated.
 *
 * Design notes: who may write, and how often an event is applied
 *
 *   1. A partition has a record in Redis: the token of its owner, the number of the
 *      owner's last write, and the offset up to which events were applied. Beside it is
 *      its journal (journal.h).
 *   2. A lane that is assigned the partition acquires it with its first batch: the token
 *      rises, and record and journal come back. From then on a write with an older token
 *      is refused (FENCED), so a lane that has lost the partition and does not know it
 *      changes nothing. It must not publish either: what it computed may differ from what
 *      the new owner computes. It acquires the partition again, since it may be the owner
 *      whom a zombie has robbed.
 *   3. The token that was there before comes back, too. Where it is the lane's own, nobody
 *      else has had the partition meanwhile, and what the lane has in memory is still
 *      true: the eager protocol assigns everything anew at every rebalance. Otherwise a
 *      new tenure begins, and states of an older one are not looked at any more.
 *   4. States, offset and journal are written by one script, so they are of one moment.
 *      An event up to the offset is not applied again; its answer is in the journal until
 *      its offset is committed.
 *   5. A write that timed out may still be executed: Redis reads what is in the buffer of
 *      a closed connection when it wakes up, maybe behind a later write of the same lane.
 *      So writes are numbered, and an older one is refused (OVERTAKEN). What was in it is
 *      in the later one too: nothing counts as saved before Redis has said so.
 *
 * Design notes: an event that was applied, and whose answer is not kept
 *
 *   A token does not prove that the partition is the lane's. One that stood still between its
 *   assignment and its first batch acquires it when it wakes, whoever has it by then, and reads
 *   on where it was assigned to: events that its successor has applied, answered and committed.
 *   What is not committed is in the journal, and both give the same answer. What is committed
 *   is not, and the present state would give another one, to be published beside the first.
 *
 *   So the group is asked: an answer goes when its event is committed, and not before.
 *
 *   1. The group has committed the event. Who owns the partition reads nothing below what is
 *      committed, so somebody else has had it. The batch is given up, and what comes next is
 *      read from where the group is: a zombie hears of its loss soon, and until then it says
 *      what is in the journal; a lane that has the partition again is where it belongs.
 *   2. It has not: its offsets were set back (by hand, or they expired; or the configuration
 *      is another one, whose answers were never kept). The event is answered from now. This is
 *      so for the rest of the assignment, or until the lane is fenced.
 *   3. It does not say: as in 1, until it does.
 *
 *   It does not matter when the answer comes: what was committed when the journal was read
 *   stays committed, unless somebody sets it back.
 *
 * Owns:    the partitions, until fini.
 * Threads: one lane.
 * Fails:   E_MEMORY; E_FORMAT for a record or journal that nobody of us wrote.
 */
#ifndef LEAT_FEATURES_PARTITION_H
#define LEAT_FEATURES_PARTITION_H

#include "base/batch.h"
#include "features/aggregate/journal.h"

#include <stdbool.h>

typedef struct leat_partition {
    uint32_t epoch;    /* of the assignment that `token` was taken for */
    uint32_t tenure;   /* rises when somebody else has had it meanwhile */
    bool is_owned;     /* the token has been taken */
    bool is_set_back;  /* the group has gone back behind what it had committed */
    bool is_in_batch;  /* events of it are in the batch under way */
    bool is_unsaved;   /* Redis does not have all that was applied */
    uint32_t acquired; /* the command that takes the token, in the batch under way */
    uint64_t mark_id;  /* its name in shared states */
    leat_slice record_key;
    leat_slice journal_key;
    uint64_t token;
    uint64_t n_writes; /* begun with this token */
    int64_t applied;   /* offsets up to this one; -1: none */
    leat_journal journal;
} leat_partition;

typedef struct leat_partitions {
    leat_arena arena; /* of keys */
    const char *base; /* that keys begin with */
    uint32_t digest;
    uint32_t n_answers;
    uint32_t n;
    leat_partition **at; /* [n], by the source's slot; NULL: not met yet */
} leat_partitions;

/* `base` outlives it. */
void leat_partitions_init(leat_partitions *partitions, const char *base, uint32_t digest,
                          uint32_t n_answers);
void leat_partitions_fini(leat_partitions *partitions);

/* The partition of an event, made when it is new; one of another assignment is owned no
 * more. NULL when out of memory. */
leat_partition *leat_partitions_of(leat_partitions *partitions, const leat_event *event);

/* What LEAT_SCRIPT_ACQUIRE answers (scripts.h). */
enum {
    LEAT_ACQUIRED_BEFORE,
    LEAT_ACQUIRED_APPLIED,
    LEAT_ACQUIRED_JOURNAL,
    LEAT_N_ACQUIRED
};
leat_status leat_partition_take(leat_partition *partition,
                                const leat_slice *acquired) LEAT_MUST_CHECK;

/* It is somebody else's: what was applied and not saved counts no more. */
void leat_partition_disown(leat_partition *partition);

#endif
