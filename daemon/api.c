/*
 * /api/v1: what programs without a WebSocket ask for.
 *
 *   POST   /api/v1/room/stop        {level?, seat?}      the all-stop
 *   POST   /api/v1/leases           {kit, ttl?, take?}   {lease, ttl}
 *   POST   /api/v1/leases/ID/feed                        204
 *   DELETE /api/v1/leases/ID                             204
 *
 * A lease taken here has no connection: only its age ends it. The page presses the stop here
 * while its socket is away.
 */
#include "http.h"

#include "clock.h"
#include "config.h"
#include "jsonscan.h"
#include "lab.h"
#include "rpc.h"
#include "safety.h"
#include "server.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct http_reply well = {.status = 204};

void api_begin(struct server *server)
{
	struct lease_holder *http = &server->http;

	snprintf(http->label, sizeof(http->label), "http");
	http->user = "";
	http->is_http = true;
	http->is_staff = server->config->open_role >= ROLE_TEACHER;
}

/* The body as an object, or nothing at all: owned. False: answered with the error. */
static bool read_body(struct http_request *request, cJSON **json)
{
	struct why why;

	*json = NULL;
	if (request->body_length == 0) {
		return true;
	}
	*json = json_parse(request->body, request->body_length, &why);
	if (*json && cJSON_IsObject(*json)) {
		return true;
	}
	if (*json) {
		why_set(&why, ERR_INVALID, MSG_PARAMS_OBJECT);
	}
	cJSON_Delete(*json);
	http_fail(request, &why);
	return false;
}

/* ---- the all-stop ---- */

/* A stop that waits for the kits; it outlives a client that goes. */
struct stopping {
	struct server *server;
	struct http_request *request; /* NULL = the client is gone */
	char seat[32];
};

static void on_stopped(void *data)
{
	struct stopping *stopping = data;

	if (stopping->request) {
		http_answer_json(stopping->request, "application/json",
			safety_stop_result(stopping->server->safety, stopping->seat));
	}
	free(stopping);
}

static void forget_stop(struct http_request *request)
{
	((struct stopping *)request->data)->request = NULL;
}

/* A stop is never refused for its form: then it is the room's. */
static void stop_room(struct http_request *request)
{
	struct server *server = request->server;
	struct stopping *stopping = xcalloc(1, sizeof(*stopping));
	const char *level = "hold", *seat = "";
	struct why why;
	cJSON *json = request->body_length > 0
		? json_parse(request->body, request->body_length, &why)
		: NULL;

	param_text(json, "level", true, &level, &why);
	param_text(json, "seat", true, &seat, &why);
	seat = safety_stop_seat(seat);
	stopping->server = server;
	stopping->request = request;
	snprintf(stopping->seat, sizeof(stopping->seat), "%s", seat);
	request->data = stopping;
	request->cancel = forget_stop;
	safety_stop(server->safety, stopping->seat,
		strcmp(level, "kill") == 0 ? HOLD_KILL : HOLD_ALL, server->http.label, server->http.is_staff,
		clock_now_us(), on_stopped, stopping);
	cJSON_Delete(json);
}

/* ---- leases ---- */

static void take_lease(struct http_request *request)
{
	struct server *server = request->server;
	const char *kit_id, *id;
	int64_t ttl_ms = LEASE_TTL_MS;
	bool take = false;
	struct why why;
	cJSON *json;

	if (!read_body(request, &json)) {
		return;
	}
	struct kit *kit = param_text(json, "kit", false, &kit_id, &why)
		? lab_need(server->lab, kit_id, &why)
		: NULL;

	if (!kit ||
		!param_integer(json, "ttl", true, LEASE_TTL_MIN_MS, LEASE_TTL_MAX_MS, &ttl_ms,
			&why) ||
		!param_bool(json, "take", true, &take, &why) ||
		safety_lease(server->safety, kit, &server->http, (int)ttl_ms, take, clock_now_us(),
			&id, &why)) {
		http_fail(request, &why);
	} else {
		cJSON *result = cJSON_CreateObject();

		cJSON_AddStringToObject(result, "lease", id);
		cJSON_AddNumberToObject(result, "ttl", (double)ttl_ms);
		http_answer_json(request, "application/json", result);
	}
	cJSON_Delete(json);
}

/* "ID" or "ID/feed" */
static void use_lease(struct http_request *request, const char *path)
{
	struct server *server = request->server;
	const char *slash = strchr(path, '/');
	bool feeds = slash && strcmp(slash, "/feed") == 0;
	char id[LEASE_ID_MAX + 1];
	struct why why;

	if (slash && !feeds) {
		why_set(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, request->head.path);
		http_fail(request, &why);
		return;
	}
	if (!http_allows(request, feeds ? "POST" : "DELETE")) {
		return;
	}
	if (snprintf(id, sizeof(id), "%.*s", (int)(slash ? (size_t)(slash - path) : strlen(path)),
		    path) > LEASE_ID_MAX) {
		id[0] = '\0'; /* longer than any: it is not found */
	}
	if (feeds ? safety_feed(server->safety, &server->http, id, clock_now_us(), &why)
		  : safety_release(server->safety, &server->http, id, clock_now_us(), &why)) {
		http_fail(request, &why);
	} else {
		http_answer(request, &well);
	}
}

void api_answer(struct http_request *request)
{
	static const char leases[] = "/api/v1/leases";
	const char *path = request->head.path;
	struct why why;

	if (strcmp(path, "/api/v1/room/stop") == 0) {
		if (http_allows(request, "POST")) {
			stop_room(request);
		}
	} else if (strcmp(path, leases) == 0) {
		if (http_allows(request, "POST")) {
			take_lease(request);
		}
	} else if (strncmp(path, leases, sizeof(leases) - 1) == 0 &&
		path[sizeof(leases) - 1] == '/') {
		use_lease(request, path + sizeof(leases));
	} else {
		why_set(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, path);
		http_fail(request, &why);
	}
}
