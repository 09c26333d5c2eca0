/* Reading and writing sysex payloads by their forms; see sysex.h. */
#include "sysex.h"

#include <string.h>

/* ---- primitives ---- */

void wire_byte(struct wire *wire, uint8_t *byte)
{
	if (wire->at == wire->end || (wire->out && *byte > wire->limit)) {
		wire->is_bad = true;
	} else if (wire->out) {
		wire->out[wire->at++] = *byte;
	} else {
		*byte = wire->in[wire->at++];
	}
}

void wire_bits(struct wire *wire, unsigned groups, uint64_t *value)
{
	uint64_t sum = 0;

	if (!wire_reads(wire) && *value >> (7 * groups) != 0) {
		wire->is_bad = true;
	}
	for (unsigned i = 0; i < groups; i++) {
		uint8_t byte = (uint8_t)(*value >> (7 * i) & 0x7F);

		wire_byte(wire, &byte);
		sum |= (uint64_t)byte << (7 * i);
	}
	if (wire_reads(wire)) {
		*value = sum;
	}
}

void wire_u14(struct wire *wire, uint16_t *value)
{
	uint64_t wide = *value;

	wire_bits(wire, 2, &wide);
	*value = (uint16_t)wide;
}

void wire_value14(struct wire *wire, struct firmata_message *message)
{
	wire_bits(wire, 2, &message->value);
}

void wire_le(struct wire *wire, unsigned bytes, uint32_t *value)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(*value >> (8 * i));

		wire_byte(wire, &byte);
		sum |= (uint32_t)byte << (8 * i);
	}
	*value = sum;
}

void wire_le16(struct wire *wire, uint16_t *value)
{
	uint32_t wide = *value;

	wire_le(wire, 2, &wide);
	*value = (uint16_t)wide;
}

bool wire_has_more(struct wire *wire, bool *has_more)
{
	if (wire_reads(wire)) {
		*has_more = wire_left(wire) > 0;
	}
	return *has_more;
}

/* Reading: how many `bytes`-sized items the rest is. Writing: message->count. */
static size_t items(struct wire *wire, struct firmata_message *message, size_t bytes)
{
	if (wire_reads(wire)) {
		wire->is_bad |= wire_left(wire) % bytes != 0;
		message->count = (uint16_t)(wire_left(wire) / bytes);
	}
	wire->is_bad |= message->count > FIRMATA_DATA_MAX;
	return wire->is_bad ? 0 : message->count;
}

void wire_data(struct wire *wire, struct firmata_message *message)
{
	size_t count = items(wire, message, 1);

	for (size_t i = 0; i < count; i++) {
		wire_byte(wire, &message->data[i]);
	}
}

void wire_pairs(struct wire *wire, struct firmata_message *message)
{
	size_t count = items(wire, message, 2);

	for (size_t i = 0; i < count; i++) {
		uint16_t pair = message->data[i];

		wire_u14(wire, &pair);
		wire->is_bad |= pair > 0xFF;
		message->data[i] = (uint8_t)pair;
	}
}

/* ---- packed streams ---- */

size_t firmata_pack(const uint8_t *bytes, size_t count, uint8_t *out, size_t room)
{
	size_t packed = (count * 8 + 6) / 7;

	if (packed > room) {
		return 0;
	}
	memset(out, 0, packed);
	for (size_t bit = 0; bit < count * 8; bit++) {
		out[bit / 7] |= (uint8_t)((bytes[bit / 8] >> (bit % 8) & 1) << (bit % 7));
	}
	return packed;
}

size_t firmata_unpack(const uint8_t *bytes, size_t count, uint8_t *out, size_t room)
{
	size_t unpacked = count * 7 / 8;

	if (unpacked > room) {
		return 0;
	}
	memset(out, 0, unpacked);
	for (size_t bit = 0; bit < unpacked * 8; bit++) {
		out[bit / 8] |= (uint8_t)((bytes[bit / 7] >> (bit % 7) & 1) << (bit % 8));
	}
	return unpacked;
}

void wire_packed_begin(struct wire *wire, struct wire *inside, uint8_t *bytes)
{
	*inside = (struct wire){.limit = 0xFF, .end = FIRMATA_DATA_MAX};
	if (wire_reads(wire)) {
		inside->in = bytes;
		inside->end = firmata_unpack(
			wire->in + wire->at, wire_left(wire), bytes, FIRMATA_DATA_MAX);
		wire->at = wire->end;
	} else {
		inside->out = bytes;
	}
}

void wire_packed_end(struct wire *wire, struct wire *inside, uint8_t *bytes)
{
	wire->is_bad |= inside->is_bad;
	if (wire_reads(wire)) {
		wire->is_bad |= wire_left(inside) > 0;
		return;
	}
	size_t packed = firmata_pack(bytes, inside->at, wire->out + wire->at, wire_left(wire));

	wire->is_bad |= packed == 0 && inside->at > 0;
	wire->at += packed;
}

/* ---- whole payloads ---- */

static const struct sysex_form *const tables[] = {sysex_core, sysex_motion, sysex_bus};

/* The low bits of a masked command byte are a serial port's number. */
static bool has_port(const struct sysex_form *form)
{
	return form->mask == 0x70;
}

static bool read_form(const struct sysex_form *form, const uint8_t *bytes, size_t count,
	struct firmata_message *message)
{
	struct wire wire = {.in = bytes, .at = 1, .end = count, .limit = 0x7F};

	memset(message, 0, offsetof(struct firmata_message, data));
	if (form->mask) {
		if (count < 2 || (bytes[1] & form->mask) != form->command) {
			return false;
		}
		wire.at = 2;
		if (has_port(form)) {
			message->port = bytes[1] & 0x0F;
		}
	}
	message->type = form->type;
	if (form->carry) {
		form->carry(&wire, message);
	}
	return !wire.is_bad && wire_left(&wire) == 0;
}

bool sysex_decode(enum firmata_direction direction, const uint8_t *bytes, size_t count,
	struct firmata_message *message)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct sysex_form *form = tables[t]; form->id; form++) {
			uint8_t again[FIRMATA_FRAME_MAX];

			/* What was read must be what would be written: no bit is lost. */
			if (form->id == bytes[0] && form->directions & direction &&
				read_form(form, bytes, count, message) &&
				sysex_encode(direction, message, again, sizeof(again)) == count &&
				memcmp(again, bytes, count) == 0) {
				return true;
			}
		}
	}
	return false;
}

static const struct sysex_form *form_of(enum firmata_type type)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct sysex_form *form = tables[t]; form->id; form++) {
			if (form->type == type) {
				return form;
			}
		}
	}
	return NULL;
}

size_t sysex_encode(enum firmata_direction direction, const struct firmata_message *message,
	uint8_t *out, size_t room)
{
	struct wire wire = {.out = out, .end = room, .limit = 0x7F};
	/* A copy, because the functions that carry fields also read. */
	struct firmata_message fields = *message;

	if (message->type == FIRMATA_SYSEX) {
		wire_byte(&wire, &fields.id);
		wire_data(&wire, &fields);
		return wire.is_bad ? 0 : wire.at;
	}
	const struct sysex_form *form = form_of(message->type);

	if (!form || !(form->directions & direction)) {
		return 0;
	}
	uint8_t id = form->id;

	wire_byte(&wire, &id);
	if (form->mask) {
		uint8_t command = form->command;

		if (has_port(form)) {
			command |= message->port;
			wire.is_bad |= message->port > 0x0F;
		}
		wire_byte(&wire, &command);
	}
	if (form->carry) {
		form->carry(&wire, &fields);
	}
	return wire.is_bad ? 0 : wire.at;
}
