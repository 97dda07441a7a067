#include "producers/envelope.h"

#include "base/number.h"

#include <assert.h>

enum {
    ID_NUMBERS = 1 + 10 + 1 + 20, /* "/partition/offset", at most */

    /* What depends neither on the event nor on the plan: the map's head, the five keys (32
     * bytes), the heads of id, version and missing, the time and the longest quality. */
    FIXED_BYTES = 1 + 32 + 3 * LEAT_PACK_HEAD + LEAT_PACK_TIME + 12,
};

/* The names of the columns that have no value: their number, and their bytes packed. */
static size_t count_missing(leat_envelope *envelope)
{
    size_t bytes = 0;
    for (uint32_t word = 0; word < envelope->missing_words; word++)
        for (uint64_t bits = envelope->missing[word]; bits; bits &= bits - 1) {
            uint32_t column = 64 * word + (uint32_t)__builtin_ctzll(bits);
            bytes += LEAT_PACK_HEAD + strlen(envelope->columns[column].name);
            envelope->n_missing++;
        }
    return bytes;
}

bool leat_envelope_open(leat_envelope *envelope, const leat_prediction_spec *spec,
                        leat_batch *batch, const leat_event *event, size_t bytes)
{
    *envelope = (leat_envelope){
        .spec = spec,
        .event = event,
        .columns = batch->schema->columns,
        .missing = leat_batch_missing(batch, event),
        .missing_words = batch->missing_words,
    };
    size_t bound = FIXED_BYTES + strlen(spec->id_prefix) + strlen(event->topic) +
                   ID_NUMBERS + strlen(spec->version) + count_missing(envelope) + bytes;
    envelope->start = leat_arena_alloc(&batch->arena, bound);
    if (!envelope->start)
        return false;
    envelope->at = envelope->start + 1;
    envelope->end = envelope->start + bound;
    return true;
}

leat_slice leat_envelope_seal(leat_envelope *envelope)
{
    leat_pack_map(envelope->start, envelope->n_fields);
    assert(envelope->at <= envelope->end);
    return (leat_slice){envelope->start, (uint32_t)(envelope->at - envelope->start)};
}

void leat_envelope_put_id(leat_envelope *envelope)
{
    const leat_event *event = envelope->event;
    const char *id_prefix = envelope->spec->id_prefix;
    char numbers[ID_NUMBERS];
    char *end = numbers + sizeof numbers;
    char *from = leat_digits_before(end, (uint64_t)event->offset);
    *--from = '/';
    from = leat_digits_before(from, (uint32_t)event->partition);
    *--from = '/';
    size_t prefix = strlen(id_prefix);
    size_t topic = strlen(event->topic);
    size_t digits = (size_t)(end - from);
    LEAT_ENVELOPE_KEY(envelope, "id");
    uint8_t *at = leat_pack_str_head(envelope->at, (uint32_t)(prefix + topic + digits));
    at = leat_pack_raw(at, id_prefix, prefix);
    at = leat_pack_raw(at, event->topic, topic);
    envelope->at = leat_pack_raw(at, from, digits);
}

void leat_envelope_put_version(leat_envelope *envelope)
{
    if (!*envelope->spec->version)
        return;
    LEAT_ENVELOPE_KEY(envelope, "version");
    envelope->at = leat_pack_str(envelope->at, envelope->spec->version);
}

static void put_time(leat_envelope *envelope)
{
    const leat_event_time *time = &envelope->event->time;
    if (!envelope->event->has_time)
        return;
    LEAT_ENVELOPE_KEY(envelope, "time");
    envelope->at = leat_pack_time(envelope->at, time->seconds, time->nanoseconds);
}

static void put_quality(leat_envelope *envelope)
{
    static const char *const names[] = {
        [LEAT_QUALITY_COMPLETE] = "complete",
        [LEAT_QUALITY_DEFAULTED] = "defaulted",
        [LEAT_QUALITY_STALE] = "stale",
        [LEAT_QUALITY_UNAVAILABLE] = "unavailable",
    };
    LEAT_ENVELOPE_KEY(envelope, "quality");
    envelope->at = leat_pack_str(envelope->at, names[envelope->event->quality]);
}

static void put_missing(leat_envelope *envelope)
{
    if (!envelope->n_missing)
        return;
    LEAT_ENVELOPE_KEY(envelope, "missing");
    envelope->at = leat_pack_array(envelope->at, envelope->n_missing);
    for (uint32_t word = 0; word < envelope->missing_words; word++)
        for (uint64_t bits = envelope->missing[word]; bits; bits &= bits - 1) {
            uint32_t column = 64 * word + (uint32_t)__builtin_ctzll(bits);
            envelope->at = leat_pack_str(envelope->at, envelope->columns[column].name);
        }
}

void leat_envelope_put_worth(leat_envelope *envelope)
{
    put_time(envelope);
    put_quality(envelope);
    put_missing(envelope);
}
