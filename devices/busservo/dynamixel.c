/* Dynamixel's frames; see dynamixel.h. */
#include "dynamixel.h"

#include "bytes.h"

#include <stdbool.h>
#include <string.h>

enum {
	HEADER = 4,	       /* FF FF FD 00 */
	BODY = 7,	       /* where the instruction stands */
	LENGTH_MIN = 3,	       /* instruction, CRC */
	STATUS_LENGTH_MIN = 4, /* and the error byte */
};

static const uint8_t header[HEADER] = {0xFF, 0xFF, 0xFD, 0x00};

uint16_t dynamixel_crc(const uint8_t *bytes, size_t count)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < count; i++) {
		crc ^= (uint16_t)(bytes[i] << 8);
		for (int bit = 0; bit < 8; bit++) {
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x8005 : crc << 1);
		}
	}
	return crc;
}

static bool is_mark(const uint8_t *end)
{
	return end[-3] == 0xFF && end[-2] == 0xFF && end[-1] == 0xFD;
}

/* Takes the stuffing out of a body. Negative: it has a mark without one. */
static int unstuff(const uint8_t *body, size_t count, uint8_t *out)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		out[used++] = body[i];
		if (i >= 2 && is_mark(body + i + 1)) {
			if (++i == count || body[i] != 0xFD) {
				return -1;
			}
		}
	}
	return (int)used;
}

static bool fill(const uint8_t *frame, size_t length, struct dynamixel_message *message)
{
	uint8_t body[DYNAMIXEL_FRAME_MAX];
	int count = unstuff(frame + BODY, length - 2, body);
	int head = body[0] == DYNAMIXEL_STATUS ? 2 : 1;

	if (count < head) {
		return false;
	}
	message->id = frame[HEADER];
	message->instruction = body[0];
	message->error = head == 2 ? body[1] : 0;
	message->count = (uint16_t)(count - head);
	memcpy(message->params, body + head, message->count);
	return true;
}

enum err dynamixel_decode(
	const uint8_t *bytes, size_t count, size_t *used, struct dynamixel_message *message)
{
	*used = 1; /* of garbage: one by one, so that no frame behind it is lost */
	for (size_t i = 0; i < HEADER && i < count; i++) {
		if (bytes[i] != header[i]) {
			return ERR_PROTOCOL;
		}
	}
	if (count > HEADER && bytes[HEADER] > DYNAMIXEL_ID_MAX && bytes[HEADER] != DYNAMIXEL_ALL) {
		return ERR_PROTOCOL;
	}
	size_t length = count >= BODY ? bytes_get(bytes + HEADER + 1, 2) : LENGTH_MIN;

	if (length < LENGTH_MIN || length + BODY > DYNAMIXEL_FRAME_MAX) {
		return ERR_PROTOCOL;
	}
	if (count < BODY || count < BODY + length) {
		*used = 0;
		return ERR_NONE;
	}
	size_t end = BODY + length - 2;

	if (dynamixel_crc(bytes, end) != bytes_get(bytes + end, 2) ||
		!fill(bytes, length, message)) {
		return ERR_PROTOCOL;
	}
	*used = BODY + length;
	return ERR_NONE;
}

/* A byte of the body, and its stuffing. False: no room. */
static bool put(uint8_t *out, size_t room, size_t *used, uint8_t byte)
{
	if (*used + 2 > room) {
		return false;
	}
	out[(*used)++] = byte;
	if (*used >= BODY + 3 && is_mark(out + *used)) {
		out[(*used)++] = 0xFD;
	}
	return true;
}

size_t dynamixel_encode(const struct dynamixel_message *m, uint8_t *out, size_t room)
{
	size_t used = BODY;
	bool is_status = m->instruction == DYNAMIXEL_STATUS;

	room = room < DYNAMIXEL_FRAME_MAX ? room : DYNAMIXEL_FRAME_MAX;
	if (room < BODY || m->count > DYNAMIXEL_PARAMS_MAX ||
		(m->id > DYNAMIXEL_ID_MAX && m->id != DYNAMIXEL_ALL)) {
		return 0;
	}
	if (!put(out, room, &used, m->instruction) ||
		(is_status && !put(out, room, &used, m->error))) {
		return 0;
	}
	for (size_t i = 0; i < m->count; i++) {
		if (!put(out, room, &used, m->params[i])) {
			return 0;
		}
	}
	if (used + 2 > room) {
		return 0;
	}
	memcpy(out, header, HEADER);
	out[HEADER] = m->id;
	bytes_put(out + HEADER + 1, 2, (uint32_t)(used - BODY + 2));
	bytes_put(out + used, 2, dynamixel_crc(out, used));
	return used + 2;
}

void dynamixel_begin(struct dynamixel_message *message, uint8_t id, uint8_t instruction)
{
	message->id = id;
	message->instruction = instruction;
	message->error = 0;
	message->count = 0;
}

void dynamixel_add(struct dynamixel_message *message, unsigned bytes, uint32_t number)
{
	if (message->count + bytes > DYNAMIXEL_PARAMS_MAX) {
		message->count = UINT16_MAX;
		return;
	}
	bytes_put(message->params + message->count, bytes, number);
	message->count = (uint16_t)(message->count + bytes);
}
