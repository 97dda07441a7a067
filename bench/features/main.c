/* feature_way NAME PORT ITEMS: a side of bench/run features. */
#include "bench/features/way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const bench_way *const ways[] = {
    &way_one_by_one_hash, &way_one_by_one_packed, &way_leat_hash,  &way_leat_packed,
    &way_script,          &way_keyed_cold,        &way_keyed_warm, &way_shared,
};

static const bench_way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(ways[i]->name, name))
            return ways[i];
    bench_give_up(name, "is no way");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: feature_way NAME PORT ITEMS\n", stderr);
        return EX_USAGE;
    }
    const bench_way *way = find_way(argv[1]);
    const bench_side side = {.name = way->name,
                             .n_items = (uint32_t)strtoul(argv[3], NULL, 10),
                             .width = way->width,
                             .self = way->open(atoi(argv[2])),
                             .run = way->run};
    return bench_serve(&side);
}
