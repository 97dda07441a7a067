/* tests/matrix/cell.h: one cell of the matrix of injected errors: a request, what it is
 * answered, where in a lane's life, and for how long. */
#ifndef LEAT_TESTS_MATRIX_CELL_H
#define LEAT_TESTS_MATRIX_CELL_H

#include "../unit/sink_fixture.h"

typedef enum cell_request {
    REQUEST_FIND_COORDINATOR,
    REQUEST_INIT_PRODUCER_ID,
    REQUEST_ADD_PARTITIONS,
    REQUEST_PRODUCE,
    REQUEST_ADD_OFFSETS,
    REQUEST_TXN_OFFSET_COMMIT,
    REQUEST_COMMIT, /* EndTxn */
    REQUEST_ABORT,  /* EndTxn */
    REQUEST_NONE, /* the call comes at a wrong time: of all errors, the ones without a flag */
    N_REQUESTS,
} cell_request;

typedef enum cell_place {
    PLACE_START,        /* a lane's first init_transactions() */
    PLACE_FIRST,        /* the first transaction after it */
    PLACE_LATER,        /* one after that */
    PLACE_AMID,         /* the first one, and a record more once the error has come */
    PLACE_TAKING_BACK,  /* of a transaction whose records are acknowledged */
    PLACE_IN_FLIGHT,    /* of one whose records are on their way */
    PLACE_FAILED,       /* of one that an error has ended */
    PLACE_BUMP,         /* of one that needs a new epoch of its producer */
    PLACE_NEW,          /* init_transactions() of a producer after a fatal error, */
    PLACE_NEW_UNKNOWN,  /* and of one after an unknown outcome */
    PLACE_FIRST_OF_NEW, /* the first transaction of one after a fatal error */
    N_PLACES,
} cell_place;

typedef enum cell_ending {
    ENDING_WENT_THROUGH,
    ENDING_TAKEN_BACK, /* with the same producer */
    ENDING_NEW_PRODUCER,
    ENDING_LANE_ENDED,
    /* These are never right. */
    ENDING_NOT_ASKED, /* nobody made the request that was to fail */
    ENDING_UNCLEAN,   /* no transaction could be committed afterwards, in three rounds */
    ENDING_HUNG,
    ENDING_BROKE,
    N_ENDINGS,
} cell_ending;

typedef struct matrix_cell {
    cell_request request;
    cell_place place;
    rd_kafka_resp_err_t err;
    bool persists; /* until the call has ended that meets it, whatever it ends with */
    bool is_sample;
} matrix_cell;

extern const char *const request_names[N_REQUESTS];
extern const char *const place_names[N_PLACES];
extern const char *const ending_names[N_ENDINGS];

/* All of them, in the order of the table; how many. */
enum { MAX_CELLS = 4096 };
size_t matrix_cells(matrix_cell *cells);

/* Its topic has one partition, so that records follow upon one another. */
static inline void cell_prepare(mock_cluster *mock)
{
    rd_kafka_mock_topic_create(mock->cluster, "out", 1, 1);
}

/* Of the requests that come from now on, one or all are answered with the cell's error. For
 * errors without a request, the call is made behind the back of `producer`'s owner. */
void cell_inject(const matrix_cell *cell, mock_cluster *mock, rd_kafka_t *producer);
void cell_clear(const matrix_cell *cell, mock_cluster *mock);

/* Whether one has been. Of those that persist that cannot be told; their like that comes once
 * stands beside them. */
bool cell_was_asked(const matrix_cell *cell, mock_cluster *mock);
void cell_await_asked(const matrix_cell *cell, mock_cluster *mock, rd_kafka_t *producer);

static inline bool cell_is_transaction(const matrix_cell *cell)
{
    return cell->place == PLACE_FIRST || cell->place == PLACE_LATER ||
           cell->place == PLACE_AMID || cell->place == PLACE_FIRST_OF_NEW;
}

static inline bool cell_takes_back(const matrix_cell *cell)
{
    return cell->place >= PLACE_TAKING_BACK && cell->place <= PLACE_BUMP;
}

/* What both sides are given. */
enum { STEP_MS = 500, LATE_STEPS = 3, ROUNDS = 3, N_MATRIX_PROPERTIES = 3 };

extern const leat_property matrix_properties[N_MATRIX_PROPERTIES]; /* but the first */

#define CALL_NS      (5 * LEAT_SEC) /* for a transaction that is to meet its error */
#define TAKE_BACK_NS (5 * LEAT_SEC)

/* Plays the cell with bare librdkafka, and says how a lane has to end by the policy; see
 * bare.c. Plays it with a lane, and says how that ended; see played.c. */
cell_ending bare_play(const matrix_cell *cell);
cell_ending lane_play(const matrix_cell *cell);

#endif
