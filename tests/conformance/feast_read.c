/* feast_read SOCKET PROJECT VERSION VIEW JOINS FIELDS: reads features that Feast wrote, the
 * way lookups do, for tests/conformance/feast_compare.py.
 *
 * JOINS: name[=type],... as the configuration has them, in the order of their names;
 * FIELDS: name,... On stdin one msgpack array an event, of the values of its join keys; on
 * stdout one an event, of the values of its fields and then of the time of the view, as
 * msgpack: nil where there is none. An event that failed is its reason. */
#include "base/clock.h"
#include "base/msgpack.h"
#include "base/pack.h"
#include "features/lookup/lookup_format.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64, MAX_EVENTS = 512, MAX_INPUT = 64 << 20 };
#define PATIENCE_NS (10 * LEAT_SEC)

typedef struct reader {
    leat_feast_join joins[MOST];
    leat_path captures[MOST];
    leat_lookup_field fields[MOST];
    leat_step steps[MOST];
    leat_path paths[MOST];
    leat_schema schema;
    leat_lookup_spec lookup;
    leat_lookup_stats stats;
    leat_arena arena;
    leat_question question;
    leat_batch batch;
    leat_redis *redis;
} reader;

static const leat_tensor_spec output = {.name = "y", .rank = 2, .shape = {0, 1}};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "feast_read: %s: %s\n", what, why);
    exit(1);
}

/* ---- arguments ---- */

static leat_feast_type type_of(const char *word)
{
    static const struct {
        const char *word;
        leat_feast_type type;
    } types[] = {{"bytes", LEAT_FEAST_BYTES},
                 {"string", LEAT_FEAST_STRING},
                 {"int32", LEAT_FEAST_INT32},
                 {"int64", LEAT_FEAST_INT64},
                 {"unix_timestamp", LEAT_FEAST_UNIX_TIMESTAMP}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(word, types[i].word))
            return types[i].type;
    die("type", word);
    return LEAT_FEAST_BY_VALUE;
}

static void add_join(reader *r, char *text)
{
    uint32_t i = r->schema.n_captures++;
    char *type = strchr(text, '=');
    if (type)
        *type++ = 0;
    r->joins[i] = (leat_feast_join){text, i, type ? type_of(type) : LEAT_FEAST_BY_VALUE};
    r->captures[i] = (leat_path){.text = text};
}

static void add_field(reader *r, char *text)
{
    uint32_t i = r->lookup.n_fields++;
    r->steps[i] = (leat_step){.name = {(const uint8_t *)text, (uint32_t)strlen(text)}};
    r->paths[i] = (leat_path){.text = text, .n_steps = 1, .steps = &r->steps[i]};
    r->fields[i] = (leat_lookup_field){&r->paths[i], i};
}

static void each(reader *r, char *list, void (*add)(reader *, char *))
{
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ","))
        add(r, word);
}

static void open_reader(reader *r, char **argv)
{
    leat_error error;
    const leat_redis_spec redis = {.unix_path = argv[1], .timeout_ns = PATIENCE_NS};
    each(r, argv[5], add_join);
    each(r, argv[6], add_field);
    r->schema.captures = r->captures;
    r->schema.time_capture = LEAT_NO_CAPTURE;
    r->lookup.name = "feast";
    r->lookup.format = LEAT_LOOKUP_FEAST;
    r->lookup.fields = r->fields;
    r->lookup.feast = (leat_feast_spec){.project = argv[2],
                                        .version = (uint32_t)atoi(argv[3]),
                                        .view = argv[4],
                                        .n_joins = r->schema.n_captures,
                                        .joins = r->joins};
    r->question = (leat_question){
        .spec = &r->lookup, .stats = &r->stats, .format = &leat_lookup_feast};
    leat_arena_init(&r->arena, 4096);
    if (leat_lookup_feast.prepare(&r->question, &r->arena, &error) != LEAT_OK ||
        leat_redis_new(&r->redis, &redis, &error) != LEAT_OK)
        die("features", error.msg);
    if (leat_batch_init(&r->batch, MAX_EVENTS) != LEAT_OK)
        die("batch", "no memory");
}

