/* features/redis/resolve.h: a host's addresses, without waiting for the name server.
 *
 * getaddrinfo() blocks for as long as a name server likes, which is longer than a batch
 * may wait. So a thread of its own asks, and says by a descriptor that it is done;
 * whoever gave up meanwhile lets go, and the last of the two frees.
 *
 * Owns:    the answer, until free.
 * Threads: one lane; its helper thread touches nothing else.
 * Fails:   start: NULL when out of memory, descriptors or threads. result: E_UNAVAILABLE
 *          with the resolver's words.
 */
#ifndef LEAT_FEATURES_RESOLVE_H
#define LEAT_FEATURES_RESOLVE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEAT_MAX_ADDRESSES = 8, LEAT_ADDRESS_SIZE = 64 };

/* In the order in which they are to be tried, as numbers: "127.0.0.1", "::1". */
typedef struct leat_addresses {
    uint32_t n;
    char text[LEAT_MAX_ADDRESSES][LEAT_ADDRESS_SIZE];
} leat_addresses;

typedef struct leat_resolve leat_resolve;

leat_resolve *leat_resolve_start(const char *host);
void leat_resolve_free(leat_resolve *resolve);

/* Readable once the answer is there. */
int leat_resolve_descriptor(const leat_resolve *resolve);

/* MORE while the name server thinks. */
leat_status leat_resolve_result(leat_resolve *resolve, leat_addresses *addresses,
                                leat_error *error) LEAT_MUST_CHECK;

#endif
