/* Methods of kits: hello, kits.*, kit.*; see API.md and rpc.h. */
#include "clock.h"
#include "config.h"
#include "jsonout.h"
#include "jsonvalue.h"
#include "lab.h"
#include "driver.h"
#include "reading.h"
#include "rpc.h"
#include "safety.h"
#include "server.h"
#include "wirings.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64, RATE_MAX = 100 };

/* ---- hello ---- */

static void add_limits(cJSON *result)
{
	cJSON *limits = cJSON_AddObjectToObject(result, "limits");

	cJSON_AddNumberToObject(limits, "frame", 512 * 1024);
	cJSON_AddNumberToObject(limits, "source", 256 * 1024);
	cJSON_AddNumberToObject(limits, "request", 64 * 1024);
	cJSON_AddNumberToObject(limits, "depth", 16);
	cJSON_AddNumberToObject(limits, "output", 1024 * 1024);
	cJSON_AddNumberToObject(limits, "requests_per_second", 50);
}

static void hello(struct server *server, struct request *request, const cJSON *params)
{
	const char *lang = NULL;
	struct why why;
	char utc[CLOCK_UTC_TEXT];

	(void)server;
	if (!param_text(params, "lang", true, &lang, &why)) {
		request_fail(request, &why);
		return;
	}
	struct client *client = request->client;

	if (lang) {
		client->lang = strncmp(lang, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
	}
	clock_utc_text(clock_utc_ms(), utc);
	cJSON *result = cJSON_CreateObject();

	cJSON_AddStringToObject(result, "server", "kitlabd " KITLAB_VERSION);
	cJSON_AddNumberToObject(result, "version", 1);
	cJSON_AddStringToObject(result, "role", role_name(client->role));
	if (client->user[0]) {
		cJSON_AddStringToObject(result, "user", client->user);
	} else {
		cJSON_AddNullToObject(result, "user");
	}
	cJSON *now = cJSON_AddObjectToObject(result, "now");

	cJSON_AddNumberToObject(now, "mono_ms", (double)clock_now_us() / 1000);
	cJSON_AddStringToObject(now, "utc", utc);
	add_limits(result);
	request_reply(request, result);
}

/* ---- kits.* ---- */

static void reply_rows(struct server *server, struct request *request)
{
	struct jsonout out = {0};
	size_t seats = server->world ? world_seat_count(server->world) : 0;

	json_raw(&out, "{\"kits\":[");
	for (size_t i = 0; i < lab_kit_count(server->lab); i++) {
		json_raw(&out, i ? "," : "");
		bus_row(server, lab_kit(server->lab, i), &out);
	}
	json_raw(&out, "],\"seats\":[");
	for (size_t i = 0; i < seats; i++) {
		const char *seat = world_seat(server->world, i);

		json_raw(&out, i ? ",{\"seat\":" : "{\"seat\":");
		json_text(&out, seat, strlen(seat));
		json_raw(&out, "}");
	}
	json_raw(&out, "]}");
	request_reply_text(request, out.text, out.length);
	json_finish(&out);
}

static void kits_list(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	reply_rows(server, request);
}

static void kits_watch(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	request->client->watches_kits = true;
	reply_rows(server, request);
}

static void kits_unwatch(struct server *server, struct request *request, const cJSON *params)
{
	(void)server;
	(void)params;
	request->client->watches_kits = false;
	request_reply_text(request, "{}", 2);
}

/* ---- kit.describe ---- */

static struct kit *need_kit(struct server *server, const cJSON *params, struct why *why)
{
	const char *id;

	return param_text(params, "kit", false, &id, why) ? lab_need(server->lab, id, why) : NULL;
}

static void put_member(struct jsonout *out, const char *name, const char *text)
{
	json_raw(out, ",\"");
	json_raw(out, name);
	json_raw(out, "\":");
	json_text(out, text, strlen(text));
}

static void put_form(struct jsonout *out, enum value_type type, const char *unit, double min,
	double max)
{
	json_raw(out, "\"type\":\"");
	json_raw(out, value_type_name(type));
	json_raw(out, "\"");
	if (unit) {
		put_member(out, "unit", unit);
	}
	if (isfinite(min)) {
		json_raw(out, ",\"min\":");
		json_number(out, min);
	}
	if (isfinite(max)) {
		json_raw(out, ",\"max\":");
		json_number(out, max);
	}
}

static void put_name(struct jsonout *out, bool is_first, const char *name)
{
	json_raw(out, is_first ? "" : ",");
	json_text(out, name, strlen(name));
	json_raw(out, ":{");
}

static void put_action(struct jsonout *out, const struct action *action, enum lang lang)
{
	json_raw(out, "\"args\":[");
	for (unsigned i = 0; i < action->arg_count; i++) {
		const struct argument *arg = &action->args[i];
		const struct name *word = name_find(arg->name);

		json_raw(out, i ? ",{" : "{");
		put_form(out, arg->type, arg->unit, arg->min, arg->max);
		put_member(out, "name", arg->name);
		json_raw(out, arg->optional ? ",\"optional\":true" : "");
		if (arg->choices) {
			put_member(out, "choices", arg->choices);
		}
		put_member(out, "title", word ? word->title[lang] : arg->name);
		json_raw(out, "}");
	}
	json_raw(out, "]");
	put_member(out, "class", safety_class_word(action->safety));
	put_member(out, "kind", name_kind_word(action->word->kind));
	put_member(out, "title", action->word->title[lang]);
	json_raw(out, "}");
}

static void put_properties(struct jsonout *out, const struct kit *kit, enum lang lang)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		const struct property *property = &kit->properties[i];

		put_name(out, i == 0, property->name);
		put_form(out, property->type, property->unit, property->min, property->max);
		json_raw(out, property->writable ? ",\"writable\":true" : ",\"writable\":false");
		json_raw(out, property->readable ? "" : ",\"readable\":false");
		put_member(out, "kind", name_kind_word(property->word->kind));
		put_member(out, "class", safety_class_word(property->safety));
		put_member(out, "title", property->word->title[lang]);
		json_raw(out, "}");
	}
}

