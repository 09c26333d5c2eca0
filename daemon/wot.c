/*
 * The Web of Things: kits as things, over HTTP.
 *
 *   /.well-known/wot                      TD of the directory
 *   /things, /things/ID                   all TDs, one TD
 *   /things/ID/properties/NAME            GET, PUT
 *   /things/ID/properties/NAME/observe    SSE (wot_stream.c)
 *   /things/ID/events/NAME                SSE
 *   /things/ID/actions/NAME               POST {argument: value}
 */
#include "wot.h"

#include "clock.h"
#include "jsonscan.h"
#include "jsonvalue.h"
#include "lab.h"
#include "reading.h"
#include "safety.h"
#include "server.h"
#include "wot_td.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pieces of /things/ID/KIND/NAME/TAIL; "" where there is none. */
struct path {
	char id[64], kind[16], name[64], tail[16];
};

static bool next_piece(const char **at, char *piece, size_t room)
{
	size_t length = strcspn(*at, "/");

	if (length >= room) {
		return false;
	}
	memcpy(piece, *at, length);
	piece[length] = '\0';
	*at += length;
	*at += **at == '/' ? 1 : 0;
	return true;
}

static bool split(const char *text, struct path *path)
{
	memset(path, 0, sizeof(*path));
	return next_piece(&text, path->id, sizeof(path->id)) &&
		next_piece(&text, path->kind, sizeof(path->kind)) &&
		next_piece(&text, path->name, sizeof(path->name)) &&
		next_piece(&text, path->tail, sizeof(path->tail)) && *text == '\0';
}

/* The door has seen to it that Host is one of ours. */
static void base_of(const struct http_request *request, char *base, size_t room)
{
	snprintf(base, room, "http://%s", request->head.host);
}

/* ---- descriptions ---- */

static void answer_directory(struct http_request *request)
{
	char base[300];

	base_of(request, base, sizeof(base));
	http_answer_json(request, "application/td+json", wot_directory(base, request->head.lang));
}

static void answer_list(struct http_request *request)
{
	struct lab *lab = request->server->lab;
	cJSON *list = cJSON_CreateArray();
	char base[300];

	base_of(request, base, sizeof(base));
	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		cJSON_AddItemToArray(list, wot_thing(lab_kit(lab, i), base, request->head.lang));
	}
	http_answer_json(request, "application/ld+json", list);
}

static void answer_thing(struct http_request *request, const struct kit *kit)
{
	char base[300];

	base_of(request, base, sizeof(base));
	http_answer_json(request, "application/td+json",
		wot_thing(kit, base, request->head.lang));
}

/* ---- values ---- */

/* The end of a reading or an action. */
static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	struct http_request *request = data;

	(void)t_us;
	if (why && why->code != ERR_NONE) {
		http_fail(request, why);
	} else {
		http_answer_json(request, "application/json",
			result ? json_from_value(result) : cJSON_CreateNull());
	}
}

static void on_written(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	static const struct http_reply well = {.status = 204};

	(void)result;
	(void)t_us;
	if (why && why->code != ERR_NONE) {
		http_fail(data, why);
	} else {
		http_answer(data, &well);
	}
}

static void forget_reading(struct http_request *request)
{
	reading_forget(request->server, request);
}

static void forget_command(struct http_request *request)
{
	kit_forget(request->data, request);
}

static void read_property(struct http_request *request, struct kit *kit, int index)
{
	struct why why;

	request->cancel = forget_reading;
	if (reading_start(request->server, kit, index, on_done, request, &why)) {
		http_fail(request, &why);
	}
}

static void write_property(struct http_request *request, struct kit *kit, int index)
{
	struct why why;
	cJSON *json = json_parse(request->body, request->body_length, &why);
	struct json_room room;
	struct value value;
	enum err err = json ? ERR_NONE : why.code;

	if (!err && !json_to_value(json, &room, &value)) {
		err = why_set(&why, ERR_INVALID, MSG_HTTP_VALUE);
	}
	request->cancel = forget_command;
	request->data = kit;
	if (!err) {
		struct server *server = request->server;

		err = safety_write(server->safety, kit, index, &value, &server->http,
			request->head.lease, clock_now_us(), on_written, request, &why);
	}
	if (err) {
		http_fail(request, &why);
	}
	cJSON_Delete(json);
}

