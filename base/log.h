/* base/log.h: one line a message, to standard error.
 *
 * Text on a terminal, JSON otherwise, never payloads, features or secrets. A line is
 * written with one write(2), so lines of several threads never mix; where standard error
 * is a pipe that nobody reads, the line is dropped and counted instead of blocking a
 * lane.
 *
 * Threads: any, after leat_log_open; leat_log_limited keeps its state in the caller's.
 */
#ifndef LEAT_BASE_LOG_H
#define LEAT_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

typedef enum leat_log_level {
    LEAT_LOG_DEBUG,
    LEAT_LOG_INFO,
    LEAT_LOG_WARN,
    LEAT_LOG_ERROR,
} leat_log_level;

typedef enum leat_log_style {
    LEAT_LOG_AUTO, /* TEXT when standard error is a terminal */
    LEAT_LOG_TEXT,
    LEAT_LOG_JSON,
} leat_log_style;

void leat_log_open(leat_log_style style, leat_log_level least);

/* `part` names who speaks: "lane 0", "redis", "kafka". */
void leat_log(leat_log_level level, const char *part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* At most one line per `period_ns` for this state; says how many were held back. */
typedef struct leat_log_limit {
    uint64_t next_ns;
    uint64_t held;
} leat_log_limit;

void leat_log_limited(leat_log_limit *limit, uint64_t period_ns, leat_log_level level,
                      const char *part, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
