/* features/aggregate/journal.h: the answers to those events of a partition that may come again.
 *
 * An event that was applied must not be applied again, and must be answered as it was the
 * first time; its state has moved on by then. So what it was answered stays here until
 * its offset is committed. The journal is in memory and in Redis: chunks are what a write
 * adds there, and what a new owner of the partition loads.
 *
 * Owns:    its entries, until fini.
 * Threads: one lane.
 * Fails:   E_MEMORY; E_FORMAT for bytes that are no chunks.
 */
#ifndef LEAT_FEATURES_JOURNAL_H
#define LEAT_FEATURES_JOURNAL_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stddef.h>

typedef struct leat_journal {
    uint32_t digest;    /* of the configuration of all answers: others are not loaded */
    uint32_t n_answers; /* numbers an event */
    size_t n_forgotten; /* entries [n_forgotten, n) count, in the order of offsets */
    size_t n_saved;     /* entries before this one are in Redis */
    size_t n;
    size_t capacity;
    int64_t *offsets; /* [capacity] */
    double *answers;  /* [capacity][n_answers] */
} leat_journal;

void leat_journal_init(leat_journal *journal, uint32_t digest, uint32_t n_answers);
void leat_journal_fini(leat_journal *journal);

/* Forgets everything. */
void leat_journal_reset(leat_journal *journal);

/* The answers of an event behind all others, for the caller to fill: [n_answers]. NULL
 * when out of memory. */
double *leat_journal_add(leat_journal *journal, int64_t offset);

/* NULL: none is kept. */
double *leat_journal_find(const leat_journal *journal, int64_t offset);

/* Offsets below `committed` do not come again. */
void leat_journal_forget(leat_journal *journal, int64_t committed);

/* What Redis does not have yet, as a chunk in the arena; data NULL: nothing, or out of
 * memory. saved(): it has that now. */
leat_slice leat_journal_chunk(const leat_journal *journal, leat_arena *arena);
void leat_journal_saved(leat_journal *journal);

/* Chunks, one behind the other, into an empty journal. Those of another digest are passed
 * over; what stands in two is taken once. */
leat_status leat_journal_load(leat_journal *journal, leat_slice chunks) LEAT_MUST_CHECK;

#endif
