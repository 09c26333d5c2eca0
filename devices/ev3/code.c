/*
 * EV3's byte code: operations with their operands. Each operation's line below says how many
 * operands it has; one with a command as its first has a line for each.
 */
#include "protocol.h"

#include <string.h>

enum { NO_COMMAND = -1, LONG = 0x80, VARIABLE = 0x40, IS_GLOBAL = 0x20, TEXT = 0x84 };

static const struct {
	uint8_t code;
	int8_t command;
	uint8_t params; /* with the command */
} lines[] = {
	{EV3_NOP, NO_COMMAND, 0},
	{EV3_PROGRAM_STOP, NO_COMMAND, 1},
	{EV3_UI_READ, EV3_UI_READ_VOLTAGE, 2},
	{EV3_UI_READ, EV3_UI_READ_FIRMWARE, 3},
	{EV3_UI_READ, EV3_UI_READ_BATTERY, 2},
	{EV3_UI_WRITE, EV3_UI_WRITE_LED, 2},
	{EV3_KEEP_ALIVE, NO_COMMAND, 1},
	{EV3_SOUND, EV3_SOUND_BREAK, 1},
	{EV3_SOUND, EV3_SOUND_TONE, 4},
	{EV3_INPUT_DEVICE, EV3_DEVICE_GET_TYPEMODE, 5},
	{EV3_INPUT_DEVICE, EV3_DEVICE_READY_SI, 6}, /* and as many as the sixth says */
	{EV3_INPUT_READSI, NO_COMMAND, 5},
	{EV3_OUTPUT_STOP, NO_COMMAND, 3},
	{EV3_OUTPUT_POWER, NO_COMMAND, 3},
	{EV3_OUTPUT_SPEED, NO_COMMAND, 3},
	{EV3_OUTPUT_START, NO_COMMAND, 2},
	{EV3_OUTPUT_READ, NO_COMMAND, 4},
	{EV3_OUTPUT_TEST, NO_COMMAND, 3},
	{EV3_OUTPUT_READY, NO_COMMAND, 2},
	{EV3_OUTPUT_STEP_SPEED, NO_COMMAND, 7},
	{EV3_OUTPUT_TIME_SPEED, NO_COMMAND, 7},
	{EV3_OUTPUT_STEP_SYNC, NO_COMMAND, 6},
	{EV3_OUTPUT_TIME_SYNC, NO_COMMAND, 6},
	{EV3_OUTPUT_CLR_COUNT, NO_COMMAND, 2},
	{EV3_OUTPUT_GET_COUNT, NO_COMMAND, 3},
};

enum { LINES = sizeof(lines) / sizeof(lines[0]) };

static uint8_t signed_width(int32_t value)
{
	return value >= -32 && value <= 31		   ? 0
		: value >= INT8_MIN && value <= INT8_MAX   ? 1
		: value >= INT16_MIN && value <= INT16_MAX ? 2
							   : 4;
}

struct ev3_param ev3_value(int32_t value)
{
	return (struct ev3_param){.kind = EV3_VALUE, .width = signed_width(value), .value = value};
}

struct ev3_param ev3_global(uint16_t index)
{
	uint8_t width = index < 32 ? 0 : index < 256 ? 1 : 2;

	return (struct ev3_param){.kind = EV3_GLOBAL, .width = width, .value = index};
}

/* ---- reading ---- */

static bool decode_text(const uint8_t *code, size_t count, size_t *used, struct ev3_param *param)
{
	const uint8_t *end = memchr(code + 1, 0, count - 1);

	*param = (struct ev3_param){.kind = EV3_TEXT, .text = (const char *)code + 1};
	*used = end ? (size_t)(end - code) + 1 : 0;
	return end != NULL;
}

/* A short one: its number is in the byte itself. */
static struct ev3_param short_param(uint8_t head)
{
	if (head & VARIABLE) {
		return (struct ev3_param){
			.kind = head & IS_GLOBAL ? EV3_GLOBAL : EV3_LOCAL,
			.value = head & 0x1F,
		};
	}
	return (struct ev3_param){.kind = EV3_VALUE, .value = (head & 0x1F) - (head & 0x20)};
}

