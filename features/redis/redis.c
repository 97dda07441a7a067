/* A connection that is trusted only while question and answer belong together.
 *
 * The danger. Replies carry no name: the n-th reply answers the n-th question. Were a
 * reply left unread by a batch that gave up, it would answer the first question of the
 * next batch, and every entity from there on would get another one's features, in
 * silence. So:
 *
 *   1. A batch that ends with answers outstanding closes the connection (lose).
 *   2. So does a reply that is not what was asked for (pipeline.c), and an end of file.
 *   3. Before a batch is sent, an idle connection must have nothing to read: what is
 *      there is an end of file, or bytes that nobody asked for.
 *   4. AUTH and SELECT stand in front of the first questions on a new connection. Where
 *      one is refused, the answers behind it come from the wrong database: none counts.
 *
 * The time. A batch waits until its deadline for everything together: name server,
 * connect, AUTH, its own questions. A lane that was held up must not blame Redis for it:
 * the time-out begins when the questions have left, and is judged after reading what has
 * arrived.
 *
 * The breaker. A try to connect is allowed a little more than a second after the last one,
 * so that a server sees a lane once in any second, though it may see one a while late; the
 * pause doubles while no batch is answered, with jitter, so that lanes do not come all at
 * once. A connection that worked for long is thus replaced at once, and a dead Redis costs
 * one time-out a pause; the batches between pass without waiting. A try that is slower than
 * a batch may wait goes on beside the batches that pass, or it could never end; nothing has
 * been asked on it yet.
 *
 * The deadlock. Two full socket buffers with both sides writing would stand still, so
 * every round both writes and reads.
 */
#include "features/redis/redis_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define FIRST_PAUSE_NS  (1100 * LEAT_MS)
#define MAX_DOUBLINGS   2
#define TRY_NS          (5 * LEAT_SEC) /* TCP repeats a lost SYN after 1 s and 3 s */
#define LOG_PERIOD_NS   (60 * LEAT_SEC)
#define KEPT_READ_BYTES (1024 * 1024)

enum { READ_BYTES = 16 * 1024 }; /* what hiredis reads at once */

void leat_redis_disconnect(leat_redis *redis)
{
    if (redis->context)
        redisFree(redis->context);
    leat_resolve_free(redis->resolve);
    redis->context = NULL;
    redis->resolve = NULL;
    redis->state = LEAT_REDIS_DOWN;
}

void leat_redis_blame(leat_redis *redis, leat_status status, const char *words)
{
    redis->status =
        leat_error_set(&redis->trouble, status, "%s: %s", redis->address, words);
    redis->is_lost = true;
    leat_log_limited(&redis->lost, LOG_PERIOD_NS, LEAT_LOG_WARN, "redis",
                     "%s; lookups are unavailable, still trying", redis->trouble.msg);
}

/* The one way in which a connection fails. */
__attribute__((format(printf, 3, 4))) static void lose(leat_redis *redis,
                                                       leat_status status,
                                                       const char *format, ...)
{
    char words[200];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    leat_redis_disconnect(redis);
    leat_redis_blame(redis, status, words);
}

/* ---- Connecting ---- */

static void start_pipeline(leat_redis *redis, bool is_new)
{
    size_t size;
    const char *bytes = leat_pipeline_start(&redis->pipeline, is_new, &size);
    redis->is_written = false;
    if (redisAppendFormattedCommand(redis->context, bytes, size) != REDIS_OK)
        lose(redis, LEAT_E_MEMORY, "%s", redis->context->errstr);
}

static redisContext *start_context(leat_redis *redis)
{
    uint32_t i = redis->next_address++;
    if (redis->spec.unix_path)
        return redisConnectUnixNonBlock(redis->spec.unix_path);
    return redisConnectNonBlock(redis->addresses.text[i], redis->spec.port);
}

/* On to the first address that does not refuse at once; `failure` is what became of the
 * one before. */
