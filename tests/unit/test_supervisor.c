/* Lanes as one worker, with lanes that do as they are told. */
#include "worker/supervisor.h"

#include "base/clock.h"
#include "worker/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "lane_meters.h"

enum { N_LANES = 2 };

/* ---- in place of worker/lane.c ---- */

struct leat_lane {
    fake_lane fake;
    bool fails;
    atomic_bool stopping;
};

static leat_lane lanes[N_LANES];
static int n_signals; /* that come while the lanes settle */

leat_status leat_lane_new(leat_lane **lane, const leat_config *config, leat_plan *plan,
                          uint32_t number, leat_error *error)
{
    (void)config, (void)plan, (void)error;
    *lane = &lanes[number];
    fake_lane_init(&(*lane)->fake);
    return LEAT_OK;
}

void leat_lane_free(leat_lane *lane)
{
    fake_lane_fini(&lane->fake);
}

static bool is_pending(int signal)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

/* One signal, until the supervisor has taken it. */
static void settle_under_a_signal(void)
{
    kill(getpid(), SIGTERM);
    while (is_pending(SIGTERM))
        leat_sleep_ms(1);
}

leat_status leat_lane_run(leat_lane *lane, leat_error *error)
{
    if (lane->fails)
        return leat_error_set(error, LEAT_E_KAFKA, "on purpose");
    while (!atomic_load(&lane->stopping))
        leat_sleep_ms(1);
    for (int i = 0; i < n_signals; i++)
        settle_under_a_signal();
    return LEAT_OK;
}

void leat_lane_stop(leat_lane *lane)
{
    atomic_store(&lane->stopping, true);
}

void leat_lane_halt(leat_lane *lane)
{
    (void)lane;
}

leat_status leat_lane_leave(leat_lane *lane, uint64_t deadline_ns, leat_error *error)
{
    (void)lane, (void)deadline_ns, (void)error;
    return LEAT_OK;
}

const leat_lane_meters *leat_lane_read(const leat_lane *lane)
{
    return &lane->fake.meters;
}

/* ---- the tests ---- */

enum { RETURNED_OK = 1, RETURNED_ERROR };

static int run(void)
{
    const leat_config config = {.lanes = N_LANES, .source.group = "g"};
    leat_health *health = leat_health_new(N_LANES, LEAT_SEC);
    leat_error error;
    leat_signals_hold();
    leat_status status = leat_supervisor_run(&config, NULL, health, &error);
    leat_health_free(health);
    return status == LEAT_OK ? RETURNED_OK : RETURNED_ERROR;
}

/* A second signal ends the process, so that each worker has one of its own. */
static int exit_code_of_a_worker(bool fails, int signals)
{
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        lanes[0].fails = fails;
        n_signals = signals;
        if (!fails) {
            leat_signals_hold();
            kill(getpid(), SIGTERM);
        }
        _exit(run());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_supervisor__a_signal_drains(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of_a_worker(false, 0), RETURNED_OK);
}

static void test_supervisor__a_second_one_ends_it_at_once(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of_a_worker(false, 1), EX_SOFTWARE);
}

static void test_supervisor__the_first_one_while_a_failure_settles_is_no_second(
    void **state)
{
    (void)state;
    assert_int_equal(exit_code_of_a_worker(true, 1), RETURNED_ERROR);
}

static void test_supervisor__but_the_next_one_is(void **state)
{
    (void)state;
    assert_int_equal(exit_code_of_a_worker(true, 2), EX_SOFTWARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supervisor__a_signal_drains),
        cmocka_unit_test(test_supervisor__a_second_one_ends_it_at_once),
        cmocka_unit_test(
            test_supervisor__the_first_one_while_a_failure_settles_is_no_second),
        cmocka_unit_test(test_supervisor__but_the_next_one_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