static bool decode_param(const uint8_t *code, size_t count, size_t *used, struct ev3_param *param)
{
	static const uint8_t widths[] = {0, 1, 2, 4};
	uint32_t value = 0;

	if (count == 0) {
		return false;
	}
	if (code[0] == TEXT) {
		return decode_text(code, count, used, param);
	}
	*used = 1;
	if (!(code[0] & LONG)) {
		*param = short_param(code[0]);
		return true;
	}
	uint8_t kind = code[0] & ~3U, width = widths[code[0] & 3];
	bool is_variable = kind & VARIABLE;

	if (width == 0 || count < 1U + width || (kind & ~(LONG | VARIABLE | IS_GLOBAL)) ||
		(!is_variable && kind != LONG)) {
		return false;
	}
	for (unsigned i = 0; i < width; i++) {
		value |= (uint32_t)code[1 + i] << 8 * i;
	}
	*used += width;
	*param = (struct ev3_param){
		.kind = !is_variable	   ? EV3_VALUE
			: kind & IS_GLOBAL ? EV3_GLOBAL
					   : EV3_LOCAL,
		.width = width,
		.value = is_variable ? (int32_t)value
			: width == 1 ? (int8_t)value
			: width == 2 ? (int16_t)value
				     : (int32_t)value,
	};
	return true;
}

/* How many operands it has by what is known of them; 0 with *is_known false: none such. */
static unsigned params_of(const struct ev3_op *op, bool *is_known)
{
	for (unsigned i = 0; i < LINES; i++) {
		bool has_command = lines[i].command != NO_COMMAND;

		if (lines[i].code != op->code ||
			(has_command && op->count > 0 &&
				(op->params[0].kind != EV3_VALUE ||
					op->params[0].value != lines[i].command))) {
			continue;
		}
		*is_known = true;
		if (has_command && op->count == 0) {
			return 1; /* which command? */
		}
		bool is_list = lines[i].code == EV3_INPUT_DEVICE &&
			lines[i].command == EV3_DEVICE_READY_SI && op->count >= lines[i].params;
		const struct ev3_param *more = &op->params[5];

		if (is_list && (more->kind != EV3_VALUE || more->value < 0)) {
			break;
		}
		return lines[i].params + (is_list ? (unsigned)more->value : 0);
	}
	*is_known = false;
	return 0;
}

bool ev3_decode_op(const uint8_t *code, size_t count, size_t *used, struct ev3_op *op)
{
	size_t at = 1, length;
	bool is_known;

	if (count == 0) {
		return false;
	}
	op->code = code[0];
	op->count = 0;
	for (;;) {
		unsigned params = params_of(op, &is_known);

		if (!is_known || params > EV3_PARAMS_MAX) {
			return false;
		}
		if (op->count == params) {
			*used = at;
			return true;
		}
		if (!decode_param(code + at, count - at, &length, &op->params[op->count])) {
			return false;
		}
		op->count++;
		at += length;
	}
}

/* ---- writing ---- */

static size_t encode_text(const char *text, uint8_t *out, size_t room)
{
	size_t length = strlen(text) + 1;

	if (1 + length > room) {
		return 0;
	}
	out[0] = TEXT;
	memcpy(out + 1, text, length);
	return 1 + length;
}

static size_t encode_param(const struct ev3_param *param, uint8_t *out, size_t room)
{
	if (param->kind == EV3_TEXT) {
		return encode_text(param->text, out, room);
	}
	if (room < 1U + param->width) {
		return 0;
	}
	uint8_t kind = param->kind == EV3_VALUE ? 0
		: param->kind == EV3_GLOBAL	? VARIABLE | IS_GLOBAL
						: VARIABLE;

	if (param->width == 0) {
		out[0] = (uint8_t)(kind | (param->value & (kind ? 0x1F : 0x3F)));
		return 1;
	}
	out[0] = (uint8_t)(LONG | kind | (param->width == 4 ? 3 : param->width));
	for (unsigned i = 0; i < param->width; i++) {
		out[1 + i] = (uint8_t)((uint32_t)param->value >> 8 * i);
	}
	return 1U + param->width;
}

size_t ev3_encode_op(const struct ev3_op *op, uint8_t *out, size_t room)
{
	size_t used = 1;

	if (room == 0) {
		return 0;
	}
	out[0] = op->code;
	for (unsigned i = 0; i < op->count; i++) {
		size_t length = encode_param(&op->params[i], out + used, room - used);

		if (length == 0) {
			return 0;
		}
		used += length;
	}
	return used;
}
