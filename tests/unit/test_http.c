#include "worker/health/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_ANSWER = 4096, MANY = 1000 };

static unsigned write_hello(void *opaque, const char *accept, FILE *out,
                            const char **type)
{
    (void)type;
    fprintf(out, "%s, you accept '%s'\n", (const char *)opaque, accept);
    return 200;
}

static unsigned write_sick(void *opaque, const char *accept, FILE *out, const char **type)
{
    (void)opaque, (void)accept;
    *type = "text/other";
    fputs("sick\n", out);
    return 503;
}

static const leat_http_page pages[] = {
    {"/hello", write_hello, "hello"},
    {"/sick", write_sick, NULL},
};

static leat_http *start_on(const char *text)
{
    leat_address address;
    leat_error error;
    leat_http *http;
    assert_true(leat_address_parse(&address, text));
    if (leat_http_start(&http, &address, 2, pages, &error))
        fail_msg("%s", error.msg);
    return http;
}

static int set_up(void **state)
{
    *state = start_on("127.0.0.1:0");
    return 0;
}

static int tear_down(void **state)
{
    leat_http_stop(*state);
    return 0;
}

static int dial(const leat_http *http)
{
    const leat_address *address = leat_http_address(http);
    int fd = socket(address->as.any.sa_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &address->as.any, address->size), 0);
    return fd;
}

/* All that the server says to `request` until it closes. */
static const char *ask(const leat_http *http, const char *request)
{
    static char text[MAX_ANSWER];
    int fd = dial(http);
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    size_t size = 0;
    for (ssize_t n; (n = read(fd, text + size, sizeof text - 1 - size)) > 0;)
        size += (size_t)n;
    text[size] = '\0';
    close(fd);
    return text;
}

#define REQUEST(line) line " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static bool starts(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

static bool ends(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && !strcmp(text + size - tail, end);
}

static void test_http__a_page_is_given(void **state)
{
    const char *said = ask(*state, REQUEST("GET /hello?x=1") "Accept: all\r\n\r\n");
    assert_true(starts(said, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(said, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_true(ends(said, "\r\n\r\nhello, you accept 'all'\n"));
}

static void test_http__the_page_chooses_code_and_type(void **state)
{
    const char *said = ask(*state, REQUEST("GET /sick") "\r\n");
    assert_true(starts(said, "HTTP/1.1 503 "));
    assert_non_null(strstr(said, "Content-Type: text/other\r\n"));
    assert_true(ends(said, "\r\n\r\nsick\n"));
}

static void test_http__head_gets_no_body(void **state)
{
    const char *said = ask(*state, REQUEST("HEAD /sick") "\r\n");
    assert_true(starts(said, "HTTP/1.1 503 "));
    assert_non_null(strstr(said, "Content-Length: 5\r\n"));
    assert_true(ends(said, "\r\n\r\n"));
}

static void test_http__another_page_is_told_which_there_are(void **state)
{
    const char *said = ask(*state, REQUEST("GET /") "\r\n");
    assert_true(starts(said, "HTTP/1.1 404 "));
    assert_true(ends(said, "not found; there is /hello, /sick\n"));
}

static void test_http__other_methods_are_not_allowed(void **state)
{
    const char *said = ask(*state, REQUEST("POST /hello") "Content-Length: 3\r\n\r\nabc");
    assert_true(starts(said, "HTTP/1.1 405 "));
    assert_non_null(strstr(said, "Allow: GET, HEAD\r\n"));
    assert_true(ends(said, "only GET and HEAD, of /hello, /sick\n"));
}

static void test_http__listens_on_ipv6(void **state)
{
    (void)state;
    leat_http *http = start_on("[::1]:0");
    assert_true(starts(ask(http, REQUEST("GET /hello") "\r\n"), "HTTP/1.1 200 "));
    leat_http_stop(http);
}

static void test_http__an_address_in_use_is_unavailable(void **state)
{
    leat_http *second;
    leat_error error;
    assert_int_equal(
        leat_http_start(&second, leat_http_address(*state), 2, pages, &error),
        LEAT_E_UNAVAILABLE);
    assert_non_null(strstr(error.msg, "cannot listen on 127.0.0.1:"));
    assert_non_null(strstr(error.msg, "in use"));
}

static void test_http__an_address_of_another_machine_is_a_mistake(void **state)
{
    (void)state;
    leat_address address;
    leat_http *http;
    leat_error error;
    assert_true(leat_address_parse(&address, "192.0.2.1:9464"));
    assert_int_equal(leat_http_start(&http, &address, 2, pages, &error), LEAT_E_CONFIG);
}

/* Each sends half a request and waits. The probe behind all of them is answered. */
static void test_http__a_thousand_slow_clients_keep_nobody_out(void **state)
{
    struct rlimit files = {2 * MANY, 2 * MANY}, before;
    getrlimit(RLIMIT_NOFILE, &before);
    if (before.rlim_cur < files.rlim_cur)
        setrlimit(RLIMIT_NOFILE, &files);
    int *clients = calloc(MANY, sizeof *clients);
    for (int i = 0; i < MANY; i++) {
        clients[i] = dial(*state);
        assert_int_equal(send(clients[i], "GET /he", 7, MSG_NOSIGNAL), 7);
    }
    assert_true(starts(ask(*state, REQUEST("GET /hello") "\r\n"), "HTTP/1.1 200 "));
    for (int i = 0; i < MANY; i++)
        close(clients[i]);
    free(clients);
}

static void test_http__a_head_that_never_ends_is_cut(void **state)
{
    int fd = dial(*state);
    char header[1024];
    memset(header, 'x', sizeof header);
    ssize_t sent = send(fd, "GET /hello HTTP/1.1\r\nX: ", 24, MSG_NOSIGNAL);
    for (int i = 0; i < 64 && sent > 0; i++)
        sent = send(fd, header, sizeof header, MSG_NOSIGNAL);
    char text[MAX_ANSWER] = "";
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n <= 0 || starts(text, "HTTP/1.1 4"));
    close(fd);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_http__a_page_is_given),
        HTTP_TEST(test_http__the_page_chooses_code_and_type),
        HTTP_TEST(test_http__head_gets_no_body),
        HTTP_TEST(test_http__another_page_is_told_which_there_are),
        HTTP_TEST(test_http__other_methods_are_not_allowed),
        cmocka_unit_test(test_http__listens_on_ipv6),
        HTTP_TEST(test_http__an_address_in_use_is_unavailable),
        cmocka_unit_test(test_http__an_address_of_another_machine_is_a_mistake),
        HTTP_TEST(test_http__a_thousand_slow_clients_keep_nobody_out),
        HTTP_TEST(test_http__a_head_that_never_ends_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
