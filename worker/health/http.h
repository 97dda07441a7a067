/* worker/health/http.h: a small HTTP server for pages that say how the worker is.
 *
 * GET and HEAD of the pages that it is given, in plain text; what is asked besides is told
 * which pages there are. One thread of libmicrohttpd's serves all connections.
 *
 * Design notes: clients that are slow, or many
 *
 *   The number of connections is bounded, and so is the memory of each. A bound alone would
 *   let slow clients keep the probes out, and the worker would be restarted for it: so,
 *   when the places run short, a newcomer puts out the connection that has been there for
 *   longest. A probe is answered in a moment; nothing else has a claim.
 *
 * Owns:    the socket, the thread. Not what the pages write from: stop before that goes.
 * Threads: main; pages are written in the server's thread.
 * Fails:   start: E_UNAVAILABLE when the address is in use, E_CONFIG when it cannot be had
 *          for another reason; E_MEMORY.
 */
#ifndef LEAT_WORKER_HTTP_H
#define LEAT_WORKER_HTTP_H

#include "base/error.h"
#include "worker/config/address.h"

#include <stdio.h>

/* Writes the body; returns the status code. `accept` is the request's header, or "". `type`
 * comes as text/plain and may be changed to another constant. */
typedef unsigned leat_http_write(void *opaque, const char *accept, FILE *out,
                                 const char **type);

typedef struct leat_http_page {
    const char *path;
    leat_http_write *write;
    void *opaque;
} leat_http_page;

typedef struct leat_http leat_http;

/* `pages` outlive the server. */
leat_status leat_http_start(leat_http **http, const leat_address *listen, size_t n_pages,
                            const leat_http_page *pages,
                            leat_error *error) LEAT_MUST_CHECK;

/* Ends all connections; no page is written afterwards. NULL is fine. */
void leat_http_stop(leat_http *http);

/* The address in use: with the port that was taken where port 0 was asked for. */
const leat_address *leat_http_address(const leat_http *http);

#endif
