/* features/redis/command.h: a command of many words, as RESP in pieces.
 *
 * Owns:    nothing; what it needs lies in the batch's arena, and words stay where they are
 *          until the command is asked.
 * Threads: one lane.
 * Fails:   E_MEMORY, when the command is asked.
 */
#ifndef LEAT_FEATURES_COMMAND_H
#define LEAT_FEATURES_COMMAND_H

#include "base/arena.h"
#include "base/number.h"
#include "features/redis/redis.h"

enum { LEAT_WORD_HEAD = 13 }; /* "$4294967295\r\n" */

typedef struct leat_command {
    leat_arena *arena;
    leat_slice *pieces; /* NULL: out of memory */
    char *heads;        /* [max_words][LEAT_WORD_HEAD] */
    uint32_t n_words;
    uint32_t max_words;
} leat_command;

/* What stands before a word of that size. `room` outlives it. */
static inline leat_slice leat_word_head(char room[LEAT_WORD_HEAD], uint32_t size)
{
    char *end = room + LEAT_WORD_HEAD;
    memcpy(end - 2, "\r\n", 2);
    char *start = leat_digits_before(end - 2, size) - 1;
    *start = '$';
    return (leat_slice){(const uint8_t *)start, (uint32_t)(end - start)};
}

void leat_command_init(leat_command *command, leat_arena *arena, uint32_t max_words);

void leat_command_add(leat_command *command, leat_slice word);
void leat_command_add_text(leat_command *command, const char *word);
void leat_command_add_integer(leat_command *command, int64_t number);

/* As leat_redis_ask. */
leat_status leat_command_ask(leat_command *command, leat_redis *redis,
                             leat_reply_kind expected, uint32_t n_values) LEAT_MUST_CHECK;

#endif
