/* Every error of every call of a transaction, injected: error_matrix plays each cell twice, on
 * an in-process cluster of its own, with bare librdkafka (how it has to end, bare.c) and with
 * a lane's transactions (how it does, played.c).
 *
 *   build/release/tests/error_matrix [--sample] [--jobs N] [--report FILE]
 *       All cells, or one a request and class; a table, and JSON.
 *   build/release/tests/error_matrix --cell N
 *       One of them, with what both sides say; mismatches are listed by number.
 *
 * Cells mostly wait, so many are played at a time, each side in a process: what kills one is
 * seen, and so is one that hangs. Exit 1 when a cell ends otherwise than it has to.
 */
#include "cell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEFAULT_JOBS = 24, MAX_JOBS = 256, AGAIN = 2 };

static const uint64_t GUARD_NS = 30 * LEAT_SEC;

typedef enum which_side { SIDE_BARE, SIDE_LANE, N_SIDES } which_side;

static const char *const side_names[N_SIDES] = {"bare", "lane"};

typedef struct cell_outcome {
    cell_ending endings[N_SIDES];
    double seconds; /* of the slower one */
    size_t number;  /* of the cell, among all */
} cell_outcome;

typedef struct side_play {
    pid_t pid; /* 0: none */
    size_t cell;
    which_side side;
    uint64_t since_ns;
} side_play;

typedef struct error_matrix {
    size_t n;
    matrix_cell cells[MAX_CELLS];
    cell_outcome outcomes[MAX_CELLS];
    side_play plays[MAX_JOBS];
    bool is_loud;
} error_matrix;

/* ---- processes ---- */

static int start_playing(const error_matrix *matrix, size_t i, which_side side)
{
    int quiet = open("/dev/null", O_WRONLY);
    if (!matrix->is_loud && quiet >= 0) {
        dup2(quiet, STDOUT_FILENO);
        dup2(quiet, STDERR_FILENO);
    }
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_INFO);
    return side == SIDE_BARE ? (int)bare_play(&matrix->cells[i])
                             : (int)lane_play(&matrix->cells[i]);
}

static void begin(error_matrix *matrix, size_t i, which_side side)
{
    side_play *play = matrix->plays;
    while (play->pid)
        play++;
    fflush(stdout);
    *play = (side_play){fork(), i, side, leat_now_ns()};
    if (play->pid == 0)
        exit(start_playing(matrix, i, side));
    if (play->pid < 0) {
        fprintf(stderr, "error_matrix: fork: %s\n", strerror(errno));
        exit(70);
    }
}

static void note(error_matrix *matrix, const side_play *play, cell_ending ending)
{
    cell_outcome *outcome = &matrix->outcomes[play->cell];
    double seconds = (double)(leat_now_ns() - play->since_ns) / 1e9;
    outcome->endings[play->side] = ending;
    if (seconds > outcome->seconds)
        outcome->seconds = seconds;
}

/* What has ended by now, or for too long has not. How many. */
static int collect(error_matrix *matrix)
{
    int n = 0;
    for (side_play *play = matrix->plays; play < matrix->plays + MAX_JOBS; play++) {
        int status;
        if (!play->pid)
            continue;
        bool hangs = leat_now_ns() - play->since_ns > GUARD_NS;
        if (hangs)
            kill(play->pid, SIGKILL);
        if (!waitpid(play->pid, &status, hangs ? 0 : WNOHANG))
            continue;
        bool ended = WIFEXITED(status) && WEXITSTATUS(status) < N_ENDINGS;
        note(matrix, play,
             hangs   ? ENDING_HUNG
             : ended ? (cell_ending)WEXITSTATUS(status)
                     : ENDING_BROKE);
        play->pid = 0;
        n++;
    }
    return n;
}

static bool matches(const cell_outcome *outcome)
{
    return outcome->endings[SIDE_BARE] == outcome->endings[SIDE_LANE] &&
           outcome->endings[SIDE_LANE] <= ENDING_LANE_ENDED;
}

/* All that do not match (yet). */
static void play_all(error_matrix *matrix, int n_jobs)
{
    int running = 0;
    for (size_t next = 0; next < N_SIDES * matrix->n || running;) {
        if (next < N_SIDES * matrix->n && next % N_SIDES == 0 &&
            matches(&matrix->outcomes[next / N_SIDES])) {
            next += N_SIDES;
            continue;
        }
        if (next < N_SIDES * matrix->n && running < n_jobs) {
            begin(matrix, next / N_SIDES, (which_side)(next % N_SIDES));
            next++, running++;
            continue;
        }
        int n = collect(matrix);
        running -= n;
        if (!n)
            leat_sleep_ms(5);
    }
}

/* Where a record's report races with the call that its failure spoils, both ends are right, and
 * under load the sides may differ. Those that do are played again by themselves. */
static void play_again(error_matrix *matrix)
{
    size_t n = 0;
    for (size_t i = 0; i < matrix->n; i++)
        n += !matches(&matrix->outcomes[i]);
    if (!n)
        return;
    printf("%zu cells differed and are played again\n", n);
    for (int i = 0; i < AGAIN; i++)
        play_all(matrix, 2);
}

