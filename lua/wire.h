/*
 * The wire between kitlabd and kitlab-runner: the one header that both share.
 *
 * A SOCK_SEQPACKET socketpair, fd 3 in the runner; a packet is a message.
 * Everything that a run receives comes over it, time too (each packet of the
 * daemon carries the run's clock, and the runner has no other), so that a run
 * is a function of its packets and can be replayed.
 *
 * Packet: type (1 byte), serial (4), t_us (8), then fields, each a tag and its
 * bytes. All numbers are little-endian. Readers take fields in the order that
 * the lists below give; a field that is missing, cut or of another tag makes
 * the whole packet bad. Nothing is allocated, lengths are checked against the
 * packet before they are used. Unknown further fields are ignored, so that a
 * message can grow; WIRE_VERSION changes when one changes otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	WIRE_VERSION = 1,
	WIRE_FD = 3,
	WIRE_PACKET_MAX = 32 * 1024,
	WIRE_CHUNK_MAX = 16 * 1024, /* source and output travel in pieces of this */
	WIRE_HEADER = 13,
	WIRE_VECTOR_MAX = 64,
	WIRE_TEXT_MAX = 1024, /* of a value */
	WIRE_NAME_MAX = 64,   /* of a kit, property, action, ... */
	WIRE_SOURCE_MAX = 256 * 1024,
};

enum wire_type {
	WIRE_NONE,

	/* daemon -> runner */
	WIRE_START,  /* int version, text name, int lang, int seed, int memory bytes,
		      * int source bytes */
	WIRE_SOURCE, /* text piece */
	WIRE_REPLY,  /* text code ("" = well): value; else text English, text Chinese */
	WIRE_KIT,    /* int handle, text id, text model, int n: {text property},
		      * int n: {text action, int n: {text argument}}, int n: {text event} */
	WIRE_EVENT,  /* int handle, text name, value: for who asked with WIRE_ON */
	WIRE_TICK,   /* the time asked for with WIRE_IDLE has come */
	WIRE_PING,   /* answered with WIRE_PONG of the same serial, by the scheduler only */

	/* runner -> daemon; those with a serial != 0 get a WIRE_REPLY */
	WIRE_READY = 64, /* the sandbox is closed and the script has no syntax error */
	WIRE_PONG,
	WIRE_IDLE,  /* int t_us: every task waits; tick me then */
	WIRE_TIME,  /* reply carries the time */
	WIRE_OPEN,  /* text id ("" = the run's kit), int n: {text needed} -> int handle */
	WIRE_READ,  /* int handle, text name -> value */
	WIRE_WRITE, /* int handle, text name, value */
	WIRE_ACT,   /* int handle, text name, int n: {text argument, value} -> value */
	WIRE_ON,    /* int handle, text name: send events or samples of it */
	WIRE_OFF,   /* int handle, text name; no reply */
	WIRE_PRINT, /* int stream (0 out, 1 error), text whole lines */
	WIRE_PLOT,  /* int n: {text name, number} */
	WIRE_END,   /* text code ("" = finished), int line (0 = unknown),
		     * text message English, Chinese, text hint English, Chinese */
};

enum wire_tag {
	WIRE_TAG_NIL,
	WIRE_TAG_FALSE,
	WIRE_TAG_TRUE,
	WIRE_TAG_INT,	 /* 8 bytes */
	WIRE_TAG_NUMBER, /* 8 bytes, IEEE 754 */
	WIRE_TAG_TEXT,	 /* 4 bytes length, bytes */
	WIRE_TAG_VECTOR, /* 1 byte count, 8 bytes each */
};

struct wire_value {
	enum wire_tag tag;
	uint32_t count; /* bytes of a text, numbers of a vector */
	int64_t integer;
	double number;
	const char *text; /* borrowed from the packet, not terminated */
	double vector[WIRE_VECTOR_MAX];
};

/* ---- writing ---- */

struct wire_out {
	size_t length;
	bool is_full; /* something did not fit: do not send */
	uint8_t bytes[WIRE_PACKET_MAX];
};

static inline void wire_put_bytes(struct wire_out *out, const void *bytes, size_t count)
{
	if (out->is_full || count > sizeof(out->bytes) - out->length) {
		out->is_full = true;
		return;
	}
	if (count) {
		memcpy(out->bytes + out->length, bytes, count);
	}
	out->length += count;
}

static inline void wire_put_word(struct wire_out *out, uint64_t word, unsigned bytes)
{
	uint8_t raw[8];

	for (unsigned i = 0; i < bytes; i++) {
		raw[i] = (uint8_t)(word >> 8 * i);
	}
	wire_put_bytes(out, raw, bytes);
}

static inline void wire_begin(
	struct wire_out *out, enum wire_type type, uint32_t serial, int64_t t_us)
{
	out->length = 0;
	out->is_full = false;
	wire_put_word(out, type, 1);
	wire_put_word(out, serial, 4);
	wire_put_word(out, (uint64_t)t_us, 8);
}

static inline void wire_put_nil(struct wire_out *out)
{
	wire_put_word(out, WIRE_TAG_NIL, 1);
}

static inline void wire_put_bool(struct wire_out *out, bool boolean)
{
	wire_put_word(out, boolean ? WIRE_TAG_TRUE : WIRE_TAG_FALSE, 1);
}

static inline void wire_put_int(struct wire_out *out, int64_t integer)
{
	wire_put_word(out, WIRE_TAG_INT, 1);
	wire_put_word(out, (uint64_t)integer, 8);
}

static inline void wire_put_double(struct wire_out *out, double number)
{
	uint64_t word;

	memcpy(&word, &number, sizeof(word));
	wire_put_word(out, word, 8);
}

