/* worker/config/address.h: where a server listens, as text and as the kernel wants it.
 *
 * "127.0.0.1:9464", "0.0.0.0:0", "[::1]:9464", or "off". Numbers only: a name could mean
 * several addresses, or another one tomorrow.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_WORKER_ADDRESS_H
#define LEAT_WORKER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

typedef struct leat_address {
    socklen_t size; /* 0: off */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
} leat_address;

enum { LEAT_ADDRESS_TEXT = INET6_ADDRSTRLEN + sizeof "[]:65535" };

/* False when the text is no address, nor "off". */
bool leat_address_parse(leat_address *address, const char *text);

/* The text of it, "off" too. */
const char *leat_address_print(const leat_address *address, char text[LEAT_ADDRESS_TEXT]);

#endif
