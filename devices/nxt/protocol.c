/*
 * NXT telegrams; see protocol.h. Each telegram's data is described once, by carry_request()
 * or carry_reply(), which walks its fields between struct and wire either way.
 */
#include "protocol.h"

#include <string.h>

/* Where the walk stands. After a failure the fields that follow are left alone. */
struct walk {
	uint8_t *bytes;
	size_t count, at;
	bool is_writing;
	bool is_short;	 /* ran out of bytes, or of room */
	bool is_invalid; /* what is there can be no telegram */
};

static void carry(struct walk *walk, uint8_t *field, size_t count)
{
	if (walk->is_short || walk->is_invalid) {
		return;
	}
	if (walk->count - walk->at < count) {
		walk->is_short = true;
		return;
	}
	if (walk->is_writing) {
		memcpy(walk->bytes + walk->at, field, count);
	} else {
		memcpy(field, walk->bytes + walk->at, count);
	}
	walk->at += count;
}

static void carry_u16(struct walk *walk, uint16_t *field)
{
	uint8_t bytes[2] = {(uint8_t)*field, (uint8_t)(*field >> 8)};

	carry(walk, bytes, sizeof(bytes));
	*field = (uint16_t)(bytes[0] | bytes[1] << 8);
}

static void carry_u32(struct walk *walk, uint32_t *field)
{
	uint16_t low = (uint16_t)*field, high = (uint16_t)(*field >> 16);

	carry_u16(walk, &low);
	carry_u16(walk, &high);
	*field = low | (uint32_t)high << 16;
}

static void carry_i8(struct walk *walk, int8_t *field)
{
	uint8_t byte = (uint8_t)*field;

	carry(walk, &byte, 1);
	*field = (int8_t)byte;
}

static void carry_i16(struct walk *walk, int16_t *field)
{
	uint16_t bits = (uint16_t)*field;

	carry_u16(walk, &bits);
	*field = (int16_t)bits;
}

static void carry_i32(struct walk *walk, int32_t *field)
{
	uint32_t bits = (uint32_t)*field;

	carry_u32(walk, &bits);
	*field = (int32_t)bits;
}

/* A length from the wire: bounded before anything is taken by it. */
static void carry_count(struct walk *walk, uint8_t *field, uint8_t most)
{
	carry(walk, field, 1);
	if (!walk->is_short && *field > most) {
		walk->is_invalid = true;
	}
}

/* ---- data, by opcode ---- */

static void carry_output(struct walk *walk, struct nxt_output *output)
{
	carry_i8(walk, &output->power);
	carry(walk, &output->mode, 1);
	carry(walk, &output->regulation, 1);
	carry_i8(walk, &output->turn);
	carry(walk, &output->run, 1);
	carry_u32(walk, &output->limit);
}

static void carry_request(struct walk *walk, struct nxt_telegram *t)
{
	switch ((enum nxt_op)t->op) {
	case NXT_START_PROGRAM:
		carry(walk, t->name, 20);
		return;
	case NXT_SET_NAME:
		carry(walk, t->name, 16);
		return;
	case NXT_PLAY_TONE:
		carry_u16(walk, &t->tone.frequency_hz);
		carry_u16(walk, &t->tone.duration_ms);
		return;
	case NXT_SET_OUTPUT:
		carry(walk, &t->port, 1);
		carry_output(walk, &t->output);
		return;
	case NXT_SET_INPUT:
		carry(walk, &t->port, 1);
		carry(walk, &t->input.type, 1);
		carry(walk, &t->input.mode, 1);
		return;
	case NXT_RESET_POSITION:
		carry(walk, &t->port, 1);
		carry(walk, &t->relative, 1);
		return;
	case NXT_MESSAGE_WRITE:
		carry(walk, &t->port, 1);
		carry_count(walk, &t->message.count, NXT_MESSAGE_MAX);
		carry(walk, t->message.bytes, t->message.count);
		return;
	case NXT_MESSAGE_READ:
		carry(walk, &t->port, 1);
		carry(walk, &t->message.local, 1);
		carry(walk, &t->message.remove, 1);
		return;
	case NXT_LS_WRITE:
		carry(walk, &t->port, 1);
		carry_count(walk, &t->low_speed.count, NXT_LS_MAX);
		carry_count(walk, &t->low_speed.wanted, NXT_LS_MAX);
		carry(walk, t->low_speed.bytes, t->low_speed.count);
		return;
	case NXT_GET_OUTPUT:
	case NXT_GET_INPUT:
	case NXT_RESET_SCALED:
	case NXT_LS_STATUS:
	case NXT_LS_READ:
		carry(walk, &t->port, 1);
		return;
	case NXT_STOP_PROGRAM:
	case NXT_GET_BATTERY:
	case NXT_STOP_SOUND:
	case NXT_KEEP_ALIVE:
	case NXT_GET_PROGRAM:
	case NXT_VERSIONS:
	case NXT_DEVICE_INFO:
		return;
	}
	walk->is_invalid = true;
}

