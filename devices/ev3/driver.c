/* The EV3 driver: its table, and the way from the first question to ready. See state.h. */
#include "ev3.h"

#include "port.h"
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- bytes ---- */

static void take(struct kit *kit, const struct ev3_message *message, int64_t now_us)
{
	ev3_take(kit, message, now_us);
	ev3_go(kit, now_us);
}

/* USB: a message is the beginning of a report, the rest of it is nothing. */
static void feed_packet(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct ev3_message message;
	size_t used;

	if (ev3_decode(EV3_TO_HOST, bytes, count, &used, &message) || used == 0) {
		kit->bad_frames++;
		return;
	}
	take(kit, &message, now_us);
}

static void feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	struct ev3_message message;
	enum ev3_next next;

	if (kit->is_packet) {
		feed_packet(kit, bytes, count, now_us);
		return;
	}
	do {
		next = ev3_next(&e->parser, EV3_TO_HOST, &bytes, &count, &message);
		if (next == EV3_FRAME) {
			take(kit, &message, now_us);
		} else if (next == EV3_GARBAGE) {
			kit->bad_frames++;
		}
	} while (next != EV3_MORE);
}

/* ---- life ---- */

static void start(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (!kit->model[0]) {
		snprintf(kit->model, sizeof(kit->model), "ev3");
	}
	e->began_us = now_us;
	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		e->ports[i] = (struct ev3_port){
			.type = EV3_TYPE_UNKNOWN,
			.value = NAN,
			.zero = NAN,
		};
		e->motor_property[i] = e->turned_property[i] = e->sensor_property[i] =
			e->line_property[i] = -1;
	}
	for (unsigned i = 0; i < CAPS; i++) {
		e->cap_property[i] = -1;
	}
	e->moving_property = -1;
	ev3_go(kit, now_us);
}

static bool knows_its_sensors(const struct ev3 *e)
{
	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		if (e->ports[i].type == EV3_TYPE_UNKNOWN) {
			return false;
		}
	}
	return true;
}

void ev3_settle(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (e->phase == PHASE_ASK) {
		e->phase = PHASE_SETTLE;
		e->settled_us = now_us + SETTLE_US;
		e->ask_us = now_us;
		rest_begin(kit, HOLD_ALL, now_us);
	}
	bool is_settled = knows_its_sensors(e) || now_us >= e->settled_us;

	if (e->phase == PHASE_SETTLE && e->rest != REST_ASKED && is_settled) {
		e->phase = PHASE_RUNNING;
		e->alive_us = now_us + ALIVE_US;
		ev3_describe(kit);
		orders_show(kit);
		kit_ready(kit);
	}
}

static void refuse(struct kit *kit)
{
	struct why why;

	ev3_of(kit)->is_refused = true;
	why_set(&why, ERR_REFUSED, MSG_EV3_SILENT, kit->id);
	kit_refuse(kit, &why);
}

/* Half an answer that nothing follows, or noise that looked like one, is given up with it. */
static void drop_half(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);

	kit->bad_frames += e->parser.count > e->parser.done;
	e->parser.count = e->parser.done = 0;
	e->has_missed = false;
}

static int64_t tick(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (e->phase == PHASE_ASK && !e->is_refused && now_us - e->began_us >= REFUSE_US) {
		refuse(kit);
	}
	ev3_go(kit, now_us);
	if (e->has_missed) {
		drop_half(kit);
	}
	return now_us;
}

/* What the driver knows by itself is said at once; for the rest a question goes out. */
static void watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	struct value value = property->value;

	(void)now_us;
	if (on) {
		kit_set(kit, (int)(property - kit->properties), &value);
		ev3_of(kit)->fast_us = 0;
	}
}

static void hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	rest_begin(kit, level, now_us);
}

static void stop(struct kit *kit, int64_t now_us)
{
	rest_begin(kit, HOLD_ALL, now_us);
}

static const struct usb_match usb[] = {
	{0x0694, 0x0005, "ev3", false, NULL},
	{0, 0, NULL, false, NULL},
};

static const struct usb_io usb_io = {
	.kind = USB_INTERRUPT,
	.interface = 0,
	.out = 0x01,
	.in = 0x81,
	.packet_max = EV3_FRAME_MAX,
	.report = EV3_FRAME_MAX,
	.detaches = true,
};

const struct driver ev3_driver = {
	.name = "ev3",
	.title = {"LEGO Mindstorms EV3", "\u4e50\u9ad8 EV3"},
	.usb = usb,
	.usb_io = &usb_io,
	.state_size = sizeof(struct ev3),
	.baud = 115200,
	.start = start,
	.feed = feed,
	.write = orders_write,
	.act = orders_act,
	.watch = watch,
	.tick = tick,
	.hold = hold,
	.stop = stop,
};
