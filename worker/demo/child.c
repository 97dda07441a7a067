#include "worker/demo/child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between fork and exec, where the demo has threads: system calls only. */
static void become(const char *const *argv, const char *log)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int nothing = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (nothing < 0 || out < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(out, 2) < 0)
        _exit(126);
    execvp(argv[0], (char *const *)argv);
    _exit(errno == ENOENT ? LEAT_CHILD_NOT_FOUND : 126);
}

leat_status leat_child_start(leat_child *child, const char *const *argv, const char *log,
                             leat_error *error)
{
    *child = (leat_child){0};
    pid_t pid = fork();
    if (pid < 0)
        return leat_error_set(error, LEAT_E_INTERNAL, "%s could not be started: %s",
                              argv[0], strerror(errno));
    if (pid == 0)
        become(argv, log);
    child->pid = pid;
    return LEAT_OK;
}

/* Takes note of the end of a child. */
static void reap(leat_child *child, int options)
{
    int status;
    if (!child->pid || waitpid(child->pid, &status, options) != child->pid)
        return;
    child->pid = 0;
    child->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool leat_child_is_running(leat_child *child)
{
    reap(child, WNOHANG);
    return child->pid != 0;
}

void leat_child_stop(leat_child *child, uint64_t deadline_ns)
{
    if (!leat_child_is_running(child))
        return;
    kill(child->pid, SIGTERM);
    while (leat_child_is_running(child) && leat_ms_until(deadline_ns))
        usleep(5000);
    if (!child->pid)
        return;
    kill(child->pid, SIGKILL);
    reap(child, 0);
}
