#include "ops/forest_bits.h"
#include "ops/simd.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

enum { VECTOR_ROWS = 64, VECTORS = LEAT_FOREST_ROWS / VECTOR_ROWS, FLOAT_BYTES = 4 };

/* ---- answers ---- */

/* rank > cut. Comparisons all go to one port of the processor: where one in four is the sign
 * of a difference instead, which goes to another, they take a fifth less. */
LEAT_AVX512_INLINE uint64_t is_above(__m512i rank, __m512i cut, int by_sign)
{
    return by_sign ? _mm512_movepi8_mask(_mm512_subs_epi8(cut, rank))
                   : _mm512_cmpgt_epi8_mask(rank, cut);
}

/* Four vectors at a time: one cut for 256 rows, or several for fewer; 32 rows stand in a
 * vector twice, for two cuts. Behind the last one may come answers that the next column
 * overwrites; there is room for them behind the last column. */
LEAT_AVX512_INLINE void ask_column(const int8_t *ranks, uint32_t n_cuts, uint32_t n_words,
                                   uint32_t *answers)
{
    const uint32_t n_at_once = LEAT_BITS_WORDS / n_words, half = n_words == 1;
    const uint32_t n_sharing = half ? 1 : n_words / 2; /* vectors about the same cut */
    const __m512i step = _mm512_set1_epi8((char)n_at_once);
    const __m512i upper = _mm512_maskz_set1_epi8(UINT64_MAX << 32, 1);
    __m512i rank[VECTORS], cut[VECTORS];
    for (uint32_t v = 0; v < n_sharing; v++)
        rank[v] = half ? _mm512_broadcast_i64x4(
                             _mm256_load_si256((const __m256i *)(const void *)ranks))
                       : _mm512_load_si512(ranks + v * VECTOR_ROWS);
    for (uint32_t i = 0; i < VECTORS / n_sharing; i++) {
        cut[i] = _mm512_set1_epi8((char)(LEAT_RANK_LEAST + (int)(i << half)));
        cut[i] = half ? _mm512_add_epi8(cut[i], upper) : cut[i];
    }
    for (uint32_t c = 0; c < n_cuts; c += n_at_once, answers += LEAT_BITS_WORDS) {
        for (uint32_t v = 0; v < VECTORS; v++) {
            uint64_t bits = is_above(rank[v % n_sharing], cut[v / n_sharing], !v);
            memcpy(answers + 2 * v, &bits, sizeof bits);
        }
        for (uint32_t i = 0; i < VECTORS / n_sharing; i++)
            cut[i] = _mm512_add_epi8(cut[i], step);
    }
}

LEAT_AVX512 static void ask(const leat_bits *bits, const int8_t *ranks, uint32_t n_words,
                            uint32_t *answers)
{
    for (uint32_t c = 0; c < bits->n_columns; c++) {
        const uint32_t n_cuts = bits->n_cuts[c];
        switch (n_words) {
        case 1:
            ask_column(ranks, n_cuts, 1, answers);
            break;
        case 2:
            ask_column(ranks, n_cuts, 2, answers);
            break;
        case 4:
            ask_column(ranks, n_cuts, 4, answers);
            break;
        default:
            ask_column(ranks, n_cuts, LEAT_BITS_WORDS, answers);
        }
        ranks += (size_t)LEAT_BITS_ROWS * n_words;
        answers += (size_t)n_cuts * n_words;
    }
}

/* ---- leaves ---- */

/* turns: [depth] vectors of `size` bytes; the leaf numbers of 64 rows. */
LEAT_AVX512_INLINE __m512i leaf_numbers(const void *turns, size_t size, uint32_t depth,
                                        uint32_t word)
{
    __m512i number = _mm512_setzero_si512();
    for (uint32_t level = 0; level < depth; level++) {
        uint64_t bits;
        memcpy(&bits, (const char *)turns + level * size + word * sizeof bits,
               sizeof bits);
        number = _mm512_mask_add_epi8(number, bits, number,
                                      _mm512_set1_epi8((char)(1 << (depth - 1 - level))));
    }
    return number;
}

/* The rows in the order in which unpacking bytes to floats puts them right. */
LEAT_AVX512_INLINE __m512i for_unpacking(__m512i number)
{
    const __m512i row = _mm512_set_epi32(0x3f3e3d3c, 0x2f2e2d2c, 0x1f1e1d1c, 0x0f0e0d0c,
                                         0x3b3a3938, 0x2b2a2928, 0x1b1a1918, 0x0b0a0908,
                                         0x37363534, 0x27262524, 0x17161514, 0x07060504,
                                         0x33323130, 0x23222120, 0x13121110, 0x03020100);
    return _mm512_permutexvar_epi8(row, number);
}

