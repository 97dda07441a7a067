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

static void end(int signal)
{
    _exit(128 + signal);
}

void leat_signals_obey(void)
{
    const struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

void leat_signals_hold(void)
{
    sigset_t set = ending();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
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
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
