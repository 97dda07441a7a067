/* The whole way, on a cluster of its own.
 *
 *   this process                                    children
 *     mock cluster  ◄──── events, predictions ────►   leat run -c leat.yaml
 *     generator, counter, view                        redis-server
 *
 * One loop sends, receives, counts and draws; nothing here has a lock. The worker is the
 * real one in a process of its own, which knows nothing of the demo. */
#include "worker/demo/demo.h"

#include "base/clock.h"
#include "worker/commands.h"
#include "worker/demo/child.h"
#include "worker/demo/cluster.h"
#include "worker/demo/profiles.h"
#include "worker/demo/verdict.h"
#include "worker/demo/view.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    BURST = 256,        /* events sent between two looks at what came out */
    STALL_SECONDS = 20, /* without a record: what has not come out is lost */
    START_SECONDS = 60, /* for the worker to join its group */
    STOP_SECONDS = 30,
};

typedef struct demo {
    const leat_demo_options *options;
    char folder[PATH_MAX / 2]; /* "": none */
    void *stream;
    leat_demo_cluster cluster;
    leat_child redis;
    leat_child worker;
    leat_count count;
    leat_view view;
    uint64_t begun_ns;
    uint64_t last_ns; /* when something came out last */
} demo;

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void say(const char *text)
{
    fprintf(stderr, "%s\n", text);
}

/* ---- the folder ---- */

