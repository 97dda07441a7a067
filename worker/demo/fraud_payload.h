/* worker/demo/fraud_payload.h: how a transaction is written down.
 *
 * A msgpack map of about 30 fields, some nested, some missing. Nothing in it says whether
 * a thief made it.
 *
 * Owns:    nothing; the bytes are the caller's.
 */
#ifndef LEAT_WORKER_DEMO_FRAUD_PAYLOAD_H
#define LEAT_WORKER_DEMO_FRAUD_PAYLOAD_H

#include "worker/demo/fraud_world.h"

typedef struct leat_fraud_purchase {
    uint64_t index;
    int64_t time_ms;
    uint32_t card;
    uint32_t merchant;
    bool fraud;

    double amount;
    double distance_km;
    int local_hour;
    uint32_t items;
    double ip_risk;
    int session_seconds;
    bool device_known;
    bool vpn;
    bool cvv_ok;
    bool avs_ok;
    bool three_ds;
    int64_t seconds_since_last; /* negative: the card has never paid before */
} leat_fraud_purchase;

typedef struct leat_fraud_payload {
    uint32_t size;
    uint8_t bytes[LEAT_FRAUD_MAX_EVENT]; /* [size] */
} leat_fraud_payload;

void leat_fraud_payload_write(leat_fraud_payload *payload, const leat_fraud_world *world,
                              const leat_fraud_purchase *purchase);

/* Makes it one that no worker may score, in one of several ways, each behind the
 * transaction_id, so that what becomes of the event can be known. */
void leat_fraud_payload_damage(leat_fraud_payload *payload, leat_random *random);

#endif
