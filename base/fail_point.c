#include "base/fail_point.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void leat_fail_point(const char *name)
{
    static atomic_long passed;
    const char *at = getenv("LEAT_FAIL_AT");
    size_t size = strlen(name);
    if (!at || strncmp(at, name, size) != 0 || at[size] != ':')
        return;
    if (atomic_fetch_add(&passed, 1) + 1 == strtol(at + size + 1, NULL, 10))
        raise(SIGKILL);
}
