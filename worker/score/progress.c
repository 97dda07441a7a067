#include "worker/score/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 4 << 20, MEGABYTE = 1000000, WIDTH = 32 };

void leat_progress_init(leat_progress *progress, const char *path)
{
    struct stat file;
    *progress = (leat_progress){0};
    int unknown = strcmp(path, "-") ? stat(path, &file) : fstat(STDIN_FILENO, &file);
    if (isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) && !unknown &&
        S_ISREG(file.st_mode) && file.st_size > LARGE)
        progress->total = (uint64_t)file.st_size;
}

void leat_progress_show(leat_progress *progress, uint64_t done)
{
    static const char full[] = "################################";
    uint64_t now = progress->total ? leat_now_ns() : 0;
    if (!progress->total || now < progress->next_ns)
        return;
    progress->next_ns = now + 100 * LEAT_MS;
    double part = (double)done / (double)progress->total;
    fprintf(stderr, "\r[%-*.*s] %3.0f%% of %" PRIu64 " MB", WIDTH, (int)(part * WIDTH),
            full, 100 * part, progress->total / MEGABYTE);
}

void leat_progress_end(leat_progress *progress)
{
    if (progress->next_ns)
        fputs("\r\033[K", stderr);
    progress->total = 0;
}
