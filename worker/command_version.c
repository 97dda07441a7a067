#include "worker/commands.h"

#include <hiredis/hiredis.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <microhttpd.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <yaml.h>

int leat_command_version(int argc, char **argv)
{
    if (argc > 1) {
        bool help = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h");
        fputs("usage: leat version\n", help ? stdout : stderr);
        return help ? EX_OK : EX_USAGE;
    }
    printf("leat        %s\n", LEAT_VERSION);
    printf("librdkafka  %s\n", rd_kafka_version_str());
    printf("hiredis     %d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    printf("msgpack-c   %s\n", MSGPACK_VERSION);
    printf("libyaml     %s\n", yaml_get_version_string());
    printf("jansson     %s\n", JANSSON_VERSION);
    printf("microhttpd  %s\n", MHD_get_version());
    printf("compiler    %s\n", __VERSION__);
    return EX_OK;
}