static void kit_describe(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);

	if (!kit) {
		request_fail(request, &why);
		return;
	}
	enum lang lang = request->client->lang;
	struct jsonout out = {0};

	json_raw(&out, "{\"id\":");
	json_text(&out, kit->id, strlen(kit->id));
	json_raw(&out, ",\"model\":");
	if (kit->model[0]) {
		json_text(&out, kit->model, strlen(kit->model));
	} else {
		json_raw(&out, "null");
	}
	json_raw(&out, ",\"dead_man\":");
	json_raw(&out, kit->driver && kit->driver->has_dead_man ? "true" : "false");
	json_raw(&out, ",\"properties\":{");
	put_properties(&out, kit, lang);
	json_raw(&out, "},\"actions\":{");
	for (size_t i = 0; i < kit->action_count; i++) {
		put_name(&out, i == 0, kit->actions[i].name);
		put_action(&out, &kit->actions[i], lang);
	}
	json_raw(&out, "},\"events\":{");
	for (size_t i = 0; i < kit->event_count; i++) {
		const struct event *event = &kit->events[i];

		put_name(&out, i == 0, event->name);
		if (event->type != VALUE_NULL) {
			put_form(&out, event->type, NULL, NAN, NAN);
			put_member(&out, "title", event->word->title[lang]);
		} else {
			json_raw(&out, "\"title\":");
			json_text(&out, event->word->title[lang], strlen(event->word->title[lang]));
		}
		json_raw(&out, "}");
	}
	json_raw(&out, "}}");
	request_reply_text(request, out.text, out.length);
	json_finish(&out);
}

/* ---- kit.wiring ---- */

static cJSON *list_profiles(struct server *server, const struct kit *kit, enum lang lang)
{
	cJSON *list = cJSON_CreateArray();
	const struct wiring *wiring = NULL;

	while ((wiring = wirings_next(server->wirings, kit->model, wiring))) {
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "id", wiring->id);
		cJSON_AddStringToObject(item, "title", wiring->title[lang]);
		cJSON_AddItemToArray(list, item);
	}
	return list;
}

