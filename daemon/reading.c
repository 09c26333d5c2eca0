/* Fresh readings; see reading.h. */
#include "reading.h"

#include "clock.h"
#include "server.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_US = 1000 * 1000, LINGER_US = 2000 * 1000, READINGS_MAX = 1024 };

struct reading {
	struct reading *next;
	struct server *server; /* borrowed */
	struct bus_tap tap;
	char name[KIT_NAME_MAX + 1]; /* indexes move when a kit is described anew */
	uint64_t after_seq;          /* a sample later than this is fresh */
	kit_done_fn *done;           /* NULL: answered, lingering */
	void *data;
	struct loop_timer *timer;
};

static void destroy(struct reading *reading)
{
	struct kit *kit = reading->tap.kit;
	int index = kit_find_property(kit, reading->name);

	for (struct reading **at = &reading->server->readings; *at; at = &(*at)->next) {
		if (*at == reading) {
			*at = reading->next;
			break;
		}
	}
	bus_tap_remove(reading->server->bus, &reading->tap);
	loop_timer_remove(reading->timer);
	if (index >= 0) {
		kit_unwatch(kit, index, clock_now_us());
	}
	free(reading);
}

static void answer(struct reading *reading, const struct why *why)
{
	static const struct why well = {.code = ERR_NONE};
	struct kit *kit = reading->tap.kit;
	int index = kit_find_property(kit, reading->name);
	struct value none = value_null();
	kit_done_fn *done = reading->done;

	reading->done = NULL;
	loop_timer_start(reading->timer, LINGER_US, 0);
	if (done) {
		done(reading->data, index < 0 ? &none : &kit->properties[index].value,
			why ? why : &well, index < 0 ? kit->t_us : kit->properties[index].t_us);
	}
}

static void on_sample(struct bus_tap *tap)
{
	struct reading *reading = tap->data;
	int index = reading->done ? kit_find_property(tap->kit, reading->name) : -1;

	if (index >= 0 && tap->kit->properties[index].seq > reading->after_seq &&
		tap->kit->properties[index].value.type != VALUE_NULL) {
		answer(reading, NULL);
	}
}

static void on_changed(struct bus_tap *tap)
{
	struct reading *reading = tap->data;
	struct why why;

	if (reading->done && kit_need_usable(tap->kit, &why)) {
		answer(reading, &why);
	}
}

static void on_gone(struct bus_tap *tap)
{
	struct reading *reading = tap->data;
	struct why why;

	why_set(&why, ERR_LOST, MSG_KIT_LOST, tap->kit->id);
	if (reading->done) {
		answer(reading, &why);
	}
	destroy(reading);
}

static void on_timer(void *data)
{
	struct reading *reading = data;

	if (reading->done) {
		answer(reading, NULL);
	} else {
		destroy(reading);
	}
}

static size_t count(const struct server *server)
{
	size_t n = 0;

	for (const struct reading *reading = server->readings; reading; reading = reading->next) {
		n++;
	}
	return n;
}

enum err reading_start(struct server *server, struct kit *kit, int index, kit_done_fn *done,
	void *data, struct why *why)
{
	static const struct why well = {.code = ERR_NONE};
	struct value value;
	int64_t t_us;
	enum err err = kit_read(kit, index, &value, &t_us, why);

	if (err) {
		return err;
	}
	if (kit->properties[index].watchers > 0 && value.type != VALUE_NULL) {
		done(data, &value, &well, t_us);
		return ERR_NONE;
	}
	if (count(server) >= READINGS_MAX) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_READINGS, READINGS_MAX);
	}
	struct reading *reading = xcalloc(1, sizeof(*reading));

	reading->server = server;
	reading->tap = (struct bus_tap){
		.kit = kit,
		.sample = on_sample,
		.changed = on_changed,
		.gone = on_gone,
		.data = reading,
	};
	memcpy(reading->name, kit->properties[index].name, sizeof(reading->name));
	reading->after_seq = kit->seq;
	reading->done = done;
	reading->data = data;
	reading->timer = loop_timer_add(server->loop, on_timer, reading);
	reading->next = server->readings;
	server->readings = reading;
	loop_timer_start(reading->timer, WAIT_US, 0);
	bus_tap_add(server->bus, &reading->tap);
	/* Outputs answer here at once, inputs with their next report. */
	kit_watch(kit, index, clock_now_us());
	return ERR_NONE;
}

void reading_forget(struct server *server, void *data)
{
	for (struct reading *reading = server->readings; reading; reading = reading->next) {
		if (reading->data == data) {
			reading->done = NULL;
		}
	}
}

void readings_destroy(struct server *server)
{
	while (server->readings) {
		on_gone(&server->readings->tap);
	}
}
