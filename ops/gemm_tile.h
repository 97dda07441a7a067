/* ops/gemm_tile.h: the microkernel, as a template.
 *
 * Who includes it has defined, for one instruction set: TARGET, a function attribute;
 * vec, a vector of LANES floats; and zero, load, load_part, store, broadcast, multiply_add,
 * max (the second of its operands where one is NaN), sum_16. Everything is inlined into
 * functions for a constant number of rows and vectors, whose tile then lies in registers:
 * its loops must be unrolled, or the array that the tile is stays one in memory.
 */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* for each i below n */
#define UNROLLED(i, n) UNROLL for (uint32_t i = 0; i < (n); i++)

#define INLINE TARGET __attribute__((always_inline)) static inline

enum {
    PANEL_VECTORS = LEAT_GEMM_PANEL / LANES,
    MOST_ROWS = 12,
    MOST_VECTORS = 8,
    NARROW_ROWS = 4,
};

INLINE void run_tile(const leat_gemm_tile *tile, const uint32_t rows,
                     const uint32_t vectors)
{
    vec sum[MOST_ROWS][MOST_VECTORS];
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            sum[r][v] = tile->start ? load(tile->start + r * tile->start_step + v * LANES)
                                    : zero();
    const float *a = tile->a, *b = tile->b;
    for (uint32_t k = tile->k; k; k--, a++, b += LEAT_GEMM_PANEL) {
        vec right[MOST_VECTORS];
        UNROLLED (v, vectors)
            right[v] = load(b + v / PANEL_VECTORS * tile->panel_step +
                            v % PANEL_VECTORS * LANES);
        UNROLLED (r, rows) {
            const vec left = broadcast(a + r * tile->a_step);
            UNROLLED (v, vectors)
                sum[r][v] = multiply_add(left, right[v], sum[r][v]);
        }
    }
    const vec floor = broadcast(&tile->floor);
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            store(tile->c + r * tile->c_step + v * LANES, max(floor, sum[r][v]));
}

/* ---- at most LEAT_GEMM_NARROW columns: dot products ---- */

/* How many of a vector's lanes exist, when `columns` do. */
INLINE uint32_t lanes_of(uint32_t columns, uint32_t v)
{
    return columns <= v * LANES ? 0 : columns - v * LANES;
}

INLINE vec load_lanes(const float *from, uint32_t lanes)
{
    return lanes >= LANES ? load(from) : lanes ? load_part(from, lanes) : zero();
}

/* One step of the 16 chains of each element; `lanes`: how many of them go on. */
INLINE void step_dots(const leat_gemm_tile *tile, uint32_t k, uint32_t lanes,
                      const uint32_t rows, const uint32_t columns,
                      vec sum[][LEAT_GEMM_NARROW][PANEL_VECTORS])
{
    UNROLLED (v, PANEL_VECTORS)
        UNROLLED (r, rows) {
            const vec left = load_lanes(tile->a + r * tile->a_step + k + v * LANES,
                                        lanes_of(lanes, v));
            UNROLLED (n, columns)
                sum[r][n][v] = multiply_add(
                    left, load(tile->b + n * tile->panel_step + k + v * LANES),
                    sum[r][n][v]);
        }
}

INLINE void run_dots(const leat_gemm_tile *tile, const uint32_t rows,
                     const uint32_t columns)
{
    vec sum[NARROW_ROWS][LEAT_GEMM_NARROW][PANEL_VECTORS];
    UNROLLED (r, rows)
        UNROLLED (n, columns)
            UNROLLED (v, PANEL_VECTORS)
                sum[r][n][v] = zero();
    const uint32_t whole = tile->k / LEAT_GEMM_PANEL * LEAT_GEMM_PANEL;
    for (uint32_t k = 0; k < whole; k += LEAT_GEMM_PANEL)
        step_dots(tile, k, LEAT_GEMM_PANEL, rows, columns, sum);
    if (whole < tile->k)
        step_dots(tile, whole, tile->k - whole, rows, columns, sum);
    UNROLLED (r, rows)
        UNROLLED (n, columns) {
            float c = sum_16(sum[r][n]);
            if (tile->start)
                c += tile->start[r * tile->start_step + n];
            tile->c[r * tile->c_step + n] = c < tile->floor ? tile->floor : c;
        }
}

/* All rows of a job: NARROW_ROWS at once, then one by one. */
INLINE void run_narrow(const leat_gemm_tile *job, const uint32_t columns)
{
    leat_gemm_tile tile = *job;
    for (uint32_t left = job->rows, rows; left; left -= rows) {
        rows = left < NARROW_ROWS ? 1 : NARROW_ROWS;
        if (rows == 1)
            run_dots(&tile, 1, columns);
        else
            run_dots(&tile, NARROW_ROWS, columns);
        tile.a += rows * tile.a_step;
        tile.c += rows * tile.c_step;
        if (tile.start)
            tile.start += rows * tile.start_step;
    }
}

/* ---- the functions of a kernel ---- */

#define TILE(rows, panels)                                                               \
    TARGET static void tile_##rows##x##panels(const leat_gemm_tile *tile)                \
    {                                                                                    \
        run_tile(tile, rows, panels *PANEL_VECTORS);                                     \
    }

#define NARROW(columns)                                                                  \
    TARGET static void narrow_##columns(const leat_gemm_tile *tile)                      \
    {                                                                                    \
        run_narrow(tile, columns);                                                       \
    }

NARROW(1)
NARROW(2)
NARROW(3)
NARROW(4)

static const leat_gemm_tile_run narrow[] = {narrow_1, narrow_2, narrow_3, narrow_4};
