/* The Firmata driver: its table, and where bytes, writes and watches go. See state.h. */
#include "firmata.h"

#include "state.h"

#include <string.h>

/* ---- bytes and texts ---- */

bool firmata_send(struct kit *kit, const struct firmata_message *message)
{
	uint8_t bytes[2 * FIRMATA_BOARD_SYSEX_MAX];
	size_t count = firmata_encode(FIRMATA_TO_BOARD, message, bytes, sizeof(bytes));

	return count > 0 && kit_send(kit, bytes, count);
}

size_t firmata_clean_text(const uint8_t *bytes, size_t count, char *out, size_t room)
{
	const char *text = (const char *)bytes;
	size_t used = 0;

	for (size_t at = 0, length; at < count; at += length ? length : 1) {
		length = utf8_character(text + at, count - at);
		const char *piece = length ? text + at : "\xEF\xBF\xBD";
		size_t size = length ? length : 3;

		if (used + size >= room) {
			break;
		}
		memcpy(out + used, piece, size);
		used += size;
	}
	out[used] = '\0';
	return used;
}

static void take_string(struct kit *kit, const struct firmata_message *message)
{
	struct firmata *f = firmata_of(kit);
	char text[VALUE_TEXT_MAX + 1];
	size_t length = firmata_clean_text(message->data, message->count, text, sizeof(text));
	struct value value = value_text(text, length);

	if (!i2c_take_string(kit, text)) {
		kit_set(kit, f->message_property, &value);
		kit_emit(kit, EVENT_STRING, &value);
	}
}

static void take(struct kit *kit, const struct firmata_message *message, int64_t now_us)
{
	if (!handshake_take(kit, message, now_us)) {
		return;
	}
	if (message->type == FIRMATA_ANALOG || message->type == FIRMATA_EXTENDED_ANALOG) {
		reports_take_analog(kit, message->channel, message->value);
	} else if (message->type == FIRMATA_DIGITAL) {
		reports_take_port(kit, message->port, message->value & 0xFF);
	} else if (message->type == FIRMATA_PIN_STATE) {
		firmata_take_state(kit, message);
	} else if (message->type == FIRMATA_STRING) {
		take_string(kit, message);
	} else if (message->type == FIRMATA_I2C_REPLY) {
		i2c_take_reply(kit, message);
	}
}

static void feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message message;

	for (;;) {
		switch (firmata_next(&f->parser, FIRMATA_TO_HOST, &bytes, &count, &message)) {
		case FIRMATA_MORE:
			return;
		case FIRMATA_FRAME:
			take(kit, &message, now_us);
			break;
		case FIRMATA_GARBAGE:
			kit->bad_frames++;
			handshake_garbage(kit, now_us);
			break;
		}
	}
}

/* ---- evidence ---- */

/* A version 2.x and then a firmware's name: only Firmata says this. */
static enum evidence hear(const uint8_t *bytes, size_t count)
{
	struct firmata_message message;
	size_t at = 0, used, good = 0;
	bool has_version = false;

	do {
		enum err err =
			firmata_decode(FIRMATA_TO_HOST, bytes + at, count - at, &used, &message);

		at += used;
		if (err || used == 0) {
			continue;
		}
		good += used;
		has_version |= message.type == FIRMATA_VERSION && message.major == 2;
		if (has_version && message.type == FIRMATA_FIRMWARE) {
			return EVIDENCE_YES;
		}
	} while (used > 0);
	return at == 0 || good * 2 > at ? EVIDENCE_MAYBE : EVIDENCE_NO;
}

static const struct usb_match usb[] = {
	{0x2341, 0x0043, "uno", false, NULL},
	{0x2341, 0x0001, "uno", false, NULL},
	{0x2341, 0x0243, "uno", false, NULL},
	{0x2341, 0x006a, "uno", false, NULL},
	{0x2341, 0x0062, "uno", false, NULL},
	{0x2a03, 0x0043, "uno", false, NULL},
	{0x2a03, 0x0057, "uno", false, NULL},
	{0x2341, 0x0010, "mega", false, NULL},
	{0x2341, 0x0042, "mega", false, NULL},
	{0x2341, 0x0210, "mega", false, NULL},
	{0x2341, 0x0242, "mega", false, NULL},
	{0x2341, 0x003f, "mega", false, NULL},
	{0x2341, 0x0044, "mega", false, NULL},
	{0x2a03, 0x0010, "mega", false, NULL},
	{0x2a03, 0x0042, "mega", false, NULL},
	{0x2341, 0x8036, "leonardo", false, NULL},
	{0x2a03, 0x8036, "leonardo", false, NULL},
	{0x2341, 0x8037, "micro", false, NULL},
	{0x2341, 0x8237, "micro", false, NULL},
	{0x2a03, 0x8037, "micro", false, NULL},
	{0x2341, 0x803c, "esplora", false, NULL},
	{0x2341, 0x8041, "yun", false, NULL},
	{0x2341, 0x003d, "due", false, NULL},
	{0x1a86, 0x7523, "", true, NULL},
	{0x1a86, 0x7522, "", true, NULL},
	{0x1a86, 0x5523, "", true, NULL},
	{0x4348, 0x5523, "", true, NULL},
	{0x0403, 0x6001, "", true, NULL},
	{0x0403, 0x6015, "", true, NULL},
	{0x067b, 0x2303, "", true, NULL},
	{0x067b, 0x23a3, "", true, NULL},
	{0x10c4, 0xea60, "", true, NULL},
	{0, 0, NULL, false, NULL},
};

