/* JSON-RPC 2.0: reading requests, finding methods, answering; see rpc.h. */
#include "rpc.h"

#include "clock.h"
#include "jsonout.h"
#include "jsonscan.h"
#include "server.h"
#include "value.h"
#include "xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CODE_PARSE = -32700,
	CODE_REQUEST = -32600,
	CODE_METHOD = -32601,
	CODE_PARAMS = -32602,
	CODE_OTHER = -32000,
	REQUEST_BYTES_MAX = 64 * 1024, /* but for those that carry a file */
	UNREAD_MAX = 16 * 1024,        /* over the rate, longer ones are not even looked into */
	REQUESTS_MAX = 256,            /* of one client without an answer yet */
	ID_TEXT_MAX = 64,
};

static const struct rpc_method *const tables[] = {
	rpc_kits, rpc_leases, rpc_scripts, rpc_cases, rpc_world, rpc_room, rpc_flash, rpc_seats, rpc_health,
};

/* ---- answers ---- */

static void send_text(struct client *client, const struct jsonout *out)
{
	struct frame *frame = frame_create(out->text, out->length);

	client_send(client, frame);
	frame_drop(frame);
}

static void send_error(struct client *client, const char *id, int code, const struct why *why)
{
	struct jsonout out = {0};
	const char *hint = why_text(why, client->lang);
	const char *message = code == CODE_PARSE ? "Parse error"
		: code == CODE_REQUEST           ? "Invalid Request"
		: code == CODE_METHOD            ? "Method not found"
		: code == CODE_PARAMS            ? "Invalid params"
						 : err_name(why->code);
	enum err reason = why->code == ERR_PROTOCOL ? ERR_INVALID : why->code;

	json_raw(&out, "{\"jsonrpc\":\"2.0\",\"id\":");
	json_raw(&out, id);
	json_raw(&out, ",\"error\":{\"code\":");
	json_int(&out, code);
	json_raw(&out, ",\"message\":\"");
	json_raw(&out, message);
	json_raw(&out, "\",\"data\":{\"reason\":\"");
	json_raw(&out, err_name(reason));
	json_raw(&out, "\",\"hint\":");
	json_text(&out, hint, strlen(hint));
	json_raw(&out, "}}}");
	send_text(client, &out);
	json_finish(&out);
}

static void request_free(struct request *request)
{
	struct request **at = request->client ? &request->client->requests : NULL;

	while (at && *at) {
		if (*at == request) {
			*at = request->next;
			break;
		}
		at = &(*at)->next;
	}
	free(request);
}

void request_reply_text(struct request *request, const char *json, size_t length)
{
	if (request->client) {
		struct jsonout out = {0};

		json_raw(&out, "{\"jsonrpc\":\"2.0\",\"id\":");
		json_raw(&out, request->id);
		json_raw(&out, ",\"result\":");
		json_bytes(&out, json, length);
		json_raw(&out, "}");
		send_text(request->client, &out);
		json_finish(&out);
	}
	request_free(request);
}

void request_reply(struct request *request, cJSON *result)
{
	char *text = cJSON_PrintUnformatted(result);

	cJSON_Delete(result);
	if (text) {
		request_reply_text(request, text, strlen(text));
		free(text);
		return;
	}
	struct why why;

	why_set(&why, ERR_INTERNAL, MSG_NO_MEMORY);
	request_fail(request, &why);
}

void request_fail(struct request *request, const struct why *why)
{
	if (request->client) {
		send_error(request->client, request->id,
			why->code == ERR_INVALID ? CODE_PARAMS : CODE_OTHER, why);
	}
	request_free(request);
}

struct frame *rpc_notification(const char *method, const char *params, size_t length)
{
	struct jsonout out = {0};
	struct frame *frame;

	json_raw(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"");
	json_raw(&out, method);
	json_raw(&out, "\",\"params\":");
	json_bytes(&out, params, length);
	json_raw(&out, "}");
	frame = frame_create(out.text, out.length);
	json_finish(&out);
	return frame;
}

/* ---- requests ---- */

