#include "cell.h"

/* The last one, so that a connection is there again within a call's time. */
const leat_property matrix_properties[N_MATRIX_PROPERTIES] = {
    {NULL, NULL},
    {"message.timeout.ms", "2500"},
    {"reconnect.backoff.max.ms", "400"},
};

const char *const request_names[N_REQUESTS] = {
    "FindCoordinator", "InitProducerId",  "AddPartitionsToTxn",
    "Produce",         "AddOffsetsToTxn", "TxnOffsetCommit",
    "EndTxn(commit)",  "EndTxn(abort)",   "(none)",
};

const char *const place_names[N_PLACES] = {
    "start",
    "first transaction",
    "later transaction",
    "amid",
    "taking back",
    "in flight",
    "failed",
    "epoch bump",
    "new producer",
    "unknown outcome",
    "first of new",
};

const char *const ending_names[N_ENDINGS] = {
    "went_through", "taken_back", "new_producer", "lane_ended",
    "not_asked",    "unclean",    "hung",         "broke",
};

/* ---- what a broker answers ---- */

#define E(name) RD_KAFKA_RESP_ERR_##name

/* Newer than librdkafka 2.0.2 (KIP-890), and one that nobody has. */
enum { TRANSACTION_ABORTABLE = 120, NO_SUCH_ERROR = 9999 };

/* Answers of every request: the connection ends; the broker does not know itself; those that
 * no broker should have for any of them. */
#define ANYWHERE                                                                         \
    E(_TRANSPORT), E(UNKNOWN), E(INVALID_REQUEST), E(UNSUPPORTED_VERSION),               \
        E(OFFSET_OUT_OF_RANGE), E(REQUEST_TIMED_OUT), TRANSACTION_ABORTABLE,             \
        NO_SUCH_ERROR

#define COORDINATOR                                                                      \
    E(COORDINATOR_LOAD_IN_PROGRESS), E(COORDINATOR_NOT_AVAILABLE), E(NOT_COORDINATOR)

#define FENCED E(INVALID_PRODUCER_EPOCH), E(PRODUCER_FENCED)

#define UNAUTHORIZED                                                                     \
    E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), E(CLUSTER_AUTHORIZATION_FAILED)

#define OF_END_TXN                                                                       \
    E(CONCURRENT_TRANSACTIONS), TRANSACTION_ABORTABLE, E(INVALID_TXN_STATE),             \
        COORDINATOR, FENCED, UNAUTHORIZED, E(INVALID_PRODUCER_ID_MAPPING),               \
        E(UNKNOWN_PRODUCER_ID), E(_TRANSPORT), E(UNKNOWN), E(INVALID_REQUEST),           \
        E(UNSUPPORTED_VERSION), E(OFFSET_OUT_OF_RANGE), E(REQUEST_TIMED_OUT),            \
        NO_SUCH_ERROR

enum { MAX_ERRORS = 44, MAX_PLACES_OF = 5 };

/* Sources: the responses' classes in Kafka (FindCoordinatorResponse.java and so on), and
 * librdkafka's handlers. The first `n_sample` are of a class each. */
typedef struct request_row {
    api_key key;
    uint32_t n_sample;
    cell_place places[MAX_PLACES_OF + 1]; /* to N_PLACES */
    int errors[MAX_ERRORS + 1];           /* to 0 */
} request_row;

