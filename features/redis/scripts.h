/* features/redis/scripts.h: what Redis does for aggregates in one step.
 *
 * Both go as EVAL, with their text: Redis knows a text by its digest, so it compiles it
 * once, and there is nothing to load again when Redis was restarted.
 *
 * Owns:    nothing; constants.
 * Threads: any.
 */
#ifndef LEAT_FEATURES_SCRIPTS_H
#define LEAT_FEATURES_SCRIPTS_H

/* KEYS: record, journal. Answers {token before, applied, journal}; the token is one more
 * now, and no write has been made with it. */
extern const char LEAT_SCRIPT_ACQUIRE[];

/* KEYS: record and journal of each partition, then states, those of one owner first.
 * ARGV: numbers of partitions and of states of one owner, then
 *
 *   of each partition          token, number of the write, applied, last offset of the
 *                              chunk, chunk (may be empty), committed offset
 *   of each state              value, milliseconds that it is kept
 *   of each shared state also  the eight bytes of the version that was read (may be empty)
 *
 * Answers a status: OK, or CONFLICT and the numbers (from 0) of shared states whose version
 * is another one by now; then the others are written, and states of one owner and
 * partitions are not. An error: FENCED or OVERTAKEN, and the record's key. */
extern const char LEAT_SCRIPT_WRITE[];

#endif
