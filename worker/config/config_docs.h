/* worker/config/config_docs.h: the reference of all keys, as docs/configuration.md has it.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_WORKER_CONFIG_DOCS_H
#define LEAT_WORKER_CONFIG_DOCS_H

#include <stdio.h>

/* Markdown: a table a section, a row a key. */
void leat_config_print_keys(FILE *out);

#endif
