/* Streams of the Web of Things; see wot.h. */
#include "wot.h"

#include "bus.h"
#include "clock.h"
#include "jsonout.h"
#include "server.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

struct stream {
	struct http_request *request; /* borrowed; its end is ours (on_cancel) */
	struct bus_tap tap;
	char name[KIT_NAME_MAX + 1]; /* indexes move when a kit is described anew */
	bool is_property;
	bool is_behind; /* something newer than what was sent */
};

static void destroy(struct stream *stream)
{
	struct kit *kit = stream->tap.kit;
	int index = stream->is_property ? kit_find_property(kit, stream->name) : -1;

	bus_tap_remove(stream->request->server->bus, &stream->tap);
	if (index >= 0) {
		kit_unwatch(kit, index, clock_now_us());
	}
	free(stream);
}

static void on_cancel(struct http_request *request)
{
	destroy(request->data);
}

static void end(struct stream *stream)
{
	struct http_request *request = stream->request;

	destroy(stream);
	http_stream_end(request);
}

static void send_value(struct stream *stream, const struct value *value)
{
	struct jsonout out = {0};

	json_value(&out, value);
	/* False: the stream is gone, by on_cancel(). */
	(void)http_stream_send(stream->request, out.text, out.length);
	json_finish(&out);
}

static void send_newest(struct stream *stream)
{
	struct kit *kit = stream->tap.kit;
	int index = kit_find_property(kit, stream->name);

	if (index >= 0 && kit->properties[index].value.type != VALUE_NULL) {
		stream->is_behind = false;
		send_value(stream, &kit->properties[index].value);
	}
}

static void on_sample(struct bus_tap *tap)
{
	struct stream *stream = tap->data;
	int index = kit_find_property(tap->kit, stream->name);

	if (index < 0 || tap->kit->properties[index].changed_seq != tap->kit->seq) {
		return;
	}
	if (http_stream_is_idle(stream->request)) {
		send_newest(stream);
	} else {
		stream->is_behind = true;
	}
}

static void on_drained(struct http_request *request)
{
	struct stream *stream = request->data;

	if (stream->is_behind) {
		send_newest(stream);
	}
}

static void on_event(struct bus_tap *tap, const struct event *event, const struct value *value,
	int64_t t_us)
{
	struct stream *stream = tap->data;
	struct value nothing = value_null();

	(void)t_us;
	if (strcmp(event->name, stream->name) == 0) {
		send_value(stream, value ? value : &nothing);
	}
}

/* Another wiring may not have what is observed. */
static void on_changed(struct bus_tap *tap)
{
	struct stream *stream = tap->data;
	bool is_there = stream->is_property ? kit_find_property(tap->kit, stream->name) >= 0
					    : kit_find_event(tap->kit, stream->name) >= 0;

	if (!is_there) {
		end(stream);
	}
}

static void on_gone(struct bus_tap *tap)
{
	end(tap->data);
}

static struct stream *begin(struct http_request *request, struct kit *kit, const char *name)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));

	stream->request = request;
	memcpy(stream->name, name, strlen(name) + 1);
	stream->tap = (struct bus_tap){
		.kit = kit, .changed = on_changed, .gone = on_gone, .data = stream};
	request->cancel = on_cancel;
	request->data = stream;
	return stream;
}

void wot_observe(struct http_request *request, struct kit *kit, int property)
{
	struct stream *stream = begin(request, kit, kit->properties[property].name);

	stream->is_property = true;
	stream->tap.sample = on_sample;
	stream->is_behind = true;
	http_stream_begin(request, on_drained);
	bus_tap_add(request->server->bus, &stream->tap);
	kit_watch(kit, property, clock_now_us());
}

void wot_subscribe(struct http_request *request, struct kit *kit, int event)
{
	struct stream *stream = begin(request, kit, kit->events[event].name);

	stream->tap.event = on_event;
	http_stream_begin(request, NULL);
	bus_tap_add(request->server->bus, &stream->tap);
}