static void carry_input(struct walk *walk, struct nxt_telegram *t)
{
	carry(walk, &t->port, 1);
	carry(walk, &t->input.valid, 1);
	carry(walk, &t->input.calibrated, 1);
	carry(walk, &t->input.type, 1);
	carry(walk, &t->input.mode, 1);
	carry_u16(walk, &t->input.raw);
	carry_u16(walk, &t->input.normalized);
	carry_i16(walk, &t->input.scaled);
	carry_i16(walk, &t->input.calibrated_value);
}

static void carry_reply(struct walk *walk, struct nxt_telegram *t)
{
	switch ((enum nxt_op)t->op) {
	case NXT_GET_OUTPUT:
		carry(walk, &t->port, 1);
		carry_output(walk, &t->output);
		carry_i32(walk, &t->output.tacho);
		carry_i32(walk, &t->output.block);
		carry_i32(walk, &t->output.rotation);
		return;
	case NXT_GET_INPUT:
		carry_input(walk, t);
		return;
	case NXT_GET_BATTERY:
		carry_u16(walk, &t->battery_mv);
		return;
	case NXT_KEEP_ALIVE:
		carry_u32(walk, &t->sleep_ms);
		return;
	case NXT_LS_STATUS:
		carry(walk, &t->ready, 1);
		return;
	case NXT_LS_READ:
		carry_count(walk, &t->low_speed.count, NXT_LS_MAX);
		carry(walk, t->low_speed.bytes, NXT_LS_MAX);
		return;
	case NXT_GET_PROGRAM:
		carry(walk, t->name, 20);
		return;
	case NXT_MESSAGE_READ:
		carry(walk, &t->message.local, 1);
		carry_count(walk, &t->message.count, NXT_MESSAGE_MAX);
		carry(walk, t->message.bytes, NXT_MESSAGE_MAX);
		return;
	case NXT_VERSIONS:
		carry(walk, &t->versions.protocol_minor, 1);
		carry(walk, &t->versions.protocol_major, 1);
		carry(walk, &t->versions.minor, 1);
		carry(walk, &t->versions.major, 1);
		return;
	case NXT_DEVICE_INFO:
		carry(walk, t->info.name, sizeof(t->info.name));
		carry(walk, t->info.bluetooth, sizeof(t->info.bluetooth));
		carry(walk, t->info.signal, sizeof(t->info.signal));
		carry_u32(walk, &t->info.free_bytes);
		return;
	case NXT_START_PROGRAM:
	case NXT_STOP_PROGRAM:
	case NXT_PLAY_TONE:
	case NXT_SET_OUTPUT:
	case NXT_SET_INPUT:
	case NXT_RESET_SCALED:
	case NXT_MESSAGE_WRITE:
	case NXT_RESET_POSITION:
	case NXT_STOP_SOUND:
	case NXT_LS_WRITE:
	case NXT_SET_NAME:
		return;
	}
	/* An opcode that the brick does not know: it says so, and nothing else. */
	walk->is_invalid = !t->is_bare;
}

/* ---- telegrams ---- */

/* The reply ends with its status, whatever the opcode promises. */
static bool is_bare(const struct nxt_telegram *t)
{
	bool is_port = t->op == NXT_LS_STATUS || t->op == NXT_LS_READ;

	return t->status == NXT_UNKNOWN || (t->status == NXT_RANGE && is_port);
}

static void carry_head(struct walk *walk, enum nxt_direction direction, struct nxt_telegram *t)
{
	carry(walk, &t->kind, 1);
	if (walk->is_short) {
		return;
	}
	if (direction == NXT_TO_HOST) {
		walk->is_invalid = t->kind != NXT_REPLY;
		carry(walk, &t->op, 1);
		carry(walk, &t->status, 1);
		return;
	}
	uint8_t wanted = t->kind & ~NXT_NO_REPLY;

	walk->is_invalid = wanted != NXT_DIRECT && wanted != NXT_SYSTEM;
	carry(walk, &t->op, 1);
	if (!walk->is_short && (t->op >= 0x80) != (wanted == NXT_SYSTEM)) {
		walk->is_invalid = true;
	}
}

