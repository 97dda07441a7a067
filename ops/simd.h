/* ops/simd.h: which vector instructions this processor has, asked once.
 *
 * Every kernel has a portable path; tests lower the level to run all of them on one
 * machine.
 *
 * Owns:    the level.
 * Threads: level: any. limit: tests, before anything else runs.
 */
#ifndef LEAT_OPS_SIMD_H
#define LEAT_OPS_SIMD_H

typedef enum leat_simd {
    LEAT_SIMD_NONE,
    LEAT_SIMD_AVX2,   /* and FMA, BMI2, POPCNT: Haswell and Zen on */
    LEAT_SIMD_AVX512, /* F, BW, VL, DQ, VBMI: Ice Lake and Zen 4 on */
} leat_simd;

leat_simd leat_simd_level(void);

/* No level above this one is reported from now on. */
void leat_simd_limit(leat_simd most);

#if defined(__x86_64__)
#define LEAT_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt")))
#define LEAT_AVX512                                                                      \
    __attribute__((                                                                      \
        target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,fma,bmi,bmi2,popcnt")))
#define LEAT_AVX2_INLINE   LEAT_AVX2 __attribute__((always_inline)) static inline
#define LEAT_AVX512_INLINE LEAT_AVX512 __attribute__((always_inline)) static inline
#endif

#endif
