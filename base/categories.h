/* base/categories.h: the strings that a categorical column was trained with, and the place
 * of each in their list, which is the number that the model knows it by.
 *
 * Owns:    the table and the strings live in the arena, immutable.
 * Threads: any.
 * Fails:   E_MEMORY.
 */
#ifndef LEAT_BASE_CATEGORIES_H
#define LEAT_BASE_CATEGORIES_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

typedef struct leat_categories leat_categories;

/* Copies names[n]; of two equal ones the first one counts. */
leat_status leat_categories_new(const leat_categories **categories, leat_arena *arena,
                                const char *const *names, uint32_t n) LEAT_MUST_CHECK;

uint32_t leat_categories_count(const leat_categories *categories);

/* Whether one of them is written as a whole number: then a number may be meant for it. */
bool leat_categories_have_numbers(const leat_categories *categories);

/* False where it is none of them. */
bool leat_categories_find(const leat_categories *categories, leat_slice name,
                          uint32_t *place);

#endif
