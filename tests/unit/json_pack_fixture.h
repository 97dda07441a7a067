/* tests/unit/json_pack_fixture.h: texts of JSON that are packed, for the tests of the packer.
 * jansson is the second opinion (tests/json_twin.h). */
#ifndef LEAT_TESTS_JSON_PACK_FIXTURE_H
#define LEAT_TESTS_JSON_PACK_FIXTURE_H

#include "base/json_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TEXT(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})

extern leat_arena arena;
extern leat_json_fault fault; /* of the last text */

int set_up(void **state);
int tear_down(void **state);

/* From memory that ends with the text, so that a sanitizer sees who reads on. */
leat_status pack(leat_slice text, leat_slice *packed);

/* jansson takes or refuses the text, too, and makes the same of it. */
void expect_agreement(leat_slice text);

#endif