static void do_action(struct http_request *request, struct kit *kit, int index)
{
	const struct action *action = &kit->actions[index];
	struct json_room rooms[KIT_ARGS_MAX];
	struct value args[KIT_ARGS_MAX];
	struct why why = {.code = ERR_NONE};
	cJSON *json = request->body_length > 0
		? json_parse(request->body, request->body_length, &why)
		: NULL;
	enum err err = why.code;

	if (!err && !json_to_args(action, json, rooms, args, &why)) {
		err = why.code;
	}
	request->cancel = forget_command;
	request->data = kit;
	if (!err) {
		struct server *server = request->server;

		err = safety_act(server->safety, kit, index, args, &server->http,
			request->head.lease, clock_now_us(), on_done, request, &why);
	}
	if (err) {
		http_fail(request, &why);
	}
	cJSON_Delete(json);
}

/* ---- routes ---- */

static void answer_property(struct http_request *request, struct kit *kit, const struct path *path)
{
	bool observes = strcmp(path->tail, "observe") == 0;
	struct why why;
	int index;
	enum err err = kit_need_property(kit, path->name, &index, &why);

	if (err != ERR_NOT_FOUND && !http_allows(request, observes ? "GET" : "GET PUT")) {
		return;
	}
	if (err) {
		http_fail(request, &why);
	} else if (observes) {
		wot_observe(request, kit, index);
	} else if (strcmp(request->head.method, "PUT") == 0) {
		write_property(request, kit, index);
	} else {
		read_property(request, kit, index);
	}
}

static void answer_action(struct http_request *request, struct kit *kit, const struct path *path)
{
	int index = kit_find_action(kit, path->name);
	struct why why;

	if (index < 0) {
		why_set(&why, ERR_NOT_FOUND, MSG_NO_ACTION, kit->id, path->name);
		http_fail(request, &why);
	} else if (http_allows(request, "POST")) {
		do_action(request, kit, index);
	}
}

static void answer_event(struct http_request *request, struct kit *kit, const struct path *path)
{
	int index = kit_find_event(kit, path->name);
	struct why why;

	if (index < 0) {
		why_set(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, request->head.path);
		http_fail(request, &why);
	} else if (http_allows(request, "GET")) {
		wot_subscribe(request, kit, index);
	}
}

static void answer_below_thing(struct http_request *request, struct kit *kit,
	const struct path *path)
{
	bool has_tail = path->tail[0] != '\0';
	struct why why;

	if (strcmp(path->kind, "properties") == 0 && path->name[0] &&
		(!has_tail || strcmp(path->tail, "observe") == 0)) {
		answer_property(request, kit, path);
	} else if (strcmp(path->kind, "actions") == 0 && path->name[0] && !has_tail) {
		answer_action(request, kit, path);
	} else if (strcmp(path->kind, "events") == 0 && path->name[0] && !has_tail) {
		answer_event(request, kit, path);
	} else {
		why_set(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, request->head.path);
		http_fail(request, &why);
	}
}

void wot_answer(struct http_request *request)
{
	const char *text = request->head.path;
	bool is_list = strcmp(text, "/things") == 0 || strcmp(text, "/things/") == 0;
	struct path path;
	struct why why;

	if (strcmp(text, "/.well-known/wot") == 0) {
		if (http_allows(request, "GET HEAD")) {
			answer_directory(request);
		}
		return;
	}
	if (is_list) {
		if (http_allows(request, "GET HEAD")) {
			answer_list(request);
		}
		return;
	}
	if (!split(text + strlen("/things/"), &path)) {
		why_set(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, text);
		http_fail(request, &why);
		return;
	}
	struct kit *kit = lab_need(request->server->lab, path.id, &why);

	if (!kit) {
		http_fail(request, &why);
	} else if (path.kind[0]) {
		answer_below_thing(request, kit, &path);
	} else if (http_allows(request, "GET HEAD")) {
		answer_thing(request, kit);
	}
}