static void kit_wiring(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);
	const cJSON *profile = cJSON_GetObjectItemCaseSensitive(params, "profile");

	if (!kit || (profile && !cJSON_IsNull(profile) &&
			    !param_text(params, "profile", false, &(const char *){NULL}, &why))) {
		request_fail(request, &why);
		return;
	}
	const char *id = cJSON_IsString(profile) ? profile->valuestring : NULL;
	const struct wiring *wiring = id ? wirings_find(server->wirings, id) : NULL;

	if (id && !wiring) {
		why_set(&why, ERR_NOT_FOUND, MSG_NO_SUCH_WIRING, id);
		request_fail(request, &why);
		return;
	}
	if (profile && request->client->role < ROLE_STUDENT) {
		why_set(&why, ERR_FORBIDDEN, MSG_ROLE, "kit.wiring", role_name(ROLE_STUDENT));
		request_fail(request, &why);
		return;
	}
	if (profile && (safety_need_running(server->safety, kit, &why) ||
			       lab_set_wiring(server->lab, kit, wiring, &why))) {
		request_fail(request, &why);
		return;
	}
	cJSON *result = cJSON_CreateObject();

	if (kit->wiring[0]) {
		cJSON_AddStringToObject(result, "profile", kit->wiring);
	} else {
		cJSON_AddNullToObject(result, "profile");
	}
	cJSON_AddItemToObject(result, "profiles",
		list_profiles(server, kit, request->client->lang));
	request_reply(request, result);
}

/* ---- kit.watch, kit.unwatch ---- */

static bool read_names(const cJSON *list, const char **names, size_t *count, struct why *why)
{
	const cJSON *item;

	*count = 0;
	if (!list || cJSON_IsNull(list)) {
		return true;
	}
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > NAMES_MAX) {
		why_set(why, ERR_INVALID, MSG_PARAM_NAMES, "properties", NAMES_MAX);
		return false;
	}
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item) || strlen(item->valuestring) > KIT_NAME_MAX) {
			why_set(why, ERR_INVALID, MSG_PARAM_NAMES, "properties", NAMES_MAX);
			return false;
		}
		names[(*count)++] = item->valuestring;
	}
	return true;
}

static bool read_rate(const cJSON *params, double *rate, struct why *why)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, "rate");

	*rate = 20;
	if (!item || cJSON_IsNull(item)) {
		return true;
	}
	if (!cJSON_IsNumber(item)) {
		why_set(why, ERR_INVALID, MSG_PARAM_TYPE, "rate", "number");
		return false;
	}
	if (!(item->valuedouble == 0 || (item->valuedouble >= 0.1 &&
						item->valuedouble <= RATE_MAX))) {
		why_set(why, ERR_INVALID, MSG_VALUE_RANGE, "rate", 0.1, (double)RATE_MAX,
			item->valuedouble);
		return false;
	}
	*rate = item->valuedouble;
	return true;
}

static void kit_watch_method(struct server *server, struct request *request, const cJSON *params)
{
	const char *id, *names[NAMES_MAX];
	size_t count;
	double rate;
	struct why why;
	struct jsonout out = {0};

	if (!param_text(params, "kit", false, &id, &why) || !read_rate(params, &rate, &why) ||
		!read_names(cJSON_GetObjectItemCaseSensitive(params, "properties"), names, &count,
			&why)) {
		request_fail(request, &why);
		return;
	}
	struct kit *kit = strcmp(id, "*") == 0 ? NULL : lab_need(server->lab, id, &why);

	if ((strcmp(id, "*") != 0 && !kit) ||
		bus_watch(server->bus, request->client, kit, names, count, rate, &out, &why)) {
		request_fail(request, &why);
	} else {
		request_reply_text(request, out.text, out.length);
	}
	json_finish(&out);
}

static void kit_unwatch_method(struct server *server, struct request *request,
	const cJSON *params)
{
	int64_t watch = 0;
	struct why why;

	if (!param_integer(params, "watch", false, 0, VALUE_INT_LIMIT, &watch, &why) ||
		bus_unwatch(server->bus, request->client, (uint64_t)watch, &why)) {
		request_fail(request, &why);
		return;
	}
	request_reply_text(request, "{}", 2);
}

