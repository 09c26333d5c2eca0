/*
 * Makeblock's mBot: its table, and where bytes and commands go. See state.h.
 *
 * The board has no dead-man: its motors run until it is told otherwise, also when the
 * program here dies. Opening the port resets it, and every way out of here stops it.
 */
#include "makeblock.h"

#include "state.h"

#include <string.h>

/* ---- what the files share ---- */

void mb_tokens_add(struct makeblock_tokens *tokens, uint32_t token)
{
	if (token != 0 && tokens->count < KIT_PENDING_MAX) {
		tokens->token[tokens->count++] = token;
	}
}

/* Who is answered may command again at once: the list is empty by then. */
void mb_tokens_reply(struct kit *kit, struct makeblock_tokens *tokens, const struct why *why)
{
	struct makeblock_tokens ended = *tokens;

	tokens->count = 0;
	for (unsigned i = 0; i < ended.count; i++) {
		kit_reply(kit, ended.token[i], NULL, why);
	}
}

void mb_part_set(struct kit *kit, enum makeblock_part part, const struct value *value)
{
	int index = makeblock_of(kit)->property[part];

	if (index >= 0) {
		kit_set(kit, index, value);
	}
}

/* ---- bytes ---- */

enum { TORN_US = 100 * 1000 };

static void feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_message message;

	makeblock->byte_us = count > 0 ? now_us : makeblock->byte_us;
	for (;;) {
		switch (makeblock_next(
			&makeblock->parser, MAKEBLOCK_TO_HOST, &bytes, &count, &message)) {
		case MAKEBLOCK_MORE:
			return;
		case MAKEBLOCK_FRAME:
			if (mb_handshake_take(kit, &message, now_us)) {
				mb_line_take(kit, &message, now_us);
			}
			break;
		case MAKEBLOCK_GARBAGE:
			kit->bad_frames++;
			mb_handshake_garbage(kit, now_us);
			break;
		}
	}
}

/* The rest of it does not come. Of what it swallowed a banner still counts. */
static void drop_torn(struct kit *kit, int64_t now_us)
{
	struct makeblock_parser *parser = &makeblock_of(kit)->parser;
	struct makeblock_message message;
	enum makeblock_next next;
	const uint8_t *bytes = NULL;
	size_t count = 0;

	while (parser->count > 0) {
		parser->count--;
		memmove(parser->bytes, parser->bytes + 1, parser->count);
		kit->bad_frames++;
		while ((next = makeblock_next(parser, MAKEBLOCK_TO_HOST, &bytes, &count,
				&message)) != MAKEBLOCK_MORE) {
			if (next == MAKEBLOCK_FRAME && message.type == MAKEBLOCK_BANNER) {
				mb_handshake_take(kit, &message, now_us);
			}
		}
	}
}

/* The banner, or a button that is pressed. */
static enum evidence hear(const uint8_t *bytes, size_t count)
{
	struct makeblock_message message;
	size_t at = 0, used, good = 0;

	do {
		enum err err = makeblock_decode(
			MAKEBLOCK_TO_HOST, bytes + at, count - at, &used, &message);

		at += used;
		if (!err && used > 0) {
			good += used;
			if (message.type != MAKEBLOCK_ACK) {
				return EVIDENCE_YES;
			}
		}
	} while (used > 0);
	return at == 0 || good * 2 > at ? EVIDENCE_MAYBE : EVIDENCE_NO;
}

static const struct usb_match usb[] = {
	{0x1a86, 0x7523, "", true, NULL},
	{0, 0, NULL, false, NULL},
};

/* ---- commands ---- */

static enum err write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why)
{
	enum err err = mb_handshake_need(kit, why);

	if (!err) {
		err = mb_outputs_write(kit, property->tag, property->name, value, why);
	}
	if (!err) {
		mb_line_pump(kit, now_us);
	}
	return err;
}

/* Stops at once, whatever is under way, and finds out whether it stands. */
static void halt(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	mb_outputs_halt(kit, NULL);
	if (makeblock->phase != PHASE_LISTEN) {
		makeblock->halt_us = now_us;
		mb_line_settle(kit, false, now_us);
	}
}

static enum err act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	enum err err = action->tag == ACT_STOP ? ERR_NONE : mb_handshake_need(kit, why);

	if (err) {
		return err;
	}
	switch ((enum makeblock_act)action->tag) {
	case ACT_DRIVE:
		mb_outputs_drive(kit, args[0].number, args[1].number, token);
		break;
	case ACT_TURN:
		mb_outputs_drive(kit, -args[0].number, args[0].number, token);
		break;
	case ACT_STOP:
		mb_tokens_add(&makeblock_of(kit)->stopping, token);
		halt(kit, now_us);
		break;
	case ACT_TONE:
		mb_outputs_tone(kit, args[0].number, args[1].number, token);
		break;
	case ACT_SEND_IR:
		err = mb_outputs_send_ir(kit, &args[0], token, why);
		break;
	case ACT_SET_SENSOR:
		mb_sensors_plug(kit, (unsigned)args[0].integer, args[1].text);
		mb_describe_kit(kit);
		kit_reply(kit, token, NULL, NULL);
		break;
	}
	mb_line_pump(kit, now_us);
	return err;
}

static void watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	if (makeblock_of(kit)->phase != PHASE_RUNNING || !on) {
		return;
	}
	if (property->writable || property->tag == PART_BUTTON || property->tag == PART_FIRMWARE) {
		/* Known here: the watcher gets it as a sample. */
		struct value value = property->value;

		kit_set(kit, (int)(property - kit->properties), &value);
	} else {
		mb_line_pump(kit, now_us);
	}
}

/* ---- life ---- */

static void start(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	kit->program[0] = '\0';
	for (unsigned part = 0; part < PARTS; part++) {
		makeblock->property[part] = -1;
	}
	mb_sensors_start(makeblock);
	mb_handshake_start(kit, now_us);
}

static int64_t tick(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	if (makeblock->parser.count > 0 && now_us - makeblock->byte_us >= TORN_US) {
		drop_torn(kit, now_us);
	}
	mb_handshake_tick(kit, now_us);
	if (makeblock->phase != PHASE_LISTEN) {
		mb_line_tick(kit, now_us);
	}
	return now_us; /* there is nearly always something to ask: at each tick */
}

static void hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	struct why why;

	if (level != HOLD_MOTION) {
		why_set(&why, ERR_STOPPED, MSG_MAKEBLOCK_STOPPED, kit->id);
		mb_outputs_silence(kit, &why);
	}
	halt(kit, now_us);
}

static void stop(struct kit *kit, int64_t now_us)
{
	static const uint8_t lamps_off[] = {MAKEBLOCK_RGB, 7, 2, 0, 0, 0, 0};

	(void)now_us;
	mb_outputs_halt(kit, NULL);
	if (makeblock_of(kit)->phase != PHASE_LISTEN) {
		mb_line_send(kit, MAKEBLOCK_RESET, 0, NULL, 0);
		mb_line_send(kit, MAKEBLOCK_RUN, 0, lamps_off, sizeof(lamps_off));
	}
}

const struct driver makeblock_driver = {
	.name = "makeblock",
	.title = {"Makeblock mBot", "Makeblock mBot"},
	.usb = usb,
	.state_size = sizeof(struct makeblock),
	.baud = 115200,
	.has_dead_man = false,
	.hear = hear,
	.start = start,
	.feed = feed,
	.write = write,
	.act = act,
	.watch = watch,
	.tick = tick,
	.hold = hold,
	.stop = stop,
};
