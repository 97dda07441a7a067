#include "worker/signals.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static sigset_t ending(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

static void handle_by(void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static void end(int signal)
{
    _exit(128 + signal);
}

/* A library may have started threads before main began (OpenBLAS does), which do not block
 * the signals: one that reaches such a thread is handed to the thread that waits for it. */
static pthread_t waiting;

static void pass_on(int signal)
{
    pthread_kill(waiting, signal);
}

void leat_signals_obey(void)
{
    handle_by(end);
}

void leat_signals_hold(void)
{
    sigset_t set = ending();
    waiting = pthread_self();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    handle_by(pass_on);
}

const char *leat_signals_wait(uint64_t ns)
{
    sigset_t set = ending();
    const struct timespec time = {.tv_sec = (time_t)(ns / LEAT_SEC),
                                  .tv_nsec = (long)(ns % LEAT_SEC)};
    int signal = sigtimedwait(&set, NULL, &time);
    if (signal <= 0)
        return NULL;
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

void leat_signals_let_go(void)
{
    sigset_t set = ending();
    handle_by(end);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
