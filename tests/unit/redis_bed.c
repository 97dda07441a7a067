#include "redis_bed.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLUSTER_BUS = 10000 };

#define TEST_TIMEOUT_NS (2 * LEAT_SEC) /* a hang guard, not a measurement */

static int listen_on_loopback(uint16_t *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_return_code(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_return_code(listen(fd, backlog), 0);
    assert_return_code(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* ---- The real one ---- */

static void run_server(const real_redis *server)
{
    char port[8], tls_port[8];
    snprintf(port, sizeof port, "%u", server->port);
    snprintf(tls_port, sizeof tls_port, "%u", server->tls_port);
    if (server->tls_port && chdir(server->folder))
        _exit(127);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* no test leaves one behind */
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1",
           "--unixsocket", server->socket, "--dir", server->folder, "--save", "",
           "--daemonize", "no", "--cluster-enabled",
           server->is_cluster_node ? "yes" : "no",
           server->tls_port ? "--tls-port" : (char *)NULL, tls_port, "--tls-cert-file",
           "server.pem", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.pem",
           (char *)NULL);
    _exit(127);
}

static bool answers(real_redis *server)
{
    server->admin = redisConnectUnix(server->socket);
    redisReply *reply =
        server->admin && !server->admin->err ? redisCommand(server->admin, "PING") : NULL;
    bool is_pong = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply)
        freeReplyObject(reply);
    if (!is_pong && server->admin)
        redisFree(server->admin);
    return is_pong;
}

/* False where there is no such program. */
static bool launch(real_redis *server)
{
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        run_server(server);
    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    while (!answers(server)) {
        int status;
        if (waitpid(server->pid, &status, WNOHANG) == server->pid)
            return false;
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 5);
    }
    return true;
}

static void make_certificates(const real_redis *server)
{
    static const char format[] =
        "cd %s && exec 2>/dev/null && ec='ec -pkeyopt ec_paramgen_curve:prime256v1' && "
        "openssl req -x509 -newkey $ec -nodes -days 2 -keyout ca.key -out ca.pem "
        "-subj /CN=ca && "
        "openssl req -newkey $ec -nodes -keyout server.key -out server.csr -subj /CN=s "
        "&& "
        "echo subjectAltName=DNS:localhost >san && "
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
        "-days 2 -extfile san -out server.pem";
    char script[1024];
    snprintf(script, sizeof script, format, server->folder);
    assert_int_equal(system(script), 0);
}

static void start(real_redis *server, const real_redis *wanted)
{
    *server = *wanted;
    snprintf(server->folder, sizeof server->folder, "/tmp/leat-redis-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    if (server->tls_port) {
        make_certificates(server);
        close(listen_on_loopback(&server->tls_port, 1));
    }
    snprintf(server->socket, sizeof server->socket, "%s/socket", server->folder);
    do /* a cluster's bus listens so far above */
        close(listen_on_loopback(&server->port, 1));
    while (server->is_cluster_node && server->port > UINT16_MAX - CLUSTER_BUS);
    if (!launch(server)) {
        rmdir(server->folder);
        if (getenv("CI"))
            fail_msg("redis-server does not start; is it installed?");
        print_message("SKIPPED: redis-server does not start; is it installed?\n");
        skip();
    }
}

void real_redis_start(real_redis *server)
{
    start(server, &(real_redis){0});
}

void real_redis_start_cluster_node(real_redis *server)
{
    start(server, &(real_redis){.is_cluster_node = true});
}

void real_redis_start_tls(real_redis *server)
{
    start(server, &(real_redis){.tls_port = 1});
}

void real_redis_kill(real_redis *server)
{
    redisFree(server->admin);
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

void real_redis_pause(real_redis *server)
{
    kill(server->pid, SIGSTOP);
}

void real_redis_wake(real_redis *server)
{
    kill(server->pid, SIGCONT);
}

void real_redis_restart(real_redis *server)
{
    unlink(server->socket);
    assert_true(launch(server));
}

void real_redis_stop(real_redis *server)
{
    real_redis_kill(server);
    static const char *const files[] = {"socket",     "nodes.conf", "ca.key",
                                        "ca.pem",     "ca.srl",     "server.key",
                                        "server.csr", "server.pem", "san"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s/%s", server->folder, files[i]);
        unlink(path);
    }
    rmdir(server->folder);
}

void real_redis_do(real_redis *server, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(server->admin, format, args);
    va_end(args);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    freeReplyObject(reply);
}

long long real_redis_integer(real_redis *server, const char *command)
{
    redisReply *reply = redisCommand(server->admin, command);
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long number = reply->integer;
    freeReplyObject(reply);
    return number;
}

leat_redis_spec real_redis_spec(const real_redis *server)
{
    return (leat_redis_spec){
        .host = "localhost", .port = server->port, .timeout_ns = TEST_TIMEOUT_NS};
}

leat_redis_spec real_redis_unix_spec(const real_redis *server)
{
    return (leat_redis_spec){.unix_path = server->socket, .timeout_ns = TEST_TIMEOUT_NS};
}

/* ---- The false one ---- */

static void *accept_all(void *argument)
{
    fake_redis *server = argument;
    for (int n = 0;; n++) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        server->serve(fd, n, server->context);
        close(fd);
    }
}

void fake_redis_listen(fake_redis *server, int backlog)
{
    server->listener = listen_on_loopback(&server->port, backlog);
}

void fake_redis_serve(fake_redis *server, fake_serve *serve, void *context)
{
    signal(SIGPIPE, SIG_IGN);
    server->serve = serve;
    server->context = context;
    assert_int_equal(pthread_create(&server->thread, NULL, accept_all, server), 0);
}

void fake_redis_start(fake_redis *server, fake_serve *serve, void *context)
{
    fake_redis_listen(server, 16);
    fake_redis_serve(server, serve, context);
}

/* After the client has hung up, so that the script has come to its end. */
void fake_redis_stop(fake_redis *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

leat_redis_spec fake_redis_spec(const fake_redis *server)
{
    return (leat_redis_spec){
        .host = "127.0.0.1", .port = server->port, .timeout_ns = TEST_TIMEOUT_NS};
}

static bool read_line(int fd, char *line, size_t size)
{
    for (size_t n = 0; n + 1 < size; n++) {
        if (read(fd, line + n, 1) != 1)
            return false;
        if (line[n] == '\n') {
            line[n + 1] = 0;
            return true;
        }
    }
    return false;
}

/* "*<words>" and then two lines a word: our own commands hold no line ends in words. */
static bool read_command(int fd, char key[64])
{
    char line[512];
    if (key)
        key[0] = 0;
    if (!read_line(fd, line, sizeof line))
        return false;
    for (int i = 0, n = atoi(line + 1); i < n; i++) {
        if (!read_line(fd, line, sizeof line) || !read_line(fd, line, sizeof line))
            return false;
        if (i == 1 && key)
            snprintf(key, 64, "%.*s", (int)strcspn(line, "\r"), line);
    }
    return true;
}

int fake_read(int fd, int n_commands, char key[64])
{
    for (int i = 0; i < n_commands; i++)
        if (!read_command(fd, key))
            return 0;
    return 1;
}

void fake_write(int fd, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vdprintf(fd, format, args);
    va_end(args);
}
