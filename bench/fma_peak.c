/* fma_peak: what a core can do at most, in GFLOP/s of float32: a loop of nothing but fused
 * multiply-adds on the widest vectors, in as many chains as hide what one takes. */
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { CHAINS = 12, ROUNDS = 1 << 20, SLICES = 20 };

#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* The chains converge to a number that is neither 0 nor subnormal. */
#define DEFINE_LOOP(name, isa, vec, set1, fma)                                           \
    __attribute__((target(isa))) static void name(void)                                  \
    {                                                                                    \
        vec sum[CHAINS];                                                                 \
        const vec half = set1(0.5f), one = set1(1);                                      \
        UNROLL for (int c = 0; c < CHAINS; c++) sum[c] = one;                            \
        for (int i = 0; i < ROUNDS; i++)                                                 \
            UNROLL for (int c = 0; c < CHAINS; c++)                                      \
            {                                                                            \
                sum[c] = fma(sum[c], half, one);                                         \
                __asm__ volatile("" : "+v"(sum[c])); /* it is wanted */                  \
            }                                                                            \
    }

DEFINE_LOOP(loop_512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps)
DEFINE_LOOP(loop_256, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps)

int main(void)
{
    const int wide = __builtin_cpu_supports("avx512f");
    const double flop = 2.0 * (wide ? 16 : 8) * CHAINS * ROUNDS;
    double best = 0;
    for (int i = 0; i < SLICES; i++) {
        const double start = cpu_ns();
        if (wide)
            loop_512();
        else
            loop_256();
        const double gflops = flop / (cpu_ns() - start);
        best = gflops > best ? gflops : best;
    }
    printf("%.1f\n", best);
    return 0;
}
