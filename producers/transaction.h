/* producers/transaction.h: predictions, dead letters and offsets, all of them or none.
 *
 * Design notes: exactly once, and what each error means
 *
 *   1. What a lane publishes belongs to its producer's open transaction. commit() adds the
 *      offsets of the events that it came from, waits until the brokers have all of it, and
 *      ends the transaction: readers that read committed records see all of it, or nothing.
 *   2. The offsets go with the group's metadata as it stood when the partitions were assigned.
 *      The coordinator refuses them once the group has moved on, so a lane that lost its
 *      partitions without noticing (a zombie) cannot commit what their new owner scores too.
 *   3. librdkafka says with each error what is left to do: retriable, the same call again;
 *      abortable, the transaction is taken back and its events are read again; fatal, the
 *      producer is done for. An error without a flag is taken for fatal.
 *   4. The one question that nobody answers is an EndTxn without a reply: the transaction may
 *      be committed, not yet, or never. The same call again would not do: the request may be
 *      on its way still, and end the *next* transaction. So the producer is thrown away, and a
 *      new one under the same transactional id calls init_transactions(), which waits for the
 *      old transaction's end, or brings it about, and fences whatever of the old producer
 *      comes late. Only then do the committed offsets tell the truth, and only then the lane
 *      goes back to them.
 *
 *   commit() and begin() return ABORTED in cases 3 and 4. The lane clears its ledger, calls
 *   restore() until that returns OK, and rewinds its source to the committed offsets. A lane
 *   starts in the same way: its id may have left a transaction open in an earlier life.
 *
 * Owns:    whether a transaction is open. Not the sink, which outlives it.
 * Threads: one lane.
 * Fails:   E_KAFKA, E_CONFIG: nothing that this lane can do will help. Positive: ABORTED,
 *          AGAIN.
 * Source:  KIP-98, KIP-447; librdkafka's examples/transactions.c.
 */
#ifndef LEAT_PRODUCERS_TRANSACTION_H
#define LEAT_PRODUCERS_TRANSACTION_H

#include "producers/sink.h"

typedef struct leat_transaction_spec {
    uint64_t max_wait_ns; /* how long one stays open */
    uint32_t max_events;  /* how many events it takes */
    const char *part;     /* who speaks in the log */
} leat_transaction_spec;

typedef struct leat_transaction leat_transaction;

/* The sink must have a transactional id. Call restore() before the first begin(). */
leat_status leat_transaction_new(leat_transaction **transaction,
                                 const leat_transaction_spec *spec, leat_sink *sink,
                                 leat_error *error) LEAT_MUST_CHECK;
void leat_transaction_free(leat_transaction *transaction);

/* Opens a transaction, if none is, for so many events more. OK, ABORTED or an error. */
leat_status leat_transaction_begin(leat_transaction *transaction,
                                   uint32_t n_events) LEAT_MUST_CHECK;

/* Whether the open transaction has been open for long enough, or has room for no more. */
bool leat_transaction_is_due(const leat_transaction *transaction);

/* When it will be due; UINT64_MAX when none is open. */
uint64_t leat_transaction_due_ns(const leat_transaction *transaction);

/* Ends the open transaction with these offsets; without one, nothing. `group` NULL: the lane
 * is no member, and nothing may be committed. OK, ABORTED, REFUSED or an error. */
leat_status leat_transaction_commit(leat_transaction *transaction,
                                    const rd_kafka_topic_partition_list_t *offsets,
                                    const rd_kafka_consumer_group_metadata_t *group,
                                    uint64_t deadline_ns,
                                    leat_error *error) LEAT_MUST_CHECK;

/* Takes back what is not committed, with a new producer where that is needed; blocks for half a
 * second at most a step. OK: nothing of the past is open, and committed offsets are final.
 * AGAIN: the brokers have not said yet. */
leat_status leat_transaction_restore(leat_transaction *transaction,
                                     leat_error *error) LEAT_MUST_CHECK;

#endif
