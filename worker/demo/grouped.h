/* worker/demo/grouped.h: numbers that people can read: "1,234,567". */
#ifndef LEAT_WORKER_DEMO_GROUPED_H
#define LEAT_WORKER_DEMO_GROUPED_H

#include <inttypes.h>
#include <stdio.h>

enum { LEAT_GROUPED_SIZE = 32 };

/* Returns `text`. */
static inline const char *leat_grouped(uint64_t number, char text[LEAT_GROUPED_SIZE])
{
    char digits[LEAT_GROUPED_SIZE];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, number);
    int at = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

#endif