static const request_row rows[N_REQUESTS] = {
    [REQUEST_FIND_COORDINATOR] =
        {API_FIND_COORDINATOR,
         2,
         {PLACE_START, PLACE_FIRST, PLACE_NEW, PLACE_NEW_UNKNOWN, N_PLACES},
         {E(COORDINATOR_NOT_AVAILABLE), E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
          E(CLUSTER_AUTHORIZATION_FAILED), E(COORDINATOR_LOAD_IN_PROGRESS),
          E(GROUP_AUTHORIZATION_FAILED), E(INVALID_GROUP_ID), ANYWHERE}},
    [REQUEST_INIT_PRODUCER_ID] =
        {API_INIT_PRODUCER_ID,
         2,
         {PLACE_START, PLACE_BUMP, PLACE_NEW, PLACE_NEW_UNKNOWN, N_PLACES},
         {E(CONCURRENT_TRANSACTIONS), E(INVALID_TRANSACTION_TIMEOUT), COORDINATOR, FENCED,
          UNAUTHORIZED, E(INVALID_PRODUCER_ID_MAPPING), E(UNKNOWN_PRODUCER_ID),
          E(INVALID_TXN_STATE), ANYWHERE}},
    [REQUEST_ADD_PARTITIONS] = {API_ADD_PARTITIONS,
                                3,
                                {PLACE_FIRST, PLACE_LATER, PLACE_AMID, PLACE_IN_FLIGHT,
                                 PLACE_FIRST_OF_NEW, N_PLACES},
                                {E(CONCURRENT_TRANSACTIONS),
                                 E(TOPIC_AUTHORIZATION_FAILED), E(INVALID_TXN_STATE),
                                 COORDINATOR, FENCED, UNAUTHORIZED,
                                 E(UNKNOWN_TOPIC_OR_PART), E(OPERATION_NOT_ATTEMPTED),
                                 E(INVALID_PRODUCER_ID_MAPPING), E(UNKNOWN_PRODUCER_ID),
                                 ANYWHERE}},
    [REQUEST_PRODUCE] = {API_PRODUCE,
                         4,
                         {PLACE_FIRST, PLACE_LATER, PLACE_AMID, PLACE_IN_FLIGHT,
                          PLACE_FIRST_OF_NEW, N_PLACES},
                         {E(NOT_LEADER_FOR_PARTITION),
                          E(TOPIC_AUTHORIZATION_FAILED),
                          E(INVALID_PRODUCER_EPOCH),
                          E(DUPLICATE_SEQUENCE_NUMBER),
                          E(OUT_OF_ORDER_SEQUENCE_NUMBER),
                          E(UNKNOWN_PRODUCER_ID),
                          E(PRODUCER_FENCED),
                          E(INVALID_PRODUCER_ID_MAPPING),
                          E(INVALID_TXN_STATE),
                          E(CONCURRENT_TRANSACTIONS),
                          UNAUTHORIZED,
                          E(INVALID_MSG),
                          E(UNKNOWN_TOPIC_OR_PART),
                          E(LEADER_NOT_AVAILABLE),
                          E(NETWORK_EXCEPTION),
                          E(MSG_SIZE_TOO_LARGE),
                          E(TOPIC_EXCEPTION),
                          E(RECORD_LIST_TOO_LARGE),
                          E(NOT_ENOUGH_REPLICAS),
                          E(NOT_ENOUGH_REPLICAS_AFTER_APPEND),
                          E(INVALID_REQUIRED_ACKS),
                          E(INVALID_TIMESTAMP),
                          E(UNSUPPORTED_FOR_MESSAGE_FORMAT),
                          E(POLICY_VIOLATION),
                          E(KAFKA_STORAGE_ERROR),
                          E(UNSUPPORTED_COMPRESSION_TYPE),
                          E(INVALID_RECORD),
                          E(THROTTLING_QUOTA_EXCEEDED),
                          E(NOT_COORDINATOR),
                          ANYWHERE}},
    [REQUEST_ADD_OFFSETS] = {API_ADD_OFFSETS,
                             3,
                             {PLACE_FIRST, PLACE_LATER, PLACE_FIRST_OF_NEW, N_PLACES},
                             {E(CONCURRENT_TRANSACTIONS), E(GROUP_AUTHORIZATION_FAILED),
                              E(INVALID_TXN_STATE), COORDINATOR, FENCED, UNAUTHORIZED,
                              E(INVALID_PRODUCER_ID_MAPPING), E(UNKNOWN_PRODUCER_ID),
                              E(INVALID_GROUP_ID), E(TOPIC_AUTHORIZATION_FAILED),
                              E(UNKNOWN_TOPIC_OR_PART), E(UNSUPPORTED_FOR_MESSAGE_FORMAT),
                              ANYWHERE}},
    [REQUEST_TXN_OFFSET_COMMIT] = {API_TXN_OFFSET_COMMIT,
                                   3,
                                   {PLACE_FIRST, PLACE_LATER, PLACE_FIRST_OF_NEW,
                                    N_PLACES},
                                   {E(COORDINATOR_LOAD_IN_PROGRESS),
                                    E(ILLEGAL_GENERATION),
                                    E(INVALID_PRODUCER_ID_MAPPING),
                                    E(COORDINATOR_NOT_AVAILABLE),
                                    E(NOT_COORDINATOR),
                                    FENCED,
                                    UNAUTHORIZED,
                                    E(UNKNOWN_MEMBER_ID),
                                    E(FENCED_INSTANCE_ID),
                                    E(REBALANCE_IN_PROGRESS),
                                    E(GROUP_AUTHORIZATION_FAILED),
                                    E(TOPIC_AUTHORIZATION_FAILED),
                                    E(UNKNOWN_TOPIC_OR_PART),
                                    E(CONCURRENT_TRANSACTIONS),
                                    E(INVALID_TXN_STATE),
                                    E(UNKNOWN_PRODUCER_ID),
                                    E(UNSUPPORTED_FOR_MESSAGE_FORMAT),
                                    E(OFFSET_METADATA_TOO_LARGE),
                                    E(INVALID_COMMIT_OFFSET_SIZE),
                                    E(INVALID_GROUP_ID),
                                    E(GROUP_ID_NOT_FOUND),
                                    ANYWHERE}},
    [REQUEST_COMMIT] = {API_END_TXN,
                        3,
                        {PLACE_FIRST, PLACE_LATER, PLACE_FIRST_OF_NEW, N_PLACES},
                        {OF_END_TXN}},
    [REQUEST_ABORT] = {API_END_TXN,
                       3,
                       {PLACE_TAKING_BACK, PLACE_FAILED, N_PLACES},
                       {OF_END_TXN}},
    [REQUEST_NONE] = {0,
                      1,
                      {PLACE_START, PLACE_AMID, PLACE_TAKING_BACK, PLACE_FAILED,
                       PLACE_NEW, N_PLACES},
                      {E(_STATE)}},
};