/* ---- commands ---- */

static enum err set_sampling(struct kit *kit, const struct value *value, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out = {.type = FIRMATA_SAMPLING, .value = (uint64_t)value->integer};

	if (!firmata_send(kit, &out)) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	f->sampling_ms = (unsigned)value->integer;
	kit_set(kit, f->sampling_property, value);
	return ERR_NONE;
}

static enum err write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why)
{
	unsigned number = TAG_PIN_OF(property->tag);

	(void)now_us;
	if (property->safety == CLASS_MOTION) {
		firmata_of(kit)->is_holding = false; /* a new lease moves it: no rest to prove */
	}
	switch (TAG_WHAT(property->tag)) {
	case TAG_PIN:
		return pin_write(kit, number, value, why);
	case TAG_PART:
		return pin_write_part(kit, number, value, why);
	case TAG_SAMPLING:
		return set_sampling(kit, value, why);
	case TAG_ANALOG:
	case TAG_NONE:
		break;
	}
	return why_set(why, ERR_REFUSED, MSG_NOT_WRITABLE, property->name, kit->id);
}

static void watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	enum firmata_tag as = TAG_WHAT(property->tag);

	if (firmata_of(kit)->phase != PHASE_RUNNING) {
		return; /* what is watched is reported as soon as the board is ready */
	}
	if (as == TAG_PIN || as == TAG_ANALOG || as == TAG_PART) {
		pin_watch(kit, TAG_PIN_OF(property->tag), as, on, now_us);
	} else if (on) {
		/* Known here: the watcher gets it as a sample. */
		struct value value = property->value;

		kit_set(kit, (int)(property - kit->properties), &value);
	}
}

static enum err rewire(struct kit *kit, int64_t now_us, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	enum err err = describe_check(kit, kit->profile, why);

	if (err) {
		return err;
	}
	actions_silence(kit);
	for (unsigned i = 0; i < f->pin_count; i++) {
		if (f->pins[i].part) {
			pin_forget(kit, i);
		}
	}
	describe_wire(kit);
	describe_kit(kit);
	pins_apply(kit, now_us);
	return ERR_NONE;
}

/* ---- life ---- */

static void start(struct kit *kit, int64_t now_us)
{
	kit->program[0] = '\0';
	handshake_start(kit, now_us);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t tick(struct kit *kit, int64_t now_us)
{
	int64_t next_us = handshake_tick(kit, now_us);

	if (firmata_of(kit)->phase != PHASE_RUNNING) {
		return next_us;
	}
	next_us = earlier(next_us, reports_tick(kit, now_us));
	next_us = earlier(next_us, actions_tick(kit, now_us));
	next_us = earlier(next_us, firmata_hold_tick(kit, now_us));
	return earlier(next_us, i2c_tick(kit, now_us));
}

static void hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	(void)now_us;
	firmata_hold(kit, level);
}

/* The board's defaults: nothing is reported to a port that nobody reads. */
static void stop(struct kit *kit, int64_t now_us)
{
	struct firmata_message out = {.type = FIRMATA_RESET};

	(void)now_us;
	if (firmata_of(kit)->phase == PHASE_RUNNING) {
		firmata_send(kit, &out);
	}
}

const struct driver firmata_driver = {
	.name = "firmata",
	.title = {"Arduino with Firmata", "\u8fd0\u884c Firmata \u7684 Arduino"},
	.usb = usb,
	.state_size = sizeof(struct firmata),
	.baud = 57600,
	.hear = hear,
	.start = start,
	.feed = feed,
	.write = write,
	.act = actions_do,
	.watch = watch,
	.rewire = rewire,
	.tick = tick,
	.hold = hold,
	.stop = stop,
};
