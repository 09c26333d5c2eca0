/*
 * How Firmata's sysex payloads are spelled; private to the codec.
 *
 * A payload is described once, by a function that carries its fields between a
 * message and the wire in either direction: `struct wire` reads when `in` is set
 * and writes when `out` is. So decoding and encoding cannot differ.
 */
#pragma once

#include "protocol.h"

struct wire {
	const uint8_t *in; /* reading: the payload; else NULL */
	uint8_t *out;	   /* writing: where to; else NULL */
	size_t at, end;
	unsigned limit; /* largest byte: 7F, or FF inside a packed stream */
	bool is_bad;	/* too short, too long, out of range */
};

struct sysex_form {
	enum firmata_type type;
	uint8_t id;
	uint8_t mask, command; /* (first payload byte & mask) == command; mask 0: none */
	uint8_t directions;    /* of enum firmata_direction */
	void (*carry)(struct wire *wire, struct firmata_message *message); /* NULL: no fields */
};

/* Each table ends with id 0. */
extern const struct sysex_form sysex_core[], sysex_motion[], sysex_bus[];

static inline bool wire_reads(const struct wire *wire)
{
	return wire->in != NULL;
}
/* Reading: bytes left. */
static inline size_t wire_left(const struct wire *wire)
{
	return wire->end - wire->at;
}

void wire_byte(struct wire *wire, uint8_t *byte);
/* `groups` bytes of 7 bits, lowest first. */
void wire_bits(struct wire *wire, unsigned groups, uint64_t *value);
void wire_u14(struct wire *wire, uint16_t *value);
void wire_value14(struct wire *wire, struct firmata_message *message);
/* Little-endian bytes, inside a packed stream. */
void wire_le(struct wire *wire, unsigned bytes, uint32_t *value);
void wire_le16(struct wire *wire, uint16_t *value);
/* An optional tail: reading tells whether bytes are left, writing is told. */
bool wire_has_more(struct wire *wire, bool *has_more);
/* The rest of the payload is `data`: as it is; as lsb/msb pairs. */
void wire_data(struct wire *wire, struct firmata_message *message);
void wire_pairs(struct wire *wire, struct firmata_message *message);
/* The rest is a packed stream; `bytes` has FIRMATA_DATA_MAX bytes. Between: `inside`. */
void wire_packed_begin(struct wire *wire, struct wire *inside, uint8_t *bytes);
void wire_packed_end(struct wire *wire, struct wire *inside, uint8_t *bytes);

/* A whole sysex payload with its id. False: no form fits exactly. */
bool sysex_decode(enum firmata_direction direction, const uint8_t *bytes, size_t count,
	struct firmata_message *message);
/* Bytes of id and payload, 0 if it cannot be said. */
size_t sysex_encode(enum firmata_direction direction, const struct firmata_message *message,
	uint8_t *out, size_t room);
