/* What the virtual board tells of itself: version, firmware, capabilities, pin states, texts. */
#include "virtual/board_private.h"

#include <string.h>

enum { NOT_ANALOG = 0x7F, END_OF_PIN = 0x7F };

void board_send_version(struct board *board)
{
	struct firmata_message out;

	out.type = FIRMATA_VERSION;
	out.major = 2;
	out.minor = (uint8_t)board->minor;
	board_send(board, &out);
}

void board_send_firmware(struct board *board)
{
	static const char name[] = "StandardFirmata.ino";
	struct firmata_message out;

	out.type = FIRMATA_FIRMWARE;
	out.major = 2;
	out.minor = (uint8_t)board->minor;
	out.count = sizeof(name) - 1;
	memcpy(out.data, name, out.count);
	board_send(board, &out);
}

void board_send_string(struct board *board, const char *text)
{
	struct firmata_message out;

	out.type = FIRMATA_STRING;
	out.count = (uint16_t)strlen(text);
	memcpy(out.data, text, out.count);
	board_send(board, &out);
}

static void put_mode(struct firmata_message *out, bool is_able, unsigned mode, unsigned resolution)
{
	if (is_able) {
		out->data[out->count++] = (uint8_t)mode;
		out->data[out->count++] = (uint8_t)resolution;
	}
}

void board_send_capabilities(struct board *board)
{
	const struct board_model *model = board->model;
	struct firmata_message out;

	out.type = FIRMATA_CAPABILITY;
	out.count = 0;
	for (unsigned pin = 0; pin < model->pins; pin++) {
		bool is_digital = model_is_digital(model, pin);

		/* In the firmware's order. */
		put_mode(&out, is_digital, FIRMATA_MODE_INPUT, 1);
		put_mode(&out, is_digital && board->minor >= 5, FIRMATA_MODE_PULLUP, 1);
		put_mode(&out, is_digital, FIRMATA_MODE_OUTPUT, 1);
		put_mode(&out, model_is_analog(model, pin), FIRMATA_MODE_ANALOG, 10);
		put_mode(&out, model_is_pwm(model, pin), FIRMATA_MODE_PWM, 8);
		put_mode(&out, is_digital, FIRMATA_MODE_SERVO, 14);
		put_mode(&out, model_is_i2c(model, pin), FIRMATA_MODE_I2C, 1);
		out.data[out.count++] = END_OF_PIN;
	}
	board_send(board, &out);
}

void board_send_analog_map(struct board *board)
{
	struct firmata_message out;

	out.type = FIRMATA_ANALOG_MAP;
	out.count = board->model->pins;
	for (unsigned pin = 0; pin < board->model->pins; pin++) {
		out.data[pin] = model_is_analog(board->model, pin)
			? (uint8_t)(pin - board->model->first_analog)
			: NOT_ANALOG;
	}
	board_send(board, &out);
}

void board_send_pin_state(struct board *board, unsigned number)
{
	struct firmata_message out;

	out.type = FIRMATA_PIN_STATE;
	out.pin = (uint8_t)number;
	out.groups = 0;
	if (number < board->model->pins) {
		const struct board_pin *pin = &board->pins[number];

		out.mode = pin->mode;
		out.value = pin->state;
		out.groups = 1 + (pin->state > 0x7F) + (pin->state > 0x3FFF);
	}
	board_send(board, &out);
}