static leat_status make_folder(demo *d, leat_error *error)
{
    const char *parent = getenv("TMPDIR");
    snprintf(d->folder, sizeof d->folder, "%s/leat-demo-XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (mkdtemp(d->folder))
        return LEAT_OK;
    leat_error_set(error, LEAT_E_IO, "a folder %s: %s", d->folder, strerror(errno));
    d->folder[0] = '\0';
    return error->code;
}

static int remove_entry(const char *path, const struct stat *status, int type,
                        struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static void remove_folder(demo *d)
{
    if (d->folder[0])
        nftw(d->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- starting ---- */

/* Without Redis the demo shows what the worker does then: the features of profiles and
 * aggregates are missing, and `quality` says so. */
static void start_redis(demo *d)
{
    leat_error error;
    leat_status status = leat_profiles_start(&d->redis, d->folder, &error);
    if (status == LEAT_OK)
        status =
            leat_profiles_write(d->folder, d->options->world->stream, d->stream, &error);
    if (status == LEAT_OK)
        return;
    fprintf(stderr,
            "%s: going on without profiles and aggregates, every score will "
            "lack them\n",
            error.msg);
}

/* `env` gives the worker its variables: setenv is not for a process that has threads.
 * Brokers, Redis, generator and counter share the worker's cores, so an answer may take
 * its time: what the model is worth shall not hang on that. */
static leat_status start_worker(demo *d, leat_error *error)
{
    char self[PATH_MAX], brokers[512], redis[PATH_MAX], lanes[32], yaml[PATH_MAX],
        log[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0)
        return leat_error_set(error, LEAT_E_INTERNAL, "/proc/self/exe: %s",
                              strerror(errno));
    self[size] = '\0';
    snprintf(brokers, sizeof brokers, "KAFKA_BROKERS=%s",
             leat_demo_cluster_brokers(&d->cluster));
    snprintf(redis, sizeof redis, "REDIS_URL=unix://%s/redis.sock", d->folder);
    snprintf(lanes, sizeof lanes, "LEAT_LANES=%s", d->options->lanes);
    snprintf(yaml, sizeof yaml, "%s/leat.yaml", d->folder);
    snprintf(log, sizeof log, "%s/worker.log", d->folder);
    const char *const argv[] = {
        "env", brokers, redis, "REDIS_TIMEOUT=1s", lanes, self, "run", "-c", yaml, NULL};
    return leat_child_start(&d->worker, argv, log, error);
}

static leat_status check_worker(demo *d, leat_error *error)
{
    if (leat_child_is_running(&d->worker))
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_INTERNAL,
                          "the worker ended by itself, with exit code %d",
                          d->worker.exit_code);
}

/* The worker has committed where it starts: from now on it misses nothing. */
static leat_status await_worker(demo *d, leat_error *error)
{
    uint64_t deadline_ns = leat_now_ns() + START_SECONDS * LEAT_SEC;
    while (!stopped && leat_demo_cluster_await_group(&d->cluster) == LEAT_AGAIN) {
        leat_status status = check_worker(d, error);
        if (status)
            return status;
        if (!leat_ms_until(deadline_ns))
            return leat_error_set(error, LEAT_E_TIMEOUT,
                                  "the worker has not joined its group within %d s",
                                  START_SECONDS);
        usleep(50000);
    }
    return LEAT_OK;
}

static leat_status start(demo *d, leat_error *error)
{
    const leat_world *world = d->options->world;
    leat_status status = make_folder(d, error);
    if (status == LEAT_OK)
        status = leat_world_write_example(world, d->folder, error);
    if (status == LEAT_OK && (world->stream->new (&d->stream, d->options->seed) ||
                              leat_count_init(&d->count, world, d->options->events)))
        status = leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    if (status == LEAT_OK)
        status = leat_demo_cluster_open(&d->cluster, world, error);
    if (status)
        return status;
    start_redis(d);
    status = start_worker(d, error);
    say("waiting for the worker to join its consumer group (about 3 s)");
    return status ? status : await_worker(d, error);
}

/* ---- the stream ---- */

static bool may_send(const demo *d)
{
    return d->count.sent < d->count.n_events &&
           leat_count_missing(&d->count) < d->options->world->max_ahead;
}

static leat_status send_burst(demo *d, leat_error *error)
{
    leat_world_event event;
    for (int i = 0; i < BURST && may_send(d); i++) {
        d->options->world->stream->next(d->stream, &event);
        leat_count_sent(&d->count, &event, leat_now_ns());
        leat_status status = leat_demo_cluster_send(&d->cluster, &event, error);
        if (status)
            return status;
    }
    return LEAT_OK;
}

/* Until everything has come out, or nothing more does. */
static leat_status stream_events(demo *d, leat_error *error)
{
    leat_status status = LEAT_OK;
    d->begun_ns = d->last_ns = leat_now_ns();
    while (!status && !stopped && d->count.settled < d->count.n_events) {
        status = send_burst(d, error);
        int timeout_ms = may_send(d) ? 0 : 10;
        size_t n = leat_demo_cluster_receive(&d->cluster, &d->count, timeout_ms);
        uint64_t now_ns = leat_now_ns();
        leat_view_show(&d->view, &d->count, now_ns);
        if (n)
            d->last_ns = now_ns;
        else if (!status)
            status = check_worker(d, error);
        if (now_ns - d->last_ns > STALL_SECONDS * LEAT_SEC)
            break;
    }
    return status;
}

/* Stops the worker, so that nobody writes any more, and reads what it wrote to the end: a
 * duplicate may come late. */
static leat_status settle(demo *d, leat_error *error)
{
    leat_child_stop(&d->worker, leat_now_ns() + STOP_SECONDS * LEAT_SEC);
    return leat_demo_cluster_drain(&d->cluster, &d->count, error);
}

/* ---- the end ---- */

static leat_status write_report(const char *path, const leat_verdict *verdict,
                                leat_error *error)
{
    FILE *file = fopen(path, "w");
    if (file)
        leat_verdict_write(verdict, file);
    if (!file || fclose(file) != 0)
        return leat_error_set(error, LEAT_E_IO, "%s: %s", path, strerror(errno));
    return LEAT_OK;
}

static leat_status conclude(demo *d, leat_error *error)
{
    leat_verdict verdict =
        leat_verdict_of(&d->count, (double)(d->last_ns - d->begun_ns) / 1e9);
    leat_verdict_print(&verdict, stdout);
    leat_status status = LEAT_OK;
    if (d->options->report)
        status = write_report(d->options->report, &verdict, error);
    if (status)
        return status;
    if (!leat_verdict_is_clean(&verdict))
        return leat_error_set(error, LEAT_E_INTERNAL,
                              "not every event came out exactly once");
    if (d->worker.exit_code)
        return leat_error_set(error, LEAT_E_INTERNAL,
                              "the worker did not stop cleanly: exit code %d",
                              d->worker.exit_code);
    puts("Every event came out exactly once.");
    return LEAT_OK;
}

static leat_status run(demo *d, leat_error *error)
{
    leat_status status = start(d, error);
    if (status || stopped)
        return status;
    leat_view_init(&d->view, stderr);
    status = stream_events(d, error);
    leat_view_close(&d->view);
    if (status || stopped)
        return status;
    status = settle(d, error);
    return status ? status : conclude(d, error);
}

/* Leaves no process, and no folder but that of a failure that the worker's log may tell
 * something about. */
static void clean_up(demo *d, bool failed)
{
    uint64_t deadline_ns = leat_now_ns() + STOP_SECONDS * LEAT_SEC;
    leat_child_stop(&d->worker, deadline_ns);
    leat_child_stop(&d->redis, deadline_ns);
    leat_demo_cluster_close(&d->cluster);
    d->options->world->stream->free(d->stream);
    leat_count_fini(&d->count);
    char log[PATH_MAX];
    snprintf(log, sizeof log, "%s/worker.log", d->folder);
    if (failed && access(log, F_OK) == 0)
        fprintf(stderr, "leat: the worker's log: %s\n", log);
    else
        remove_folder(d);
}

int leat_demo_run(const leat_demo_options *options)
{
    static demo d;
    d.options = options;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    leat_error error;
    leat_status status = run(&d, &error);
    int code = status ? leat_complain(&error) : stopped ? 128 + SIGINT : EX_OK;
    if (stopped && !status)
        say("stopped");
    clean_up(&d, status != LEAT_OK);
    return code;
}
