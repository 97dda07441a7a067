/* worker/report.h: one line every ten seconds that says how the stream flows.
 *
 * Reads the meters of the lanes; writes nothing but the log.
 *
 * Threads: main.
 */
#ifndef LEAT_WORKER_REPORT_H
#define LEAT_WORKER_REPORT_H

#include "worker/lane.h"

typedef struct leat_report leat_report;

leat_report *leat_report_new(uint32_t max_lanes);
void leat_report_free(leat_report *report);
void leat_report_add(leat_report *report, const leat_lane_meters *meters);

/* The line, when ten seconds have passed since the last one. */
void leat_report_when_due(leat_report *report);

/* The totals, when all lanes have ended. */
void leat_report_last(leat_report *report);

#endif
