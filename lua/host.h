/*
 * Speaking with the daemon. host_begin() starts a packet in runner->out, the
 * caller puts fields in, then sends it: one way, or as a request whose reply is
 * awaited on the spot (field access) or by the scheduler (actions).
 *
 * When the daemon is gone, so is this process.
 */
#pragma once

#include "runner.h"

void host_begin(struct runner *runner, enum wire_type type);   /* without a reply */
void host_request(struct runner *runner, enum wire_type type); /* with one */
void host_send(struct runner *runner);

/* Waits for one packet. Raises the stop, when one was asked for. */
struct wire_in host_receive(lua_State *L);

/* Sends the request and waits for its reply; others wait too. */
struct wire_in host_call(lua_State *L);

/* First thing of a reply: did the request fail? Then *fault says why, but for the line. */
bool host_failed(struct wire_in *reply, struct fault *fault);
/* Pushes the value of a reply that did not fail. */
int host_result(lua_State *L, struct wire_in *reply);

void host_push(lua_State *L, const struct wire_value *value);
/* The value at `index` as the packet's next field, or an error that names `what`. */
void host_put(lua_State *L, int index, const char *what);

/* Asks the daemon for the time: runner->now_us is right after it. */
void host_time(lua_State *L);

/* Sends how the run ended. */
void host_end(struct runner *runner, const struct fault *fault); /* NULL = finished */