static void connect_next(leat_redis *redis, const char *failure)
{
    char words[128];
    snprintf(words, sizeof words, "%s", failure);
    leat_redis_disconnect(redis);
    while (redis->next_address < redis->addresses.n) {
        redis->context = start_context(redis);
        if (redis->context && !redis->context->err) {
            redis->context->reader->maxbuf = KEPT_READ_BYTES;
            leat_pipeline_attach(&redis->pipeline, redis->context->reader);
            redis->state = LEAT_REDIS_CONNECTING;
            return;
        }
        snprintf(words, sizeof words, "%s",
                 redis->context ? redis->context->errstr : "out of memory");
        leat_redis_disconnect(redis);
    }
    lose(redis, LEAT_E_UNAVAILABLE, "cannot connect: %s", words);
}

static void finish_resolving(leat_redis *redis)
{
    leat_error error;
    leat_status status = leat_resolve_result(redis->resolve, &redis->addresses, &error);
    if (status == LEAT_MORE)
        return;
    if (status == LEAT_OK)
        connect_next(redis, "");
    else
        lose(redis, status, "%s", error.msg);
}

static void finish_connecting(leat_redis *redis)
{
    struct pollfd peer = {.fd = redis->context->fd, .events = POLLOUT};
    int failure = 0;
    socklen_t size = sizeof failure;
    if (poll(&peer, 1, 0) == 0)
        return;
    getsockopt(peer.fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure) {
        connect_next(redis, strerror(failure));
    } else if (redis->tls && leat_redis_tls_start(redis->tls, redis->context)) {
        connect_next(redis, redis->context->errstr);
    } else {
        redis->state = LEAT_REDIS_UP;
        redis->has_spoken = !redis->tls;
        start_pipeline(redis, true);
    }
}

/* Below `most`. The nanoseconds of a moment are all the chance that there is, so they have
 * to count most: lanes lose a Redis that is killed within milliseconds of one another. */
static uint64_t jitter(uint64_t now, uint64_t most)
{
    return (now * UINT64_C(0x9e3779b97f4a7c15) >> 32) * most >> 32;
}

/* Up to half as long again. */
static uint64_t next_pause(const leat_redis *redis, uint64_t now)
{
    uint32_t doublings =
        redis->n_failures < MAX_DOUBLINGS ? redis->n_failures : MAX_DOUBLINGS;
    uint64_t pause = FIRST_PAUSE_NS << doublings;
    return pause + jitter(now, pause / 2);
}

static void open_connection(leat_redis *redis)
{
    uint64_t now = leat_now_ns();
    if (now < redis->next_try_ns) {
        redis->status = LEAT_E_UNAVAILABLE;
        return;
    }
    redis->last_try_ns = now;
    redis->next_try_ns = now + next_pause(redis, now);
    redis->n_failures++;
    leat_counter_add(&redis->n_connects, 1);
    redis->next_address = 0;
    redis->addresses.n = 1;
    if (redis->spec.unix_path) {
        connect_next(redis, "");
        return;
    }
    redis->state = LEAT_REDIS_RESOLVING;
    redis->resolve = leat_resolve_start(redis->spec.host);
    if (!redis->resolve)
        lose(redis, LEAT_E_MEMORY, "no room to ask the name server: %s", strerror(errno));
}

/* ---- Talking ---- */

/* Rule 4; the password is not in Redis's words. */
static void refuse_opening(leat_redis *redis, leat_slice words)
{
    redis->pipeline.n_answered = 0;
    lose(redis, LEAT_E_UNAVAILABLE, "login refused: %.*s", (int)words.size,
         (const char *)words.data);
}

static void check_opening(leat_redis *redis)
{
    leat_pipeline *pipeline = &redis->pipeline;
    for (uint32_t i = 0; redis->state == LEAT_REDIS_UP && i < pipeline->n_kept; i++)
        if (leat_pipeline_kind(pipeline, i) == LEAT_REPLY_ERROR)
            refuse_opening(redis, leat_pipeline_value(pipeline, i, 0));
}

