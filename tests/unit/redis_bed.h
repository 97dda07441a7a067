/* The two Redis servers of the tests: a real one, started in a folder of its own, and a
 * false one that does what a script says.
 *
 * Threads: the script runs in the false server's thread, one connection after the other.
 */
#ifndef LEAT_TESTS_REDIS_BED_H
#define LEAT_TESTS_REDIS_BED_H

#include "features/redis/redis_spec.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct real_redis {
    char folder[64];
    char socket[80];
    uint16_t port;
    pid_t pid;
    redisContext *admin;
    bool is_cluster_node;
    uint16_t tls_port; /* or 0 */
} real_redis;

/* Skips the test where no redis-server is installed; with CI set, fails it. */
void real_redis_start(real_redis *server);
void real_redis_start_cluster_node(real_redis *server); /* without slots */

/* With TLS besides, for the host "localhost", and only for clients with a certificate. Its
 * folder has ca.pem, server.pem and server.key, which a client may use as well. */
void real_redis_start_tls(real_redis *server);
void real_redis_kill(real_redis *server);    /* by its id; the folder stays */
void real_redis_restart(real_redis *server); /* on the same port and socket, empty */
void real_redis_stop(real_redis *server);
void real_redis_pause(real_redis *server); /* it keeps its connections and says nothing */
void real_redis_wake(real_redis *server);

/* A command that must not fail. */
void real_redis_do(real_redis *server, const char *format, ...);

/* What a command answers, which must be an integer. */
long long real_redis_integer(real_redis *server, const char *command);

leat_redis_spec real_redis_spec(const real_redis *server);
leat_redis_spec real_redis_unix_spec(const real_redis *server);

/* Serves connection number `n` (from 0); returns to close it. */
typedef void fake_serve(int fd, int n, void *context);

typedef struct fake_redis {
    uint16_t port;
    int listener;
    pthread_t thread;
    fake_serve *serve;
    void *context;
} fake_redis;

/* listen and serve in one. */
void fake_redis_start(fake_redis *server, fake_serve *serve, void *context);
void fake_redis_listen(fake_redis *server, int backlog);
void fake_redis_serve(fake_redis *server, fake_serve *serve, void *context);
void fake_redis_stop(fake_redis *server);
leat_redis_spec fake_redis_spec(const fake_redis *server);

/* Reads whole commands; 0 when the client hung up before the n-th. Copies the second word
 * (the key) of the last one to `key`, when given. */
int fake_read(int fd, int n_commands, char key[64]);
void fake_write(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
