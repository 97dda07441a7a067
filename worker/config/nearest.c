#include "worker/config/nearest.h"

#include <stdio.h>
#include <string.h>

enum { MAX_LENGTH = 63 };

static uint32_t min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours between `a` and `b`: the
 * optimal string alignment distance, of which only three rows are alive. */
static uint32_t distance(const char *a, uint32_t a_size, const char *b, uint32_t b_size)
{
    uint32_t rows[3][MAX_LENGTH + 1];
    for (uint32_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a_size; i++) {
        const uint32_t *before = rows[(i + 1) % 3]; /* of i - 2 */
        const uint32_t *above = rows[(i - 1) % 3];
        uint32_t *row = rows[i % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b_size; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min(row[j], min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

leat_nearest leat_nearest_to(const char *wanted)
{
    size_t size = strlen(wanted);
    /* A third of the letters may be wrong; of a short name, one. */
    return (leat_nearest){.wanted = wanted,
                          .distance = size < 6 ? 2 : min(20, (uint32_t)size / 3) + 1};
}

void leat_nearest_offer(leat_nearest *nearest, const char *candidate)
{
    size_t a = strlen(nearest->wanted), b = strlen(candidate);
    if (a > MAX_LENGTH || b > MAX_LENGTH)
        return;
    uint32_t far = distance(nearest->wanted, (uint32_t)a, candidate, (uint32_t)b);
    if (far < nearest->distance) {
        nearest->distance = far;
        nearest->best = candidate;
    }
}

const char *leat_nearest_hint(const leat_nearest *nearest, char buffer[LEAT_NEAREST_HINT])
{
    buffer[0] = 0;
    if (nearest->best)
        snprintf(buffer, LEAT_NEAREST_HINT, "; did you mean '%s'?", nearest->best);
    return buffer;
}
