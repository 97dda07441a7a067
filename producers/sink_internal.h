/* producers/sink_internal.h: what the rooms of the sink share. publish.c hands batches to
 * the producer, sink.c opens it, hears what became of them and starts again.
 *
 * Owns:    as sink.h says.
 * Threads: one lane.
 */
#ifndef LEAT_PRODUCERS_SINK_INTERNAL_H
#define LEAT_PRODUCERS_SINK_INTERNAL_H

#include "producers/grouping.h"
#include "producers/producer.h"
#include "producers/sink.h"

struct leat_sink {
    leat_producer producer;
    leat_producer_spec producer_spec;
    uint64_t reopened_ns; /* when one that had failed was opened again last; 0: never */
    rd_kafka_resp_err_t reopened_by; /* what that one had failed by */
    uint64_t begun_ns;               /* when its last transaction began */
    bool works; /* since then: a record acknowledged, or a transaction committed */
    rd_kafka_resp_err_t broken_by; /* what ended the producer; 0: it lives */
    leat_sink_spec spec;
    leat_ledger *ledger;
    leat_sink_meters meters;
    rd_kafka_message_t *records[LEAT_N_OUTLETS]; /* [max_events]: those of a batch */
    leat_event **events;                         /* [max_events]: whose they are */
    leat_grouping grouping;
    int n_records; /* for each outlet */
    leat_status
        failed; /* what the producer said: OK, ABORTED (until abort), or an error */
    char why[256];
    leat_log_limit dead_letter_log;
};

/* A fatal error ends the producer, not the lane: the next one may do better. Its records
 * fail with it, and may say so first. */
void leat_sink_note_fatal(leat_sink *sink);

#endif
