/* worker/demo/view.h: the demo as people see it.
 *
 * On a terminal a few lines that are drawn over again, five times a second: progress,
 * rate, latency, and what the world's judge has to show. Elsewhere a line a second.
 *
 * Owns:    nothing; the cursor is given back by close.
 * Threads: main.
 */
#ifndef LEAT_WORKER_DEMO_VIEW_H
#define LEAT_WORKER_DEMO_VIEW_H

#include "worker/demo/count.h"

#include <stdio.h>

enum { LEAT_VIEW_RATES = 30 };

typedef struct leat_view {
    FILE *out;
    bool live;
    uint64_t period_ns;
    uint64_t next_ns;              /* when to draw again */
    uint64_t last_ns;              /* when it was drawn */
    uint64_t last_settled;         /* what had come out by then */
    uint32_t n_lines;              /* that stand on the terminal and are drawn over */
    double rates[LEAT_VIEW_RATES]; /* events a second, the newest last */
} leat_view;

void leat_view_init(leat_view *view, FILE *out);
void leat_view_close(leat_view *view);

/* Draws, when it is time to. */
void leat_view_show(leat_view *view, const leat_count *count, uint64_t now_ns);

/* For a judge: a histogram in a line; and the end of a line of its own. */
void leat_view_draw_bins(leat_view *view, const char *name, const char *before,
                         const uint64_t *bins, uint32_t n, const char *behind);
void leat_view_end_line(leat_view *view);

#define LEAT_VIEW_FAINT "\x1b[2m"
#define LEAT_VIEW_RED   "\x1b[31m"
#define LEAT_VIEW_PLAIN "\x1b[0m"

#endif
