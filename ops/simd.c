#include "ops/simd.h"

static leat_simd most = LEAT_SIMD_AVX512;

static leat_simd detect(void)
{
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("popcnt"))
        return LEAT_SIMD_NONE;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vbmi")
               ? LEAT_SIMD_AVX512
               : LEAT_SIMD_AVX2;
#else
    return LEAT_SIMD_NONE;
#endif
}

leat_simd leat_simd_level(void)
{
    leat_simd found = detect();
    return found < most ? found : most;
}

void leat_simd_limit(leat_simd limit)
{
    most = limit;
}
