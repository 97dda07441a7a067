/* base/fail_point.h: places where a test kills the worker. In builds for the chaos bench only
 * (LEAT_FAIL_POINTS); everywhere else they are nothing.
 *
 * LEAT_FAIL_AT=name:n in the environment: SIGKILL when the process passes the point of that
 * name for the nth time, whichever lane it is. In the order of a transaction:
 *
 *   after_features  what was aggregated is in Redis, and nothing of the batch is published
 *   after_produce   a batch is with the producer, on its way or not
 *   after_offsets   the brokers have its offsets, and some of its records or all
 *   before_commit   they have all of it
 *   after_commit    the transaction is committed, and the lane has not taken that down
 *   in_rebalance    partitions came or went
 *
 * Threads: any.
 */
#ifndef LEAT_BASE_FAIL_POINT_H
#define LEAT_BASE_FAIL_POINT_H

void leat_fail_point(const char *name);

#ifdef LEAT_FAIL_POINTS
#define LEAT_FAIL_POINT(name) leat_fail_point(name)
#else
#define LEAT_FAIL_POINT(name) ((void)0)
#endif

#endif
