/* worker/config/nearest.h: "did you mean": the candidate that a mistyped name was likely for.
 *
 * Owns:    nothing; the names are the caller's.
 * Threads: any.
 */
#ifndef LEAT_WORKER_NEAREST_H
#define LEAT_WORKER_NEAREST_H

#include <stdint.h>

typedef struct leat_nearest {
    const char *wanted;
    const char *best; /* NULL: nothing is near enough to be meant */
    uint32_t distance;
} leat_nearest;

leat_nearest leat_nearest_to(const char *wanted);
void leat_nearest_offer(leat_nearest *nearest, const char *candidate);

/* "; did you mean 'best'?", or "". */
enum { LEAT_NEAREST_HINT = 96 };
const char *leat_nearest_hint(const leat_nearest *nearest,
                              char buffer[LEAT_NEAREST_HINT]);

#endif
