/* worker/demo/profiles.h: a private Redis with what is known beforehand.
 *
 * Owns:    the redis-server, which listens on a socket in the demo's folder and keeps
 *          nothing on disk.
 * Threads: main.
 * Fails:   E_UNAVAILABLE: no redis-server on the PATH, or it does not come up.
 */
#ifndef LEAT_WORKER_DEMO_PROFILES_H
#define LEAT_WORKER_DEMO_PROFILES_H

#include "worker/demo/child.h"
#include "worker/demo/world.h"

/* Starts it in `folder` and waits until it listens on <folder>/redis.sock. */
leat_status leat_profiles_start(leat_child *redis, const char *folder,
                                leat_error *error) LEAT_MUST_CHECK;

/* Writes the world's profiles, a hash each. */
leat_status leat_profiles_write(const char *folder, const leat_stream_ops *ops,
                                const void *stream, leat_error *error) LEAT_MUST_CHECK;

#endif
