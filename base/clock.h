/* base/clock.h: time. Monotonic for waiting and measuring, real for records. */
#ifndef LEAT_BASE_CLOCK_H
#define LEAT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define LEAT_MS  UINT64_C(1000000)
#define LEAT_SEC UINT64_C(1000000000)

static inline uint64_t leat_clock_read(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * LEAT_SEC + (uint64_t)now.tv_nsec;
}

/* Nanoseconds that only go forward. */
static inline uint64_t leat_now_ns(void)
{
    return leat_clock_read(CLOCK_MONOTONIC);
}

/* Milliseconds since 1970, as Kafka's timestamps. */
static inline int64_t leat_real_ms(void)
{
    return (int64_t)(leat_clock_read(CLOCK_REALTIME) / LEAT_MS);
}

/* What is left until `deadline_ns`, in whole milliseconds rounded up; 0 when it passed.
 */
static inline int leat_ms_until(uint64_t deadline_ns)
{
    uint64_t now = leat_now_ns();
    if (deadline_ns <= now)
        return 0;
    uint64_t ms = (deadline_ns - now + LEAT_MS - 1) / LEAT_MS;
    return ms > 3600000 ? 3600000 : (int)ms;
}

static inline void leat_sleep_ms(int ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

#endif
