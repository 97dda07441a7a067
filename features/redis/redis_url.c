/* redis://[user[:password]@]host[:port][/db] and unix:///path?db=N.
 *
 * A password may stand in any part that does not parse, so no message quotes more than
 * the name of the part that is wrong, and what was expected. */
#include "features/redis/redis_tls.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

enum { DEFAULT_PORT = 6379, MAX_PORT = 65535, MAX_DATABASE = 1000000 };

static leat_status refuse(leat_error *error, const char *words)
{
    return leat_error_set(error, LEAT_E_CONFIG, "redis.url: %s", words);
}

static bool read_number(const char *text, uint32_t most, uint32_t *number)
{
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *number = *number * 10 + (uint32_t)(*text - '0');
        if (*number > most)
            return false;
    }
    return true;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *found;
    found = c ? strchr(digits, c | 0x20) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Percent-decodes in place: a password may hold "@" or "/". */
static bool decode(char *text)
{
    char *to = text;
    for (; *text; text++, to++) {
        *to = *text;
        if (*text != '%')
            continue;
        int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || high + low == 0)
            return false;
        *to = (char)(high * 16 + low);
        text += 2;
    }
    *to = 0;
    return true;
}

/* Cuts `text` at the first `mark`; what follows it, or NULL. */
static char *cut(char *text, char mark)
{
    char *found = strchr(text, mark);
    if (!found)
        return NULL;
    *found = 0;
    return found + 1;
}

static leat_status parse_user(leat_redis_spec *spec, char *text, leat_error *error)
{
    char *password = cut(text, ':');
    if (!decode(text) || (password && !decode(password)))
        return refuse(error, "a '%' in the user or password is not followed by two "
                             "hexadecimal digits (write a '%' itself as %25)");
    spec->user = *text ? text : NULL;
    spec->password = password;
    return LEAT_OK;
}

static leat_status parse_host(leat_redis_spec *spec, char *text, leat_error *error)
{
    char *port;
    if (strchr(text, ','))
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "redis.url: several hosts (a cluster) are not supported; "
                              "expected redis://host[:port]");
    if (*text == '[') {
        char *behind = cut(++text, ']');
        if (!behind || (*behind && *behind != ':'))
            return refuse(error, "the host begins with '[': expected [IPv6]:port");
        port = *behind ? behind + 1 : NULL;
    } else {
        port = cut(text, ':');
    }
    if (!*text)
        return refuse(error,
                      "no host; expected redis://[user:password@]host[:port][/db]");
    uint32_t number = DEFAULT_PORT;
    if (port && (!read_number(port, MAX_PORT, &number) || number == 0))
        return refuse(error,
                      "the port is no number from 1 to 65535 (in a password, write "
                      "'@' as %40, '/' as %2F, ':' as %3A)");
    spec->host = text;
    spec->port = (uint16_t)number;
    return LEAT_OK;
}

static leat_status parse_database(leat_redis_spec *spec, const char *text,
                                  leat_error *error)
{
    if (!read_number(text, MAX_DATABASE, &spec->database))
        return refuse(error, "the database is no number");
    return LEAT_OK;
}

static leat_status parse_tcp(leat_redis_spec *spec, char *rest, leat_error *error)
{
    char *database = cut(rest, '/');
    char *at = strrchr(rest, '@');
    leat_status status = LEAT_OK;
    if (at) {
        *at = 0;
        status = parse_user(spec, rest, error);
    }
    if (status == LEAT_OK)
        status = parse_host(spec, at ? at + 1 : rest, error);
    if (status == LEAT_OK && database && *database)
        status = parse_database(spec, database, error);
    return status;
}

static leat_status parse_unix(leat_redis_spec *spec, char *rest, leat_error *error)
{
    char *query = cut(rest, '?');
    if (*rest != '/')
        return refuse(error, "expected unix:///path?db=N, with an absolute path");
    if (strlen(rest) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return refuse(error,
                      "the path is longer than a socket's path may be (107 bytes)");
    spec->unix_path = rest;
    if (!query)
        return LEAT_OK;
    if (strncmp(query, "db=", 3))
        return refuse(error, "only db=N may follow the '?'");
    return parse_database(spec, query + 3, error);
}

leat_status leat_redis_parse_url(leat_redis_spec *spec, leat_arena *arena,
                                 const char *url, leat_error *error)
{
    static const char *const later[] = {"redis-cluster", "redis-sentinel",
                                        "redis+sentinel", "valkeys"};
    char *scheme = leat_arena_strndup(arena, url, strlen(url));
    if (!scheme)
        return leat_error_set(error, LEAT_E_MEMORY, "redis.url: out of memory");
    *spec = (leat_redis_spec){.timeout_ns = spec->timeout_ns};
    char *colon = strstr(scheme, "://");
    if (!colon)
        return refuse(error, "expected redis://host[:port][/db] or unix:///path?db=N");
    *colon = 0;
    if (!strcmp(scheme, "redis"))
        return parse_tcp(spec, colon + 3, error);
    if (!strcmp(scheme, "rediss")) {
        spec->has_tls = true;
        return leat_redis_has_tls()
                   ? parse_tcp(spec, colon + 3, error)
                   : leat_error_set(error, LEAT_E_UNSUPPORTED,
                                    "redis.url: rediss:// is not in this build, which "
                                    "needs hiredis_ssl (hiredis 1.0 or newer); expected "
                                    "redis:// or unix://");
    }
    if (!strcmp(scheme, "unix"))
        return parse_unix(spec, colon + 3, error);
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        if (!strcmp(scheme, later[i]))
            return leat_error_set(
                error, LEAT_E_UNSUPPORTED,
                "redis.url: %s:// is not supported; expected redis:// or "
                "unix://",
                later[i]);
    return refuse(error, "unknown scheme; expected redis://, rediss:// or unix://");
}
