/*
 * health.check, health.list, health.history: check-ups of kits. A check-up is answered when
 * it is over; meanwhile its client hears health.progress.
 */
#include "health.h"

#include "clock.h"
#include "rpc.h"
#include "server.h"
#include "store.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

struct asked {
	struct request *request;
	struct health *health; /* NULL: the store is asked */
	char kit[KIT_ID_MAX + 1];
};

static void free_asked(struct asked *asked)
{
	asked->request->data = NULL;
	asked->request->cancel = NULL;
	free(asked);
}

static void on_progress(void *data, const char *step, double share)
{
	const struct asked *asked = data;
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "kit", asked->kit);
	cJSON_AddStringToObject(json, "step", step);
	cJSON_AddNumberToObject(json, "share", share);
	char *text = cJSON_PrintUnformatted(json);

	cJSON_Delete(json);
	if (text && asked->request->client) {
		struct frame *frame = rpc_notification("health.progress", text, strlen(text));

		client_send(asked->request->client, frame);
		frame_drop(frame);
	}
	cJSON_free(text);
}

static enum lang lang_of(const struct request *request)
{
	return request->client ? request->client->lang : LANG_EN;
}

static void on_done(void *data, cJSON *report, const struct why *why)
{
	struct asked *asked = data;
	struct request *request = asked->request;

	free_asked(asked);
	if (report) {
		request_reply(request, health_localise(report, lang_of(request)));
		cJSON_Delete(report);
	} else {
		request_fail(request, why);
	}
}

static const struct health_events events = {.progress = on_progress, .done = on_done};

/* Its client is gone: nobody holds the kit in the hand any more. */
static void on_cancel(struct request *request)
{
	struct asked *asked = request->data;
	struct why why;

	if (asked && asked->health) {
		health_cancel(asked->health);
		free_asked(asked);
		why_set(&why, ERR_LOST, MSG_HEALTH_LET_GO);
		request_fail(request, &why); /* goes nowhere, and frees it */
	}
}

static void check(struct server *server, struct request *request, const cJSON *params)
{
	const char *id, *lease = "";
	struct why why;
	struct kit *kit = NULL;

	if (param_text(params, "kit", false, &id, &why) &&
		param_text(params, "lease", true, &lease, &why)) {
		kit = lab_need(server->lab, id, &why);
	}
	if (!kit || (lease[0] && safety_feed(server->safety, &request->client->holder, lease,
					 clock_now_us(), &why))) {
		request_fail(request, &why);
		return;
	}
	struct asked *asked = xcalloc(1, sizeof(*asked));

	asked->request = request;
	memcpy(asked->kit, kit->id, sizeof(asked->kit));
	request->data = asked;
	request->cancel = on_cancel;
	asked->health = health_start(
		server, kit, &request->client->holder, lease, &events, asked, &why);
	if (!asked->health) {
		free_asked(asked);
		request_fail(request, &why);
	}
}

/* ---- history ---- */

static void on_rows(void *data, cJSON *rows)
{
	struct asked *asked = data;
	struct request *request = asked->request;
	cJSON *result, *list;
	const cJSON *row;
	struct why why;

	free_asked(asked);
	if (!rows) {
		why_set(&why, ERR_IO, MSG_HEALTH_NO_HISTORY);
		request_fail(request, &why);
		return;
	}
	result = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(result, "reports");
	cJSON_ArrayForEach(row, rows)
	{
		int last = cJSON_GetArraySize(row) - 1;
		cJSON *report = cJSON_Parse(cJSON_GetStringValue(cJSON_GetArrayItem(row, last)));

		if (report) {
			cJSON_AddItemToArray(list, health_localise(report, lang_of(request)));
			cJSON_Delete(report);
		}
	}
	cJSON_Delete(rows);
	request_reply(request, result);
}

static void ask(struct server *server, struct request *request, const char *kit)
{
	struct asked *asked = xcalloc(1, sizeof(*asked));
	struct why why;

	asked->request = request;
	if (!store_ask_health(server->store, kit, on_rows, asked)) {
		free(asked);
		why_set(&why, ERR_IO, MSG_HEALTH_NO_HISTORY);
		request_fail(request, &why);
	}
}

static void list(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	ask(server, request, NULL);
}

static void history(struct server *server, struct request *request, const cJSON *params)
{
	const char *kit;
	struct why why;

	if (param_text(params, "kit", false, &kit, &why)) {
		ask(server, request, kit);
	} else {
		request_fail(request, &why);
	}
}

const struct rpc_method rpc_health[] = {
	{"health.check", ROLE_TEACHER, check},
	{"health.list", ROLE_TEACHER, list},
	{"health.history", ROLE_TEACHER, history},
	{NULL, ROLE_NONE, NULL},
};
