/* Documents by chance, whole and with a byte changed, beside jansson. */
#include "json_pack_fixture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct writer {
    char *at;
    unsigned depth;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    writer->at += vsprintf(writer->at, format, args);
    va_end(args);
}

static void put_space(struct writer *writer)
{
    static const char *const spaces[] = {"", "", "", " ", "\n", "\t \r\n"};
    put(writer, "%s", spaces[rand() % 6]);
}

static void put_string(struct writer *writer)
{
    static const char *const parts[] = {"a",
                                        "key",
                                        "0123456789",
                                        "\\n",
                                        "\\u00e9",
                                        "\\\\",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x98\x80",
                                        "\\ud83d\\ude00",
                                        "\\\"",
                                        "/",
                                        " "};
    put(writer, "\"");
    for (int n = rand() % 6; n; n--)
        put(writer, "%s", parts[rand() % 12]);
    put(writer, "\"");
}

static void put_number(struct writer *writer)
{
    long long integer = ((long long)rand() << 32 ^ rand()) >> rand() % 62;
    switch (rand() % 4) {
    case 0:
        put(writer, "%lld", rand() % 2 ? integer : -integer);
        break;
    case 1:
        put(writer, "%.*f", rand() % 8, (double)rand() / 7 - 1e8);
        break;
    case 2:
        put(writer, "%.17g", (double)integer / 3e9);
        break;
    default:
        put(writer, "%d.%de%d", rand() % 10, rand(), rand() % 600 - 300);
    }
}

static void put_value(struct writer *writer);

static void put_container(struct writer *writer, bool is_object)
{
    writer->depth++;
    put(writer, is_object ? "{" : "[");
    put_space(writer);
    for (int i = 0, n = rand() % 5; i < n; i++) {
        if (i)
            put(writer, ",");
        put_space(writer);
        if (is_object) {
            put_string(writer);
            put_space(writer);
            put(writer, ":");
            put_space(writer);
        }
        put_value(writer);
        put_space(writer);
    }
    put(writer, is_object ? "}" : "]");
    writer->depth--;
}

static void put_value(struct writer *writer)
{
    static const char *const words[] = {"true", "false", "null"};
    int kind = rand() % (writer->depth < 5 ? 7 : 4);
    if (kind >= 4)
        put_container(writer, kind > 4);
    else if (kind == 3)
        put_string(writer);
    else if (kind == 2)
        put(writer, "%s", words[rand() % 3]);
    else
        put_number(writer);
}

/* Whole ones, and each with one byte changed. */
static void test_json_pack_generated__agrees_with_jansson_on_generated_documents(
    void **state)
{
    static const char changes[] = "\"\\,:[]{}019e.-+ \x80\xc3u\n"; /* and a zero */
    static char text[1 << 20];
    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        struct writer writer = {text, 0};
        put_container(&writer, i % 2);
        leat_slice whole = {(const uint8_t *)text, (uint32_t)(writer.at - text)}, packed;
        assert_int_equal(pack(whole, &packed), LEAT_OK);
        expect_agreement(whole);
        text[(uint32_t)rand() % whole.size] = changes[(size_t)rand() % sizeof changes];
        expect_agreement(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_json_pack_generated__agrees_with_jansson_on_generated_documents),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
