/* producers/utf8.h: text that leaves the process must be UTF-8.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_PRODUCERS_UTF8_H
#define LEAT_PRODUCERS_UTF8_H

#include <stddef.h>

/* Copies text into copy[room]; each byte that belongs to no character becomes U+FFFD.
 * What does not fit is cut between two characters. Returns the copy's length. */
size_t leat_utf8_repair(char *copy, size_t room, const char *text);

#endif
