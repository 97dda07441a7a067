#include "features/redis/command.h"

#include "base/number.h"

#include <assert.h>

/* Three pieces a word ("$5\r\n", the word, "\r\n"), behind one for the head. */
static leat_slice *pieces_of(const leat_command *command, uint32_t word)
{
    return command->pieces + 1 + 3 * (size_t)word;
}

void leat_command_init(leat_command *command, leat_arena *arena, uint32_t max_words)
{
    *command = (leat_command){.arena = arena, .max_words = max_words};
    command->pieces =
        leat_arena_alloc(arena, (1 + 3 * (size_t)max_words) * sizeof(leat_slice));
    command->heads = leat_arena_alloc(arena, LEAT_WORD_HEAD * (size_t)max_words);
    if (!command->heads)
        command->pieces = NULL;
}

void leat_command_add(leat_command *command, leat_slice word)
{
    if (!command->pieces)
        return;
    assert(command->n_words < command->max_words);
    char *head = command->heads + LEAT_WORD_HEAD * (size_t)command->n_words;
    leat_slice *pieces = pieces_of(command, command->n_words++);
    pieces[0] = leat_word_head(head, word.size);
    pieces[1] = word;
    pieces[2] = (leat_slice){(const uint8_t *)"\r\n", 2};
}

void leat_command_add_text(leat_command *command, const char *word)
{
    leat_command_add(command, leat_slice_of(word));
}

void leat_command_add_integer(leat_command *command, int64_t number)
{
    char *text = leat_arena_alloc(command->arena, 1 + LEAT_MAX_DIGITS);
    if (!text) {
        command->pieces = NULL;
        return;
    }
    char *end = text + 1 + LEAT_MAX_DIGITS;
    char *at = leat_digits_before(end, number < 0 ? -(uint64_t)number : (uint64_t)number);
    if (number < 0)
        *--at = '-';
    leat_command_add(command, (leat_slice){(const uint8_t *)at, (uint32_t)(end - at)});
}

leat_status leat_command_ask(leat_command *command, leat_redis *redis,
                             leat_reply_kind expected, uint32_t n_values)
{
    const char *head = leat_arena_printf(command->arena, "*%u\r\n", command->n_words);
    if (!command->pieces || !head)
        return LEAT_E_MEMORY;
    command->pieces[0] = leat_slice_of(head);
    return leat_redis_ask(redis, command->pieces, 1 + 3 * command->n_words, expected,
                          n_values);
}
