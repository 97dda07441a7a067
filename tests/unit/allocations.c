#include "allocations.h"

allocations allocated;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

static void count(size_t bytes)
{
    allocated.calls++;
    allocated.bytes += bytes;
}

void *__wrap_malloc(size_t size)
{
    count(size);
    return allocated.fails ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    count(n * size);
    return allocated.fails ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    count(size);
    return allocated.fails ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    count(size);
    return allocated.fails ? NULL : __real_aligned_alloc(align, size);
}
