#include "worker/config/config_check.h"

#include "base/clock.h"
#include "worker/config/config_features.h"
#include "worker/config/config_lookups.h"
#include "worker/config/config_names.h"
#include "worker/config/config_rank.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ID_PREFIX = 200, MAX_WINDOW_S = 2 };

/* For a mistake that belongs to one key of the file, such as "sink.topic". */
#define REFUSE(context, key, format, ...)                                                \
    leat_config_refuse(context, LEAT_E_CONFIG,                                           \
                       leat_config_place((context)->config, key), key ": " format,       \
                       __VA_ARGS__)

static leat_status no_memory(leat_config_context *context)
{
    return leat_error_set(context->error, LEAT_E_MEMORY, "%s: out of memory",
                          context->config->file);
}

static leat_status check_brokers(leat_config_context *context)
{
    const leat_config *config = context->config;
    for (uint32_t i = 0; i < config->kafka.n; i++)
        if (!strcmp(config->kafka.at[i].name, "bootstrap.servers") &&
            *config->kafka.at[i].value)
            return LEAT_OK;
    return REFUSE(context, "kafka", "%s",
                  "bootstrap.servers is required: the brokers, as host:port,host:port");
}

/* What a filter judges by is read as any path of the event. */
static leat_status check_where(leat_config_context *context)
{
    static const leat_key path = {.type = LEAT_KEY_PATH, .paths = LEAT_PATHS_EVENT};
    const leat_config *config = context->config;
    leat_status status = LEAT_OK;
    context->trail[context->depth++] = "source";
    context->trail[context->depth++] = "where";
    for (uint32_t i = 0; i < config->source.n_conditions && !status; i++) {
        const leat_config_condition *condition = &config->source.where[i];
        leat_yaml node = {.place = condition->place, .text = condition->path};
        const char *text;
        status = leat_config_read_scalar(context, &path, &node, &text);
    }
    context->depth -= 2;
    return status;
}

/* A topic that is written to. */
typedef struct written_topic {
    const char *key;
    const char *name; /* NULL: none */
    const char *what;
} written_topic;

/* A worker that reads what it writes would never come to an end. `first`: of all that are
 * written to. */
static leat_status check_written(leat_config_context *context, const written_topic *first,
                                 const written_topic *topic)
{
    const leat_config *config = context->config;
    leat_place place = leat_config_place(config, topic->key);
    for (uint32_t i = 0; i < config->source.topics.n; i++)
        if (!strcmp(config->source.topics.at[i], topic->name))
            return leat_config_refuse(
                context, LEAT_E_CONFIG, place,
                "%s: '%.80s' is one of source.topics: %s would be scored", topic->key,
                topic->name, topic->what);
    for (const written_topic *other = first; other < topic; other++)
        if (other->name && !strcmp(other->name, topic->name))
            return leat_config_refuse(context, LEAT_E_CONFIG, place,
                                      "%s: '%.80s' is %s too", topic->key, topic->name,
                                      other->key);
    return LEAT_OK;
}

static leat_status check_topics(leat_config_context *context)
{
    const leat_config *config = context->config;
    const written_topic topics[] = {
        {"sink.topic", config->sink.topic, "predictions"},
        {"sink.features", config->sink.features, "feature records"},
        {"dead_letter.topic", config->dead_letter.topic, "dead letters"},
    };
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0] && !status; i++)
        if (topics[i].name)
            status = check_written(context, topics, &topics[i]);
    return status;
}

static int by_score(const void *a, const void *b)
{
    const leat_config_threshold *left = a, *right = b;
    return (left->min_score > right->min_score) - (left->min_score < right->min_score);
}

