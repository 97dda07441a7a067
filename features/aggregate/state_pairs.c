/* Distinct values of sliding windows, in bounded room.
 *
 * Kept are pairs of a value and a bucket that it was seen in: u16 bucket, 48 bits of hash,
 * which is a u64 in order of the hash. Of a value, the youngest pair tells of every window
 * up to now, so older ones go, but for those that a late event may still ask for: of the
 * pairs at least `late` buckets old, the youngest stays (an event less late looks at a
 * window that ends there or later), and all that are younger than that.
 *
 * More than LEAT_DISTINCT_PAIRS are made fewer in two ways, the first of which is enough
 * where few values come all the time:
 *
 *   thin     of each value, only the youngest pair stays; a late event may be told too few
 *   sample   only values stay whose hash begins with `level` zero bits, and what is counted
 *            is multiplied by 2^level (Wegman's adaptive sampling; Flajolet 1990). The
 *            standard error is about 1.2 / sqrt(LEAT_DISTINCT_PAIRS) = 7.5% of the count
 *
 * A level has to hold for every bucket that an answer is made of, since what was not kept
 * is not known. So it is raised for the buckets up to the newest one (the *edge*), and
 * those behind it begin anew with a level of their own, `next`, from 0. When the edge is
 * no longer kept, what was `next` is the level, and a new edge is set: after at most two
 * windows, the level is that of the values which there are.
 *
 *   head   u16 count, u8 level, u8 next, u16 edge (a bucket; any when level is 0)
 */
#include "features/aggregate/state_section.h"

enum {
    LEVEL_AT = LEAT_PAIRS_LEVEL,
    NEXT_AT = 3,
    EDGE_AT = 4,
    MOST_LEVEL = 48,
    HASH_BITS = 48
};

static uint64_t hash_of(const uint8_t *pair)
{
    return leat_get_u64(pair) >> 16;
}

static uint8_t *pair_at(const leat_section *section, const leat_state *state, uint32_t at,
                        uint32_t index)
{
    return state->data + at + (size_t)index * section->record;
}

/* Whether the hash begins with so many zeros. */
static bool is_sampled(uint64_t hash, uint32_t level)
{
    return hash >> (HASH_BITS - level) == 0;
}

static uint32_t edge_age(const uint8_t *head, uint16_t newest)
{
    return (uint16_t)(newest - leat_get_u16(head + EDGE_AT));
}

/* That holds for a bucket and all younger ones. */
static uint32_t level_of(const uint8_t *head, uint16_t newest, uint32_t age)
{
    return age >= edge_age(head, newest) ? head[LEVEL_AT] : head[NEXT_AT];
}

static bool check(const leat_section *section, const uint8_t *bytes, uint32_t at,
                  uint16_t newest)
{
    const uint8_t *head = bytes + section->head;
    if (head[LEVEL_AT] > MOST_LEVEL || head[NEXT_AT] > head[LEVEL_AT] ||
        (head[LEVEL_AT] > 0 && edge_age(head, newest) >= section->kept))
        return false;
    uint64_t before = 0;
    for (uint32_t i = 0; i < leat_section_count(section, bytes); i++) {
        uint64_t hash = hash_of(bytes + at + (size_t)i * section->record);
        if (hash < before)
            return false;
        before = hash;
    }
    return true;
}

static void answer(const leat_section *section, const uint8_t *bytes, uint32_t at,
                   const leat_reach *reach, double *numbers)
{
    const uint8_t *head = bytes + section->head, *pair = bytes + at;
    uint32_t n = leat_section_count(section, bytes), n_values = 0;
    uint32_t level = reach->end ? level_of(head, reach->newest, reach->end - 1) : 0;
    uint64_t counted = UINT64_MAX; /* no hash */
    for (uint32_t i = 0; i < n; i++, pair += section->record) {
        uint64_t hash = hash_of(pair);
        if (!is_sampled(hash, level))
            break;
        uint32_t age = leat_record_age(pair, reach->newest);
        if (age < reach->from || age >= reach->end || hash == counted)
            continue;
        counted = hash;
        n_values++;
    }
    for (uint32_t i = 0; i < section->n_aggregates; i++)
        numbers[section->aggregates[i].answer] =
            (double)n_values * (double)(UINT64_C(1) << level);
}

/* Which pairs stay, by their age. */
typedef struct choice {
    uint16_t newest;
    uint32_t kept;  /* only younger ones */
    uint32_t late;  /* of those of a value at least that old, the youngest */
    uint32_t level; /* only what is sampled at it */
} choice;

