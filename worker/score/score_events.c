#include "worker/score/score_events.h"

#include "base/clock.h"
#include "base/pack.h"
#include "consumers/decode.h"
#include "consumers/file.h"
#include "producers/encode_features.h"
#include "producers/utf8.h"
#include "runtime/session.h"
#include "worker/json_text.h"
#include "worker/score/progress.h"
#include "worker/score/score_line.h"

#include <inttypes.h>
#include <stdlib.h>

enum { MAX_TEXT = 1024, REDIS_MS = 100 };

/* The stages of the way, and where it ends. */
typedef struct file_way {
    const leat_plan *plan;
    leat_file *file;
    leat_decoder *decoder;
    leat_features *features; /* NULL without lookups */
    leat_session *session;   /* NULL: features alone */
    leat_batch batch;
    FILE *out;
    uint64_t n_bytes;
    uint64_t n_events;
    uint64_t n_failed;
    uint64_t n_scored;
    uint64_t *missing; /* [missing_words]: columns for which none of these had a value */
} file_way;

static leat_status print_record(const file_way *way, leat_slice record)
{
    leat_cursor cursor = leat_cursor_over(record);
    leat_status status = leat_json_write(way->out, &cursor);
    putc('\n', way->out);
    return status;
}

/* Packed like a prediction, so that there is one way to print. */
static leat_status print_failure(file_way *way, const leat_event *event)
{
    char id[MAX_TEXT];
    snprintf(id, sizeof id, "%s%s/%" PRId32 "/%" PRId64, way->plan->prediction.id_prefix,
             event->topic, event->partition, event->offset);
    const char *const members[][2] = {
        {"id", id},
        {"stage", leat_stage_name(event->stage)},
        {"code", leat_status_name(event->status)},
        {"error", event->reason ? event->reason : leat_status_text(event->status)},
    };
    enum { N = sizeof members / sizeof members[0] };
    uint8_t packed[LEAT_PACK_HEAD + N * 2 * (LEAT_PACK_HEAD + MAX_TEXT)];
    uint8_t *end = leat_pack_map(packed, N);
    for (int i = 0; i < N; i++) {
        char text[MAX_TEXT];
        leat_utf8_repair(text, sizeof text, members[i][1]);
        end = leat_pack_str(leat_pack_str(end, members[i][0]), text);
    }
    way->n_failed++;
    return print_record(way, (leat_slice){packed, (uint32_t)(end - packed)});
}

static void note_missing(file_way *way, const leat_event *event)
{
    const uint64_t *missing = leat_batch_missing(&way->batch, event);
    bool is_first = !way->n_scored++;
    for (uint32_t word = 0; word < way->batch.missing_words; word++)
        way->missing[word] =
            is_first ? missing[word] : way->missing[word] & missing[word];
}

static leat_status print_event(file_way *way, leat_event *event)
{
    leat_slice record = {0};
    bool is_scored = leat_event_is_scored(event);
    if (is_scored)
        record = way->session
                     ? leat_encode_prediction(&way->plan->prediction, &way->batch, event)
                     : leat_encode_features(&way->plan->prediction, &way->batch, event);
    if (record.data) {
        note_missing(way, event);
        return print_record(way, record);
    }
    if (event->status != LEAT_OK)
        return print_failure(way, event);
    return is_scored ? LEAT_E_MEMORY : LEAT_OK;
}

/* As msgpack, each letter of a text is a number, and so one more event; as JSON, every
 * line of msgpack is one more mistake. (JSON as msgpack: consumers/file.c.) */
static leat_status refuse_other_format(const file_way *way, leat_error *error)
{
    const leat_event *first = &way->batch.events[0];
    bool is_json = way->plan->schema.format == LEAT_PAYLOAD_JSON;
    uint8_t byte = first->payload.data[0];
    bool is_text = byte >= ' ' && byte <= '~';
    if (first->offset || is_text == is_json)
        return LEAT_OK;
    if (is_json)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "%s: begins with 0x%02x, which begins no JSON, and "
                              "source.format is json",
                              first->topic, byte);
    return leat_error_set(error, LEAT_E_FORMAT,
                          "%s: begins with '%c', like text; expected msgpack maps, one "
                          "behind the other. The rows of a CSV are scored with --model",
                          first->topic, byte);
}