/* ---- reports ---- */

static void print_cell(const error_matrix *matrix, size_t i)
{
    const matrix_cell *cell = &matrix->cells[i];
    printf("  %4zu  %s, %s, %s, %s:", matrix->outcomes[i].number,
           request_names[cell->request], place_names[cell->place],
           rd_kafka_err2name(cell->err), cell->persists ? "persisting" : "once");
    for (which_side side = 0; side < N_SIDES; side++)
        printf(" %s %s", side_names[side],
               ending_names[matrix->outcomes[i].endings[side]]);
    printf(" (%.1f s)\n", matrix->outcomes[i].seconds);
}

typedef struct matrix_totals {
    size_t table[N_REQUESTS][N_ENDINGS];
    size_t endings[N_ENDINGS];
    size_t mismatches;
    size_t slowest;
} matrix_totals;

static matrix_totals count(const error_matrix *matrix)
{
    matrix_totals totals = {.mismatches = 0};
    for (size_t i = 0; i < matrix->n; i++) {
        const cell_outcome *outcome = &matrix->outcomes[i];
        totals.table[matrix->cells[i].request][outcome->endings[SIDE_LANE]]++;
        totals.endings[outcome->endings[SIDE_LANE]]++;
        totals.mismatches += !matches(outcome);
        if (outcome->seconds > matrix->outcomes[totals.slowest].seconds)
            totals.slowest = i;
    }
    return totals;
}

static void print_table(const error_matrix *matrix, const matrix_totals *totals)
{
    printf("%-19s", "");
    for (cell_ending ending = 0; ending < N_ENDINGS; ending++)
        printf(" %12s", ending_names[ending]);
    for (cell_request request = 0; request < N_REQUESTS; request++) {
        printf("\n%-19s", request_names[request]);
        for (cell_ending ending = 0; ending < N_ENDINGS; ending++)
            printf(" %12zu", totals->table[request][ending]);
    }
    printf("\n%zu cells, %zu mismatches; the slowest:\n", matrix->n, totals->mismatches);
    print_cell(matrix, totals->slowest);
    if (totals->mismatches)
        printf("mismatches:\n");
    for (size_t i = 0; i < matrix->n; i++)
        if (!matches(&matrix->outcomes[i]))
            print_cell(matrix, i);
}

static int write_report(const char *path, const error_matrix *matrix,
                        const matrix_totals *totals)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "error_matrix: %s: %s\n", path, strerror(errno));
        return 1;
    }
    fprintf(file, "{\"cells\": %zu, \"endings\": {", matrix->n);
    for (cell_ending ending = 0; ending < N_ENDINGS; ending++)
        fprintf(file, "%s\"%s\": %zu", ending ? ", " : "", ending_names[ending],
                totals->endings[ending]);
    fprintf(file, "}, \"mismatches\": %zu, \"slowest_s\": %.1f}\n", totals->mismatches,
            matrix->outcomes[totals->slowest].seconds);
    return fclose(file) ? 1 : 0;
}

/* ---- the command ---- */

typedef struct command_options {
    bool is_sample;
    int n_jobs;
    long cell; /* -1: all */
    const char *report;
} command_options;

static bool parse(int n, char **words, command_options *options)
{
    for (int i = 1; i < n; i++) {
        const char *value = i + 1 < n ? words[i + 1] : NULL;
        if (!strcmp(words[i], "--sample"))
            options->is_sample = true;
        else if (!value)
            return false;
        else if (!strcmp(words[i], "--jobs"))
            options->n_jobs = atoi(words[++i]);
        else if (!strcmp(words[i], "--cell"))
            options->cell = atol(words[++i]);
        else if (!strcmp(words[i], "--report"))
            options->report = words[++i];
        else
            return false;
    }
    return options->n_jobs > 0 && options->n_jobs <= MAX_JOBS;
}

/* The cells that are asked for. */
static void choose(error_matrix *matrix, const command_options *options)
{
    size_t all = matrix_cells(matrix->cells), n = 0;
    for (size_t i = 0; i < all; i++)
        if (options->cell < 0 ? !options->is_sample || matrix->cells[i].is_sample
                              : (size_t)options->cell == i) {
            matrix->outcomes[n].number = i;
            matrix->outcomes[n].endings[SIDE_LANE] = N_ENDINGS; /* not played */
            matrix->cells[n++] = matrix->cells[i];
        }
    matrix->n = n;
}

int main(int n, char **words)
{
    static error_matrix matrix;
    command_options options = {.n_jobs = DEFAULT_JOBS, .cell = -1};
    if (!parse(n, words, &options)) {
        fprintf(stderr,
                "error_matrix [--sample | --cell N] [--jobs N] [--report FILE]\n");
        return 64;
    }
    choose(&matrix, &options);
    matrix.is_loud = options.cell >= 0;
    play_all(&matrix, matrix.is_loud ? 1 : options.n_jobs);
    play_again(&matrix);
    matrix_totals totals = count(&matrix);
    print_table(&matrix, &totals);
    int failed = options.report ? write_report(options.report, &matrix, &totals) : 0;
    return failed || totals.mismatches ? 1 : 0;
}
