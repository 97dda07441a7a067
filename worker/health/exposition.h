/* worker/health/exposition.h: Prometheus' text format, and OpenMetrics.
 *
 * A family is opened with its type, name and help; its samples follow. The name is the
 * family's: a counter's samples end in _total, an information's in _info, a histogram's in
 * _bucket, _sum and _count, by themselves.
 *
 * Owns:    nothing; writes to the caller's file, whose errors are the caller's to ask for.
 * Threads: one.
 * Source:  https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4) and
 *          https://prometheus.io/docs/specs/om/open_metrics_spec/ (1.0.0)
 */
#ifndef LEAT_WORKER_EXPOSITION_H
#define LEAT_WORKER_EXPOSITION_H

#include "base/distribution.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum leat_family_type {
    LEAT_FAMILY_COUNTER,
    LEAT_FAMILY_GAUGE,
    LEAT_FAMILY_INFO,
    LEAT_FAMILY_HISTOGRAM,
} leat_family_type;

enum { LEAT_MAX_LABELS = 4 };

/* Ends where a name is NULL. Values may be any text; they are escaped. */
typedef struct leat_labels {
    struct {
        const char *name;
        const char *value;
    } at[LEAT_MAX_LABELS + 1];
} leat_labels;

typedef struct leat_exposition {
    FILE *out;
    bool is_open_metrics;
    leat_family_type type; /* of the family that is open */
    const char *name;
} leat_exposition;

/* Chooses the format by the Accept header; `type` gets the content type. */
void leat_exposition_begin(leat_exposition *to, FILE *out, const char *accept,
                           const char **type);
void leat_exposition_family(leat_exposition *to, leat_family_type type, const char *name,
                            const char *help);

/* A sample of the family; `labels` may be NULL. */
void leat_exposition_count(leat_exposition *to, const leat_labels *labels,
                           uint64_t value);
void leat_exposition_value(leat_exposition *to, const leat_labels *labels, double value);
void leat_exposition_histogram(leat_exposition *to, const leat_labels *labels,
                               const leat_bounds *bounds,
                               const uint64_t counts[LEAT_MAX_BOUNDS + 1], uint64_t sum);
void leat_exposition_end(leat_exposition *to);

#endif