/* The id as JSON text; false: it is neither text nor integer, or too long. */
static bool copy_id(const cJSON *id, char *out, size_t room)
{
	if (cJSON_IsString(id) && strlen(id->valuestring) <= ID_TEXT_MAX) {
		struct jsonout text = {0};

		json_text(&text, id->valuestring, strlen(id->valuestring));
		bool fits = text.length < room;

		if (fits) {
			memcpy(out, text.text, text.length);
			out[text.length] = '\0';
		}
		json_finish(&text);
		return fits;
	}
	if (cJSON_IsNumber(id) && id->valuedouble == floor(id->valuedouble) &&
		fabs(id->valuedouble) < (double)VALUE_INT_LIMIT) {
		snprintf(out, room, "%.0f", id->valuedouble);
		return true;
	}
	return false;
}

static const struct rpc_method *find_method(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct rpc_method *m = tables[i]; m->name; m++) {
			if (strcmp(m->name, name) == 0) {
				return m;
			}
		}
	}
	return NULL;
}

/* A student's connection may ask 50 times a second, 100 in a burst. Each 16 KiB count as one
 * more: half a megabyte takes 20 ms to read, be it a request or not. */
static bool is_too_often(struct client *client, size_t length)
{
	enum { RATE = 50, BURST = 100, SIZE = 16 * 1024 };
	int64_t now_us = clock_now_us();
	double earned = (double)(now_us - client->tokens_us) * RATE / 1e6;

	if (client->role >= ROLE_TEACHER) {
		return false;
	}
	client->tokens = client->tokens + earned > BURST ? BURST : client->tokens + earned;
	client->tokens_us = now_us;
	if (client->tokens < 1) {
		return true;
	}
	client->tokens -= 1 + (double)(length / SIZE);
	return false;
}

static size_t pending(const struct client *client)
{
	size_t count = 0;

	for (const struct request *request = client->requests; request; request = request->next) {
		count++;
	}
	return count;
}

static bool carries_file(const char *method)
{
	return strcmp(method, "script.run") == 0 || strcmp(method, "case.check") == 0 ||
		strcmp(method, "kit.flash") == 0;
}

/* The all-stop is never asked too often. */
static bool is_stop(const char *method)
{
	return strcmp(method, "room.stop") == 0;
}

bool rpc_is_stop(const char *text, size_t length)
{
	enum { LONGEST = 1024 };
	struct why why;

	if (length > LONGEST || !memmem(text, length, "room.stop", strlen("room.stop"))) {
		return false;
	}
	cJSON *json = json_parse(text, length, &why);
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "method");
	bool is_it = cJSON_IsString(name) && is_stop(name->valuestring);

	cJSON_Delete(json);
	return is_it;
}

/* Rights and limits of one request. Fills *code and *why when it may not be. */
static const struct rpc_method *admit(struct client *client, const char *name, size_t length,
	int *code, struct why *why)
{
	const struct rpc_method *method = find_method(name);

	*code = CODE_OTHER;
	if (!method) {
		*code = CODE_METHOD;
		why_set(why, ERR_UNSUPPORTED, MSG_NO_METHOD, name);
		return NULL;
	}
	if (client->role < method->role) {
		why_set(why, ERR_FORBIDDEN, MSG_ROLE, name, role_name(method->role));
		return NULL;
	}
	if (length > REQUEST_BYTES_MAX && !carries_file(name)) {
		why_set(why, ERR_LIMIT, MSG_REQUEST_SIZE, REQUEST_BYTES_MAX / 1024);
		return NULL;
	}
	if (pending(client) >= REQUESTS_MAX && !is_stop(name)) {
		why_set(why, ERR_LIMIT, MSG_TOO_MANY_REQUESTS, REQUESTS_MAX);
		return NULL;
	}
	return method;
}

static void dispatch(struct client *client, const cJSON *json, size_t length, bool is_over)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "jsonrpc");
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "method");
	const cJSON *params = cJSON_GetObjectItemCaseSensitive(json, "params");
	const cJSON *id_item = cJSON_GetObjectItemCaseSensitive(json, "id");
	char id[sizeof(((struct request *)0)->id)] = "null";
	bool has_id = copy_id(id_item, id, sizeof(id));
	struct why why;
	int code;

	if (!cJSON_IsObject(json) || !cJSON_IsString(version) ||
		strcmp(version->valuestring, "2.0") != 0 || !cJSON_IsString(name) || !has_id) {
		why_set(&why, ERR_INVALID, MSG_NO_REQUEST);
		send_error(client, has_id ? id : "null", CODE_REQUEST, &why);
		return;
	}
	if (params && !cJSON_IsObject(params)) {
		why_set(&why, ERR_INVALID, MSG_PARAMS_OBJECT);
		send_error(client, id, CODE_PARAMS, &why);
		return;
	}
	if (is_over && !is_stop(name->valuestring)) {
		why_set(&why, ERR_LIMIT, MSG_TOO_OFTEN);
		send_error(client, id, CODE_OTHER, &why);
		return;
	}
	const struct rpc_method *method = admit(client, name->valuestring, length, &code, &why);

	if (!method) {
		send_error(client, id, code, &why);
		return;
	}
	struct request *request = xcalloc(1, sizeof(*request));

	request->client = client;
	memcpy(request->id, id, sizeof(id));
	request->next = client->requests;
	client->requests = request;
	method->handler(client->server, request, params);
}

