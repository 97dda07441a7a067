/* A chunk is a head and its entries, in the machine's byte order, which is little-endian
 * wherever Leat runs: digest, n_answers, n, then each entry's offset and answers. */
#include "features/aggregate/journal.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "chunks are little-endian");

typedef struct chunk_head {
    uint32_t digest;
    uint32_t n_answers;
    uint32_t n;
} chunk_head;

enum { FIRST_CAPACITY = 256, MAX_ENTRIES = 1 << 20 };

void leat_journal_init(leat_journal *journal, uint32_t digest, uint32_t n_answers)
{
    *journal = (leat_journal){.digest = digest, .n_answers = n_answers};
}

void leat_journal_fini(leat_journal *journal)
{
    free(journal->offsets);
    free(journal->answers);
    *journal = (leat_journal){0};
}

void leat_journal_reset(leat_journal *journal)
{
    journal->n_forgotten = journal->n_saved = journal->n = 0;
}

static double *answers_at(const leat_journal *journal, size_t i)
{
    return journal->answers + i * journal->n_answers;
}

/* What was forgotten makes room before memory does. */
static void close_up(leat_journal *journal)
{
    size_t gone = journal->n_forgotten, left = journal->n - gone;
    if (!gone)
        return;
    memmove(journal->offsets, journal->offsets + gone, left * sizeof *journal->offsets);
    memmove(journal->answers, answers_at(journal, gone),
            left * journal->n_answers * sizeof *journal->answers);
    journal->n_forgotten = 0;
    journal->n_saved -= gone;
    journal->n = left;
}

static int grow(leat_journal *journal)
{
    size_t capacity = journal->capacity ? 2 * journal->capacity : FIRST_CAPACITY;
    int64_t *offsets = realloc(journal->offsets, capacity * sizeof *offsets);
    if (offsets)
        journal->offsets = offsets;
    size_t row = (journal->n_answers ? journal->n_answers : 1) * sizeof(double);
    double *answers = offsets ? realloc(journal->answers, capacity * row) : NULL;
    if (!answers)
        return 0;
    journal->answers = answers;
    journal->capacity = capacity;
    return 1;
}

double *leat_journal_add(leat_journal *journal, int64_t offset)
{
    if (journal->n == journal->capacity) {
        if (journal->n_forgotten > journal->capacity / 2)
            close_up(journal);
        else if (journal->n - journal->n_forgotten >= MAX_ENTRIES || !grow(journal))
            return NULL;
    }
    journal->offsets[journal->n] = offset;
    return answers_at(journal, journal->n++);
}

/* The first entry that is not below `offset`. */
static size_t search(const leat_journal *journal, int64_t offset)
{
    size_t low = journal->n_forgotten, high = journal->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (journal->offsets[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double *leat_journal_find(const leat_journal *journal, int64_t offset)
{
    size_t at = search(journal, offset);
    return at < journal->n && journal->offsets[at] == offset ? answers_at(journal, at)
                                                             : NULL;
}

void leat_journal_forget(leat_journal *journal, int64_t committed)
{
    journal->n_forgotten = search(journal, committed);
    if (journal->n_saved < journal->n_forgotten)
        journal->n_saved = journal->n_forgotten;
}

leat_slice leat_journal_chunk(const leat_journal *journal, leat_arena *arena)
{
    size_t n = journal->n - journal->n_saved;
    size_t row = journal->n_answers * sizeof(double);
    size_t size = sizeof(chunk_head) + n * (sizeof(int64_t) + row);
    uint8_t *bytes = n && size <= UINT32_MAX ? leat_arena_alloc(arena, size) : NULL;
    if (!bytes)
        return (leat_slice){0};
    chunk_head head = {journal->digest, journal->n_answers, (uint32_t)n};
    memcpy(bytes, &head, sizeof head);
    uint8_t *at = bytes + sizeof head;
    for (size_t i = journal->n_saved; i < journal->n; i++) {
        memcpy(at, &journal->offsets[i], sizeof(int64_t));
        if (row)
            memcpy(at + sizeof(int64_t), answers_at(journal, i), row);
        at += sizeof(int64_t) + row;
    }
    return (leat_slice){bytes, (uint32_t)size};
}

void leat_journal_saved(leat_journal *journal)
{
    journal->n_saved = journal->n;
}

static leat_status load_entries(leat_journal *journal, const uint8_t *at, uint32_t n)
{
    size_t row = journal->n_answers * sizeof(double);
    for (uint32_t i = 0; i < n; i++, at += sizeof(int64_t) + row) {
        int64_t offset;
        memcpy(&offset, at, sizeof offset);
        if (journal->n && offset <= journal->offsets[journal->n - 1])
            continue;
        double *answers = leat_journal_add(journal, offset);
        if (!answers)
            return LEAT_E_MEMORY;
        if (row)
            memcpy(answers, at + sizeof offset, row);
    }
    return LEAT_OK;
}

leat_status leat_journal_load(leat_journal *journal, leat_slice chunks)
{
    const uint8_t *at = chunks.data;
    size_t left = chunks.size;
    leat_status status = LEAT_OK;
    while (left && status == LEAT_OK) {
        chunk_head head;
        if (left < sizeof head)
            return LEAT_E_FORMAT;
        memcpy(&head, at, sizeof head);
        uint64_t entry = sizeof(int64_t) + (uint64_t)head.n_answers * sizeof(double);
        left -= sizeof head;
        if (head.n > left / entry)
            return LEAT_E_FORMAT;
        if (head.digest == journal->digest && head.n_answers == journal->n_answers)
            status = load_entries(journal, at + sizeof head, head.n);
        at += sizeof head + head.n * entry;
        left -= head.n * entry;
    }
    journal->n_saved = journal->n;
    return status;
}
