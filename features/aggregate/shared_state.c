#include "features/aggregate/shared_state.h"

#include <string.h>

enum { VERSION_BYTES = 8, MAX_MARKS = 1 << 16 };

typedef struct head {
    uint64_t version;
    uint64_t n_marks;
} head;

uint64_t leat_state_mark_id(const char *topic, int32_t partition)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint32_t)partition;
    hash *= UINT64_C(0x100000001b3); /* FNV-1a from here on */
    for (const char *at = topic; *at; at++)
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    return hash;
}

leat_status leat_shared_state_read(leat_shared_state **shared, leat_arena *arena,
                                   leat_slice bytes, leat_slice *rest)
{
    head found = {0};
    leat_shared_state *made = leat_arena_calloc(arena, 1, sizeof *made);
    *rest = (leat_slice){0};
    if (!made)
        return LEAT_E_MEMORY;
    *shared = made;
    if (!bytes.data)
        return LEAT_OK;
    uint8_t *version = leat_arena_alloc(arena, VERSION_BYTES);
    if (!version)
        return LEAT_E_MEMORY;
    made->version = (leat_slice){
        version, bytes.size < VERSION_BYTES ? bytes.size : (uint32_t)VERSION_BYTES};
    if (bytes.size)
        memcpy(version, bytes.data, made->version.size);
    if (bytes.size < sizeof found)
        return LEAT_E_FORMAT;
    memcpy(&found, bytes.data, sizeof found);
    size_t left = bytes.size - sizeof found;
    if (found.n_marks > MAX_MARKS || found.n_marks > left / sizeof(leat_state_mark))
        return LEAT_E_FORMAT;
    made->n_marks = made->max_marks = (uint32_t)found.n_marks;
    made->marks = leat_arena_alloc(arena, (found.n_marks + 1) * sizeof *made->marks);
    if (!made->marks)
        return LEAT_E_MEMORY;
    size_t marks = found.n_marks * sizeof *made->marks;
    if (marks)
        memcpy(made->marks, bytes.data + sizeof found, marks);
    *rest = (leat_slice){bytes.data + sizeof found + marks, (uint32_t)(left - marks)};
    return LEAT_OK;
}

static leat_state_mark *add_mark(leat_shared_state *shared, leat_arena *arena,
                                 uint64_t partition)
{
    if (shared->n_marks == shared->max_marks) {
        uint32_t max = 2 * shared->max_marks + 4;
        leat_state_mark *marks = leat_arena_alloc(arena, max * sizeof *marks);
        if (!marks)
            return NULL;
        if (shared->n_marks)
            memcpy(marks, shared->marks, shared->n_marks * sizeof *marks);
        shared->marks = marks;
        shared->max_marks = max;
    }
    leat_state_mark *mark = &shared->marks[shared->n_marks++];
    *mark = (leat_state_mark){partition, -1};
    return mark;
}

static leat_state_mark *find_mark(const leat_shared_state *shared, uint64_t partition)
{
    for (uint32_t i = 0; i < shared->n_marks; i++)
        if (shared->marks[i].partition == partition)
            return &shared->marks[i];
    return NULL;
}

bool leat_shared_state_has_seen(const leat_shared_state *shared, uint64_t partition,
                                int64_t offset)
{
    const leat_state_mark *mark = find_mark(shared, partition);
    return mark && offset <= mark->applied;
}

leat_status leat_shared_state_note(leat_shared_state *shared, leat_arena *arena,
                                   uint64_t partition, int64_t offset, bool *is_new)
{
    leat_state_mark *mark = find_mark(shared, partition);
    if (!mark)
        mark = add_mark(shared, arena, partition);
    if (!mark)
        return LEAT_E_MEMORY;
    *is_new = offset > mark->applied;
    if (*is_new)
        mark->applied = offset;
    return LEAT_OK;
}

leat_slice leat_shared_state_write(const leat_shared_state *shared, leat_arena *arena,
                                   leat_slice state)
{
    head made = {.version = 1, .n_marks = shared->n_marks};
    if (shared->version.size == VERSION_BYTES) {
        memcpy(&made.version, shared->version.data, VERSION_BYTES);
        made.version++;
    }
    size_t marks = shared->n_marks * sizeof *shared->marks;
    size_t size = sizeof made + marks + state.size;
    uint8_t *bytes = size <= UINT32_MAX ? leat_arena_alloc(arena, size) : NULL;
    if (!bytes)
        return (leat_slice){0};
    memcpy(bytes, &made, sizeof made);
    if (marks)
        memcpy(bytes + sizeof made, shared->marks, marks);
    if (state.size)
        memcpy(bytes + sizeof made + marks, state.data, state.size);
    return (leat_slice){bytes, (uint32_t)size};
}
