/* features/aggregate/state_section.h: what every section of a state is made of: a count in the head,
 * and records, each beginning with its bucket.
 *
 * Threads: one lane a state.
 */
#ifndef LEAT_FEATURES_STATE_SECTION_H
#define LEAT_FEATURES_STATE_SECTION_H

#include "features/aggregate/state_bytes.h"
#include "features/aggregate/state_layout.h"

/* The number of a time's bucket; times before 1970 have negative ones. */
static inline int64_t leat_bucket_of(int64_t time_ns, const leat_window_layout *window)
{
    int64_t bucket = time_ns / window->bucket_ns;
    return bucket - (time_ns % window->bucket_ns < 0);
}

static inline uint32_t leat_section_count(const leat_section *section,
                                          const uint8_t *bytes)
{
    return leat_get_u16(bytes + section->head);
}

static inline uint32_t leat_section_size(const leat_section *section,
                                         const uint8_t *bytes)
{
    return leat_section_count(section, bytes) * section->record;
}

static inline uint32_t leat_record_age(const uint8_t *record, uint16_t newest)
{
    return (uint16_t)(newest - leat_get_u16(record));
}

/* Makes room for record `index`; its bytes are whatever. */
static inline uint8_t *leat_section_open(const leat_section *section, leat_state *state,
                                         uint32_t at, uint32_t index)
{
    uint32_t place = at + index * section->record;
    uint8_t *record = state->data + place;
    memmove(record + section->record, record, state->size - place);
    state->size += section->record;
    leat_put_u16(state->data + section->head,
                 (uint16_t)(leat_section_count(section, state->data) + 1));
    return record;
}

/* Takes records [index, index + n) out. */
static inline void leat_section_close(const leat_section *section, leat_state *state,
                                      uint32_t at, uint32_t index, uint32_t n)
{
    uint32_t place = at + index * section->record, size = n * section->record;
    uint8_t *record = state->data + place;
    memmove(record, record + size, state->size - place - size);
    state->size -= size;
    leat_put_u16(state->data + section->head,
                 (uint16_t)(leat_section_count(section, state->data) - n));
}

#endif
