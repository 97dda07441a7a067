#include "bench/scorer/scorer.h"

#include <dlfcn.h>
#include <string.h>

void *bench_load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        bench_give_up(path, dlerror());
    return library;
}

bench_function *bench_find(void *library, const char *name)
{
    bench_function *function;
    void *found = dlsym(library, name);
    if (!found)
        bench_give_up(name, dlerror());
    memcpy(&function, &found, sizeof function); /* C has no cast for it, POSIX has */
    return function;
}
