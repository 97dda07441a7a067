#include "features/redis/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static leat_refusal refusal_of(const char *words)
{
    return leat_refusal_of((leat_slice){(const uint8_t *)words, (uint32_t)strlen(words)});
}

static void test_refusal__the_first_word_tells_the_kind(void **state)
{
    (void)state;
    assert_int_equal(refusal_of("WRONGTYPE Operation against a key"),
                     LEAT_REFUSAL_WRONGTYPE);
    assert_int_equal(refusal_of("LOADING Redis is loading"), LEAT_REFUSAL_LOADING);
    assert_int_equal(refusal_of("READONLY You can't write"), LEAT_REFUSAL_READONLY);
    assert_int_equal(refusal_of("NOAUTH Authentication required."), LEAT_REFUSAL_NOAUTH);
    assert_int_equal(refusal_of("NOPERM this user has no"), LEAT_REFUSAL_NOPERM);
    assert_int_equal(refusal_of("MOVED 3999 127.0.0.1:6381"), LEAT_REFUSAL_CLUSTER);
    assert_int_equal(refusal_of("CLUSTERDOWN Hash slot not served"),
                     LEAT_REFUSAL_CLUSTER);
    assert_int_equal(refusal_of("ERR unknown command"), LEAT_REFUSAL_OTHER);
    assert_int_equal(refusal_of("MOVEDON"), LEAT_REFUSAL_OTHER);
    assert_int_equal(refusal_of("READONLY"), LEAT_REFUSAL_READONLY);
    assert_int_equal(refusal_of(""), LEAT_REFUSAL_OTHER);
}

static void test_refusal__every_kind_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < LEAT_N_REFUSALS; i++)
        assert_non_null(leat_refusal_name((leat_refusal)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusal__the_first_word_tells_the_kind),
        cmocka_unit_test(test_refusal__every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