/* ---- kit.read, kit.write, kit.act: answered when the kit has ---- */

/* {NAME: value, "t": t}, or why not. */
static void answer(struct request *request, const char *name, const struct value *value,
	const struct why *why, int64_t t_us)
{
	struct jsonout out = {0};

	if (why->code != ERR_NONE) {
		request_fail(request, why);
		return;
	}
	json_raw(&out, "{");
	if (name) {
		json_text(&out, name, strlen(name));
		json_raw(&out, ":");
		json_value(&out, value);
		json_raw(&out, ",");
	}
	json_raw(&out, "\"t\":");
	json_ms(&out, t_us);
	json_raw(&out, "}");
	request_reply_text(request, out.text, out.length);
	json_finish(&out);
}

static void on_read(void *data, const struct value *value, const struct why *why, int64_t t_us)
{
	answer(data, "value", value, why, t_us);
}

static void on_written(void *data, const struct value *value, const struct why *why, int64_t t_us)
{
	answer(data, NULL, value, why, t_us);
}

static void on_acted(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	answer(data, "result", result, why, t_us);
}

static void kit_read_method(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);
	const char *name;
	int index = -1;

	if (!kit || !param_text(params, "property", false, &name, &why) ||
		kit_need_property(kit, name, &index, &why) ||
		reading_start(server, kit, index, on_read, request, &why)) {
		request_fail(request, &why);
	}
}

/* The lease that a command names; NULL = none. False: *why. */
static bool read_lease(const cJSON *params, const char **lease, struct why *why)
{
	*lease = NULL;
	return param_text(params, "lease", true, lease, why);
}

static void kit_write_method(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(params, "value");
	const char *name, *lease;
	struct json_room room;
	struct value value;
	int index = -1;

	if (!kit || !param_text(params, "property", false, &name, &why) ||
		!read_lease(params, &lease, &why) || kit_need_property(kit, name, &index, &why)) {
		request_fail(request, &why);
		return;
	}
	if (!item) {
		why_set(&why, ERR_INVALID, MSG_PARAM_MISSING, "value");
		request_fail(request, &why);
		return;
	}
	if (!json_to_value(item, &room, &value)) {
		why_set(&why, ERR_INVALID, MSG_VALUE_FORM, "value");
		request_fail(request, &why);
		return;
	}
	if (safety_write(server->safety, kit, index, &value, &request->client->holder, lease,
		    clock_now_us(), on_written, request, &why)) {
		request_fail(request, &why);
	}
}

static void kit_act_method(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);
	const char *name, *lease;
	struct json_room rooms[KIT_ARGS_MAX];
	struct value args[KIT_ARGS_MAX];
	int index = -1;

	if (!kit || !param_text(params, "action", false, &name, &why) ||
		!read_lease(params, &lease, &why) || kit_need_action(kit, name, &index, &why) ||
		!json_to_args(&kit->actions[index],
			cJSON_GetObjectItemCaseSensitive(params, "args"), rooms, args, &why) ||
		safety_act(server->safety, kit, index, args, &request->client->holder, lease,
			clock_now_us(), on_acted, request, &why)) {
		request_fail(request, &why);
	}
}

const struct rpc_method rpc_kits[] = {
	{"hello", ROLE_NONE, hello},
	{"kits.list", ROLE_DISPLAY, kits_list},
	{"kits.watch", ROLE_DISPLAY, kits_watch},
	{"kits.unwatch", ROLE_DISPLAY, kits_unwatch},
	{"kit.describe", ROLE_DISPLAY, kit_describe},
	{"kit.wiring", ROLE_DISPLAY, kit_wiring},
	{"kit.watch", ROLE_DISPLAY, kit_watch_method},
	{"kit.unwatch", ROLE_DISPLAY, kit_unwatch_method},
	{"kit.read", ROLE_DISPLAY, kit_read_method},
	{"kit.write", ROLE_STUDENT, kit_write_method},
	{"kit.act", ROLE_STUDENT, kit_act_method},
	{NULL, ROLE_NONE, NULL},
};
