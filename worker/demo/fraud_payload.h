/* worker/demo/fraud_payload.h: how a transaction is written down.
 *
 * A msgpack map of nearly 30 fields, some nested, some missing. Nothing in it says
 * whether a thief made it, and nothing what the card did before: that is what aggregates
 * are for.
 *
 * Owns:    nothing; the bytes are the caller's.
 */
#ifndef LEAT_WORKER_DEMO_FRAUD_PAYLOAD_H
#define LEAT_WORKER_DEMO_FRAUD_PAYLOAD_H

#include "worker/demo/fraud_world.h"
#include "worker/demo/payload.h"

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
    int declined; /* attempts at this payment that failed before it went through */
} leat_fraud_purchase;

#define LEAT_FRAUD_ID     "transaction_id"
#define LEAT_FRAUD_PREFIX "tx-"
#define LEAT_FRAUD_TYPE   "purchase"

void leat_fraud_payload_write(leat_payload *payload, const leat_fraud_world *world,
                              const leat_fraud_purchase *purchase);

#endif
