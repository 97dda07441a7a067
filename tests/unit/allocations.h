/* tests/unit/allocations.h: what a program asks the heap for, counted.
 *
 * Linking the library `allocations` puts the linker's --wrap before malloc, calloc, realloc
 * and aligned_alloc; nothing that is given back is taken off.
 *
 * Threads: one.
 */
#ifndef LEAT_TESTS_ALLOCATIONS_H
#define LEAT_TESTS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct allocations {
    size_t calls;
    size_t bytes;
    bool fails; /* from now on there is no memory; for a test to set */
} allocations;

extern allocations allocated;

#endif
