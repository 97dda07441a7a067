/* Any bytes as a configuration file: read or refused, and a refusal has words. */
#include "worker/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    static char path[32];
    if (file < 0) {
        file = memfd_create("configuration", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    leat_config *config;
    leat_error error = {0};
    leat_status status = leat_config_load(&config, path, &error);
    if (status && (config || strncmp(error.msg, path, strlen(path)) != 0))
        abort();
    if (!status && leat_config_place(config, "redis.url").line == 0)
        abort();
    leat_config_free(config);
    return 0;
}