/* One byte of each row's leaf. plane: [2^depth], [64] at least */
LEAT_AVX512_INLINE __m512i fetch(const uint8_t *plane, uint32_t depth, __m512i number)
{
    __m512i table = _mm512_load_si512(plane);
    if (depth <= 6)
        return _mm512_permutexvar_epi8(number, table);
    __m512i low = _mm512_permutex2var_epi8(table, number, _mm512_load_si512(plane + 64));
    if (depth == 7)
        return low;
    __m512i high = _mm512_permutex2var_epi8(_mm512_load_si512(plane + 128), number,
                                            _mm512_load_si512(plane + 192));
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(number), low, high);
}

LEAT_AVX512_INLINE void add16(float *sums, __m512i values)
{
    _mm512_store_ps(sums,
                    _mm512_add_ps(_mm512_load_ps(sums), _mm512_castsi512_ps(values)));
}

/* sums: [n_rows], of 64 at most */
LEAT_AVX512_INLINE void add_planes(const leat_bits_tree *tree, uint32_t depth,
                                   __m512i number, uint32_t n_rows, float *sums)
{
    const uint32_t size = leat_bits_plane(depth);
    __m512i bytes[FLOAT_BYTES];
    for (uint32_t b = 0; b < FLOAT_BYTES; b++)
        bytes[b] = fetch(tree->planes + b * size, depth, number);
    __m512i low01 = _mm512_unpacklo_epi8(bytes[0], bytes[1]);
    __m512i low23 = _mm512_unpacklo_epi8(bytes[2], bytes[3]);
    add16(sums, _mm512_unpacklo_epi16(low01, low23));
    add16(sums + 16, _mm512_unpackhi_epi16(low01, low23));
    if (n_rows <= VECTOR_ROWS / 2)
        return;
    __m512i high01 = _mm512_unpackhi_epi8(bytes[0], bytes[1]);
    __m512i high23 = _mm512_unpackhi_epi8(bytes[2], bytes[3]);
    add16(sums + 32, _mm512_unpacklo_epi16(high01, high23));
    add16(sums + 48, _mm512_unpackhi_epi16(high01, high23));
}

LEAT_AVX512_INLINE __m512d pick_f64(const double *values, __m512i leaf)
{
    return _mm512_permutex2var_pd(_mm512_load_pd(values), leaf,
                                  _mm512_load_pd(values + 8));
}

/* The values of 8 rows' leaves. values: [2^depth], read in sixteens */
LEAT_AVX512_INLINE __m512d fetch_f64(const double *values, uint32_t depth, __m512i leaf)
{
    if (depth <= 4)
        return pick_f64(values, leaf);
    if (depth > 6)
        return _mm512_i64gather_pd(leaf, values, sizeof *values);
    __mmask8 upper = _mm512_test_epi64_mask(leaf, _mm512_set1_epi64(16));
    __m512d low =
        _mm512_mask_blend_pd(upper, pick_f64(values, leaf), pick_f64(values + 16, leaf));
    if (depth == 5)
        return low;
    __m512d high = _mm512_mask_blend_pd(upper, pick_f64(values + 32, leaf),
                                        pick_f64(values + 48, leaf));
    return _mm512_mask_blend_pd(_mm512_test_epi64_mask(leaf, _mm512_set1_epi64(32)), low,
                                high);
}

/* sums: [64] */
LEAT_AVX512_INLINE void add_f64(const double *values, uint32_t depth, __m512i number,
                                double *sums)
{
    _Alignas(64) uint8_t leaf[VECTOR_ROWS];
    _mm512_store_si512(leaf, number);
    for (uint32_t row = 0; row < VECTOR_ROWS; row += 8, sums += 8) {
        __m512i at = _mm512_cvtepu8_epi64(
            _mm_loadl_epi64((const __m128i *)(const void *)(leaf + row)));
        _mm512_store_pd(
            sums, _mm512_add_pd(_mm512_load_pd(sums), fetch_f64(values, depth, at)));
    }
}

/* turns: [depth] vectors of `size` bytes */
LEAT_AVX512_INLINE void add_leaves(const leat_bits_tree *tree, uint32_t depth,
                                   leat_dtype dtype, const void *turns, size_t size,
                                   uint32_t n_rows, void *sums)
{
    for (uint32_t w = 0; w * VECTOR_ROWS < n_rows; w++) {
        __m512i number = leaf_numbers(turns, size, depth, w);
        if (dtype == LEAT_F32)
            add_planes(tree, depth, for_unpacking(number), n_rows - w * VECTOR_ROWS,
                       (float *)sums + w * VECTOR_ROWS);
        else
            add_f64(tree->values, depth, number, (double *)sums + w * VECTOR_ROWS);
    }
}

/* ---- a tree ---- */

#define TARGET LEAT_AVX512
/* 0xb8: each bit is that of the third operand where the second stands, of the first
 * elsewhere. In this order the instruction takes its second answer from memory and needs
 * no copy of the turn. */
#define SELECT128(turn, right, left) _mm_ternarylogic_epi64(left, turn, right, 0xb8)
#define SELECT256(turn, right, left) _mm256_ternarylogic_epi64(left, turn, right, 0xb8)
#include "ops/forest_bits_tree.inc"

const leat_bits_kernel leat_bits_avx512 = {ask, add_trees};

#endif
