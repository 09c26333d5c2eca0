/*
 * The control line of a virtual classroom: JSON lines over a UNIX socket on
 * which the daemon listens and to which kitlab-virtual connects. When it ends,
 * so does kitlab-virtual.
 *
 * kitlab-virtual says, first of all and in this order:
 *   {"classroom": "default", "seats": ["1", "2", ...]}
 *   {"board": {"label": "uno-1", "seat": "1", "model": "uno", "wiring": "starter",
 *              "port": "stream:/dir/uno-1?label=uno-1&seat=1&..."}}   for each board
 *   {"ready": true}
 * or {"error": ERROR} and ends, when there is no such classroom.
 *
 * The daemon asks, as often and as fast as it likes; answers come in order:
 *   {"id": 1, "get": true}                    -> {"id": 1, "result": WORLD}
 *   {"id": 2, "set": {"kits": {"uno-1": {"light": 0.2, "fault": "silence"}}}}
 *                                             -> {"id": 2, "result": WORLD} after the change
 *                                             or {"id": 2, "error": ERROR}, nothing is changed
 *   {"id": 3, "watch": true}                  -> {"id": 3, "result": VIEW}
 * From then on, at most 30 times a second and only when something changed, until
 * {"id": 4, "watch": false}:
 *   {"changed": VIEW}                         with only what changed
 * WORLD and VIEW are world.get's and world.watch's of docs/api.md, without the time. ERROR is
 * {"reason": "invalid", "text": ["English", "Chinese"]}.
 */
#pragma once

#include "virtual/classroom.h"

struct control;

/* Connects to "unix:/path", announces the classroom. NULL and *why on failure. */
struct control *control_create(struct loop *loop, const char *spec, struct why *why);
void control_destroy(struct control *control);

void control_announce(struct control *control, struct classroom *classroom); /* borrowed */
/* Says why there is no classroom. */
void control_refuse(struct control *control, const struct why *why);
