#include "worker/health/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static leat_process read_process(void)
{
    leat_process process;
    assert_true(leat_process_read(&process));
    return process;
}

static void test_process__started_a_moment_ago(void **state)
{
    (void)state;
    double age = (double)time(NULL) - read_process().start_time;
    assert_true(age > -5 && age < 300);
}

static void test_process__an_open_file_is_counted(void **state)
{
    (void)state;
    uint64_t before = read_process().open_fds;
    int file = open("/dev/null", O_RDONLY);
    assert_int_equal(read_process().open_fds, before + 1);
    close(file);
}

static void test_process__memory_is_in_bytes(void **state)
{
    (void)state;
    leat_process process = read_process();
    assert_true(process.resident_bytes > 100000);
    assert_true(process.virtual_bytes > process.resident_bytes);
    assert_true(process.max_fds >= process.open_fds);
}

static void test_process__work_costs_time(void **state)
{
    (void)state;
    double before = read_process().cpu_seconds;
    while (read_process().cpu_seconds < before + 0.02)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process__started_a_moment_ago),
        cmocka_unit_test(test_process__an_open_file_is_counted),
        cmocka_unit_test(test_process__memory_is_in_bytes),
        cmocka_unit_test(test_process__work_costs_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
