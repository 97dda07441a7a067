#include "worker/health/endpoints.h"

#include "base/clock.h"
#include "base/log.h"

enum { OK = 200, UNAVAILABLE = 503 };

static unsigned write_live(void *opaque, const char *accept, FILE *out, const char **type)
{
    (void)accept, (void)type;
    return leat_health_is_live(opaque, leat_now_ns(), out) ? OK : UNAVAILABLE;
}

static unsigned write_ready(void *opaque, const char *accept, FILE *out,
                            const char **type)
{
    (void)accept, (void)type;
    return leat_health_is_ready(opaque, out) ? OK : UNAVAILABLE;
}

static unsigned write_metrics(void *opaque, const char *accept, FILE *out,
                              const char **type)
{
    leat_metrics_write(opaque, accept, out, type);
    return OK;
}

static leat_status start(leat_endpoints *self, const leat_config *config,
                         leat_error *error)
{
    char text[LEAT_ADDRESS_TEXT];
    leat_status status = leat_http_start(&self->http, &config->http.listen,
                                         LEAT_N_ENDPOINTS, self->pages, error);
    if (status == LEAT_OK)
        leat_log(LEAT_LOG_INFO, "http", "listens on %s: /livez, /readyz, /metrics",
                 leat_address_print(leat_http_address(self->http), text));
    return status;
}

leat_status leat_endpoints_open(leat_endpoints *endpoints, const leat_config *config,
                                leat_health *health, leat_error *error)
{
    *endpoints = (leat_endpoints){
        .metrics = {.config = config, .health = health},
        .pages = {{"/livez", write_live, health},
                  {"/readyz", write_ready, health},
                  {"/metrics", write_metrics, &endpoints->metrics}},
    };
    if (!config->http.listen.size)
        return LEAT_OK;
    leat_status status = start(endpoints, config, error);
    if (status == LEAT_OK || !config->http.is_written) {
        if (status != LEAT_OK)
            leat_log(LEAT_LOG_WARN, "http",
                     "%s; going on without probes and metrics (http.listen names "
                     "another address, or off)",
                     error->msg);
        return LEAT_OK;
    }
    leat_place place = leat_config_place(config, "http.listen");
    return leat_error_prefix(error, "%s:%u:%u: http.listen: ", config->file, place.line,
                             place.column);
}

void leat_endpoints_close(leat_endpoints *endpoints)
{
    leat_http_stop(endpoints->http);
}