static leat_status check_thresholds(leat_config_context *context)
{
    leat_config *config = context->config;
    uint32_t n = config->sink.n_thresholds;
    leat_config_threshold *thresholds = config->sink.thresholds;
    if (n)
        qsort(thresholds, n, sizeof *thresholds, by_score);
    for (uint32_t i = 1; i < n; i++)
        if (!by_score(&thresholds[i - 1], &thresholds[i]))
            return leat_config_refuse(context, LEAT_E_CONFIG, thresholds[i].place,
                                      "sink.thresholds: '%.60s' and '%.60s' are both %g",
                                      thresholds[i - 1].decision, thresholds[i].decision,
                                      thresholds[i].min_score);
    return LEAT_OK;
}

/* models/fraud.ubj is called fraud, and its group leat-fraud. */
static leat_status fill_names(leat_config_context *context)
{
    leat_config *config = context->config;
    if (!config->model.name) {
        const char *slash = strrchr(config->model.path, '/');
        const char *file = slash ? slash + 1 : config->model.path;
        const char *dot = strrchr(file, '.');
        size_t size = dot && dot > file ? (size_t)(dot - file) : strlen(file);
        config->model.name = leat_arena_strndup(&config->arena, file, size);
    }
    if (config->model.name && !config->source.group)
        config->source.group =
            leat_arena_printf(&config->arena, "leat-%s", config->model.name);
    return config->model.name && config->source.group ? LEAT_OK : no_memory(context);
}

/* A pod keeps its name when its container starts again. */
static const char *worker_name(char *host, size_t size)
{
    const char *pod = getenv("POD_NAME");
    if (pod && *pod)
        return pod;
    return gethostname(host, size - 1) ? "localhost" : host;
}

static leat_status fill_id_prefix(leat_config_context *context)
{
    leat_config *config = context->config;
    char host[HOST_NAME_MAX + 1] = "";
    if (!config->transaction.id_prefix)
        config->transaction.id_prefix =
            leat_arena_printf(&config->arena, "%s-%s", config->source.group,
                              worker_name(host, sizeof host));
    return config->transaction.id_prefix ? LEAT_OK : no_memory(context);
}

static leat_status check_id_prefix(leat_config_context *context)
{
    const leat_config *config = context->config;
    size_t size = strlen(config->transaction.id_prefix);
    if (size <= MAX_ID_PREFIX)
        return LEAT_OK;
    return REFUSE(context, "transaction.id_prefix",
                  "has %zu characters; at most %d are allowed", size, MAX_ID_PREFIX);
}

/* A transaction waits for the window that is being filled, and 10 s old it is the brokers' to
 * end: it would be taken back, again and again. */
static leat_status check_window(leat_config_context *context)
{
    const leat_config *config = context->config;
    if (config->delivery != LEAT_DELIVERY_EXACTLY_ONCE ||
        config->window.max_wait_ns <= MAX_WINDOW_S * LEAT_SEC)
        return LEAT_OK;
    return REFUSE(context, "window.max_wait",
                  "with delivery: exactly_once at most %ds are allowed", MAX_WINDOW_S);
}

/* Whoever says how long it keeps entities, means it to keep some. */
static leat_status check_cache(leat_config_context *context)
{
    const leat_config *config = context->config;
    const leat_yaml_entry *redis = leat_yaml_find(&config->root, "redis");
    const leat_yaml_entry *cache = redis ? leat_yaml_find(&redis->value, "cache") : NULL;
    if (!cache || leat_yaml_is_null(&cache->value) ||
        leat_yaml_find(&cache->value, "entries"))
        return LEAT_OK;
    return REFUSE(context, "redis.cache", "%s",
                  "is off; say how many entities a lane keeps, as in  entries: 100000");
}

leat_status leat_config_check(leat_config_context *context)
{
    static leat_status (*const checks[])(leat_config_context *) = {
        check_brokers,
        check_topics,
        check_where,
        leat_config_check_features,
        leat_config_check_lookups,
        leat_config_check_names,
        leat_config_check_rank,
        check_thresholds,
        fill_names,
        fill_id_prefix,
        check_id_prefix,
        check_window,
        check_cache,
    };
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !status; i++)
        status = checks[i](context);
    return status;
}
