/* run_state <STREAM >ANSWERS: a stream of tests/aggregates/reference.py through
 * features/aggregate/state.c, one entity. After every event the state is checked and loaded anew
 * from its bytes, as it is when it has been in Redis.
 *
 * run_state --sizes prints the state's bytes behind each event instead.
 *
 * A state that a worker has written can be asked, too: `state HEX` takes its bytes, `at
 * TIME_NS` prints what an event would be answered then, and `bytes` the state itself. (Its
 * mark is that of the worker's configuration, of which only the windows are known here: it
 * is replaced.) */
#include "features/aggregate/state_bytes.h"
#include "features/aggregate/state_layout.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64, MOST_NUMBERS = MOST * LEAT_LAST_VALUES, MOST_BYTES = 1 << 20 };

static const char *const kinds[] = {"count", "sum",      "mean", "min",       "max",
                                    "std",   "distinct", "last", "since_last"};

static leat_aggregate aggregates[MOST];
static leat_sliding_window windows[MOST];
static leat_state_spec spec = {.windows = windows};
static leat_aggregate_input inputs[MOST];
static double answer[MOST_NUMBERS];
static uint32_t n_aggregates;

static void expect(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "run_state: %s\n", what);
    exit(1);
}

static void read_window(const char *line)
{
    leat_sliding_window *window = &windows[spec.n_windows++];
    expect(spec.n_windows < MOST, "too many windows");
    expect(sscanf(line, "window %" SCNu64 " %" SCNu32, &window->bucket_ns,
                  &window->late_buckets) == 2,
           line);
    window->aggregates = &aggregates[n_aggregates];
}

static void read_aggregate(const char *line)
{
    leat_aggregate *aggregate = &aggregates[n_aggregates++];
    char kind[16];
    uint32_t k = 0;
    expect(n_aggregates < MOST && spec.n_windows > 0, line);
    *aggregate = (leat_aggregate){.n = 1, .answer = spec.n_answers};
    expect(sscanf(line, "%15s %" SCNu32 " %" SCNu32, kind, &aggregate->input,
                  &aggregate->n) >= 1,
           line);
    while (k < sizeof kinds / sizeof kinds[0] && strcmp(kind, kinds[k]))
        k++;
    expect(k < sizeof kinds / sizeof kinds[0], line);
    aggregate->kind = (leat_aggregate_kind)k;
    spec.n_answers += aggregate->n;
    windows[spec.n_windows - 1].n_aggregates++;
}

static int64_t read_event(char *line)
{
    char *at = line + strlen("event");
    int64_t time_ns = strtoll(at, &at, 10);
    spec.n_inputs = 0;
    while (*at == ' ') {
        leat_aggregate_input *input = &inputs[spec.n_inputs++];
        *input = (leat_aggregate_input){.number = NAN};
        if (*++at == '-') {
            at++;
            continue;
        }
        uint64_t bits = strtoull(at, &at, 16);
        memcpy(&input->number, &bits, sizeof bits);
        expect(*at == ':', line);
        input->hash = strtoull(at + 1, &at, 16);
        input->is_present = true;
    }
    return time_ns;
}

static void print_answer(void)
{
    for (uint32_t i = 0; i < spec.n_answers; i++) {
        uint64_t bits;
        memcpy(&bits, &answer[i], sizeof bits);
        if (i > 0)
            putchar(' ');
        if (isnan(answer[i]))
            fputs("nan", stdout);
        else
            printf("%016" PRIx64, bits);
    }
    putchar('\n');
}

static void load_anew(leat_state *state)
{
    leat_state loaded = {0};
    leat_slice bytes = {state->data, state->size};
    expect(leat_state_check(&spec, bytes) == LEAT_OK, "its own bytes are refused");
    expect(leat_state_load(&spec, &loaded, bytes) == LEAT_OK, "out of memory");
    leat_state_fini(state);
    *state = loaded;
}

static void print_state(const leat_state *state)
{
    for (uint32_t i = 0; i < state->size; i++)
        printf("%02x", state->data[i]);
    putchar('\n');
}

static void lay_out(leat_arena *arena)
{
    if (!spec.layout)
        expect(leat_state_lay_out(&spec, arena) == LEAT_OK, "out of memory");
}

static uint8_t read_nibble(char digit)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, digit);
    expect(digit && at, "no hexadecimal digit");
    return (uint8_t)(at - digits);
}

static void take_state(leat_state *state, const char *hex)
{
    static uint8_t bytes[MOST_BYTES];
    uint32_t n = 0;
    for (; *hex && *hex != '\n'; hex += 2) {
        expect(n < MOST_BYTES, "the state is too large");
        bytes[n++] = (uint8_t)(read_nibble(hex[0]) << 4 | read_nibble(hex[1]));
    }
    expect(n >= sizeof(uint32_t), "that is no state");
    leat_put_u32(bytes + LEAT_STATE_MARK_AT, spec.layout->mark);
    leat_slice slice = {bytes, n};
    expect(leat_state_check(&spec, slice) == LEAT_OK, "that is no state");
    expect(leat_state_load(&spec, state, slice) == LEAT_OK, "out of memory");
}

static void answer_event(leat_state *state, char *line, bool wants_sizes)
{
    int64_t time_ns = read_event(line);
    leat_state_answer(&spec, state, time_ns, answer);
    expect(leat_state_apply(&spec, state, time_ns, inputs) >= 0, "apply");
    load_anew(state);
    if (wants_sizes)
        printf("%" PRIu32 "\n", state->size);
    else
        print_answer();
}

static bool begins_with(const char *line, const char *word)
{
    return !strncmp(line, word, strlen(word));
}

int main(int argc, char **argv)
{
    static char line[2 * MOST_BYTES + 64];
    bool wants_sizes = argc > 1 && !strcmp(argv[1], "--sizes");
    leat_arena arena;
    leat_state state = {0};
    leat_arena_init(&arena, 4096);
    while (fgets(line, sizeof line, stdin)) {
        if (begins_with(line, "window")) {
            read_window(line);
        } else if (begins_with(line, "event")) {
            lay_out(&arena);
            answer_event(&state, line, wants_sizes);
        } else if (begins_with(line, "state ")) {
            lay_out(&arena);
            take_state(&state, line + strlen("state "));
        } else if (begins_with(line, "bytes")) {
            print_state(&state);
        } else if (begins_with(line, "at ")) {
            leat_state_answer(&spec, &state, strtoll(line + strlen("at "), NULL, 10),
                              answer);
            print_answer();
        } else {
            read_aggregate(line);
        }
    }
    leat_state_fini(&state);
    leat_arena_fini(&arena);
    return 0;
}
