/* tests/unit/twin.h: arrays element by element, as the naive twins of operators see them.
 *
 * Values pass as doubles, whatever the array holds; indexes are counted out one by one.
 */
#ifndef LEAT_TESTS_TWIN_H
#define LEAT_TESTS_TWIN_H

#include "one_node.h"

/* The next number below n of a sequence that is always the same. */
uint32_t twin_dice(uint32_t n);

/* A shape of `rank` axes with lengths from 1 to `most`. */
void twin_shape(int64_t *shape, uint32_t rank, uint32_t most);

double twin_get(const leat_array *array, size_t i);
void twin_put(const leat_array *array, void *data, size_t i, double value);

/* The next input of the node with numbers from -5 to 5, in quarters where floats, or
 * truths, all of them unknown before the run. */
const leat_array *twin_input(one_node *node, leat_dtype dtype, uint32_t rank,
                             const int64_t *shape);

/* The next input, known: integers. */
void twin_known(one_node *node, const int64_t *values, uint32_t n);

/* Element i of an array as an index, one number an axis; and back. */
void twin_index(const leat_array *array, size_t i, uint32_t *index);
size_t twin_element(const leat_array *array, const uint32_t *index);

/* The element of an array that broadcasts to the place of an index of `rank` axes. */
double twin_broadcast(const leat_array *array, uint32_t rank, const uint32_t *index);

/* A shape that broadcasts to `full`: its last axes, some of them 1. Returns how many. */
uint32_t twin_part_of(const int64_t *full, uint32_t rank, int64_t *shape);

/* Two values that are the same to a relative error; NaN is the same as NaN. */
void twin_same(const char *what, size_t i, double found, double expected, double error);

/* Both shapes the same. */
void twin_same_shape(const leat_array *array, uint32_t rank, const int64_t *shape);

/* Load and shape refuse the node with that status and words in their message. */
void twin_refused(one_node *node, leat_status status, const char *words);

#endif
