/*
 * JSON-RPC 2.0 over a client: reads a message, finds the method in the tables,
 * answers. Handlers stand in rpc_*.c, one file a family of methods.
 *
 * A handler answers each request exactly once, now or later; a request outlives
 * its client (`request->client` is NULL then, and answers go nowhere).
 */
#pragma once

#include "client.h"

#include <cjson/cJSON.h>

struct request {
	struct client *client; /* NULL when it is gone */
	struct request *next;  /* the client's list */
	char id[160];          /* JSON text of the id */
	void (*cancel)(struct request *request); /* called when the client goes; may be NULL */
	void *data;            /* the handler's; for cancel */
};

typedef void rpc_handler(struct server *server, struct request *request, const cJSON *params);

struct rpc_method {
	const char *name;
	enum role role; /* the least */
	rpc_handler *handler;
};

extern const struct rpc_method rpc_kits[], rpc_leases[], rpc_scripts[], rpc_cases[], rpc_world[],
	rpc_room[], rpc_flash[], rpc_seats[], rpc_health[];

/* One text message of a client. Never keeps `text`. */
void rpc_message(struct client *client, const char *text, size_t length);
/* The all-stop, which waits for nothing? */
bool rpc_is_stop(const char *text, size_t length);
/* A client that came: it may hold leases under its name. */
void rpc_welcome(struct client *client);
/* The client goes: its requests are cancelled. */
void rpc_forget(struct client *client);

/* Answers: take over `result` and free the request. */
void request_reply(struct request *request, cJSON *result);
void request_reply_text(struct request *request, const char *json, size_t length);
void request_fail(struct request *request, const struct why *why);

/* Typed access to parameters. False: *why says which one is wrong, and how. */
bool param_text(const cJSON *params, const char *name, bool is_optional, const char **out,
	struct why *why);
bool param_integer(const cJSON *params, const char *name, bool is_optional, int64_t min,
	int64_t max, int64_t *out, struct why *why); /* *out stays when it is not given */
bool param_bool(const cJSON *params, const char *name, bool is_optional, bool *out,
	struct why *why);

/* A notification, encoded once. `params` is JSON text. */
struct frame *rpc_notification(const char *method, const char *params, size_t length);
