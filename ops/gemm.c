#include "ops/gemm.h"

#include "ops/gemm_kernel.h"

#include <string.h>

/* Columns of a tile of that width. */
#define PANELS(width) ((uint32_t)LEAT_GEMM_PANEL << (width))

/* How a product is cut.
 *
 *     for blocks of columns               so that a block of B stays in the second cache
 *         for blocks of k
 *             for tiles of rows           A's part of a tile stays in the first cache
 *                 for panels of the block
 *
 * Tiles of rows are as equal as can be: 32 rows are 11, 11 and 10, not 12, 12 and 8, so that
 * no tile is left with too few sums to hide what a multiply-add takes.
 *
 * Where k is cut, the rows of a tile are copied next to one another: far apart by a power
 * of two, they would push one another out of the cache. */
enum {
    BLOCK_K = 512,
    BLOCK_N = 256,
    MOST_TILE = 384,   /* elements of any kernel's tiles */
    TILE_ROWS = 12,    /* most of any kernel */
    MOST_READINGS = 2, /* of a B that is not packed: more are worth a copy */
    ROW_GAP = 16,      /* keeps copied rows off one another's cache sets */
};

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static size_t round_up(uint32_t n)
{
    return ((size_t)n + LEAT_GEMM_PANEL - 1) / LEAT_GEMM_PANEL * LEAT_GEMM_PANEL;
}

const leat_gemm_kernel *leat_gemm_kernel_at(uint32_t i)
{
    const leat_gemm_kernel *const all[] = {leat_gemm_avx512(), leat_gemm_avx2(),
                                           leat_gemm_blas()};
    for (size_t a = 0; a < sizeof all / sizeof *all; a++)
        if (all[a] && !i--)
            return all[a];
    return NULL;
}

const char *leat_gemm_kernel_name(const leat_gemm_kernel *kernel)
{
    return kernel->name;
}

/* ---- packing ---- */

static int is_narrow(uint32_t n)
{
    return n <= LEAT_GEMM_NARROW;
}

size_t leat_gemm_packed_count(uint32_t k, uint32_t n)
{
    return is_narrow(n) ? n * round_up(k) : k * round_up(n);
}

static float element(const leat_gemm_matrix *matrix, size_t k, size_t n)
{
    return matrix->data[k * matrix->k_step + n * matrix->n_step];
}

/* packed: [k][n] */
static void pack_plain(const leat_gemm_matrix *matrix, float *packed)
{
    for (size_t k = 0; k < matrix->k; k++)
        for (size_t n = 0; n < matrix->n; n++)
            *packed++ = element(matrix, k, n);
}

/* packed: [n][k rounded up] */
static void pack_columns(const leat_gemm_matrix *matrix, float *packed)
{
    const size_t padded = round_up(matrix->k);
    for (size_t n = 0; n < matrix->n; n++, packed += padded)
        for (size_t k = 0; k < padded; k++)
            packed[k] = k < matrix->k ? element(matrix, k, n) : 0;
}

/* packed: [panels][k][LEAT_GEMM_PANEL] */
static void pack_panels(const leat_gemm_matrix *matrix, float *packed)
{
    for (uint32_t first = 0; first < matrix->n; first += LEAT_GEMM_PANEL) {
        const uint32_t columns = lower(matrix->n - first, LEAT_GEMM_PANEL);
        for (size_t k = 0; k < matrix->k; k++, packed += LEAT_GEMM_PANEL) {
            if (matrix->n_step == 1)
                memcpy(packed, matrix->data + k * matrix->k_step + first,
                       columns * sizeof *packed);
            else
                for (uint32_t n = 0; n < columns; n++)
                    packed[n] = element(matrix, k, first + n);
            memset(packed + columns, 0, (LEAT_GEMM_PANEL - columns) * sizeof *packed);
        }
    }
}

void leat_gemm_pack(leat_gemm_right *right, const leat_gemm_kernel *kernel,
                    const leat_gemm_matrix *matrix, float *packed)
{
    *right = (leat_gemm_right){
        .kernel = kernel, .k = matrix->k, .n = matrix->n, .packed = packed};
    if (kernel->run)
        pack_plain(matrix, packed);
    else if (is_narrow(matrix->n))
        pack_columns(matrix, packed);
    else
        pack_panels(matrix, packed);
}

/* ---- small products ---- */

bool leat_gemm_is_small(const leat_gemm_kernel *kernel, const leat_gemm_matrix *matrix,
                        uint32_t m)
{
    return kernel->strips && matrix->n_step == 1 && !is_narrow(matrix->n) &&
           m <= MOST_READINGS * kernel->max_rows;
}

void leat_gemm_run_small(const leat_gemm_kernel *kernel, const leat_gemm_matrix *matrix,
                         const leat_gemm_job *job)
{
    leat_gemm_tile tile = {
        .k = matrix->k,
        .a_step = job->a_step,
        .panel_step = matrix->k_step,
        .start_step = job->start_step,
        .c_step = job->c_step,
        .floor = job->floor,
    };
    for (uint32_t row = 0; row < job->m; row += tile.rows) {
        tile.rows = lower(job->m - row, kernel->max_rows);
        tile.a = job->a + row * job->a_step;
        for (uint32_t n = 0; n < matrix->n; n += tile.columns) {
            tile.columns = lower(matrix->n - n, LEAT_GEMM_PANEL);
            tile.b = matrix->data + n;
            tile.start = job->start ? job->start + row * job->start_step + n : NULL;
            tile.c = job->c + row * job->c_step + n;
            kernel->strips[tile.rows - 1](&tile);
        }
    }
}