/* It cannot be read, but it may say who waits for the answer. */
static void refuse_message(struct client *client, const char *text, size_t length,
	const struct why *why)
{
	bool is_json = why->code != ERR_PROTOCOL;
	cJSON *item = is_json ? json_id(text, length) : NULL;
	char id[sizeof(((struct request *)0)->id)] = "null";
	bool has_id = copy_id(item, id, sizeof(id));

	cJSON_Delete(item);
	send_error(client, id, has_id ? CODE_PARAMS : is_json ? CODE_REQUEST : CODE_PARSE, why);
}

void rpc_message(struct client *client, const char *text, size_t length)
{
	bool is_over = is_too_often(client, length);
	struct why why;

	client->server->requests++;
	if (is_over && length > UNREAD_MAX) {
		why_set(&why, ERR_LIMIT, MSG_TOO_OFTEN);
		send_error(client, "null", CODE_OTHER, &why);
		return;
	}
	cJSON *json = json_parse(text, length, &why);

	if (!json) {
		refuse_message(client, text, length, &why);
		return;
	}
	dispatch(client, json, length, is_over);
	cJSON_Delete(json);
}

void rpc_forget(struct client *client)
{
	while (client->requests) {
		struct request *request = client->requests;

		client->requests = request->next;
		request->client = NULL;
		request->next = NULL;
		if (request->cancel) {
			request->cancel(request);
		}
	}
}

/* ---- parameters ---- */

static const cJSON *get(const cJSON *params, const char *name, bool is_optional, bool *is_there,
	struct why *why)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, name);

	*is_there = item && !cJSON_IsNull(item);
	if (!*is_there && !is_optional) {
		why_set(why, ERR_INVALID, MSG_PARAM_MISSING, name);
	}
	return item;
}

bool param_text(const cJSON *params, const char *name, bool is_optional, const char **out,
	struct why *why)
{
	bool is_there;
	const cJSON *item = get(params, name, is_optional, &is_there, why);

	if (!is_there) {
		return is_optional;
	}
	if (!cJSON_IsString(item)) {
		why_set(why, ERR_INVALID, MSG_PARAM_TYPE, name, "text");
		return false;
	}
	*out = item->valuestring;
	return true;
}

bool param_integer(const cJSON *params, const char *name, bool is_optional, int64_t min,
	int64_t max, int64_t *out, struct why *why)
{
	bool is_there;
	const cJSON *item = get(params, name, is_optional, &is_there, why);

	if (!is_there) {
		return is_optional;
	}
	if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble)) {
		why_set(why, ERR_INVALID, MSG_PARAM_TYPE, name, "integer");
		return false;
	}
	if (item->valuedouble < (double)min || item->valuedouble > (double)max) {
		why_set(why, ERR_INVALID, MSG_VALUE_RANGE, name, (double)min, (double)max,
			item->valuedouble);
		return false;
	}
	*out = (int64_t)item->valuedouble;
	return true;
}

bool param_bool(const cJSON *params, const char *name, bool is_optional, bool *out,
	struct why *why)
{
	bool is_there;
	const cJSON *item = get(params, name, is_optional, &is_there, why);

	if (!is_there) {
		return is_optional;
	}
	if (!cJSON_IsBool(item)) {
		why_set(why, ERR_INVALID, MSG_PARAM_TYPE, name, "bool");
		return false;
	}
	*out = cJSON_IsTrue(item);
	return true;
}

const char *role_name(enum role role)
{
	static const char *const names[] = {"none", "display", "student", "teacher", "admin"};

	return names[role];
}
