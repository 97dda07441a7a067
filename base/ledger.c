#include "base/ledger.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 16 };

/* What the ledger knows of one slot. `opened_by` and `mark` find the slot's mark in the
 * ticket that is being opened; `next` is what was settled and not yet handed out. */
typedef struct slot_state {
    uint64_t opened_by;
    uint32_t mark;
    int64_t next; /* -1: nothing new */
} slot_state;

struct leat_ledger {
    uint32_t max_tickets;
    leat_mark *marks;     /* [max_tickets][n_slots]: a ticket has at most one a slot */
    leat_ticket *tickets; /* a ring: [sequence % max_tickets] */
    uint64_t head;        /* the oldest open ticket */
    uint64_t tail;        /* the next to open; head == tail: empty */
    uint64_t in_flight;
    uint64_t bytes;
    uint32_t n_slots;
    slot_state *slots;
    leat_mark *moved; /* [n_slots] */
};

leat_status leat_ledger_new(leat_ledger **ledger, uint32_t max_tickets)
{
    leat_ledger *made = calloc(1, sizeof *made);
    leat_ticket *tickets = calloc(max_tickets, sizeof *tickets);
    if (!made || !tickets) {
        free(made);
        free(tickets);
        return LEAT_E_MEMORY;
    }
    /* Number 0 belongs to no ticket: slots start out opened by nobody. */
    *made = (leat_ledger){
        .max_tickets = max_tickets, .tickets = tickets, .head = 1, .tail = 1};
    *ledger = made;
    return LEAT_OK;
}

void leat_ledger_free(leat_ledger *ledger)
{
    if (!ledger)
        return;
    free(ledger->tickets);
    free(ledger->marks);
    free(ledger->slots);
    free(ledger->moved);
    free(ledger);
}

static leat_ticket *ticket_at(const leat_ledger *ledger, uint64_t sequence)
{
    return &ledger->tickets[sequence % ledger->max_tickets];
}

/* Deals the marks out anew, so that every ticket has room for one a slot. */
static int grow_marks(leat_ledger *ledger, uint32_t n_slots)
{
    leat_mark *marks = malloc((size_t)ledger->max_tickets * n_slots * sizeof *marks);
    if (!marks)
        return 0;
    for (uint32_t i = 0; i < ledger->max_tickets; i++) {
        leat_ticket *ticket = &ledger->tickets[i];
        leat_mark *share = marks + (size_t)i * n_slots;
        if (ticket->n_marks)
            memcpy(share, ticket->marks, ticket->n_marks * sizeof *share);
        ticket->marks = share;
    }
    free(ledger->marks);
    ledger->marks = marks;
    return 1;
}

/* Slots come with partitions, seldom; doubling keeps it so. */
static int grow_slots(leat_ledger *ledger, uint32_t needed)
{
    uint32_t n = ledger->n_slots ? ledger->n_slots : FIRST_SLOTS;
    while (n < needed)
        n *= 2;
    leat_mark *moved = realloc(ledger->moved, n * sizeof *moved);
    if (moved)
        ledger->moved = moved;
    slot_state *slots = realloc(ledger->slots, n * sizeof *slots);
    if (slots)
        ledger->slots = slots;
    if (!moved || !slots || !grow_marks(ledger, n))
        return 0;
    for (uint32_t i = ledger->n_slots; i < n; i++)
        ledger->slots[i] = (slot_state){.next = -1};
    ledger->n_slots = n;
    return 1;
}

static int note_event(leat_ledger *ledger, leat_ticket *ticket, const leat_event *event)
{
    if (event->slot >= ledger->n_slots && !grow_slots(ledger, event->slot + 1))
        return 0;
    slot_state *slot = &ledger->slots[event->slot];
    if (slot->opened_by != ticket->sequence) {
        slot->opened_by = ticket->sequence;
        slot->mark = ticket->n_marks++;
        ticket->marks[slot->mark] = (leat_mark){.slot = event->slot, .next = -1};
    }
    leat_mark *mark = &ticket->marks[slot->mark];
    if (event->offset + 1 > mark->next)
        mark->next = event->offset + 1;
    if (event->timestamp >= 0 && event->timestamp < ticket->oldest)
        ticket->oldest = event->timestamp;
    return 1;
}

