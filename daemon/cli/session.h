/*
 * One connection to the daemon: requests are answered while the caller waits,
 * notifications are kept in order until he takes them.
 *
 * session_open, then session_call and session_next in any order, session_close.
 * Ctrl-C (SIGINT, SIGTERM) ends a session_next early; session_is_interrupted
 * tells. A second Ctrl-C ends the program as usual.
 */
#pragma once

#include "err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct session;

/* Connects and says hello. NULL: *why tells the person what to do; `server` is a URL. */
struct session *session_open(const char *server, enum lang lang, struct why *why);
void session_close(struct session *session); /* NULL is fine */

/*
 * Asks and waits for the answer. Takes `params` (NULL = none). The answer is
 * the caller's: {result} or {error}. NULL: the connection is gone, *why tells.
 */
cJSON *session_call(struct session *session, const char *method, cJSON *params, struct why *why);

/* The same in pieces: asks; takes the answer when it is there, else NULL. */
int64_t session_post(struct session *session, const char *method, cJSON *params);
cJSON *session_answer(struct session *session, int64_t id);
/* Waits until a message comes, or for so long, or Ctrl-C. False: gone, *why tells. */
bool session_wait(struct session *session, int timeout_ms, struct why *why);
/* A notification that is there already, which is the caller's; NULL = none. */
cJSON *session_notification(struct session *session);

/* Waits for the next notification, which is the caller's. NULL: gone (*why), or interrupted. */
cJSON *session_next(struct session *session, struct why *why);
bool session_is_interrupted(void);
