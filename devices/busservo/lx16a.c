/* LX-16A's frames; see lx16a.h. */
#include "lx16a.h"

#include <string.h>

enum { BODY = 2, COMMAND = 4, PARAMS = 5, LENGTH_MIN = 3 };

/* Parameters by command: of what is told, or of the answer to what is asked. */
static const struct shape {
	uint8_t told, answered;
} shapes[] = {
	[LX16A_MOVE] = {4, 0},
	[LX16A_READ_MOVE] = {0, 4},
	[LX16A_WAIT_MOVE] = {4, 0},
	[LX16A_READ_WAIT_MOVE] = {0, 4},
	[LX16A_SET_ID] = {1, 0},
	[LX16A_READ_ID] = {0, 1},
	[LX16A_ADJUST_OFFSET] = {1, 0},
	[LX16A_READ_OFFSET] = {0, 1},
	[LX16A_SET_LIMITS] = {4, 0},
	[LX16A_READ_LIMITS] = {0, 4},
	[LX16A_SET_VIN_LIMITS] = {4, 0},
	[LX16A_READ_VIN_LIMITS] = {0, 4},
	[LX16A_SET_HEAT_LIMIT] = {1, 0},
	[LX16A_READ_HEAT_LIMIT] = {0, 1},
	[LX16A_READ_HEAT] = {0, 1},
	[LX16A_READ_VIN] = {0, 2},
	[LX16A_READ_POSITION] = {0, 2},
	[LX16A_SET_MODE] = {4, 0},
	[LX16A_READ_MODE] = {0, 4},
	[LX16A_SET_TORQUE] = {1, 0},
	[LX16A_READ_TORQUE] = {0, 1},
	[LX16A_SET_LED] = {1, 0},
	[LX16A_READ_LED] = {0, 1},
	[LX16A_SET_LED_ERROR] = {1, 0},
	[LX16A_READ_LED_ERROR] = {0, 1},
};

enum { COMMANDS = sizeof(shapes) / sizeof(shapes[0]) };

unsigned lx16a_answer_count(uint8_t command)
{
	return command < COMMANDS ? shapes[command].answered : 0;
}

/* Commands that nobody knows may have any number: they are kept, and do nothing. */
static bool has_shape(uint8_t command, unsigned count)
{
	bool is_bare =
		command == LX16A_START || command == LX16A_STOP || command == LX16A_SAVE_OFFSET;

	if (is_bare) {
		return count == 0;
	}
	if (command >= COMMANDS || (!shapes[command].told && !shapes[command].answered)) {
		return true;
	}
	return count == shapes[command].told || (count && count == shapes[command].answered);
}

static uint8_t checksum(const uint8_t *frame, size_t length)
{
	unsigned sum = 0;

	for (size_t i = BODY; i < BODY + length; i++) {
		sum += frame[i];
	}
	return (uint8_t)~sum;
}

enum err lx16a_decode(
	const uint8_t *bytes, size_t count, size_t *used, struct lx16a_message *message)
{
	*used = 1; /* of garbage: one by one, so that no frame behind it is lost */
	if ((count > 0 && bytes[0] != 0x55) || (count > 1 && bytes[1] != 0x55) ||
		(count > 2 && bytes[2] > LX16A_ALL)) {
		return ERR_PROTOCOL;
	}
	size_t length = count > 3 ? bytes[3] : LENGTH_MIN;

	if (length < LENGTH_MIN || length > LX16A_PARAMS_MAX + LENGTH_MIN ||
		(count > COMMAND && !has_shape(bytes[COMMAND], (unsigned)length - LENGTH_MIN))) {
		return ERR_PROTOCOL;
	}
	if (count < length + LENGTH_MIN) {
		*used = 0;
		return ERR_NONE;
	}
	if (bytes[BODY + length] != checksum(bytes, length)) {
		return ERR_PROTOCOL;
	}
	message->id = bytes[2];
	message->command = bytes[COMMAND];
	message->count = (uint8_t)(length - LENGTH_MIN);
	memcpy(message->params, bytes + PARAMS, message->count);
	*used = length + LENGTH_MIN;
	return ERR_NONE;
}

size_t lx16a_encode(const struct lx16a_message *m, uint8_t *out, size_t room)
{
	size_t length = m->count + LENGTH_MIN;

	if (m->id > LX16A_ALL || m->count > LX16A_PARAMS_MAX || room < length + LENGTH_MIN ||
		!has_shape(m->command, m->count)) {
		return 0;
	}
	out[0] = out[1] = 0x55;
	out[2] = m->id;
	out[3] = (uint8_t)length;
	out[COMMAND] = m->command;
	memcpy(out + PARAMS, m->params, m->count);
	out[BODY + length] = checksum(out, length);
	return length + LENGTH_MIN;
}
