#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISON_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_MEMORY 1
#endif
#endif

#ifdef POISON_MEMORY
#include <sanitizer/asan_interface.h>
#define POISON(start, size)   __asan_poison_memory_region(start, size)
#define UNPOISON(start, size) __asan_unpoison_memory_region(start, size)
#else
#define POISON(start, size)   ((void)0)
#define UNPOISON(start, size) ((void)0)
#endif

/* The data starts on a cache line, right behind the header. */
struct leat_arena_block {
    _Alignas(LEAT_ARENA_ALIGN) struct leat_arena_block *next;
    size_t size; /* of the data */
    size_t used;
    _Alignas(LEAT_ARENA_ALIGN) unsigned char data[];
};

void leat_arena_init(leat_arena *arena, size_t block_size)
{
    *arena = (leat_arena){.block_size = block_size};
}

void leat_arena_fini(leat_arena *arena)
{
    leat_arena_block *next;
    for (leat_arena_block *block = arena->first; block; block = next) {
        next = block->next;
        UNPOISON(block->data, block->size);
        free(block);
    }
    *arena = (leat_arena){0};
}

void leat_arena_reset(leat_arena *arena)
{
    for (leat_arena_block *block = arena->first; block; block = block->next) {
        block->used = 0;
        POISON(block->data, block->size);
    }
    arena->current = arena->first;
}

void leat_arena_limit(leat_arena *arena, size_t most)
{
    arena->most = most;
}

static int is_within(const leat_arena *arena, size_t size)
{
    return !arena->most ||
           (arena->held <= arena->most && size <= arena->most - arena->held);
}

static leat_arena_block *block_new(leat_arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(leat_arena_block) - LEAT_ARENA_ALIGN)
        return NULL;
    size_t total = sizeof(leat_arena_block) + size;
    total = (total + LEAT_ARENA_ALIGN - 1) & ~(size_t)(LEAT_ARENA_ALIGN - 1);
    leat_arena_block *block =
        is_within(arena, total) ? aligned_alloc(LEAT_ARENA_ALIGN, total) : NULL;
    if (!block)
        return NULL;
    arena->held += total;
    *block = (leat_arena_block){.size = size};
    POISON(block->data, size);
    return block;
}

static void *block_take(leat_arena_block *block, size_t size, size_t align)
{
    size_t start = (block->used + align - 1) & ~(align - 1);
    if (start > block->size || size > block->size - start)
        return NULL;
    block->used = start + size;
    UNPOISON(block->data + start, size);
    return block->data + start;
}

/* Goes on to a kept block that is large enough, or links in a new one after the current.
 */
static void *take(leat_arena *arena, size_t size, size_t align)
{
    for (leat_arena_block *block = arena->current; block; block = block->next) {
        void *memory = block_take(block, size, align);
        if (memory) {
            arena->current = block;
            return memory;
        }
    }
    leat_arena_block *block =
        block_new(arena, size > arena->block_size ? size : arena->block_size);
    if (!block)
        return NULL;
    leat_arena_block **link = arena->current ? &arena->current->next : &arena->first;
    block->next = *link;
    *link = block;
    arena->current = block;
    return block_take(block, size, align);
}

void *leat_arena_alloc(leat_arena *arena, size_t size)
{
    return take(arena, size ? size : 1, _Alignof(max_align_t));
}

void *leat_arena_calloc(leat_arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *memory = leat_arena_alloc(arena, count * size);
    return memory ? memset(memory, 0, count * size) : NULL;
}

void *leat_arena_aligned(leat_arena *arena, size_t size)
{
    return take(arena, size ? size : 1, LEAT_ARENA_ALIGN);
}

char *leat_arena_strndup(leat_arena *arena, const char *text, size_t size)
{
    char *copy = size < SIZE_MAX ? leat_arena_alloc(arena, size + 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

char *leat_arena_printf(leat_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *text = size < 0 ? NULL : leat_arena_alloc(arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

size_t leat_arena_footprint(const leat_arena *arena)
{
    size_t bytes = 0;
    for (const leat_arena_block *block = arena->first; block; block = block->next)
        bytes += sizeof *block + block->size;
    return bytes;
}
