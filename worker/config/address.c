#include "worker/config/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits alone, at most 65535. */
static bool parse_port(const char *text, in_port_t *port)
{
    size_t size = strlen(text);
    if (!size || size > 5 || strspn(text, "0123456789") != size)
        return false;
    unsigned long number = strtoul(text, NULL, 10);
    *port = htons((uint16_t)number);
    return number <= UINT16_MAX;
}

/* Takes [from, to) as an address of that family. */
static bool parse_host(int family, const char *from, const char *to, void *host)
{
    char text[INET6_ADDRSTRLEN];
    size_t size = (size_t)(to - from);
    if (size >= sizeof text)
        return false;
    memcpy(text, from, size);
    text[size] = '\0';
    return inet_pton(family, text, host) == 1;
}

bool leat_address_parse(leat_address *address, const char *text)
{
    memset(address, 0, sizeof *address);
    if (!strcmp(text, "off"))
        return true;
    const char *colon = strrchr(text, ':');
    if (!colon)
        return false;
    if (*text == '[') {
        address->size = sizeof address->as.v6;
        address->as.v6.sin6_family = AF_INET6;
        return colon[-1] == ']' &&
               parse_host(AF_INET6, text + 1, colon - 1, &address->as.v6.sin6_addr) &&
               parse_port(colon + 1, &address->as.v6.sin6_port);
    }
    address->size = sizeof address->as.v4;
    address->as.v4.sin_family = AF_INET;
    return parse_host(AF_INET, text, colon, &address->as.v4.sin_addr) &&
           parse_port(colon + 1, &address->as.v4.sin_port);
}

const char *leat_address_print(const leat_address *address, char text[LEAT_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    if (!address->size) {
        snprintf(text, LEAT_ADDRESS_TEXT, "off");
    } else if (address->as.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->as.v6.sin6_addr, host, sizeof host);
        snprintf(text, LEAT_ADDRESS_TEXT, "[%s]:%u", host,
                 (unsigned)ntohs(address->as.v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &address->as.v4.sin_addr, host, sizeof host);
        snprintf(text, LEAT_ADDRESS_TEXT, "%s:%u", host,
                 (unsigned)ntohs(address->as.v4.sin_port));
    }
    return text;
}
