/*
 * Pins of the virtual board: modes, writes, reports, servos.
 *
 * Each function is one callback of StandardFirmata, with its conditions in the
 * same order, since those decide what a host sees in odd cases.
 */
#include "virtual/board_private.h"

enum { SERVO_MIN_US = 544, SERVO_MAX_US = 2400 }; /* the Servo library's defaults */

/* The pins of a port that are inputs: only they are reported. */
static unsigned input_mask(const struct board *board, unsigned port)
{
	unsigned mask = 0;

	for (unsigned bit = 0; bit < 8 && port * 8 + bit < board->model->pins; bit++) {
		unsigned pin = port * 8 + bit;
		uint8_t mode = board->pins[pin].mode;

		if (model_is_digital(board->model, pin) &&
			(mode == FIRMATA_MODE_INPUT || mode == FIRMATA_MODE_PULLUP)) {
			mask |= 1U << bit;
		}
	}
	return mask;
}

static void send_port(struct board *board, unsigned port, bool is_forced)
{
	unsigned mask = input_mask(board, port), value = 0;

	for (unsigned bit = 0; bit < 8; bit++) {
		unsigned pin = port * 8 + bit;

		if (mask & 1U << bit &&
			board->world->digital(board->data, pin, board->pins[pin].is_pulled_up)) {
			value |= 1U << bit;
		}
	}
	if (!is_forced && value == board->previous_port[port]) {
		return;
	}
	struct firmata_message out;

	out.type = FIRMATA_DIGITAL;
	out.port = (uint8_t)port;
	out.value = value;
	board->previous_port[port] = (uint8_t)value;
	board_send(board, &out);
}

void board_check_inputs(struct board *board)
{
	for (unsigned port = 0; port * 8 < board->model->pins; port++) {
		if (board->report_port[port]) {
			send_port(board, port, false);
		}
	}
}

void board_report_port(struct board *board, unsigned port, unsigned on)
{
	if (port * 8 >= board->model->pins) {
		return;
	}
	board->report_port[port] = on != 0;
	if (on) {
		send_port(board, port, true);
	}
}

void board_send_analog(struct board *board, unsigned channel)
{
	struct firmata_message out;

	out.type = FIRMATA_ANALOG;
	out.channel = (uint8_t)channel;
	out.value = board->world->analog(board->data, channel);
	board_send(board, &out);
}

void board_report_analog(struct board *board, unsigned channel, unsigned on)
{
	if (channel >= board->model->analogs) {
		return;
	}
	if (on) {
		board->report_analog |= 1U << channel;
		board_send_analog(board, channel);
	} else {
		board->report_analog &= ~(1U << channel);
	}
}

static unsigned attached_servos(const struct board *board)
{
	unsigned count = 0;

	for (unsigned pin = 0; pin < board->model->pins; pin++) {
		count += board->pins[pin].has_servo;
	}
	return count;
}

void board_attach_servo(struct board *board, unsigned pin, unsigned min_us, unsigned max_us)
{
	if (attached_servos(board) >= board->model->servos) {
		board_send_string(board, "Max servos attached");
		return;
	}
	board->pins[pin].has_servo = true;
	board->pins[pin].min_us = (uint16_t)(min_us ? min_us : SERVO_MIN_US);
	board->pins[pin].max_us = (uint16_t)(max_us ? max_us : SERVO_MAX_US);
}

/* Pin modes that every pin of the right kind can take; `false`: the firmware knows no such mode. */
static bool apply_mode(struct board *board, unsigned number, unsigned mode)
{
	const struct board_model *model = board->model;
	struct board_pin *pin = &board->pins[number];
	bool fits = false;

	switch (mode) {
	case FIRMATA_MODE_ANALOG:
		fits = model_is_analog(model, number);
		break;
	case FIRMATA_MODE_INPUT:
	case FIRMATA_MODE_OUTPUT:
	case FIRMATA_MODE_SERVO:
		fits = model_is_digital(model, number);
		break;
	case FIRMATA_MODE_PULLUP:
		if (board->minor < 5) {
			return false;
		}
		fits = model_is_digital(model, number);
		break;
	case FIRMATA_MODE_PWM:
		fits = model_is_pwm(model, number);
		break;
	case FIRMATA_MODE_I2C:
		fits = model_is_i2c(model, number);
		break;
	default:
		return false;
	}
	if (fits) {
		pin->mode = (uint8_t)mode;
		pin->is_pulled_up = mode == FIRMATA_MODE_PULLUP;
		pin->state = mode == FIRMATA_MODE_PULLUP;
		if (mode == FIRMATA_MODE_SERVO && !pin->has_servo) {
			board_attach_servo(board, number, 0, 0);
		}
	}
	return true;
}

void board_set_mode(struct board *board, unsigned number, unsigned mode)
{
	const struct board_model *model = board->model;

	if (number >= model->pins) {
		return;
	}
	struct board_pin *pin = &board->pins[number];

	if (pin->mode == FIRMATA_MODE_I2C && board->has_i2c && mode != FIRMATA_MODE_I2C) {
		board->has_i2c = false;
		board->query_count = 0;
	}
	if (mode != FIRMATA_MODE_SERVO) {
		pin->has_servo = false;
	}
	pin->state = 0;
	if (!apply_mode(board, number, mode)) {
		board_send_string(board, "Unknown pin mode");
	}
	if (model_is_analog(model, number)) {
		board_report_analog(board, number - model->first_analog, mode == FIRMATA_MODE_ANALOG);
	}
}

void board_write_port(struct board *board, unsigned port, unsigned value)
{
	for (unsigned bit = 0; bit < 8 && port * 8 + bit < board->model->pins; bit++) {
		unsigned number = port * 8 + bit;
		struct board_pin *pin = &board->pins[number];
		bool on = value & 1U << bit;

		if (!model_is_digital(board->model, number) ||
			(pin->mode != FIRMATA_MODE_OUTPUT && pin->mode != FIRMATA_MODE_INPUT)) {
			continue; /* pins in other modes are left alone */
		}
		/* The old way to a pull-up. 2.5 turns it on, and off only by the mode. */
		if (pin->mode == FIRMATA_MODE_INPUT && (on || board->minor < 5)) {
			pin->is_pulled_up = on;
		}
		pin->state = on;
	}
}

void board_write_pin(struct board *board, unsigned number, unsigned value)
{
	if (number < board->model->pins && board->pins[number].mode == FIRMATA_MODE_OUTPUT) {
		board->pins[number].state = (uint16_t)value;
	}
}

void board_write_analog(struct board *board, unsigned number, unsigned value)
{
	if (number < board->model->pins && (board->pins[number].mode == FIRMATA_MODE_SERVO ||
						   board->pins[number].mode == FIRMATA_MODE_PWM)) {
		board->pins[number].state = (uint16_t)value;
	}
}

void board_reset_pins(struct board *board)
{
	const struct board_model *model = board->model;

	board->has_i2c = false;
	board->query_count = 0;
	board->tone.frequency = 0;
	board->report_analog = 0;
	for (unsigned pin = 0; pin < model->pins; pin++) {
		board->pins[pin] = (struct board_pin){.mode = FIRMATA_MODE_INPUT};
		if (model_is_analog(model, pin)) {
			board->pins[pin].mode = FIRMATA_MODE_ANALOG;
		} else if (model_is_digital(model, pin)) {
			board->pins[pin].mode = FIRMATA_MODE_OUTPUT;
		}
	}
	for (unsigned port = 0; port < sizeof(board->report_port); port++) {
		board->report_port[port] = 0;
		board->previous_port[port] = 0;
	}
}
