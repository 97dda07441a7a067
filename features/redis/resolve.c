#include "features/redis/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct leat_resolve {
    atomic_int holders; /* the lane and the thread */
    int done;           /* an eventfd: written once by the thread, never read */
    atomic_bool is_done;
    int failure; /* getaddrinfo's */
    leat_addresses addresses;
    char host[];
};

static void let_go(leat_resolve *resolve)
{
    if (atomic_fetch_sub(&resolve->holders, 1) > 1)
        return;
    close(resolve->done);
    free(resolve);
}

static void note(leat_addresses *addresses, const struct addrinfo *info)
{
    char *text = addresses->text[addresses->n];
    if (addresses->n < LEAT_MAX_ADDRESSES &&
        !getnameinfo(info->ai_addr, info->ai_addrlen, text, LEAT_ADDRESS_SIZE, NULL, 0,
                     NI_NUMERICHOST))
        addresses->n++;
}

static void *ask_name_server(void *argument)
{
    leat_resolve *resolve = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    resolve->failure = getaddrinfo(resolve->host, NULL, &hints, &found);
    for (struct addrinfo *info = found; info; info = info->ai_next)
        note(&resolve->addresses, info);
    if (found)
        freeaddrinfo(found);
    atomic_store(&resolve->is_done, true);
    uint64_t one = 1;
    ssize_t written = write(resolve->done, &one, sizeof one);
    (void)written; /* an empty eventfd takes it */
    let_go(resolve);
    return NULL;
}

/* Signals are for the threads that expect them. */
static int start_thread(leat_resolve *resolve)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&thread, NULL, ask_name_server, resolve);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failure)
        pthread_detach(thread);
    return failure;
}

leat_resolve *leat_resolve_start(const char *host)
{
    size_t size = strlen(host) + 1;
    leat_resolve *resolve = calloc(1, sizeof *resolve + size);
    if (!resolve)
        return NULL;
    memcpy(resolve->host, host, size);
    atomic_init(&resolve->holders, 2);
    resolve->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (resolve->done >= 0 && !start_thread(resolve))
        return resolve;
    if (resolve->done >= 0)
        close(resolve->done);
    free(resolve);
    return NULL;
}

void leat_resolve_free(leat_resolve *resolve)
{
    if (resolve)
        let_go(resolve);
}

int leat_resolve_descriptor(const leat_resolve *resolve)
{
    return resolve->done;
}

leat_status leat_resolve_result(leat_resolve *resolve, leat_addresses *addresses,
                                leat_error *error)
{
    if (!atomic_load(&resolve->is_done))
        return LEAT_MORE;
    *addresses = resolve->addresses;
    if (addresses->n)
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_UNAVAILABLE, "the host's name has no address: %s",
                          gai_strerror(resolve->failure));
}
