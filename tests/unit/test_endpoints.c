#include "worker/health/endpoints.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    leat_config config;
    leat_health *health;
    leat_endpoints first; /* has the address */
    leat_endpoints second;
    leat_error error;
} fixture;

static int set_up(void **state)
{
    static fixture self;
    self = (fixture){.config.file = "leat.yaml", .health = leat_health_new(0, 1)};
    leat_address_parse(&self.config.http.listen, "127.0.0.1:0");
    self.config.http.is_written = true;
    if (leat_endpoints_open(&self.first, &self.config, self.health, &self.error))
        return -1;
    self.config.http.listen = *leat_http_address(self.first.http);
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    fixture *self = *state;
    leat_endpoints_close(&self->first);
    leat_health_free(self->health);
    return 0;
}

static void test_endpoints__port_0_takes_a_free_one(void **state)
{
    fixture *self = *state;
    assert_int_not_equal(self->config.http.listen.as.v4.sin_port, 0);
}

static void test_endpoints__an_address_that_is_written_must_be_had(void **state)
{
    fixture *self = *state;
    assert_int_equal(
        leat_endpoints_open(&self->second, &self->config, self->health, &self->error),
        LEAT_E_UNAVAILABLE);
    assert_non_null(strstr(self->error.msg, "leat.yaml:"));
    assert_non_null(strstr(self->error.msg, "http.listen: cannot listen on 127.0.0.1:"));
}

static void test_endpoints__the_default_address_can_be_done_without(void **state)
{
    fixture *self = *state;
    self->config.http.is_written = false;
    assert_int_equal(
        leat_endpoints_open(&self->second, &self->config, self->health, &self->error),
        LEAT_OK);
    assert_null(self->second.http);
    leat_endpoints_close(&self->second);
}

static void test_endpoints__off_is_off(void **state)
{
    fixture *self = *state;
    leat_address_parse(&self->config.http.listen, "off");
    assert_int_equal(
        leat_endpoints_open(&self->second, &self->config, self->health, &self->error),
        LEAT_OK);
    assert_null(self->second.http);
    leat_endpoints_close(&self->second);
}

#define ENDPOINTS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINTS_TEST(test_endpoints__port_0_takes_a_free_one),
        ENDPOINTS_TEST(test_endpoints__an_address_that_is_written_must_be_had),
        ENDPOINTS_TEST(test_endpoints__the_default_address_can_be_done_without),
        ENDPOINTS_TEST(test_endpoints__off_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
