#include "worker/report.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t PERIOD_NS = 10 * LEAT_SEC;

typedef struct totals {
    uint64_t events;
    uint64_t predictions;
    uint64_t dead_letters;
    uint64_t skipped;
    uint64_t unavailable;
    uint64_t batches;
    uint64_t rewinds;
    uint64_t assigned;
    uint64_t lag;
    uint64_t latency[LEAT_HISTOGRAM_BUCKETS];
} totals;

struct leat_report {
    uint32_t n_lanes;
    uint64_t started_ns;
    uint64_t due_ns;
    totals last;
    const leat_lane_meters *lanes[];
};

leat_report *leat_report_new(uint32_t max_lanes)
{
    leat_report *report =
        calloc(1, sizeof *report + max_lanes * sizeof(const leat_lane_meters *));
    if (report) {
        report->started_ns = leat_now_ns();
        report->due_ns = report->started_ns + PERIOD_NS;
    }
    return report;
}

void leat_report_free(leat_report *report)
{
    free(report);
}

void leat_report_add(leat_report *report, const leat_lane_meters *meters)
{
    report->lanes[report->n_lanes++] = meters;
}

static void add_up(const leat_report *report, totals *now)
{
    memset(now, 0, sizeof *now);
    for (uint32_t i = 0; i < report->n_lanes; i++) {
        const leat_lane_meters *lane = report->lanes[i];
        now->events += leat_counter_read(&lane->events);
        now->predictions += leat_counter_read(&lane->predictions);
        now->dead_letters += leat_counter_read(&lane->dead_letters);
        now->skipped += leat_counter_read(&lane->skipped);
        now->unavailable += leat_counter_read(&lane->unavailable);
        now->batches += leat_counter_read(&lane->batches);
        now->rewinds += leat_counter_read(&lane->rewinds);
        now->assigned += leat_counter_read(&lane->assigned);
        now->lag += leat_counter_read(&lane->lag);
        leat_histogram_read(&lane->latency, now->latency);
    }
}

/* What was counted since the last line. */
static double quantile_ms(const totals *now, const totals *last, double q)
{
    uint64_t counts[LEAT_HISTOGRAM_BUCKETS];
    for (unsigned i = 0; i < LEAT_HISTOGRAM_BUCKETS; i++)
        counts[i] = now->latency[i] - last->latency[i];
    return (double)leat_histogram_quantile(counts, q) / 1e3;
}

void leat_report_when_due(leat_report *report)
{
    uint64_t now_ns = leat_now_ns();
    if (now_ns < report->due_ns)
        return;
    totals now;
    add_up(report, &now);
    double seconds = (double)(now_ns - report->due_ns + PERIOD_NS) / 1e9;
    uint64_t batches = now.batches - report->last.batches;
    uint64_t events = now.events - report->last.events;
    leat_log(LEAT_LOG_INFO, "leat",
             "%.0f events/s, %llu partitions, lag %llu, latency p50 %.0f ms p99 %.0f ms, "
             "%.1f events a batch, %llu dead letters, %llu without Redis, %llu "
             "predictions in all",
             (double)events / seconds, (unsigned long long)now.assigned,
             (unsigned long long)now.lag, quantile_ms(&now, &report->last, 0.5),
             quantile_ms(&now, &report->last, 0.99),
             batches ? (double)events / (double)batches : 0.0,
             (unsigned long long)(now.dead_letters - report->last.dead_letters),
             (unsigned long long)(now.unavailable - report->last.unavailable),
             (unsigned long long)now.predictions);
    report->last = now;
    report->due_ns = now_ns + PERIOD_NS;
}

void leat_report_last(leat_report *report)
{
    totals now;
    add_up(report, &now);
    leat_log(LEAT_LOG_INFO, "leat",
             "stopped: %llu events, %llu predictions (%llu without Redis), "
             "%llu dead letters, %llu skipped, %llu rewinds",
             (unsigned long long)now.events, (unsigned long long)now.predictions,
             (unsigned long long)now.unavailable, (unsigned long long)now.dead_letters,
             (unsigned long long)now.skipped, (unsigned long long)now.rewinds);
}
