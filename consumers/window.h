/* consumers/window.h: what closes a batch. */
#ifndef LEAT_CONSUMERS_WINDOW_H
#define LEAT_CONSUMERS_WINDOW_H

#include <stdint.h>

/* A batch closes at whichever comes first. An event larger than max_bytes is a batch of
 * its own. */
typedef struct leat_window {
    uint32_t max_events;
    uint64_t max_wait_ns; /* from the batch's first event */
    uint64_t max_bytes;   /* keys and payloads together */
} leat_window;

#endif
