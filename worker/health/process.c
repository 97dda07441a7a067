#include "worker/health/process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* When the machine came up, in seconds since 1970: the start of a process counts from it. */
static bool read_boot(double *boot)
{
    char line[256];
    unsigned long long seconds = 0;
    FILE *file = fopen("/proc/stat", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "btime %llu", &seconds) == 1)
            break;
    if (file)
        fclose(file);
    *boot = (double)seconds;
    return seconds != 0;
}

/* The fields behind the name, which may hold spaces and parentheses. */
static bool read_stat(char text[1024], const char **fields)
{
    FILE *file = fopen("/proc/self/stat", "re");
    size_t size = file ? fread(text, 1, 1023, file) : 0;
    if (file)
        fclose(file);
    text[size] = '\0';
    *fields = strrchr(text, ')');
    return *fields != NULL;
}

static uint64_t count_fds(void)
{
    uint64_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return n ? n - 1 : 0; /* without the folder's own */
}

bool leat_process_read(leat_process *process)
{
    char text[1024];
    const char *fields;
    double boot;
    unsigned long long user, kernel, start, virtual;
    long long pages;
    struct rlimit files;
    if (!read_boot(&boot) || !read_stat(text, &fields) ||
        sscanf(fields,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d "
               "%*d %*d %llu %llu %lld",
               &user, &kernel, &start, &virtual, &pages) != 5 ||
        getrlimit(RLIMIT_NOFILE, &files))
        return false;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    *process = (leat_process){
        .cpu_seconds = (double)(user + kernel) / ticks,
        .start_time = boot + (double)start / ticks,
        .resident_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE),
        .virtual_bytes = virtual,
        .open_fds = count_fds(),
        .max_fds = files.rlim_cur,
    };
    return true;
}
