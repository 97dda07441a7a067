#include "consumers/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_EVENTS = 4 };

static const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 1}};
static const leat_schema schema;
static char path[] = "/tmp/leat-test-file-XXXXXX";
static int fd;
static leat_file *file;
static leat_batch batch;
static leat_error error;

static int setup(void **state)
{
    (void)state;
    strcpy(path + sizeof path - 7, "XXXXXX");
    fd = mkstemp(path);
    file = NULL;
    return fd < 0 || leat_batch_init(&batch, MAX_EVENTS) != LEAT_OK;
}

static int teardown(void **state)
{
    (void)state;
    leat_file_close(file);
    leat_batch_fini(&batch);
    unlink(path);
    close(fd);
    return 0;
}

static void write_all(int to, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(to, (const char *)bytes + done, size - done);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

static void open_with(const char *bytes, size_t size, leat_payload_format format)
{
    write_all(fd, bytes, size);
    assert_int_equal(leat_file_open(&file, path, format, &error), LEAT_OK);
}

#define OPEN_WITH(text) open_with(text, sizeof(text) - 1, LEAT_PAYLOAD_MSGPACK)
#define OPEN_JSON(text) open_with(text, sizeof(text) - 1, LEAT_PAYLOAD_JSON)

static leat_status fill(uint64_t max_bytes)
{
    assert_int_equal(leat_batch_reset(&batch, &schema, &output), LEAT_OK);
    return leat_file_fill(file, &batch, max_bytes, &error);
}

static void test_file__every_value_is_an_event(void **state)
{
    (void)state;
    OPEN_WITH("\x81\xa1k\x01\x07\xa2hi");
    assert_int_equal(fill(1000), LEAT_OK);
    assert_int_equal(batch.n_events, 3);
    static const uint32_t sizes[] = {4, 1, 3};
    for (uint32_t i = 0; i < 3; i++) {
        const leat_event *event = &batch.events[i];
        assert_int_equal(event->offset, i);
        assert_int_equal(event->partition, 0);
        assert_int_equal(event->timestamp, -1);
        assert_string_equal(event->topic, path);
        assert_null(event->key.data);
        assert_int_equal(event->payload.size, sizes[i]);
    }
    assert_memory_equal(batch.events[2].payload.data, "\xa2hi", 3);
    assert_int_equal(fill(1000), LEAT_END);
    assert_int_equal(batch.n_events, 0);
}

static void test_file__a_batch_closes_when_it_is_full(void **state)
{
    (void)state;
    OPEN_WITH("\x01\x02\x03\x04\x05\x06");
    assert_int_equal(fill(1000), LEAT_OK);
    assert_int_equal(batch.n_events, MAX_EVENTS);
    assert_int_equal(fill(1000), LEAT_OK);
    assert_int_equal(batch.n_events, 2);
    assert_int_equal(batch.events[1].offset, 5);
}

static void test_file__a_batch_closes_at_its_bytes(void **state)
{
    (void)state;
    OPEN_WITH("\xa3one\xa3two\xa3ten");
    assert_int_equal(fill(5), LEAT_OK);
    assert_int_equal(batch.n_events, 2);
    assert_int_equal(fill(5), LEAT_OK);
    assert_int_equal(batch.n_events, 1);
}

static void test_file__json_is_not_taken_for_integers(void **state)
{
    (void)state;
    OPEN_WITH("{\"amount\": 1.0}\n");
    for (int again = 0; again < 2; again++) {
        assert_int_equal(fill(1000), LEAT_E_FORMAT);
        assert_int_equal(batch.n_events, 0);
        assert_non_null(strstr(error.msg, path));
        assert_non_null(strstr(error.msg, "expected msgpack, found JSON"));
    }
}

static void test_file__an_integer_may_look_like_the_beginning_of_json(void **state)
{
    (void)state;
    OPEN_WITH("{\x07");
    assert_int_equal(fill(1000), LEAT_OK);
    assert_int_equal(batch.n_events, 2);
}

static void test_file__events_before_a_malformed_value_come_first(void **state)
{
    (void)state;
    OPEN_WITH("\x01\x02\xc1\x03");
    assert_int_equal(fill(1000), LEAT_OK);
    assert_int_equal(batch.n_events, 2);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(fill(1000), LEAT_E_FORMAT);
        assert_int_equal(batch.n_events, 0);
        assert_non_null(strstr(error.msg, path));
        assert_non_null(strstr(error.msg, "byte 2 is 0xc1"));
    }
}

static void test_file__a_truncated_end_is_named(void **state)
{
    (void)state;
    OPEN_WITH("\x01\xa5no");
    leat_slice value;
    uint64_t position;
    assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
    assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_E_TRUNCATED);
    assert_non_null(strstr(error.msg, "truncated at byte 1 of 4"));
}

