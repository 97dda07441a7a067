#include "producers/dead_letter.h"

#include "producers/utf8.h"

#include <inttypes.h>
#include <stdio.h>

#define CONNECT "__connect.errors."

enum { MAX_MESSAGE = 1024, MAX_NUMBER = 24 };

static rd_kafka_resp_err_t add_absent(rd_kafka_headers_t *headers, const char *name,
                                      const char *value)
{
    const void *there;
    size_t size;
    if (rd_kafka_header_get_last(headers, name, &there, &size) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_header_add(headers, name, -1, value, -1);
}

rd_kafka_headers_t *leat_dead_letter_headers(const leat_dead_letter_spec *spec,
                                             const leat_event *event,
                                             const rd_kafka_headers_t *existing)
{
    enum { N_HEADERS = 9 };
    char partition[MAX_NUMBER], offset[MAX_NUMBER], class[MAX_NUMBER];
    char message[MAX_MESSAGE];
    snprintf(partition, sizeof partition, "%" PRId32, event->partition);
    snprintf(offset, sizeof offset, "%" PRId64, event->offset);
    snprintf(class, sizeof class, "leat.%s", leat_stage_name(event->stage));
    /* A reason may quote bytes of the payload, or have been cut within a character. */
    leat_utf8_repair(message, sizeof message,
                     event->reason ? event->reason : leat_status_text(event->status));

    const char *const added[N_HEADERS][2] = {
        {CONNECT "topic", event->topic},
        {CONNECT "partition", partition},
        {CONNECT "offset", offset},
        {CONNECT "connector.name", spec->connector},
        {CONNECT "task.id", spec->task},
        {CONNECT "stage", leat_stage_name(event->stage)},
        {CONNECT "class.name", class},
        {CONNECT "exception.class.name", leat_status_name(event->status)},
        {CONNECT "exception.message", message},
    };
    rd_kafka_headers_t *headers =
        existing ? rd_kafka_headers_copy(existing) : rd_kafka_headers_new(N_HEADERS);
    for (int i = 0; headers && i < N_HEADERS; i++)
        if (add_absent(headers, added[i][0], added[i][1])) {
            rd_kafka_headers_destroy(headers);
            headers = NULL;
        }
    return headers;
}
