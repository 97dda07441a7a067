#include "runtime/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *message, const char *digest)
{
    char text[LEAT_SHA256_TEXT];
    leat_sha256((const uint8_t *)message, strlen(message), text);
    assert_string_equal(text, digest);
}

/* NIST's examples for FIPS 180-4. */
static void test_sha256__agrees_with_the_examples_of_its_standard(void **state)
{
    (void)state;
    check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
          "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void test_sha256__hashes_a_million_letters(void **state)
{
    (void)state;
    char text[LEAT_SHA256_TEXT];
    uint8_t *letters = malloc(1000000);
    memset(letters, 'a', 1000000);
    leat_sha256(letters, 1000000, text);
    free(letters);
    assert_string_equal(
        text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Digests of 55, 56, 63, 64 and 65 zeros: the padding goes over into a second block. */
static void test_sha256__pads_at_every_edge_of_a_block(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *digest;
    } edges[] = {
        {55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
        {56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
        {63, "c7723fa1e0127975e49e62e753db53924c1bd84b8ac1ac08df78d09270f3d971"},
        {64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
        {65, "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7"},
    };
    static const uint8_t zeros[65];
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        char text[LEAT_SHA256_TEXT];
        leat_sha256(zeros, edges[i].size, text);
        assert_string_equal(text, edges[i].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256__agrees_with_the_examples_of_its_standard),
        cmocka_unit_test(test_sha256__hashes_a_million_letters),
        cmocka_unit_test(test_sha256__pads_at_every_edge_of_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
