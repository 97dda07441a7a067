/* features/on_unavailable.h: what becomes of an event where Redis does not answer for an
 * entity of it.
 */
#ifndef LEAT_FEATURES_ON_UNAVAILABLE_H
#define LEAT_FEATURES_ON_UNAVAILABLE_H

typedef enum leat_on_unavailable {
    LEAT_UNAVAILABLE_DEFAULT,     /* it is scored without: default, or NaN */
    LEAT_UNAVAILABLE_WAIT,        /* its batch waits until Redis does */
    LEAT_UNAVAILABLE_DEAD_LETTER, /* it fails (E_UNANSWERED) */
} leat_on_unavailable;

#endif