leat_status leat_ledger_open(leat_ledger *ledger, const leat_batch *batch,
                             leat_ticket **ticket)
{
    if (leat_ledger_is_full(ledger))
        return LEAT_AGAIN;
    leat_ticket *opened = ticket_at(ledger, ledger->tail);
    opened->sequence = ledger->tail;
    opened->pending = 1;
    opened->is_sealed = false;
    opened->bytes = 0;
    opened->oldest = INT64_MAX;
    opened->n_marks = 0;
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (!note_event(ledger, opened, &batch->events[i]))
            return LEAT_E_MEMORY;
    ledger->tail++;
    *ticket = opened;
    return LEAT_OK;
}

void leat_ledger_expect(leat_ledger *ledger, leat_ticket *ticket, uint64_t bytes)
{
    ticket->pending++;
    ticket->bytes += bytes;
    ledger->in_flight++;
    ledger->bytes += bytes;
}

void leat_ticket_seal(leat_ticket *ticket)
{
    ticket->pending--;
    ticket->is_sealed = true;
}

bool leat_ledger_is_whole(const leat_ledger *ledger)
{
    return leat_ledger_is_empty(ledger) || ticket_at(ledger, ledger->tail - 1)->is_sealed;
}

int leat_ledger_knows(const leat_ledger *ledger, uint64_t sequence)
{
    return sequence >= ledger->head && sequence < ledger->tail;
}

void leat_ledger_acknowledge(leat_ledger *ledger, uint64_t sequence)
{
    if (!leat_ledger_knows(ledger, sequence))
        return;
    ticket_at(ledger, sequence)->pending--;
    ledger->in_flight--;
}

static void take_marks(leat_ledger *ledger, const leat_ticket *ticket)
{
    for (uint32_t i = 0; i < ticket->n_marks; i++)
        ledger->slots[ticket->marks[i].slot].next = ticket->marks[i].next;
}

static uint32_t collect_moved(leat_ledger *ledger)
{
    uint32_t n = 0;
    for (uint32_t slot = 0; slot < ledger->n_slots; slot++) {
        if (ledger->slots[slot].next < 0)
            continue;
        ledger->moved[n++] = (leat_mark){slot, ledger->slots[slot].next};
        ledger->slots[slot].next = -1;
    }
    return n;
}

uint32_t leat_ledger_settled(leat_ledger *ledger, const leat_mark **marks,
                             leat_ticket_done *done, void *opaque)
{
    for (; ledger->head < ledger->tail; ledger->head++) {
        const leat_ticket *ticket = ticket_at(ledger, ledger->head);
        if (ticket->pending)
            break;
        take_marks(ledger, ticket);
        ledger->bytes -= ticket->bytes;
        if (done)
            done(ticket, opaque);
    }
    *marks = ledger->moved;
    return collect_moved(ledger);
}

uint32_t leat_ledger_all(leat_ledger *ledger, const leat_mark **marks)
{
    for (uint64_t sequence = ledger->head; sequence < ledger->tail; sequence++)
        take_marks(ledger, ticket_at(ledger, sequence));
    *marks = ledger->moved;
    return collect_moved(ledger);
}

void leat_ledger_clear(leat_ledger *ledger)
{
    ledger->head = ledger->tail;
    ledger->in_flight = 0;
    ledger->bytes = 0;
    for (uint32_t slot = 0; slot < ledger->n_slots; slot++)
        ledger->slots[slot].next = -1;
}

uint64_t leat_ledger_in_flight(const leat_ledger *ledger)
{
    return ledger->in_flight;
}

uint64_t leat_ledger_bytes(const leat_ledger *ledger)
{
    return ledger->bytes;
}

uint64_t leat_ledger_n_tickets(const leat_ledger *ledger)
{
    return ledger->tail - ledger->head;
}

int leat_ledger_is_empty(const leat_ledger *ledger)
{
    return ledger->head == ledger->tail;
}

int leat_ledger_is_full(const leat_ledger *ledger)
{
    return ledger->tail - ledger->head == ledger->max_tickets;
}