/* ---- running ----
 *
 * A tile is filled field by field, all of them: what is left out costs a loop that
 * zeroes, and that a row of a small layer feels. */

static void run_narrow(const leat_gemm_right *right, const leat_gemm_job *job)
{
    const leat_gemm_tile tile = {
        .rows = job->m,
        .columns = right->n,
        .k = right->k,
        .a = job->a,
        .a_step = job->a_step,
        .b = right->packed,
        .panel_step = round_up(right->k),
        .start = job->start,
        .start_step = job->start_step,
        .c = job->c,
        .c_step = job->c_step,
        .floor = job->floor,
    };
    right->kernel->narrow[right->n - 1](&tile);
}

/* A tile whose last panel is padded from column `columns` on: in memory of its own. Not
 * inlined: only who needs that much of the stack shall touch it. */
__attribute__((noinline)) static void run_padded(leat_gemm_tile_run run,
                                                 const leat_gemm_tile *tile,
                                                 uint32_t columns)
{
    _Alignas(64) float whole[MOST_TILE];
    leat_gemm_tile padded = *tile;
    padded.c_step = round_up(columns);
    padded.c = whole;
    if (tile->start) {
        for (uint32_t row = 0; row < tile->rows; row++)
            memcpy(whole + row * padded.c_step, tile->start + row * tile->start_step,
                   columns * sizeof *whole);
        padded.start = whole;
        padded.start_step = padded.c_step;
    }
    run(&padded);
    for (uint32_t row = 0; row < tile->rows; row++)
        memcpy(tile->c + row * tile->c_step, whole + row * padded.c_step,
               columns * sizeof *whole);
}

/* The tile's rows by `columns` of B, as many panels at once as there are and fit. The tile
 * moves along. */
static void run_panels(const leat_gemm_kernel *kernel, leat_gemm_tile *tile,
                       uint32_t columns)
{
    const leat_gemm_tile_run *widths = kernel->tiles[tile->rows - 1];
    uint32_t width = LEAT_GEMM_WIDTHS - 1;
    while (columns) {
        while (width && (!widths[width] || round_up(columns) < PANELS(width)))
            width--;
        const uint32_t done = lower(columns, PANELS(width));
        if (done == PANELS(width))
            widths[width](tile);
        else
            run_padded(widths[width], tile, done);
        tile->b += tile->panel_step << width;
        tile->c += done;
        if (tile->start)
            tile->start += done;
        columns -= done;
    }
}

/* A block of B: columns [n, n + columns), k [k, k + depth). */
struct block {
    uint32_t n, columns;
    uint32_t k, depth;
};

/* The rows of a tile next to one another. Not inlined either. */
__attribute__((noinline)) static void run_copied(const leat_gemm_right *right,
                                                 leat_gemm_tile *tile, uint32_t columns)
{
    float copy[TILE_ROWS * (BLOCK_K + ROW_GAP)]; /* [rows][BLOCK_K + ROW_GAP] */
    for (uint32_t row = 0; row < tile->rows; row++)
        memcpy(copy + row * (BLOCK_K + ROW_GAP), tile->a + row * tile->a_step,
               tile->k * sizeof *copy);
    tile->a = copy;
    tile->a_step = BLOCK_K + ROW_GAP;
    run_panels(right->kernel, tile, columns);
}

/* Rows [row, row + rows) of C by a block of B. */
static void run_rows(const leat_gemm_right *right, const leat_gemm_job *job,
                     struct block block, uint32_t row, uint32_t rows)
{
    leat_gemm_tile tile = {
        .rows = rows,
        .columns = block.columns,
        .k = block.depth,
        .a = job->a + row * job->a_step + block.k,
        .a_step = job->a_step,
        .b = right->packed + (size_t)block.n * right->k + block.k * LEAT_GEMM_PANEL,
        .panel_step = (size_t)right->k * LEAT_GEMM_PANEL,
        .start = job->start,
        .start_step = job->start_step,
        .c = job->c + row * job->c_step + block.n,
        .c_step = job->c_step,
        .floor = block.k + block.depth < right->k ? LEAT_GEMM_NO_FLOOR : job->floor,
    };
    if (block.k) {
        tile.start = tile.c;
        tile.start_step = tile.c_step;
    } else if (tile.start)
        tile.start += row * job->start_step + block.n;
    if (block.depth < right->k)
        run_copied(right, &tile, block.columns);
    else
        run_panels(right->kernel, &tile, block.columns);
}

/* With a few rows there is one tile, and no division: each would take as long as the
 * products of a row by a panel. */
static void run_block(const leat_gemm_right *right, const leat_gemm_job *job,
                      struct block block)
{
    const uint32_t most = right->kernel->max_rows;
    uint32_t tiles = job->m <= most ? 1 : job->m / most + (job->m % most != 0);
    for (uint32_t row = 0, rows; tiles; tiles--, row += rows) {
        const uint32_t left = job->m - row;
        rows = tiles == 1 ? left : left / tiles + (left % tiles != 0);
        run_rows(right, job, block, row, rows);
    }
}

void leat_gemm_run(const leat_gemm_right *right, const leat_gemm_job *job)
{
    if (!job->m || !right->n)
        return;
    if (right->kernel->run) {
        right->kernel->run(right, job);
        return;
    }
    if (is_narrow(right->n)) {
        run_narrow(right, job);
        return;
    }
    struct block block;
    for (block.n = 0; block.n < right->n; block.n += block.columns) {
        block.columns = lower(right->n - block.n, BLOCK_N);
        block.k = 0;
        do {
            block.depth = lower(right->k - block.k, BLOCK_K);
            run_block(right, job, block);
            block.k += block.depth;
        } while (block.k < right->k);
    }
}