/* Why reading or writing failed. */
static const char *why(leat_redis *redis)
{
    const char *words = redis->tls ? leat_redis_tls_trouble(redis->tls) : NULL;
    return words ? words : redis->context->errstr;
}

static void write_some(leat_redis *redis)
{
    int is_done = 0;
    if (redis->is_written)
        return;
    size_t left = sdslen(redis->context->obuf);
    if (redisBufferWrite(redis->context, &is_done) != REDIS_OK) {
        lose(redis, LEAT_E_UNAVAILABLE, "cannot write: %s", why(redis));
        return;
    }
    redis->has_spoken |= is_done || sdslen(redis->context->obuf) < left;
    redis->is_written = is_done;
}

/* Reads what has arrived by now, not what goes on arriving meanwhile: a peer that floods
 * us cannot hold the lane. */
static void read_some(leat_redis *redis)
{
    int arrived = 0;
    ioctl(redis->context->fd, FIONREAD, &arrived);
    for (int left = arrived; left >= 0 && redis->state == LEAT_REDIS_UP;
         left -= READ_BYTES) {
        bool is_open = redisBufferRead(redis->context) == REDIS_OK;
        if (leat_pipeline_take(&redis->pipeline, redis->context->reader) != LEAT_OK)
            lose(redis, LEAT_E_PROTOCOL, "not Redis's language: %s",
                 redis->pipeline.complaint);
        check_opening(redis);
        if (redis->state == LEAT_REDIS_UP && !is_open)
            lose(redis, LEAT_E_UNAVAILABLE, "%s", why(redis));
        if (leat_pipeline_done(&redis->pipeline))
            break;
    }
}

/* One step further, without waiting. */
static void progress(leat_redis *redis)
{
    if (redis->state == LEAT_REDIS_RESOLVING)
        finish_resolving(redis);
    if (redis->state == LEAT_REDIS_CONNECTING)
        finish_connecting(redis);
    if (redis->state == LEAT_REDIS_UP)
        write_some(redis);
    if (redis->state == LEAT_REDIS_UP)
        read_some(redis);
}

static void wait_for_peer(const leat_redis *redis, uint64_t now)
{
    struct pollfd peer = {.events = POLLIN};
    if (redis->state == LEAT_REDIS_RESOLVING) {
        peer.fd = leat_resolve_descriptor(redis->resolve);
    } else {
        peer.fd = redis->context->fd;
        if (redis->state == LEAT_REDIS_CONNECTING)
            peer.events = POLLOUT;
        else if (!redis->is_written && redis->has_spoken)
            peer.events |= POLLOUT; /* before, a handshake waits for the peer */
    }
    uint64_t left = redis->deadline_ns - now;
    struct timespec wait = {.tv_sec = (time_t)(left / LEAT_SEC),
                            .tv_nsec = (long)(left % LEAT_SEC)};
    ppoll(&peer, 1, &wait, NULL);
}

static bool is_connecting(const leat_redis *redis)
{
    return redis->state == LEAT_REDIS_RESOLVING || redis->state == LEAT_REDIS_CONNECTING;
}

static bool is_pending(const leat_redis *redis)
{
    return redis->status == LEAT_OK && !leat_pipeline_done(&redis->pipeline);
}

/* Rule 1, unless nothing has been asked yet. */
static void time_out(leat_redis *redis)
{
    if (is_connecting(redis))
        leat_redis_blame(redis, LEAT_E_TIMEOUT,
                         redis->state == LEAT_REDIS_RESOLVING
                             ? "timed out asking the name server"
                             : "timed out connecting");
    else
        lose(redis, LEAT_E_TIMEOUT, "timed out, %u of %u replies in",
             redis->pipeline.n_answered, redis->pipeline.n_asked);
}

