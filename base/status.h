/* base/status.h: what a call reports.
 *
 * Positive is news (the call did its work and has something to say), zero is OK, negative
 * is an error. One list holds every code with its class and its text, so that a code that
 * has no text or no class cannot exist.
 *
 * Threads: any.
 */
#ifndef LEAT_BASE_STATUS_H
#define LEAT_BASE_STATUS_H

/* The class of an error decides what is done about it:
 *   RETRY  the same call may succeed later (a broker or Redis is away)
 *   ROW    one event cannot be scored; it becomes a dead letter, its neighbours go on
 *   FATAL  going on would be wrong; the worker stops, or never starts */
typedef enum leat_class {
    LEAT_CLASS_NONE,
    LEAT_CLASS_RETRY,
    LEAT_CLASS_ROW,
    LEAT_CLASS_FATAL,
} leat_class;

/* X(name, value, class, text) */
#define LEAT_STATUS_LIST(X)                                                              \
    X(OK, 0, NONE, "ok")                                                                 \
    X(REBALANCE, 1, NONE, "the assignment of partitions changes")                        \
    X(MORE, 2, NONE, "not finished: call again")                                         \
    X(AGAIN, 3, NONE, "no room now: serve acknowledgements and call again")              \
    X(ABORTED, 4, NONE, "deliveries failed: rewind to the committed offsets")            \
    X(END, 5, NONE, "end of input")                                                      \
    X(REFUSED, 6, NONE, "the brokers refused a record: find it")                         \
    X(E_MEMORY, -1, FATAL, "out of memory")                                              \
    X(E_IO, -2, FATAL, "input/output error")                                             \
    X(E_CONFIG, -3, FATAL, "configuration error")                                        \
    X(E_USAGE, -4, FATAL, "usage error")                                                 \
    X(E_MODEL, -5, FATAL, "model refused")                                               \
    X(E_UNSUPPORTED, -6, FATAL, "not supported")                                         \
    X(E_NO_INPUT, -7, FATAL, "cannot open")                                              \
    X(E_UNAVAILABLE, -8, RETRY, "service unavailable")                                   \
    X(E_TIMEOUT, -9, RETRY, "timed out")                                                 \
    X(E_PROTOCOL, -10, RETRY, "unexpected reply")                                        \
    X(E_KAFKA, -11, FATAL, "Kafka client error")                                         \
    X(E_DELIVERY, -12, FATAL, "a record could not be delivered")                         \
    X(E_INTERNAL, -13, FATAL, "internal error")                                          \
    X(E_HALTED, -14, FATAL, "halted: too many events failed")                            \
    X(E_TRUNCATED, -20, ROW, "payload is truncated")                                     \
    X(E_TRAILING, -21, ROW, "payload has trailing bytes")                                \
    X(E_DEPTH, -22, ROW, "payload nests too deep")                                       \
    X(E_COUNT, -23, ROW, "payload declares more elements than it has bytes")             \
    X(E_FORMAT, -24, ROW, "payload is malformed")                                        \
    X(E_UTF8, -25, ROW, "payload has invalid UTF-8")                                     \
    X(E_TYPE, -26, ROW, "field has the wrong type")                                      \
    X(E_RANGE, -27, ROW, "field is out of range")                                        \
    X(E_MISSING, -28, ROW, "field is missing")                                           \
    X(E_NOT_FINITE, -29, ROW, "score is not finite")                                     \
    X(E_TOO_LARGE, -30, ROW, "record is too large for the broker")                       \
    X(E_REFUSED, -31, ROW, "record was refused by the brokers")                          \
    X(E_UNANSWERED, -32, ROW, "Redis did not answer")

typedef enum leat_status {
#define X(name, value, class, text) LEAT_##name = (value),
    LEAT_STATUS_LIST(X)
#undef X
} leat_status;

#define LEAT_MUST_CHECK __attribute__((warn_unused_result))

/* The text of a code, for people; never NULL. */
const char *leat_status_text(leat_status status);

/* The code as it stands in headers and metrics, such as "E_TRUNCATED"; never NULL. */
const char *leat_status_name(leat_status status);

/* What to do about it; NONE for OK and news. */
leat_class leat_status_class(leat_status status);

#endif
