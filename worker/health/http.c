#include "worker/health/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 64,
    CROWDED = 48,      /* from here on a newcomer puts the oldest out */
    IDLE_SECONDS = 10, /* that a connection may stand still */
    MAX_MEMORY = 8192, /* of a connection: its request, and the head of the answer */
    BACKLOG = 128,
};

static const char PLAIN[] = "text/plain; charset=utf-8";

struct leat_http {
    struct MHD_Daemon *daemon;
    leat_address address;
    size_t n_pages;
    const leat_http_page *pages;
    uint32_t n_open; /* the server's thread, oldest first */
    int open[MAX_CONNECTIONS];
};

/* ---- answering ---- */

/* `why`, and all the pages that there are. */
static unsigned refuse(const leat_http *http, unsigned code, const char *why, FILE *out)
{
    fputs(why, out);
    for (size_t i = 0; i < http->n_pages; i++)
        fprintf(out, "%s %s", i ? "," : "", http->pages[i].path);
    fputs("\n", out);
    return code;
}

static unsigned write_page(const leat_http *http, struct MHD_Connection *connection,
                           const char *url, const char *method, FILE *out,
                           const char **type)
{
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
        return refuse(http, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD, of", out);
    for (size_t i = 0; i < http->n_pages; i++)
        if (!strcmp(url, http->pages[i].path))
            return http->pages[i].write(http->pages[i].opaque, accept ? accept : "", out,
                                        type);
    return refuse(http, MHD_HTTP_NOT_FOUND, "not found; there is", out);
}

static enum MHD_Result send_page(struct MHD_Connection *connection, unsigned code,
                                 const char *type, char *body, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(body);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return queued;
}

/* libmicrohttpd leaves the body of an answer to HEAD out. MHD_NO ends the connection. */
static enum MHD_Result answer(void *opaque, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_size, void **context)
{
    (void)version, (void)upload, (void)upload_size, (void)context;
    const leat_http *http = opaque;
    char *body = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&body, &size);
    if (!out)
        return MHD_NO;
    const char *type = PLAIN;
    unsigned code = write_page(http, connection, url, method, out, &type);
    bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(body);
        return MHD_NO;
    }
    return send_page(connection, code, type, body, size);
}

/* ---- connections ---- */

static void take_in(leat_http *http, int socket)
{
    if (http->n_open >= CROWDED)
        shutdown(http->open[0], SHUT_RDWR); /* libmicrohttpd closes it then */
    if (http->n_open < MAX_CONNECTIONS)
        http->open[http->n_open++] = socket;
}

static void let_out(leat_http *http, int socket)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < http->n_open; i++)
        if (http->open[i] != socket)
            http->open[kept++] = http->open[i];
    http->n_open = kept;
}

static void on_connection(void *opaque, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)context;
    int socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                     ->connect_fd;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        take_in(opaque, socket);
    else
        let_out(opaque, socket);
}

/* ---- starting and stopping ---- */

static leat_status refuse_address(const leat_http *http, leat_error *error)
{
    int why = errno;
    char text[LEAT_ADDRESS_TEXT];
    return leat_error_set(error, why == EADDRINUSE ? LEAT_E_UNAVAILABLE : LEAT_E_CONFIG,
                          "cannot listen on %s: %s",
                          leat_address_print(&http->address, text), strerror(why));
}

/* A socket that listens, and its address as it came to be. */
static leat_status open_socket(leat_http *http, int *opened, leat_error *error)
{
    leat_address *address = &http->address;
    int yes = 1, fd = socket(address->as.any.sa_family,
                             SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return refuse_address(http, error);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, &address->as.any, address->size) || listen(fd, BACKLOG) ||
        getsockname(fd, &address->as.any, &address->size)) {
        leat_status status = refuse_address(http, error);
        close(fd);
        return status;
    }
    *opened = fd;
    return LEAT_OK;
}

/* No signal is for the server's thread. */
static void start_daemon(leat_http *http, int socket)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    http->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, answer, http,
        MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MAX_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

leat_status leat_http_start(leat_http **http, const leat_address *listen, size_t n_pages,
                            const leat_http_page *pages, leat_error *error)
{
    leat_http *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for the HTTP server");
    made->address = *listen;
    made->n_pages = n_pages;
    made->pages = pages;
    int socket = -1;
    leat_status status = open_socket(made, &socket, error);
    if (status == LEAT_OK)
        start_daemon(made, socket);
    if (made->daemon) {
        *http = made;
        return LEAT_OK;
    }
    if (socket >= 0)
        close(socket);
    free(made);
    return status ? status
                  : leat_error_set(error, LEAT_E_MEMORY, "the HTTP server cannot start");
}

void leat_http_stop(leat_http *http)
{
    if (!http)
        return;
    MHD_stop_daemon(http->daemon); /* closes the socket, waits for the thread */
    free(http);
}

const leat_address *leat_http_address(const leat_http *http)
{
    return &http->address;
}
