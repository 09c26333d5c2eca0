/*
 * OWI-535 arms: five motors of one speed and a lamp, on raw USB.
 *
 * The arm says nothing, has no encoders, no limits and no dead-man: it does not know where
 * it is, and a motor that is on stays on. So nothing moves but by an action with a time of
 * at most MOVE_MAX_S, each motor has its own deadline, and every frame says what all five do.
 *
 * A frame with a motor on goes out as motion, whatever asked for it: a hold drops it while
 * it waits. The proof of rest is the USB device's acknowledgement of the frame that switches
 * all off; on a stream (a virtual arm) there is none, and rest stays unconfirmed.
 */
#include "owi.h"

#include "port.h"
#include "protocol.h"

#include <string.h>

enum { MOVE_MAX_S = 5, RETRY_US = 20 * 1000 };

enum owi_action { ACTION_MOVE_JOINT, ACTION_MOVE_GRIP, ACTION_STOP };

struct owi {
	struct owi_state wanted;
	int64_t until_us[OWI_MOTORS];	   /* of the motors that are on */
	bool is_unsent;			   /* `wanted` found no room in the port */
	bool is_holding;		   /* its rest is to be proved */
	uint32_t waiting[KIT_PENDING_MAX]; /* tokens of what the device has not acknowledged */
	unsigned waiting_count;
	int led_property, moving_property;
};

static struct owi *owi_of(const struct kit *kit)
{
	return kit->driver_state;
}

static bool is_moving(const struct owi *o)
{
	for (int i = 0; i < OWI_MOTORS; i++) {
		if (o->wanted.motors[i]) {
			return true;
		}
	}
	return false;
}

static void show(struct kit *kit)
{
	struct owi *o = owi_of(kit);
	struct value led = value_bool(o->wanted.lamp), moving = value_bool(is_moving(o));

	kit_set(kit, o->led_property, &led);
	kit_set(kit, o->moving_property, &moving);
}

static bool send_wanted(struct kit *kit)
{
	struct owi *o = owi_of(kit);
	uint8_t bytes[OWI_BYTES];

	owi_encode(&o->wanted, bytes);
	o->is_unsent = !(is_moving(o) ? kit_send_motion : kit_send)(kit, bytes, sizeof(bytes));
	if (!o->is_unsent) {
		show(kit);
	}
	return !o->is_unsent;
}

static void rest(struct owi *o)
{
	memset(o->wanted.motors, 0, sizeof(o->wanted.motors));
}

/* ---- commands ---- */

/* Answered when the device has acknowledged the frame; on a stream, when it is with the port. */
static void answer(struct kit *kit, uint32_t token)
{
	struct owi *o = owi_of(kit);

	if (kit->is_packet && o->waiting_count < KIT_PENDING_MAX) {
		o->waiting[o->waiting_count++] = token;
	} else {
		kit_reply(kit, token, NULL, NULL);
	}
}

static enum err move(struct kit *kit, enum owi_motor motor, double speed, double duration,
	uint32_t token, int64_t now_us, struct why *why)
{
	struct owi *o = owi_of(kit);
	struct owi_state before = o->wanted;

	int sign = duration == 0 || speed == 0 ? 0 : speed > 0 ? 1 : -1;

	o->wanted.motors[motor] = (int8_t)sign;
	if (!send_wanted(kit)) {
		o->wanted = before;
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	o->until_us[motor] = now_us + (int64_t)(duration * 1e6);
	o->is_holding = false;
	answer(kit, token);
	return ERR_NONE;
}

static enum err act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	struct owi *o = owi_of(kit);

	switch ((enum owi_action)action->tag) {
	case ACTION_MOVE_JOINT:
		return move(kit, (enum owi_motor)(OWI_BASE + args[0].integer - 1), args[1].number,
			args[2].number, token, now_us, why);
	case ACTION_MOVE_GRIP:
		return move(kit, OWI_GRIP, args[0].number, args[1].number, token, now_us, why);
	case ACTION_STOP:
		break;
	}
	rest(o);
	if (!send_wanted(kit)) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id); /* tick() sends it */
	}
	answer(kit, token);
	return ERR_NONE;
}

static enum err write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why)
{
	struct owi *o = owi_of(kit);
	bool before = o->wanted.lamp;

	(void)property;
	(void)now_us;
	o->wanted.lamp = value->boolean;
	if (!send_wanted(kit)) {
		o->wanted.lamp = before;
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	return ERR_NONE;
}

/* All is known here: a watcher gets it as a sample. */
static void watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	(void)property;
	(void)now_us;
	if (on) {
		show(kit);
	}
}