static inline void wire_put_number(struct wire_out *out, double number)
{
	wire_put_word(out, WIRE_TAG_NUMBER, 1);
	wire_put_double(out, number);
}

static inline void wire_put_text(struct wire_out *out, const char *text, size_t length)
{
	wire_put_word(out, WIRE_TAG_TEXT, 1);
	wire_put_word(out, length, 4);
	wire_put_bytes(out, text, length);
}

static inline void wire_put_string(struct wire_out *out, const char *text)
{
	wire_put_text(out, text, strlen(text));
}

static inline void wire_put_vector(struct wire_out *out, const double *vector, size_t count)
{
	if (count > WIRE_VECTOR_MAX) {
		out->is_full = true;
		return;
	}
	wire_put_word(out, WIRE_TAG_VECTOR, 1);
	wire_put_word(out, count, 1);
	for (size_t i = 0; i < count; i++) {
		wire_put_double(out, vector[i]);
	}
}

/* ---- reading ---- */

struct wire_in {
	enum wire_type type;
	uint32_t serial;
	int64_t t_us;
	const uint8_t *bytes; /* what is left; borrowed */
	size_t left;
	bool is_bad; /* some field was not there as asked */
};

static inline uint64_t wire_word(const uint8_t *bytes, unsigned count)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < count; i++) {
		word |= (uint64_t)bytes[i] << 8 * i;
	}
	return word;
}

/* Takes `count` bytes; NULL and is_bad when there are fewer. */
static inline const uint8_t *wire_take(struct wire_in *in, size_t count)
{
	const uint8_t *bytes = in->bytes;

	if (in->is_bad || count > in->left) {
		in->is_bad = true;
		return NULL;
	}
	in->bytes += count;
	in->left -= count;
	return bytes;
}

static inline bool wire_open(struct wire_in *in, const uint8_t *bytes, size_t count)
{
	const uint8_t *header;

	*in = (struct wire_in){.bytes = bytes, .left = count};
	header = wire_take(in, WIRE_HEADER);
	if (!header) {
		return false;
	}
	in->type = (enum wire_type)header[0];
	in->serial = (uint32_t)wire_word(header + 1, 4);
	in->t_us = (int64_t)wire_word(header + 5, 8);
	return true;
}

static inline double wire_double(const uint8_t *bytes)
{
	uint64_t word = wire_word(bytes, 8);
	double number;

	memcpy(&number, &word, sizeof(number));
	return number;
}

static inline void wire_get_vector(struct wire_in *in, struct wire_value *value)
{
	const uint8_t *bytes = wire_take(in, 1);

	value->count = bytes ? bytes[0] : 0;
	if (value->count > WIRE_VECTOR_MAX) {
		in->is_bad = true;
		value->count = 0;
	}
	bytes = wire_take(in, 8 * (size_t)value->count);
	for (uint32_t i = 0; bytes && i < value->count; i++) {
		value->vector[i] = wire_double(bytes + 8 * i);
	}
}

/* The next field, whatever it is. A bad one reads as nil. */
static inline bool wire_get(struct wire_in *in, struct wire_value *value)
{
	const uint8_t *bytes = wire_take(in, 1);

	value->tag = bytes && bytes[0] <= WIRE_TAG_VECTOR ? (enum wire_tag)bytes[0] : WIRE_TAG_NIL;
	value->count = 0;
	if (bytes && bytes[0] > WIRE_TAG_VECTOR) {
		in->is_bad = true;
	}
	switch (value->tag) {
	case WIRE_TAG_INT:
		bytes = wire_take(in, 8);
		value->integer = bytes ? (int64_t)wire_word(bytes, 8) : 0;
		break;
	case WIRE_TAG_NUMBER:
		bytes = wire_take(in, 8);
		value->number = bytes ? wire_double(bytes) : 0;
		break;
	case WIRE_TAG_TEXT:
		bytes = wire_take(in, 4);
		value->count = bytes ? (uint32_t)wire_word(bytes, 4) : 0;
		value->text = (const char *)wire_take(in, value->count);
		break;
	case WIRE_TAG_VECTOR:
		wire_get_vector(in, value);
		break;
	case WIRE_TAG_NIL:
	case WIRE_TAG_FALSE:
	case WIRE_TAG_TRUE:
		break;
	}
	if (in->is_bad) {
		value->tag = WIRE_TAG_NIL;
		value->count = 0;
	}
	return !in->is_bad;
}

static inline int64_t wire_get_int(struct wire_in *in)
{
	struct wire_value value;

	if (wire_get(in, &value) && value.tag == WIRE_TAG_INT) {
		return value.integer;
	}
	in->is_bad = true;
	return 0;
}

/* A list's length: at most `max`. */
static inline size_t wire_get_count(struct wire_in *in, size_t max)
{
	int64_t count = wire_get_int(in);

	if (count < 0 || (uint64_t)count > max) {
		in->is_bad = true;
		return 0;
	}
	return (size_t)count;
}

/* A text, borrowed from the packet; "" with *length 0 when it is bad. */
static inline const char *wire_get_text(struct wire_in *in, size_t *length)
{
	struct wire_value value;

	if (wire_get(in, &value) && value.tag == WIRE_TAG_TEXT) {
		*length = value.count;
		return value.text;
	}
	in->is_bad = true;
	*length = 0;
	return "";
}

/* Copies a text into `room` bytes, terminated; longer ones and those with NUL inside are bad. */
static inline void wire_get_string(struct wire_in *in, char *text, size_t room)
{
	size_t length;
	const char *from = wire_get_text(in, &length);

	if (length >= room || memchr(from, 0, length)) {
		in->is_bad = true;
		length = 0;
	}
	memcpy(text, from, length);
	text[length] = 0;
}
