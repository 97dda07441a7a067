/* worker/demo/fraud_stream.h: card transactions whose truth is known.
 *
 * A small world: users with homes, habits and budgets, their cards, merchants with risks,
 * and a few thieves, each of whom uses a stolen card for a while. A transaction is a
 * msgpack map of nearly 30 fields, some nested, some missing. Nothing in it says whether a
 * thief made it; the amount, the place, the device, and what the card did before, only
 * make that more or less likely. Its key is the card's id.
 *
 * An event's truth: 1 where a thief made it, else 0. Nothing is guessed.
 */
#ifndef LEAT_WORKER_DEMO_FRAUD_STREAM_H
#define LEAT_WORKER_DEMO_FRAUD_STREAM_H

#include "worker/demo/world.h"

extern const leat_stream_ops leat_fraud_stream;

#endif