static leat_status score_batch(file_way *way, leat_error *error)
{
    leat_batch *batch = &way->batch;
    leat_status status = refuse_other_format(way, error);
    if (status != LEAT_OK)
        return status;
    leat_decoder_run(way->decoder, batch);
    if (way->features) {
        leat_features_send(way->features, batch);
        while ((status = leat_features_receive(way->features, batch)) == LEAT_AGAIN)
            leat_sleep_ms(REDIS_MS);
        if (status != LEAT_OK)
            return leat_error_set(error, status, "%s", leat_status_text(status));
    }
    status = way->session ? LEAT_MORE : LEAT_OK;
    while (status == LEAT_MORE)
        status = leat_session_run(way->session, batch->inputs, batch->n_rows,
                                  &batch->output, UINT64_MAX);
    for (uint32_t i = 0; status == LEAT_OK && i < batch->n_events; i++)
        status = print_event(way, &batch->events[i]);
    way->n_events += batch->n_events;
    way->n_bytes += batch->bytes;
    if (status != LEAT_OK)
        return leat_error_set(error, status, "%s", leat_status_text(status));
    return leat_lines_flush(way->out, error);
}

static const leat_tensor_spec *output_of(const file_way *way)
{
    static const leat_tensor_spec none = {"none", LEAT_F32, 2, {0, 1}};
    return way->session ? leat_session_output(way->session) : &none;
}

static leat_status score_all(file_way *way, uint64_t max_bytes, const char *path,
                             leat_error *error)
{
    leat_progress progress;
    leat_progress_init(&progress, path);
    leat_status status = LEAT_OK;
    while (status == LEAT_OK) {
        status = leat_batch_reset(&way->batch, &way->plan->schema, output_of(way));
        if (status != LEAT_OK)
            leat_error_set(error, status, "no memory for a batch");
        else
            status = leat_file_fill(way->file, &way->batch, max_bytes, error);
        if (status == LEAT_OK)
            status = score_batch(way, error);
        leat_progress_show(&progress, way->n_bytes);
    }
    leat_progress_end(&progress);
    return status == LEAT_END ? LEAT_OK : status;
}

static leat_status open_stages(file_way *way, const char *path, uint32_t max_events,
                               leat_error *error)
{
    const leat_plan *plan = way->plan;
    leat_features_spec features = plan->features;
    features.is_alone = true;
    leat_status status = leat_file_open(&way->file, path, plan->schema.format, error);
    if (status == LEAT_OK)
        status = leat_decoder_new(&way->decoder, &plan->schema, NULL, error);
    if (status == LEAT_OK && leat_features_wanted(&plan->features))
        status = leat_features_new(&way->features, &features, error);
    if (status != LEAT_OK)
        return status;
    if (plan->model)
        status = leat_session_new(&way->session, plan->model, LEAT_SCORE_PREDICT);
    if (status == LEAT_OK)
        status = leat_batch_init(&way->batch, max_events);
    way->missing = calloc(plan->schema.n_columns / 64 + 1, sizeof *way->missing);
    if (status == LEAT_OK && !way->missing)
        status = LEAT_E_MEMORY;
    if (status != LEAT_OK)
        leat_error_set(error, status, "no memory for a batch of %" PRIu32 " events",
                       max_events);
    return status;
}

/* An event may lack a value. Where all lack it, a name is likely wrong: a path's, a key's, a
 * field's. */
static void tell_missing(const file_way *way)
{
    const leat_schema *schema = &way->plan->schema;
    uint32_t n = 0;
    for (uint32_t i = 0; way->n_scored && i < schema->n_columns; i++) {
        if (!(way->missing[i / 64] >> i % 64 & 1))
            continue;
        if (!n++)
            fprintf(stderr,
                    "leat: %s: missing in every event: ", leat_file_name(way->file));
        fprintf(stderr, "%s%s (%s)", n > 1 ? ", " : "", schema->columns[i].name,
                schema->columns[i].from.text);
    }
    if (n)
        putc('\n', stderr);
}

leat_status leat_score_events(const leat_plan *plan, const char *path,
                              uint32_t max_events, uint64_t max_bytes, FILE *out,
                              leat_error *error)
{
    file_way way = {.plan = plan, .out = out};
    leat_status status = open_stages(&way, path, max_events, error);
    if (status == LEAT_OK)
        status = score_all(&way, max_bytes, path, error);
    if (way.n_failed)
        fprintf(stderr, "leat: %s: %" PRIu64 " of %" PRIu64 " events have no %s\n",
                leat_file_name(way.file), way.n_failed, way.n_events,
                plan->model ? "score" : "row");
    tell_missing(&way);
    leat_batch_fini(&way.batch);
    leat_session_free(way.session);
    leat_features_free(way.features);
    leat_decoder_free(way.decoder);
    leat_file_close(way.file);
    free(way.missing);
    return status;
}