static void choose(const leat_section *section, leat_state *state, uint32_t at,
                   const choice *of)
{
    uint32_t n = leat_section_count(section, state->data), n_chosen = 0;
    uint8_t *settled = NULL; /* that of the value's pairs which is at least `late` old */
    uint64_t value = UINT64_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *pair = pair_at(section, state, at, i);
        uint8_t *place = pair_at(section, state, at, n_chosen);
        uint32_t age = leat_record_age(pair, of->newest);
        uint64_t hash = hash_of(pair);
        settled = hash == value ? settled : NULL;
        value = hash;
        if (age >= of->kept || !is_sampled(hash, of->level))
            continue;
        if (age >= of->late && settled) {
            if (age < leat_record_age(settled, of->newest))
                leat_put_u16(settled, leat_get_u16(pair));
            continue;
        }
        leat_put_u64(place, leat_get_u64(pair));
        if (age >= of->late)
            settled = place;
        n_chosen++;
    }
    if (n_chosen < n)
        leat_section_close(section, state, at, n_chosen, n - n_chosen);
}

static void raise_level(const leat_section *section, leat_state *state, uint32_t at,
                        uint16_t newest)
{
    uint8_t *head = state->data + section->head;
    choice of = {.newest = newest, .kept = UINT32_MAX, .late = UINT32_MAX};
    if (head[NEXT_AT] < head[LEVEL_AT]) {
        of.level = ++head[NEXT_AT]; /* which those up to the edge exceed anyway */
    } else {
        of.level = ++head[LEVEL_AT];
        head[NEXT_AT] = 0;
        leat_put_u16(head + EDGE_AT, newest);
    }
    choose(section, state, at, &of);
}

static void make_fewer(const leat_section *section, leat_state *state, uint32_t at,
                       uint16_t newest)
{
    choice thin = {.newest = newest, .kept = UINT32_MAX, .late = 0};
    choose(section, state, at, &thin);
    while (leat_section_count(section, state->data) > section->most)
        raise_level(section, state, at, newest);
}

static void advance_level(const leat_section *section, uint8_t *head,
                          const leat_moment *moment)
{
    uint16_t newest_before = (uint16_t)(moment->newest - moment->step);
    if (head[LEVEL_AT] == 0 ||
        edge_age(head, newest_before) + moment->step < section->kept)
        return;
    head[LEVEL_AT] = moment->step < section->kept ? head[NEXT_AT] : 0;
    head[NEXT_AT] = 0;
    leat_put_u16(head + EDGE_AT, newest_before);
}

static void advance(const leat_section *section, leat_state *state, uint32_t at,
                    const leat_moment *moment)
{
    uint32_t n = leat_section_count(section, state->data);
    advance_level(section, state->data + section->head, moment);
    if (moment->step >= section->kept) {
        leat_section_close(section, state, at, 0, n);
    } else if (n > 0) {
        choice of = {
            .newest = moment->newest, .kept = section->kept, .late = section->late};
        choose(section, state, at, &of);
    }
}

/* The first pair of this hash or a greater one. */
static uint32_t find(const leat_section *section, const leat_state *state, uint32_t at,
                     uint64_t hash)
{
    uint32_t first = 0, n = leat_section_count(section, state->data);
    while (n > 0) { /* the one looked for is in [first, first + n] */
        uint32_t half = n / 2;
        if (hash_of(pair_at(section, state, at, first + half)) >= hash) {
            n = half;
        } else {
            first += half + 1;
            n -= half + 1;
        }
    }
    return first;
}

/* Whether the value's pairs from `index` on tell of the event's bucket, too; one that is
 * older and tells of nothing else becomes the event's. */
static bool is_told(const leat_section *section, leat_state *state, uint32_t at,
                    uint32_t index, uint64_t hash, const leat_moment *moment)
{
    uint32_t n = leat_section_count(section, state->data);
    for (; index < n; index++) {
        uint8_t *pair = pair_at(section, state, at, index);
        if (hash_of(pair) != hash)
            return false;
        uint32_t age = leat_record_age(pair, moment->newest);
        bool are_settled = age >= section->late && moment->age >= section->late;
        if (are_settled && age > moment->age)
            leat_put_u16(pair, (uint16_t)(moment->newest - moment->age));
        if (are_settled || age == moment->age)
            return true;
    }
    return false;
}

static void add(const leat_section *section, leat_state *state, uint32_t at,
                const leat_moment *moment, const leat_aggregate_input *inputs)
{
    const leat_aggregate_input *input = &inputs[section->input];
    const uint8_t *head = state->data + section->head;
    uint64_t hash = input->hash >> (64 - HASH_BITS);
    if (!input->is_present ||
        !is_sampled(hash, level_of(head, moment->newest, moment->age)))
        return;
    uint32_t index = find(section, state, at, hash);
    if (is_told(section, state, at, index, hash, moment))
        return;
    uint8_t *pair = leat_section_open(section, state, at, index);
    uint16_t bucket = (uint16_t)(moment->newest - moment->age);
    leat_put_u64(pair, hash << 16 | bucket);
    if (leat_section_count(section, state->data) > section->most)
        make_fewer(section, state, at, moment->newest);
}

const leat_section_type leat_section_pairs = {check, answer, advance, add};
