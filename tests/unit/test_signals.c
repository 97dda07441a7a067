#include "worker/signals.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

/* A thread of a library's, which was there before the signals were held. */
static sem_t running, over;

static void *sleeper(void *unused)
{
    sem_post(&running);
    while (sem_wait(&over))
        continue;
    return unused;
}

/* Whom the kernel gives a signal of the process to cannot be foreseen; here it is the thread
 * that knows of nothing. */
static void test_signals__one_that_reaches_another_thread_is_waited_for_too(void **state)
{
    (void)state;
    pthread_t thread;
    sem_init(&running, 0, 0);
    sem_init(&over, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, sleeper, NULL), 0);
    sem_wait(&running);
    leat_signals_obey();
    leat_signals_hold();
    assert_null(leat_signals_wait(0));
    pthread_kill(thread, SIGTERM);
    const char *name = leat_signals_wait(10 * LEAT_SEC);
    assert_non_null(name);
    assert_string_equal(name, "SIGTERM");
    sem_post(&over);
    pthread_join(thread, NULL);
    leat_signals_let_go();
}

static void test_signals__what_was_let_go_ends_the_process(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (!child) {
        leat_signals_hold();
        leat_signals_let_go();
        kill(getpid(), SIGINT);
        for (;;)
            pause();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals__one_that_reaches_another_thread_is_waited_for_too),
        cmocka_unit_test(test_signals__what_was_let_go_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
