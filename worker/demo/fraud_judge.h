/* worker/demo/fraud_judge.h: how well scores tell frauds from the rest.
 *
 * A prediction must have a score from 0 to 1. The figure is the AUC: how likely a fraud's
 * score is above a genuine event's, by ranks, ties halved.
 */
#ifndef LEAT_WORKER_DEMO_FRAUD_JUDGE_H
#define LEAT_WORKER_DEMO_FRAUD_JUDGE_H

#include "worker/demo/world.h"

extern const leat_judge_ops leat_fraud_judge;

#endif