/* ---- events ---- */

static bool add_event(reader *r, leat_cursor *in)
{
    leat_value array;
    leat_event *event = in->at < in->end ? leat_batch_add(&r->batch) : NULL;
    if (!event)
        return false;
    if (leat_msgpack_read(in, &array) != LEAT_OK || array.size != r->schema.n_captures)
        die("stdin", "no array of the join keys' values");
    event->n = 1;
    leat_slice *captures = leat_batch_captures(&r->batch, event);
    for (uint32_t i = 0; i < array.size; i++) {
        const uint8_t *start = in->at;
        if (leat_msgpack_skip(in, 1) != LEAT_OK)
            die("stdin", "malformed");
        captures[i] = (leat_slice){start, (uint32_t)(in->at - start)};
    }
    return true;
}

static void write_reason(const char *reason)
{
    uint8_t text[1024];
    uint8_t *end = leat_pack_str(text, reason ? reason : "no reason");
    fwrite(text, 1, (size_t)(end - text), stdout);
}

static void write_values(const reader *r, const leat_lookup_entity *entity)
{
    uint8_t head[LEAT_PACK_HEAD];
    uint32_t n = r->question.n_values;
    fwrite(head, 1, (size_t)(leat_pack_array(head, n) - head), stdout);
    for (uint32_t i = 0; i < n; i++) {
        leat_slice value = entity->values ? entity->values[i] : (leat_slice){0};
        if (value.data)
            fwrite(value.data, 1, value.size, stdout);
        else
            putchar(0xc0);
    }
}

static void write_event(const reader *r, const leat_event *event,
                        const leat_lookup_entity *entity)
{
    if (event->status != LEAT_OK)
        write_reason(event->reason);
    else if (entity->answer != LEAT_ANSWER_FOUND)
        write_reason(entity->why ? entity->why : leat_redis_trouble(r->redis));
    else
        write_values(r, entity);
}

static void ask(reader *r, leat_lookup_entities *entities, leat_lookup_entity **named)
{
    leat_batch *batch = &r->batch;
    if (!leat_lookup_entities_init(entities, &batch->arena, batch->n_events))
        die("batch", "no memory");
    for (uint32_t i = 0; i < batch->n_events; i++) {
        leat_event *event = &batch->events[i];
        leat_slice key;
        if (leat_lookup_feast.key(batch, event, leat_batch_captures(batch, event),
                                  &r->question, &key) == LEAT_OK)
            named[i] = leat_lookup_entities_find(entities, key, 0);
    }
    leat_redis_reset(r->redis);
    leat_lookup_feast.ask(&r->question, r->redis, batch, entities);
    leat_redis_send(r->redis, PATIENCE_NS);
    if (leat_redis_receive(r->redis) != LEAT_OK)
        die("redis", leat_redis_trouble(r->redis));
}

static bool read_batch(reader *r, leat_cursor *in)
{
    leat_lookup_entities entities;
    leat_lookup_entity *named[MAX_EVENTS] = {0};
    if (leat_batch_reset(&r->batch, &r->schema, &output) != LEAT_OK)
        die("batch", "no memory");
    while (add_event(r, in))
        ;
    if (!r->batch.n_events)
        return false;
    ask(r, &entities, named);
    for (uint32_t i = 0; i < entities.n; i++)
        leat_lookup_feast.read(&r->question, r->redis, &r->batch, &entities.at[i]);
    for (uint32_t i = 0; i < r->batch.n_events; i++)
        write_event(r, &r->batch.events[i], named[i]);
    return true;
}

int main(int argc, char **argv)
{
    static reader r;
    static uint8_t input[MAX_INPUT];
    if (argc != 7)
        die("usage", "feast_read SOCKET PROJECT VERSION VIEW JOINS FIELDS");
    size_t size = fread(input, 1, sizeof input, stdin);
    leat_cursor in = {input, input, input + size};
    open_reader(&r, argv);
    while (read_batch(&r, &in))
        ;
    leat_redis_free(r.redis);
    leat_batch_fini(&r.batch);
    leat_arena_fini(&r.arena);
    return fflush(stdout) ? 1 : 0;
}
