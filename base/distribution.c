#include "base/distribution.h"

#define US(n) UINT64_C(n) * 1000
#define MS(n) UINT64_C(n) * 1000000
#define S(n)  UINT64_C(n) * 1000000000

#define INFERENCE                                                                        \
    US(50), US(100), US(250), US(500), MS(1), US(2500), MS(5), MS(10), MS(25), MS(50),   \
        MS(100), MS(250), MS(500), S(1)

const leat_bounds leat_bounds_stage = {1e-9, 14, {INFERENCE}};
const leat_bounds leat_bounds_end_to_end = {
    1e-9, 19, {INFERENCE, US(2500000), S(5), S(10), S(30), S(60)}};
const leat_bounds leat_bounds_events = {
    1,
    17,
    {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536}};

const leat_bounds leat_bounds_age = {
    1, 12, {1, 10, 60, 300, 900, 3600, 14400, 43200, 86400, 259200, 604800, 2592000}};

void leat_distribution_add(leat_distribution *distribution, const leat_bounds *bounds,
                           uint64_t value)
{
    uint32_t at = 0;
    while (at < bounds->n && value > bounds->at[at])
        at++;
    leat_counter_add(&distribution->counts[at], 1);
    leat_counter_add(&distribution->sum, value);
}
