/* Methods of scripts: script.*; see API.md and rpc.h. */
#include "cases.h"
#include "jsonout.h"
#include "script_run.h"
#include "server.h"

static struct run *need_run(struct server *server, const cJSON *params, struct why *why)
{
	const char *id;
	struct run *run;

	if (!param_text(params, "run", false, &id, why)) {
		return NULL;
	}
	run = script_find(server->scripts, id);
	if (!run) {
		why_set(why, ERR_NOT_FOUND, MSG_NO_RUN, id);
	}
	return run;
}

/* ---- script.run ---- */

static bool read_kits(const cJSON *params, const char **kits, size_t *count, struct why *why)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(params, "kits"), *item;

	if (!list || cJSON_IsNull(list)) {
		return true;
	}
	if (!cJSON_IsArray(list)) {
		why_set(why, ERR_INVALID, MSG_PARAM_TYPE, "kits", "array");
		return false;
	}
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item)) {
			why_set(why, ERR_INVALID, MSG_PARAM_TYPE, "kits", "array of text");
			return false;
		}
		if (*count == RUN_KITS_MAX) {
			why_set(why, ERR_LIMIT, MSG_TOO_MANY_KITS, RUN_KITS_MAX);
			return false;
		}
		kits[(*count)++] = item->valuestring;
	}
	return true;
}

static bool read_start(struct server *server, const cJSON *params, struct script_start *start,
	const char **kits, struct why *why)
{
	if (!param_text(params, "source", false, &start->source, why) ||
		!param_text(params, "name", true, &start->name, why) ||
		!param_text(params, "kit", true, &start->kit, why) ||
		!param_text(params, "case", true, &start->case_id, why) ||
		!read_kits(params, kits, &start->kit_count, why) ||
		!param_integer(params, "seed", true, 0, VALUE_INT_LIMIT, &start->seed, why) ||
		!param_bool(params, "replace", true, &start->replace, why)) {
		return false;
	}
	if (start->case_id && !cases_find_meta(server->cases, start->case_id)) {
		why_set(why, ERR_NOT_FOUND, MSG_NO_CASE, start->case_id);
		return false;
	}
	start->source_length = strlen(start->source);
	start->kits = kits;
	return true;
}

static void script_run(struct server *server, struct request *request, const cJSON *params)
{
	const char *kits[RUN_KITS_MAX], *run;
	struct script_start start = {
		.seed = -1,
		.by = request->client->user,
		.is_staff = request->client->role >= ROLE_TEACHER,
		.watcher = request->client,
	};
	struct jsonout out = {0};
	struct why why;

	if (!read_start(server, params, &start, kits, &why) ||
		script_start(server->scripts, &start, &run, &why)) {
		request_fail(request, &why);
		return;
	}
	json_raw(&out, "{\"run\":\"");
	json_raw(&out, run);
	json_raw(&out, "\"}");
	request_reply_text(request, out.text, out.length);
	json_finish(&out);
}

/* ---- looking ---- */

static void script_watch(struct server *server, struct request *request, const cJSON *params)
{
	struct jsonout out = {0};
	struct why why;
	struct run *run = need_run(server, params, &why);

	if (!run) {
		request_fail(request, &why);
		return;
	}
	output_flush(run); /* else it would hear again what stands in the tail */
	run_write(run, request->client->lang, &out);
	json_raw(&out, ",\"tail\":");
	output_write_tail(run, &out);
	json_raw(&out, "}");
	if (!run_is_ended(run)) {
		run_watch(run, request->client);
	}
	request_reply_text(request, out.text, out.length);
	json_finish(&out);
}

static void script_unwatch(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct run *run = need_run(server, params, &why);

	if (!run) {
		request_fail(request, &why);
		return;
	}
	run_unwatch(run, request->client);
	request_reply_text(request, "{}", 2);
}

static void script_list(struct server *server, struct request *request, const cJSON *params)
{
	struct jsonout out = {0};

	(void)params;
	json_raw(&out, "{\"runs\":[");
	for (struct run *run = server->scripts->runs; run; run = run->next) {
		json_raw(&out, run == server->scripts->runs ? "" : ",");
		run_write(run, request->client->lang, &out);
		json_raw(&out, "}");
	}
	json_raw(&out, "]}");
	request_reply_text(request, out.text, out.length);
	json_finish(&out);
}

/* ---- script.stop ---- */

static void script_stop(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct run *run = need_run(server, params, &why);
	struct client *client = request->client;

	if (run && client->role < ROLE_TEACHER && strcmp(run->by, client->user) != 0) {
		why_set(&why, ERR_FORBIDDEN, MSG_RUN_NOT_YOURS);
		run = NULL;
	}
	if (!run) {
		request_fail(request, &why);
		return;
	}
	if (run_is_ended(run)) {
		struct jsonout out = {0};

		json_raw(&out, "{\"state\":\"");
		json_raw(&out, run_state_name(run->state));
		json_raw(&out, "\"}");
		request_reply_text(request, out.text, out.length);
		json_finish(&out);
		return;
	}
	run_add_stopper(run, request);
	run_stop(run, CAUSE_ASKED);
}

const struct rpc_method rpc_scripts[] = {
	{"script.run", ROLE_STUDENT, script_run},
	{"script.watch", ROLE_DISPLAY, script_watch},
	{"script.unwatch", ROLE_DISPLAY, script_unwatch},
	{"script.list", ROLE_DISPLAY, script_list},
	{"script.stop", ROLE_STUDENT, script_stop},
	{NULL, ROLE_NONE, NULL},
};
