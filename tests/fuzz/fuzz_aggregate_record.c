/* Whatever stands in Redis beside states: the journal of a partition, its record, the head
 * of a shared state. The first byte says which. */
#include "features/aggregate/partition.h"
#include "features/aggregate/shared_state.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What was taken is found again, and comes out as it went in. */
static void take_journal(leat_slice chunks)
{
    leat_journal journal, again;
    leat_arena arena;
    leat_arena_init(&arena, 4096);
    leat_journal_init(&journal, 1, 2);
    leat_journal_init(&again, 1, 2);
    leat_status status = leat_journal_load(&journal, chunks);
    for (size_t i = 0; i < journal.n; i++)
        require(leat_journal_find(&journal, journal.offsets[i]) ==
                journal.answers + 2 * i);
    journal.n_saved = 0;
    if (status == LEAT_OK && journal.n) {
        require(leat_journal_load(&again, leat_journal_chunk(&journal, &arena)) ==
                LEAT_OK);
        require(again.n == journal.n);
    }
    leat_journal_fini(&again);
    leat_journal_fini(&journal);
    leat_arena_fini(&arena);
}

static void take_record(leat_slice bytes)
{
    leat_partition partition = {.token = 7};
    leat_slice acquired[LEAT_N_ACQUIRED];
    for (uint32_t i = 0; i < LEAT_N_ACQUIRED; i++) {
        uint32_t n = i + 1 < LEAT_N_ACQUIRED ? bytes.size / 3 : bytes.size;
        acquired[i] = n ? (leat_slice){bytes.data, n} : (leat_slice){0};
        bytes = (leat_slice){bytes.data + n, bytes.size - n};
    }
    leat_journal_init(&partition.journal, 1, 2);
    leat_status status = leat_partition_take(&partition, acquired);
    require(partition.is_owned == (status == LEAT_OK));
    leat_journal_fini(&partition.journal);
}

static void take_shared(leat_slice bytes)
{
    leat_arena arena;
    leat_shared_state *shared;
    leat_slice rest;
    bool is_new;
    leat_arena_init(&arena, 4096);
    if (leat_shared_state_read(&shared, &arena, bytes, &rest) == LEAT_OK) {
        leat_slice written = leat_shared_state_write(shared, &arena, rest);
        require(written.size == bytes.size);
        require(leat_shared_state_note(shared, &arena, 1, INT64_MAX, &is_new) == LEAT_OK);
        require(leat_shared_state_has_seen(shared, 1, 0));
    }
    leat_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const takes[])(leat_slice) = {take_journal, take_record, take_shared};
    if (size)
        takes[data[0] % 3]((leat_slice){data + 1, (uint32_t)size - 1});
    return 0;
}
