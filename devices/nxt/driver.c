/* The LEGO NXT driver: its table, bytes in, and who may send next. See state.h. */
#include "nxt.h"

#include "../port.h"
#include "state.h"

#include <string.h>

enum { SETS_IN_TURN = 4 }; /* then something else may be asked once */

/* ---- bytes ---- */

static void feed_stream(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_telegram reply;

	for (;;) {
		switch (nxt_next(&f->parser, &bytes, &count, &reply)) {
		case NXT_MORE:
			return;
		case NXT_FRAME:
			exchange_take(kit, &reply, now_us);
			nxt_go_on(kit, now_us);
			break;
		case NXT_GARBAGE:
			kit->bad_frames++;
			break;
		}
	}
}

static void feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct nxt_telegram reply;

	if (!kit->is_packet) {
		feed_stream(kit, bytes, count, now_us);
	} else if (nxt_decode(NXT_TO_HOST, bytes, count, &reply)) {
		exchange_take(kit, &reply, now_us);
		nxt_go_on(kit, now_us);
	} else {
		kit->bad_frames++;
	}
}

/* ---- what is next ---- */

static bool is_wanted(const struct kit *kit, unsigned poll)
{
	return poll < NXT_MOTORS ? motors_is_watched(kit, poll)
				 : sensors_is_watched(kit, poll - NXT_MOTORS);
}

/* What is watched, in turn. */
static bool next_poll(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; i < POLLS; i++) {
		unsigned poll = (f->poll_at + i) % POLLS;
		bool is_sent;

		if (!is_wanted(kit, poll)) {
			continue;
		}
		if (poll >= NXT_MOTORS) {
			is_sent = sensors_poll(kit, poll - NXT_MOTORS, now_us);
		} else {
			struct nxt_telegram out = {.op = NXT_GET_OUTPUT, .port = (uint8_t)poll};

			is_sent = now_us - f->polled_us[poll] >= POLL_US &&
				exchange_send(kit, &out, FOR_POLL, LANE_ORDER, now_us);
		}
		if (is_sent) {
			f->polled_us[poll] = now_us;
			f->poll_at = poll + 1;
			return true;
		}
	}
	return false;
}

static bool next_other(struct kit *kit, int64_t now_us)
{
	bool is_running = nxt_of(kit)->phase == PHASE_RUNNING;

	return life_next(kit, now_us) ||
		(is_running &&
			(commands_next(kit, now_us) || sensors_next_setup(kit, now_us) ||
				life_next_beat(kit, now_us) ||
				(kit->state == KIT_READY && next_poll(kit, now_us))));
}

void nxt_go_on(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	if (f->flight_count > 0 || hold_next(kit, now_us)) {
		return;
	}
	/* A flood of set-points leaves room for the rest. */
	if (f->set_in_turn < SETS_IN_TURN && motors_next(kit, now_us)) {
		f->set_in_turn++;
		return;
	}
	f->set_in_turn = 0;
	if (!next_other(kit, now_us)) {
		motors_next(kit, now_us);
	}
}

/* ---- commands ---- */

static enum err write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why)
{
	if (property->tag >> 8 == TAG_LED) {
		enum err err = sensors_light(kit, value->boolean, why);

		if (err) {
			return err;
		}
	} else {
		hold_end(kit);
		motors_set(kit, (unsigned)property->tag & 0xFF, value->number);
	}
	nxt_go_on(kit, now_us);
	return ERR_NONE;
}

static enum err act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	enum err err = commands_act(kit, action, args, token, now_us, why);

	nxt_go_on(kit, now_us);
	return err;
}

static void watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	int index = (int)(property - kit->properties);
	bool is_polled = property->tag == TAG_NONE && index != f->firmware_property &&
		index != f->battery_property && index != f->voltage_property;

	if (on && !is_polled) {
		struct value value = property->value; /* known here: the watcher gets a sample */

		kit_set(kit, index, &value);
	}
	if (on && f->phase == PHASE_RUNNING) {
		nxt_go_on(kit, now_us);
	}
}

/* ---- life ---- */

static void start(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	f->firmware_property = f->battery_property = f->voltage_property = -1;
	f->moving_property = f->led_property = f->line_property = -1;
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		f->motors[i].property = f->motors[i].turned = -1;
	}
	sensors_start(kit);
	life_start(kit, now_us);
	nxt_go_on(kit, now_us);
}

static int64_t tick(struct kit *kit, int64_t now_us)
{
	exchange_tick(kit, now_us);
	life_tick(kit, now_us);
	nxt_go_on(kit, now_us);
	return now_us; /* at the next tick something may be due */
}

static void hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	if (level >= HOLD_ALL) {
		commands_forget_sound(kit);
	}
	hold_begin(kit, level, 0, now_us);
}

static const struct usb_match usb[] = {
	{0x0694, 0x0002, "nxt", false, NULL},
	{0, 0, NULL, false, NULL},
};

/* A hung session is ended by the reset (nxt-python does the same). */
static const struct usb_io usb_io = {
	.kind = USB_BULK,
	.interface = 0,
	.out = 0x01,
	.in = 0x82,
	.packet_max = NXT_TELEGRAM_MAX,
	.resets = true,
};

const struct driver nxt_driver = {
	.name = "nxt",
	.title = {"LEGO Mindstorms NXT", "\u4e50\u9ad8 Mindstorms NXT"},
	.usb = usb,
	.state_size = sizeof(struct nxt),
	.baud = 115200,
	.usb_io = &usb_io,
	.start = start,
	.feed = feed,
	.write = write,
	.act = act,
	.watch = watch,
	.tick = tick,
	.hold = hold,
};
