/*
 * One alarm for many kits; see alarm.h. The first loss opens a window; what is lost until it closes
 * is told together. Each kit's own row has told its loss by then, so nothing is delayed by this.
 */
#include "alarm.h"

#include "log.h"
#include "rpc.h"
#include "server.h"
#include "xalloc.h"

#include <cjson/cJSON.h>

#include <stdlib.h>
#include <string.h>

struct alarm {
	struct server *server;    /* borrowed */
	struct loop_timer *timer; /* runs while a window is open */
	cJSON *kits;              /* owned: the ids that were lost in it */
};

/* {kits, why}; the array of ids is taken over. */
static void tell(struct alarm *alarm, const struct why *why)
{
	cJSON *json = cJSON_CreateObject(), *reason;

	cJSON_AddItemToObject(json, "kits", alarm->kits);
	reason = cJSON_AddObjectToObject(json, "why");
	cJSON_AddStringToObject(reason, "reason", err_name(why->code));
	cJSON_AddStringToObject(reason, "en", why->text[LANG_EN]);
	cJSON_AddStringToObject(reason, "zh", why->text[LANG_ZH]);
	char *text = cJSON_PrintUnformatted(json);

	if (text) {
		bus_broadcast(alarm->server, rpc_notification("kits.alarm", text, strlen(text)),
			bus_watches_kits, NULL);
	}
	cJSON_free(text);
	cJSON_Delete(json);
}

static void on_window_end(void *data)
{
	struct alarm *alarm = data;
	int count = cJSON_GetArraySize(alarm->kits);
	struct why why;

	if (count < ALARM_KITS) {
		cJSON_Delete(alarm->kits);
	} else {
		why_set(&why, ERR_LOST, MSG_KITS_VANISHED, count);
		log_error("%s", why.text[LANG_EN]);
		tell(alarm, &why);
	}
	alarm->kits = NULL;
}

void alarm_kit_lost(struct alarm *alarm, const struct kit *kit)
{
	if (!alarm) {
		return;
	}
	if (!alarm->kits) {
		alarm->kits = cJSON_CreateArray();
		loop_timer_start(alarm->timer, ALARM_US, 0);
	}
	cJSON_AddItemToArray(alarm->kits, cJSON_CreateString(kit->id));
}

struct alarm *alarm_create(struct server *server)
{
	struct alarm *alarm = xcalloc(1, sizeof(*alarm));

	alarm->server = server;
	alarm->timer = loop_timer_add(server->loop, on_window_end, alarm);
	return alarm;
}

void alarm_destroy(struct alarm *alarm)
{
	if (!alarm) {
		return;
	}
	loop_timer_remove(alarm->timer);
	cJSON_Delete(alarm->kits);
	free(alarm);
}