/* ---- life ---- */

static void describe(struct kit *kit)
{
	struct owi *o = owi_of(kit);
	struct action *action;

	kit_describe_begin(kit);
	o->led_property = (int)kit->property_count;
	kit_describe_property(kit, "led", VALUE_BOOL, true, true, 0);
	o->moving_property = (int)kit->property_count;
	kit_describe_property(kit, "moving", VALUE_BOOL, true, false, 0);
	action = kit_describe_action(kit, "move_joint", ACTION_MOVE_JOINT);
	kit_describe_arg(action, "joint", VALUE_INT, 1, OWI_GRIP, false, NULL);
	kit_describe_arg(action, "speed", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_arg(action, "duration", VALUE_NUMBER, 0, MOVE_MAX_S, false, NULL);
	action = kit_describe_action(kit, "move_grip", ACTION_MOVE_GRIP);
	kit_describe_arg(action, "speed", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_arg(action, "duration", VALUE_NUMBER, 0, MOVE_MAX_S, false, NULL);
	kit_describe_action(kit, "stop", ACTION_STOP);
	kit_describe_end(kit);
}

/* What it did before is not known: it begins at rest. */
static void start(struct kit *kit, int64_t now_us)
{
	(void)now_us;
	if (!kit->model[0]) {
		strncpy(kit->model, "owi", sizeof(kit->model) - 1);
	}
	describe(kit);
	send_wanted(kit);
	if (!kit->is_packet) {
		kit_ready(kit);
	}
}

static void feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	(void)bytes;
	(void)now_us;
	kit->bad_frames += count;
}

static int64_t tick(struct kit *kit, int64_t now_us)
{
	struct owi *o = owi_of(kit);
	int64_t next_us = INT64_MAX;
	bool is_over = false;

	for (int i = 0; i < OWI_MOTORS; i++) {
		if (o->wanted.motors[i] && now_us >= o->until_us[i]) {
			o->wanted.motors[i] = 0;
			is_over = true;
		} else if (o->wanted.motors[i] && o->until_us[i] < next_us) {
			next_us = o->until_us[i];
		}
	}
	if ((is_over || o->is_unsent) && !send_wanted(kit)) {
		return now_us + RETRY_US;
	}
	return next_us;
}

static void hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	struct owi *o = owi_of(kit);

	(void)now_us;
	rest(o);
	o->wanted.lamp &= level == HOLD_MOTION;
	o->is_holding = true;
	send_wanted(kit);
}

/* USB: the device has acknowledged every frame, so it does what the last one says. */
static void sent(struct kit *kit, int64_t now_us)
{
	struct owi *o = owi_of(kit);

	(void)now_us;
	if (o->is_unsent) {
		send_wanted(kit); /* there is room again */
		return;
	}
	if (!kit->is_packet) {
		return;
	}
	if (kit->state == KIT_PROBING) {
		kit_ready(kit);
	}
	if (o->is_holding) {
		o->is_holding = false;
		kit_held(kit);
	}
	unsigned count = o->waiting_count;

	o->waiting_count = 0;
	for (unsigned i = 0; i < count; i++) {
		kit_reply(kit, o->waiting[i], NULL, NULL);
	}
}

static void stop(struct kit *kit, int64_t now_us)
{
	(void)now_us;
	owi_of(kit)->wanted = (struct owi_state){.lamp = false};
	send_wanted(kit);
}

static const struct usb_match usb[] = {
	{0x1267, 0x0000, "owi", false, NULL},
	{0x1267, 0x0001, "owi", false, NULL},
	{0, 0, NULL, false, NULL},
};

static const struct usb_io usb_io = {
	.kind = USB_CONTROL,
	.request_type = OWI_REQUEST_TYPE,
	.request = OWI_REQUEST,
	.value = OWI_VALUE,
	.index = OWI_INDEX,
};

const struct driver owi_driver = {
	.name = "owi",
	.title = {"OWI robot arm (does not know its angles: keep off its stops)",
		"OWI \u673a\u68b0\u81c2\uff08\u4e0d\u77e5\u9053\u5173\u8282\u89d2\u5ea6\uff0c"
		"\u8bf7\u52ff\u9876\u5230\u9650\u4f4d\uff09"},
	.usb = usb,
	.usb_io = &usb_io,
	.state_size = sizeof(struct owi),
	.start = start,
	.feed = feed,
	.write = write,
	.act = act,
	.watch = watch,
	.tick = tick,
	.hold = hold,
	.sent = sent,
	.stop = stop,
};
