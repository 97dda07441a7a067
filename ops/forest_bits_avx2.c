#include "ops/forest_bits.h"
#include "ops/simd.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

enum {
    FLOAT_BYTES = 4,
    TABLE = 16,       /* leaves in a table that one shuffle reads */
    PLANES_DEPTH = 6, /* where four planes of bytes beat a load for each row */
};

/* ---- answers ---- */

/* Column by column, so that its ranks stay in registers for all of its cuts. */
LEAT_AVX2_INLINE void ask_column(const int8_t *ranks, uint32_t n_cuts, uint32_t n_words,
                                 uint32_t *answers)
{
    __m256i rank[LEAT_BITS_WORDS], cut = _mm256_set1_epi8(LEAT_RANK_LEAST);
    for (uint32_t w = 0; w < n_words; w++)
        rank[w] = _mm256_load_si256((const __m256i *)(const void *)ranks + w);
    for (uint32_t c = 0; c < n_cuts; c++, answers += n_words) {
        for (uint32_t w = 0; w < n_words; w++)
            answers[w] = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(rank[w], cut));
        cut = _mm256_add_epi8(cut, _mm256_set1_epi8(1));
    }
}

LEAT_AVX2 static void ask(const leat_bits *bits, const int8_t *ranks, uint32_t n_words,
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

/* Which row of 32 a byte of a vector stands for: as they are, or so that bytes put
 * together to floats by unpacking come out in the order of the rows. */
typedef struct byte_order {
    __m256i byte; /* of the word, by shuffle */
    __m256i bit;
} byte_order;

LEAT_AVX2_INLINE byte_order in_order(void)
{
    return (byte_order){
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303),
        _mm256_set1_epi64x((int64_t)0x8040201008040201),
    };
}

LEAT_AVX2_INLINE byte_order for_unpacking(void)
{
    return (byte_order){
        _mm256_setr_epi64x(0x0101010100000000, 0x0303030302020202, 0x0101010100000000,
                           0x0303030302020202),
        _mm256_setr_epi64x(0x0804020108040201, 0x0804020108040201,
                           (int64_t)0x8040201080402010, (int64_t)0x8040201080402010),
    };
}

/* A row's bit of the word as its byte: -1 where it stands. */
LEAT_AVX2_INLINE __m256i spread(uint32_t word, byte_order order)
{
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)word), order.byte);
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, order.bit), order.bit);
}

/* turns: [depth] vectors of `size` bytes; the leaf numbers of 32 rows. */
LEAT_AVX2_INLINE __m256i leaf_numbers(const void *turns, size_t size, uint32_t depth,
                                      uint32_t word, byte_order order)
{
    __m256i number = _mm256_setzero_si256();
    for (uint32_t level = 0; level < depth; level++) {
        uint32_t bits;
        memcpy(&bits, (const char *)turns + level * size + word * sizeof bits,
               sizeof bits);
        number = _mm256_sub_epi8(_mm256_add_epi8(number, number), spread(bits, order));
    }
    return number;
}

/* A shuffle answers 0 where the top bit of a number stands, so each number is moved to
 * where only its own table sees it clear, and the answers of all tables are or-ed. */
LEAT_AVX2_INLINE void fetch(const uint8_t *planes, uint32_t depth, __m256i number,
                            __m256i *bytes)
{
    const uint32_t n_tables = depth > 4 ? 1u << (depth - 4) : 1;
    for (uint32_t b = 0; b < FLOAT_BYTES; b++)
        bytes[b] = _mm256_setzero_si256();
    for (uint32_t t = 0; t < n_tables; t++) {
        __m256i within = _mm256_xor_si256(number, _mm256_set1_epi8((char)(t * TABLE)));
        within = _mm256_adds_epu8(within, _mm256_set1_epi8(0x70));
        for (uint32_t b = 0; b < FLOAT_BYTES; b++) {
            const uint8_t *plane = planes + b * leat_bits_plane(depth) + t * TABLE;
            __m256i table = _mm256_broadcastsi128_si256(
                _mm_load_si128((const __m128i *)(const void *)plane));
            bytes[b] = _mm256_or_si256(bytes[b], _mm256_shuffle_epi8(table, within));
        }
    }
}

LEAT_AVX2_INLINE void add8(float *sums, __m256i values)
{
    _mm256_store_ps(sums,
                    _mm256_add_ps(_mm256_load_ps(sums), _mm256_castsi256_ps(values)));
}

/* sums: [32]; puts the bytes together to floats. */
LEAT_AVX2_INLINE void add_bytes(float *sums, const __m256i *bytes)
{
    __m256i low01 = _mm256_unpacklo_epi8(bytes[0], bytes[1]);
    __m256i low23 = _mm256_unpacklo_epi8(bytes[2], bytes[3]);
    __m256i high01 = _mm256_unpackhi_epi8(bytes[0], bytes[1]);
    __m256i high23 = _mm256_unpackhi_epi8(bytes[2], bytes[3]);
    add8(sums, _mm256_unpacklo_epi16(low01, low23));
    add8(sums + 8, _mm256_unpackhi_epi16(low01, low23));
    add8(sums + 16, _mm256_unpacklo_epi16(high01, high23));
    add8(sums + 24, _mm256_unpackhi_epi16(high01, high23));
}

/* Deep trees, and doubles: a load for each row. sums: [32] of dtype */
LEAT_AVX2_INLINE void add_loaded(void *sums, leat_dtype dtype, const void *values,
                                 __m256i number)
{
    uint8_t leaf[LEAT_BITS_ROWS];
    _mm256_storeu_si256((__m256i *)(void *)leaf, number);
    if (dtype == LEAT_F32) {
        const float *value = values;
        float *sum = sums;
        for (uint32_t row = 0; row < LEAT_BITS_ROWS; row++)
            sum[row] += value[leaf[row]];
        return;
    }
    const double *value = values;
    double *sum = sums;
    for (uint32_t row = 0; row < LEAT_BITS_ROWS; row++)
        sum[row] += value[leaf[row]];
}

/* turns: [depth] vectors of `size` bytes */
LEAT_AVX2_INLINE void add_leaves(const leat_bits_tree *tree, uint32_t depth,
                                 leat_dtype dtype, const void *turns, size_t size,
                                 uint32_t n_rows, void *sums)
{
    for (uint32_t h = 0; h * LEAT_BITS_ROWS < n_rows; h++) {
        if (dtype == LEAT_F32 && depth <= PLANES_DEPTH) {
            __m256i bytes[FLOAT_BYTES];
            fetch(tree->planes, depth,
                  leaf_numbers(turns, size, depth, h, for_unpacking()), bytes);
            add_bytes((float *)sums + h * LEAT_BITS_ROWS, bytes);
        } else {
            add_loaded((char *)sums + h * LEAT_BITS_ROWS * leat_dtype_size(dtype), dtype,
                       tree->values, leaf_numbers(turns, size, depth, h, in_order()));
        }
    }
}

/* ---- a tree ---- */

#define TARGET                       LEAT_AVX2
#define SELECT128(turn, right, left) ((left) ^ ((turn) & ((left) ^ (right))))
#define SELECT256                    SELECT128
#include "ops/forest_bits_tree.inc"

const leat_bits_kernel leat_bits_avx2 = {ask, add_trees};

#endif
