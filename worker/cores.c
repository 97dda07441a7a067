#include "worker/cores.h"

#include <sched.h>
#include <stdio.h>

uint32_t leat_cores_of_quota(const char *text)
{
    unsigned long long quota, period;
    if (sscanf(text, "%llu %llu", &quota, &period) != 2 || !quota || !period)
        return 0;
    unsigned long long cores = (quota + period - 1) / period;
    return cores < 4096 ? (uint32_t)cores : 0;
}

static uint32_t quota_of_cgroup(void)
{
    char text[64] = "";
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (!file)
        return 0;
    uint32_t cores = fgets(text, sizeof text, file) ? leat_cores_of_quota(text) : 0;
    fclose(file);
    return cores;
}

uint32_t leat_cores(void)
{
    cpu_set_t usable;
    uint32_t cores = 1;
    if (!sched_getaffinity(0, sizeof usable, &usable))
        cores = (uint32_t)CPU_COUNT(&usable);
    uint32_t quota = quota_of_cgroup();
    return quota && quota < cores ? quota : cores;
}
