/* base/ledger.h: what a lane has published and not yet settled.
 *
 * Design notes: the race between a late acknowledgement and a rebalance
 *
 *   1. The lane opens a ticket for a batch, which takes down last+1 of each partition in
 *      it, and publishes. Every record carries its ticket's sequence number as opaque.
 *   2. Delivery reports come in any order. Each takes one off its ticket's count.
 *   3. Only the acknowledged *prefix* of tickets may be committed: an offset settles all
 *      that lie below it, so nothing behind an unacknowledged ticket may move.
 *   4. A rebalance takes partitions away, or a delivery fails. The ledger is settled or
 *      cleared. Reports of cleared tickets are still on their way.
 *   5. Such a late report must not touch a ticket of the new assignment. Sequence numbers
 *      are never reused: a number below the ledger's head belongs to nobody and is
 *      dropped.
 *
 * So the epoch of an assignment is simply where the head stood when it began. What the
 * ledger hands out is always the current assignment's.
 *
 * Owns:    tickets and marks.
 * Threads: one lane, its delivery reports included (they are served by the lane).
 * Fails:   E_MEMORY; a full ledger is AGAIN.
 * Model:   librdkafka's rdkafka_assignment.c.
 */
#ifndef LEAT_BASE_LEDGER_H
#define LEAT_BASE_LEDGER_H

#include "base/batch.h"

#include <stdbool.h>

/* Everything of `slot` (a source's index of topic and partition) below `next` is done. */
typedef struct leat_mark {
    uint32_t slot;
    int64_t next;
} leat_mark;

typedef struct leat_ticket {
    uint64_t sequence;
    uint32_t pending; /* records without a delivery report, +1 until it is sealed */
    bool is_sealed;
    uint64_t bytes; /* handed to the producer */
    int64_t oldest; /* smallest record timestamp, milliseconds; INT64_MAX: none */
    uint32_t n_marks;
    leat_mark *marks; /* its share of the ledger's */
} leat_ticket;

typedef struct leat_ledger leat_ledger;

leat_status leat_ledger_new(leat_ledger **ledger, uint32_t max_tickets) LEAT_MUST_CHECK;
void leat_ledger_free(leat_ledger *ledger);

/* A ticket for all events of the batch, scored or not. Seal it when all is published.
 * AGAIN when the ledger is full: serve acknowledgements and try again. */
leat_status leat_ledger_open(leat_ledger *ledger, const leat_batch *batch,
                             leat_ticket **ticket) LEAT_MUST_CHECK;

/* One more record of `bytes` is on its way under this ticket. */
void leat_ledger_expect(leat_ledger *ledger, leat_ticket *ticket, uint64_t bytes);

/* Nothing more will be published under this ticket. */
void leat_ticket_seal(leat_ticket *ticket);

/* A record of the ticket with this number was acknowledged; late numbers are dropped. */
void leat_ledger_acknowledge(leat_ledger *ledger, uint64_t sequence);

/* 1 when the number belongs to an open ticket, not to one that was cleared. */
int leat_ledger_knows(const leat_ledger *ledger, uint64_t sequence);

/* Takes the acknowledged prefix off and returns the marks that it moved since the last
 * call, at most one a slot; valid until the next call. `done` (may be NULL) is called for
 * every ticket that goes. */
typedef void leat_ticket_done(const leat_ticket *ticket, void *opaque);
uint32_t leat_ledger_settled(leat_ledger *ledger, const leat_mark **marks,
                             leat_ticket_done *done, void *opaque);

/* Whether all that was opened is sealed. Where publishing ended half-way, it is not, and what is
 * under that ticket must not be committed, whatever is acknowledged. */
bool leat_ledger_is_whole(const leat_ledger *ledger);

/* The marks of all tickets, acknowledged or not, which stay; valid until the next call of this
 * or settled(). Of a ledger that is whole. */
uint32_t leat_ledger_all(leat_ledger *ledger, const leat_mark **marks);

/* Forgets every ticket and mark; their reports become late. */
void leat_ledger_clear(leat_ledger *ledger);

/* Records and bytes on their way. */
uint64_t leat_ledger_in_flight(const leat_ledger *ledger);
uint64_t leat_ledger_bytes(const leat_ledger *ledger);

/* How many tickets are open; 1 when none is; 1 when no more fit. */
uint64_t leat_ledger_n_tickets(const leat_ledger *ledger);
int leat_ledger_is_empty(const leat_ledger *ledger);
int leat_ledger_is_full(const leat_ledger *ledger);

#endif