static void note_answered(leat_redis *redis)
{
    redis->n_failures = 0;
    if (redis->is_lost)
        leat_log_limited(&redis->found, LOG_PERIOD_NS, LEAT_LOG_INFO, "redis",
                         "%s: answers again", redis->address);
    redis->is_lost = false;
}

/* ---- The batch ---- */

bool leat_redis_may_ask(const leat_redis *redis)
{
    return redis->state != LEAT_REDIS_DOWN || leat_now_ns() >= redis->next_try_ns;
}

void leat_redis_reset(leat_redis *redis)
{
    if (redis->state == LEAT_REDIS_UP && !leat_pipeline_done(&redis->pipeline))
        leat_redis_disconnect(redis);
    leat_pipeline_reset(&redis->pipeline);
    redis->status = LEAT_OK;
}

leat_status leat_redis_ask(leat_redis *redis, const leat_slice *pieces, uint32_t n_pieces,
                           leat_reply_kind expected, uint32_t n_values)
{
    return leat_pipeline_ask(&redis->pipeline, pieces, n_pieces, expected, n_values);
}

uint32_t leat_redis_n_asked(const leat_redis *redis)
{
    return redis->pipeline.n_asked - redis->pipeline.n_kept;
}

/* Rule 3. */
static bool has_stray_input(const leat_redis *redis)
{
    struct pollfd peer = {.fd = redis->context->fd, .events = POLLIN};
    return poll(&peer, 1, 0) != 0;
}

/* A try that an earlier batch began: this one takes it if it is ready, but waits for it
 * no more. */
static void go_on_connecting(leat_redis *redis)
{
    progress(redis);
    if (!is_connecting(redis))
        return;
    redis->status = LEAT_E_UNAVAILABLE;
    if (leat_now_ns() >= redis->last_try_ns + TRY_NS)
        leat_redis_disconnect(redis);
}

static void send_questions(leat_redis *redis)
{
    if (is_connecting(redis)) {
        go_on_connecting(redis);
        return;
    }
    if (redis->state == LEAT_REDIS_UP && has_stray_input(redis))
        leat_redis_disconnect(redis);
    if (redis->state == LEAT_REDIS_UP)
        start_pipeline(redis, false);
    else
        open_connection(redis);
    progress(redis);
}

void leat_redis_send(leat_redis *redis, uint64_t timeout_ns)
{
    send_questions(redis);
    redis->deadline_ns = leat_now_ns() + timeout_ns;
}

void leat_redis_send_again(leat_redis *redis, uint64_t timeout_ns)
{
    if (redis->state == LEAT_REDIS_UP && !leat_pipeline_done(&redis->pipeline))
        leat_redis_disconnect(redis);
    leat_pipeline_forget(&redis->pipeline);
    redis->status = LEAT_OK;
    leat_redis_send(redis, timeout_ns);
}

leat_status leat_redis_receive(leat_redis *redis)
{
    while (is_pending(redis)) {
        uint64_t now = leat_now_ns();
        if (now < redis->deadline_ns)
            wait_for_peer(redis, now);
        progress(redis);
        if (now >= redis->deadline_ns && is_pending(redis))
            time_out(redis);
    }
    if (redis->status == LEAT_OK)
        note_answered(redis);
    return redis->status;
}

leat_reply_kind leat_redis_kind(const leat_redis *redis, uint32_t command)
{
    return leat_pipeline_kind(&redis->pipeline, redis->pipeline.n_kept + command);
}

leat_slice leat_redis_value(const leat_redis *redis, uint32_t command, uint32_t i)
{
    return leat_pipeline_value(&redis->pipeline, redis->pipeline.n_kept + command, i);
}

const char *leat_redis_trouble(const leat_redis *redis)
{
    return redis->trouble.msg;
}

uint64_t leat_redis_n_connects(const leat_redis *redis)
{
    return leat_counter_read(&redis->n_connects);
}
