/* worker/demo/verdict.h: what the demo comes to, for people and for programs.
 *
 * Threads: any.
 */
#ifndef LEAT_WORKER_DEMO_VERDICT_H
#define LEAT_WORKER_DEMO_VERDICT_H

#include "worker/demo/count.h"

#include <stdio.h>

typedef struct leat_verdict {
    uint64_t events;
    uint64_t predictions;
    uint64_t dead_letters;
    uint64_t lost;
    uint64_t duplicated;
    uint64_t unexpected;
    double seconds; /* from the first event sent to the last record seen */
    double events_per_second;
    double p50_ms;
    double p99_ms;
    uint32_t n_figures;
    leat_figure figures[LEAT_MAX_FIGURES]; /* the judge's */
} leat_verdict;

/* What was counted, once nothing more can come out. */
leat_verdict leat_verdict_of(const leat_count *count, double seconds);

/* Every event came out exactly once, and nothing else did. */
bool leat_verdict_is_clean(const leat_verdict *verdict);

void leat_verdict_print(const leat_verdict *verdict, FILE *out);

/* JSON; a figure that there is none of is null. */
void leat_verdict_write(const leat_verdict *verdict, FILE *out);

#endif