/* Not in librdkafka 2.0.2: send_offsets_to_transaction() keeps to no deadline while the group's
 * coordinator is looked up, and may not end even when it is found. */
static bool ends_in_time(const matrix_cell *cell)
{
    return cell->request != REQUEST_FIND_COORDINATOR || cell->place != PLACE_FIRST ||
           !cell->persists ||
           (cell->err != RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE &&
            cell->err != RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS &&
            cell->err != RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT &&
            cell->err != RD_KAFKA_RESP_ERR__TRANSPORT);
}

/* What comes of a wrong time comes once. */
static bool makes_sense(const matrix_cell *cell)
{
    return ends_in_time(cell) && !(cell->request == REQUEST_NONE && cell->persists);
}

static size_t cells_of(cell_request request, matrix_cell *cells)
{
    const request_row *row = &rows[request];
    size_t n = 0;
    for (uint32_t i = 0; row->errors[i]; i++)
        for (uint32_t j = 0; row->places[j] < N_PLACES; j++)
            for (int persists = 0; persists <= 1; persists++) {
                const matrix_cell cell = {request, row->places[j],
                                          (rd_kafka_resp_err_t)row->errors[i],
                                          persists != 0, i < row->n_sample && j != 1};
                if (makes_sense(&cell))
                    cells[n++] = cell;
            }
    return n;
}

size_t matrix_cells(matrix_cell *cells)
{
    size_t n = 0;
    for (cell_request request = 0; request < N_REQUESTS; request++)
        n += cells_of(request, cells + n);
    return n;
}

/* ---- injecting it ---- */

enum { MANY = 200000, BROKER = 1 };

/* So that the next call of the owner comes at a wrong time. */
static void call_behind_its_back(const matrix_cell *cell, rd_kafka_t *producer)
{
    const int ms = (int)(HANG_NS / LEAT_MS);
    rd_kafka_error_t *error =
        cell->place == PLACE_AMID ? rd_kafka_commit_transaction(producer, ms)
        : cell_takes_back(cell)   ? rd_kafka_abort_transaction(producer, ms)
                                  : rd_kafka_init_transactions(producer, ms);
    assert_null(error);
}

/* The broker's own errors can be counted, the cluster's can be taken back; and where there
 * ever was one of the first kind, the second is not looked at. */
void cell_inject(const matrix_cell *cell, mock_cluster *mock, rd_kafka_t *producer)
{
    static rd_kafka_resp_err_t errors[MANY];
    int16_t key = (int16_t)rows[cell->request].key;
    if (cell->request == REQUEST_NONE) {
        if (cell->place != PLACE_AMID)
            call_behind_its_back(cell, producer);
        return;
    }
    for (int i = 0; i < MANY; i++)
        errors[i] = cell->err;
    if (cell->persists)
        rd_kafka_mock_push_request_errors_array(mock->cluster, key, MANY, errors);
    else
        rd_kafka_mock_broker_push_request_error_rtts(mock->cluster, BROKER, key,
                                                     (size_t)1, cell->err, 0);
}

void cell_clear(const matrix_cell *cell, mock_cluster *mock)
{
    rd_kafka_mock_clear_request_errors(mock->cluster, (int16_t)rows[cell->request].key);
}

bool cell_was_asked(const matrix_cell *cell, mock_cluster *mock)
{
    size_t left = 0;
    if (!cell->persists && cell->request != REQUEST_NONE)
        rd_kafka_mock_broker_error_stack_cnt(mock->cluster, BROKER,
                                             (int16_t)rows[cell->request].key, &left);
    return left == 0;
}

void cell_await_asked(const matrix_cell *cell, mock_cluster *mock, rd_kafka_t *producer)
{
    if (cell->request == REQUEST_NONE)
        call_behind_its_back(cell, producer);
    uint64_t deadline_ns = leat_now_ns() + CALL_NS;
    while (!cell_was_asked(cell, mock) && leat_now_ns() < deadline_ns)
        leat_sleep_ms(5);
    leat_sleep_ms(100); /* for the answer */
}