static void carry_telegram(
	struct walk *walk, enum nxt_direction direction, struct nxt_telegram *telegram)
{
	carry_head(walk, direction, telegram);
	if (walk->is_short || walk->is_invalid) {
		return;
	}
	if (direction == NXT_TO_BRICK) {
		carry_request(walk, telegram);
		return;
	}
	if (!walk->is_writing) {
		bool is_cut = walk->count == walk->at && telegram->status != NXT_OK;

		telegram->is_bare = is_bare(telegram) || (telegram->is_bare && is_cut);
	}
	if (!telegram->is_bare) {
		carry_reply(walk, telegram);
	}
}

bool nxt_decode(enum nxt_direction direction, const uint8_t *bytes, size_t count,
	struct nxt_telegram *telegram)
{
	struct walk walk = {.bytes = (uint8_t *)(uintptr_t)bytes, .count = count};

	/* Here the transfer tells the length: other firmware ends each bad reply so. */
	*telegram = (struct nxt_telegram){.is_bare = direction == NXT_TO_HOST};
	carry_telegram(&walk, direction, telegram);
	return !walk.is_short && !walk.is_invalid && walk.at == count;
}

enum err nxt_scan(enum nxt_direction direction, const uint8_t *bytes, size_t count, size_t *used,
	struct nxt_telegram *telegram)
{
	struct walk walk = {.bytes = (uint8_t *)(uintptr_t)bytes, .count = count};

	*telegram = (struct nxt_telegram){.kind = 0};
	carry_telegram(&walk, direction, telegram);
	if (walk.is_invalid) {
		*used = 1;
		return ERR_PROTOCOL;
	}
	*used = walk.is_short ? 0 : walk.at;
	return ERR_NONE;
}

size_t nxt_encode(const struct nxt_telegram *telegram, uint8_t *out, size_t room)
{
	struct nxt_telegram copy = *telegram; /* carry() takes both ways */
	struct walk walk = {.bytes = out, .count = room, .is_writing = true};

	carry_telegram(&walk, copy.kind == NXT_REPLY ? NXT_TO_HOST : NXT_TO_BRICK, &copy);
	return walk.is_short || walk.is_invalid ? 0 : walk.at;
}

size_t nxt_encode_framed(const struct nxt_telegram *telegram, uint8_t *out, size_t room)
{
	size_t count = room < 2 ? 0 : nxt_encode(telegram, out + 2, room - 2);

	if (count == 0) {
		return 0;
	}
	out[0] = (uint8_t)count;
	out[1] = 0;
	return count + 2;
}

/* ---- a stream with lengths ---- */

/*
 * Can these bytes begin a reply with its length? Refused as early as can be, for a false
 * beginning takes what follows along: from its status on, a reply's length is known, and
 * zeros are good data in every place.
 */
static bool can_begin(const struct nxt_parser *parser)
{
	uint8_t padded[NXT_TELEGRAM_MAX] = {0};
	size_t length = parser->bytes[0], known = parser->count < 2 ? 0 : parser->count - 2;
	struct nxt_telegram telegram;
	size_t used;

	if (length < 3 || length > NXT_TELEGRAM_MAX ||
		(parser->count > 1 && parser->bytes[1] != 0)) {
		return false;
	}
	known = known < length ? known : length;
	memcpy(padded, parser->bytes + 2, known);
	return known < 3 ? !nxt_scan(NXT_TO_HOST, padded, known, &used, &telegram)
			 : nxt_decode(NXT_TO_HOST, padded, length, &telegram);
}

enum nxt_answer nxt_next(
	struct nxt_parser *parser, const uint8_t **bytes, size_t *count, struct nxt_telegram *reply)
{
	for (;;) {
		if (parser->count > 0 && !can_begin(parser)) {
			memmove(parser->bytes, parser->bytes + 1, --parser->count);
			return NXT_GARBAGE;
		}
		size_t whole = parser->count > 0 ? parser->bytes[0] + 2U : NXT_FRAME_MAX;

		if (parser->count >= whole) {
			nxt_decode(NXT_TO_HOST, parser->bytes + 2, whole - 2, reply);
			parser->count -= whole;
			memmove(parser->bytes, parser->bytes + whole, parser->count);
			return NXT_FRAME;
		}
		if (*count == 0) {
			return NXT_MORE;
		}
		parser->bytes[parser->count++] = **bytes;
		++*bytes;
		--*count;
	}
}
