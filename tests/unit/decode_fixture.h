/* tests/unit/decode_fixture.h: a decoder and a batch of one event, for the tests of the
 * decoder. Columns are elements of inputs[0] unless a test says otherwise. */
#ifndef LEAT_TESTS_DECODE_FIXTURE_H
#define LEAT_TESTS_DECODE_FIXTURE_H

#include "allocations.h"
#include "consumers/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX_COLUMNS = 100, MAX_CAPTURES = 8, MAX_EVENTS = 16 };

#define SLICE(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})

extern leat_arena arena;
extern leat_tensor_spec inputs[2];
extern const leat_tensor_spec output;
extern leat_column columns[MAX_COLUMNS];
extern leat_path captures[MAX_CAPTURES];
extern leat_schema schema;
extern leat_decoder *decoder;
extern leat_batch batch;
extern leat_error error;

int set_up(void **state);
int tear_down(void **state);

leat_column *add_column(const char *path);
void add_default_column(const char *path, double value);
void add_capture(const char *path);
void add_three_columns(void); /* event.p, event.q, event.r */

/* Events rank: the elements of the array at `over`, at most 4 of them, which the path `item`
 * names. Comes after all captures. */
void add_candidates(const char *over, const char *item);

/* An empty batch; the first one makes the decoder. */
void begin(void);
leat_event *add_event(leat_slice payload);
leat_event *decode(leat_slice payload);

float value_of(const leat_event *event, uint32_t column);
float value_in(const leat_event *event, uint32_t row, uint32_t column);
bool is_missing(const leat_event *event, uint32_t column);
void expect_cell(const leat_event *event, uint32_t column, float expected);
void expect_missing(const leat_event *event, uint32_t column);
void expect_refused(const leat_event *event, leat_status status, const char *reason);
void expect_capture(const leat_event *event, uint32_t capture, leat_slice expected);

#endif
