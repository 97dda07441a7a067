/* worker/demo/fraud_stream.h: card transactions whose truth is known.
 *
 * A small world: users with homes, habits and budgets, their cards, merchants with risks,
 * and a few thieves, each of whom uses a stolen card for a while. A transaction is a
 * msgpack map of about 30 fields, some nested, some missing. Nothing in it says whether a
 * thief made it; the amount, the place, the device and the pace only make that more or
 * less likely.
 *
 * The same seed gives the same world and the same bytes. One event in a thousand is
 * damaged behind its transaction_id, in one of several ways, for the sake of the dead
 * letters.
 *
 * Owns:    the world, and the bytes of the last event.
 * Threads: one at a time.
 * Fails:   new: E_MEMORY.
 */
#ifndef LEAT_WORKER_DEMO_FRAUD_STREAM_H
#define LEAT_WORKER_DEMO_FRAUD_STREAM_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

typedef struct leat_fraud_stream leat_fraud_stream;

/* Valid until the next one is made. */
typedef struct leat_fraud_event {
    uint64_t index;     /* from 0; its transaction_id is "tx-<index>" */
    bool fraud;         /* the truth */
    bool malformed;     /* no payload that a worker may score */
    leat_slice key;     /* the card's id, so that a card's events stay in order */
    leat_slice payload; /* msgpack */
    uint32_t user;      /* whose profiles belong to it */
    uint32_t card;
} leat_fraud_event;

/* What Redis knows of a user or card: a hash of numbers. */
typedef struct leat_fraud_field {
    const char *name;
    double value; /* at most two decimals, so that "%.2f" loses nothing */
} leat_fraud_field;

enum {
    LEAT_FRAUD_USERS = 4000,
    LEAT_FRAUD_CARDS = 5000,
    LEAT_FRAUD_PROFILE_FIELDS = 4,
    LEAT_FRAUD_MAX_EVENT = 1024, /* bytes of a payload, and that is generous */
};

typedef struct leat_fraud_profile {
    char key[24]; /* "user:u00042", "card:c00042" */
    uint32_t n_fields;
    leat_fraud_field fields[LEAT_FRAUD_PROFILE_FIELDS];
} leat_fraud_profile;

leat_status leat_fraud_stream_new(leat_fraud_stream **stream,
                                  uint64_t seed) LEAT_MUST_CHECK;
void leat_fraud_stream_free(leat_fraud_stream *stream);

void leat_fraud_stream_next(leat_fraud_stream *stream, leat_fraud_event *event);

/* False where Redis knows nothing of the user: a few are new. */
bool leat_fraud_stream_user(const leat_fraud_stream *stream, uint32_t user,
                            leat_fraud_profile *profile);
void leat_fraud_stream_card(const leat_fraud_stream *stream, uint32_t card,
                            leat_fraud_profile *profile);

#endif