static void test_file__an_empty_file_ends_at_once(void **state)
{
    (void)state;
    OPEN_WITH("");
    assert_int_equal(fill(1000), LEAT_END);
}

static void test_file__values_larger_than_the_buffer(void **state)
{
    (void)state;
    enum { SIZE = 5 << 20 };
    uint8_t *bytes = malloc(SIZE);
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i % 100);
    for (int i = 0; i < 3; i++) {
        write_all(fd, "\xc6\x00\x50\x00\x00", 5);
        write_all(fd, bytes, SIZE);
        write_all(fd, "\x05", 1);
    }
    OPEN_WITH("\xc0");
    leat_slice value;
    uint64_t position;
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
        assert_int_equal(value.size, SIZE + 5);
        assert_memory_equal(value.data + 5, bytes, SIZE);
        assert_int_equal(position, i * (SIZE + 6));
        assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
        assert_int_equal(*value.data, 5);
    }
    free(bytes);
}

static void test_file__a_file_that_is_not_there(void **state)
{
    (void)state;
    assert_int_equal(
        leat_file_open(&file, "/nowhere/at.all", LEAT_PAYLOAD_MSGPACK, &error),
        LEAT_E_NO_INPUT);
    assert_string_equal(error.msg,
                        "cannot open /nowhere/at.all: No such file or directory");
}

static void test_file__a_folder_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(leat_file_open(&file, "/", LEAT_PAYLOAD_MSGPACK, &error), LEAT_OK);
    assert_int_equal(fill(1000), LEAT_E_NO_INPUT);
    assert_string_equal(error.msg, "cannot read /: Is a directory");
}

static void *write_slowly(void *opaque)
{
    int to = *(int *)opaque;
    for (int i = 0; i < 2000; i++)
        write_all(to, &"\x92\xa2hi\x07"[i % 5], 1);
    return NULL;
}

/* A pipe gives its bytes one by one; each value is handed on when it is whole. */
static void test_file__a_pipe_is_read_as_it_flows(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    assert_int_equal(leat_file_open(&file, "-", LEAT_PAYLOAD_MSGPACK, &error), LEAT_OK);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(ends[0]);
    assert_string_equal(leat_file_name(file), "stdin");

    leat_slice value;
    uint64_t position;
    write_all(ends[1], "\x01\x92", 2);
    assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
    write_all(ends[1], "\x01\x02", 2);
    assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
    assert_int_equal(value.size, 3);
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &ends[1]), 0);
    for (int i = 0; i < 400; i++) {
        assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
        assert_int_equal(value.size, 5);
    }
    pthread_join(writer, NULL);
    close(ends[1]);
}

static void expect_next(const char *text, uint64_t at)
{
    leat_slice value;
    uint64_t position;
    assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_OK);
    assert_int_equal(value.size, strlen(text));
    assert_memory_equal(value.data, text, value.size);
    assert_int_equal(position, at);
}

static void expect_end(void)
{
    leat_slice value;
    uint64_t position;
    assert_int_equal(leat_file_next(file, &value, &position, &error), LEAT_END);
}

static void test_file__every_line_of_json_is_an_event(void **state)
{
    (void)state;
    OPEN_JSON("{\"a\":1}\r\n\n \t\n  [2]\nno JSON\n{}");
    expect_next("{\"a\":1}\r", 0);
    expect_next("[2]", 15);
    expect_next("no JSON", 19);
    expect_next("{}", 27);
    expect_end();
    expect_end();
}

static void test_file__a_file_of_json_may_hold_no_event(void **state)
{
    (void)state;
    OPEN_JSON(" \n\n\t");
    expect_end();
}

static void test_file__lines_larger_than_the_buffer(void **state)
{
    (void)state;
    enum { SIZE = 200 * 1024 };
    static char text[SIZE + 1];
    memset(text, 'x', SIZE);
    text[SIZE / 2] = '\n';
    open_with(text, SIZE, LEAT_PAYLOAD_JSON);
    text[SIZE / 2] = 0;
    expect_next(text, 0);
    expect_next(text + SIZE / 2 + 1, SIZE / 2 + 1);
    expect_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_file__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_value_is_an_event),
        TEST(a_batch_closes_when_it_is_full),
        TEST(a_batch_closes_at_its_bytes),
        TEST(json_is_not_taken_for_integers),
        TEST(an_integer_may_look_like_the_beginning_of_json),
        TEST(events_before_a_malformed_value_come_first),
        TEST(a_truncated_end_is_named),
        TEST(an_empty_file_ends_at_once),
        TEST(values_larger_than_the_buffer),
        TEST(a_file_that_is_not_there),
        TEST(a_folder_cannot_be_read),
        TEST(a_pipe_is_read_as_it_flows),
        TEST(every_line_of_json_is_an_event),
        TEST(a_file_of_json_may_hold_no_event),
        TEST(lines_larger_than_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
