/* worker/demo/random.h: chance that can be repeated.
 *
 * SplitMix64 (Steele, Lea, Flood 2014), and the few distributions that a made-up world
 * needs.
 */
#ifndef LEAT_WORKER_DEMO_RANDOM_H
#define LEAT_WORKER_DEMO_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct leat_random {
    uint64_t state; /* the seed */
} leat_random;

static inline uint64_t leat_random_bits(leat_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* [0, 1) */
static inline double leat_random_unit(leat_random *random)
{
    return (double)(leat_random_bits(random) >> 11) * 0x1p-53;
}

static inline double leat_random_between(leat_random *random, double low, double high)
{
    return low + (high - low) * leat_random_unit(random);
}

/* [0, n) */
static inline uint32_t leat_random_below(leat_random *random, uint32_t n)
{
    return (uint32_t)((leat_random_bits(random) >> 32) * n >> 32);
}

static inline bool leat_random_chance(leat_random *random, double probability)
{
    return leat_random_unit(random) < probability;
}

/* Close to normal, mean 0, deviation 1: the sum of twelve uniforms (Irwin-Hall). */
static inline double leat_random_normal(leat_random *random)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += leat_random_unit(random);
    return sum;
}

/* Waiting times of a mean. */
static inline double leat_random_wait(leat_random *random, double mean)
{
    return -mean * log(1 - leat_random_unit(random));
}

#endif
