/*
 * The life of a virtual board: power, boot, messages in, the firmware's loop.
 */
#include "virtual/board_private.h"

#include <string.h>

enum {
	UART_RING = 64,          /* bytes that wait for the line before the firmware waits */
	INPUT_PERIOD_US = 20000, /* how often inputs that change by themselves are looked at */
	BEHIND_MAX_US = 200000,  /* a stopped process does not send its lost samples */
};

void board_init(struct board *board, const struct board_model *model, int minor,
	int64_t boot_us, const struct board_world *world, void *data)
{
	*board = (struct board){
		.model = model,
		.minor = minor,
		.boot_us = boot_us,
		.world = world,
		.data = data,
	};
}

void board_reset(struct board *board, int64_t now_us)
{
	board_init(board, board->model, board->minor, board->boot_us, board->world, board->data);
	board->is_on = true;
	board->is_booting = true;
	board->now_us = now_us;
	board->ready_us = now_us + board->boot_us;
	board->line_free_us = now_us;
	board->sampling_ms = BOARD_SAMPLING_MS;
}

void board_power_off(struct board *board)
{
	board->is_on = false;
}

void board_line_opened(struct board *board, int64_t now_us)
{
	/* Native USB: the firmware waited for the first open, and runs on over the others. */
	if (board->model->resets_on_open || !board->is_on) {
		board_reset(board, now_us);
	}
}

void board_send(struct board *board, const struct firmata_message *message)
{
	uint8_t bytes[FIRMATA_FRAME_MAX];
	size_t count = firmata_encode(FIRMATA_TO_HOST, message, bytes, sizeof(bytes));

	if (board->line_free_us < board->now_us) {
		board->line_free_us = board->now_us;
	}
	if (board->model->baud) {
		board->line_free_us += (int64_t)count * 10 * 1000000 / board->model->baud;
	}
	board->world->send(board->data, bytes, count);
}

/* ---- samples ---- */

static bool is_sampling(const struct board *board)
{
	return board->report_analog || board->query_count > 0;
}

/* Goes on to the newest point of the sampling grid, without the samples between. */
static void skip_samples(struct board *board)
{
	int64_t step_us = (int64_t)board->sampling_ms * 1000;

	if (board->now_us > board->sampled_us + step_us) {
		board->sampled_us += (board->now_us - board->sampled_us) / step_us * step_us;
	}
}

/* The loop asks for *more* than the interval on a millisecond clock. */
static int64_t sample_due_us(const struct board *board)
{
	int64_t due_us = board->sampled_us + ((int64_t)board->sampling_ms + 1) * 1000;
	int64_t ring_us = board->model->baud ? UART_RING * INT64_C(10000000) / board->model->baud
					     : 0;
	int64_t room_us = board->line_free_us - ring_us;

	return due_us > room_us ? due_us : room_us;
}

static void sample(struct board *board)
{
	board->sampled_us += (int64_t)board->sampling_ms * 1000;
	if (board->now_us - board->sampled_us > BEHIND_MAX_US) {
		skip_samples(board);
	}
	for (unsigned channel = 0; channel < board->model->analogs; channel++) {
		if (board->report_analog & 1U << channel &&
			board->pins[board->model->first_analog + channel].mode == FIRMATA_MODE_ANALOG) {
			board_send_analog(board, channel);
		}
	}
	for (int i = 0; i < board->query_count; i++) {
		board_read_i2c(board, &board->queries[i]);
	}
}

/* ---- messages from the host ---- */

static void play_tone(struct board *board, const struct firmata_message *in)
{
	unsigned ms = in->tone.duration_ms;

	if (model_is_digital(board->model, in->pin)) {
		board->tone.pin = in->pin;
		board->tone.frequency = in->tone.frequency_hz;
		/* 0 ms: until it is told to stop, as Arduino's tone(). */
		board->tone.until_us = ms ? board->now_us + (int64_t)ms * 1000 : INT64_MAX;
	}
}

static void config_servo(struct board *board, const struct firmata_message *in)
{
	if (model_is_digital(board->model, in->pin)) {
		board->pins[in->pin].has_servo = false;
		board_attach_servo(board, in->pin, in->min_us, in->max_us);
		board_set_mode(board, in->pin, FIRMATA_MODE_SERVO);
	}
}

static void echo_string(struct board *board, struct firmata_message *in)
{
	in->data[in->count] = '\0';
	board_send_string(board, (const char *)in->data);
}

/* Channel messages; false: it is another one. */
static bool take_channel_message(struct board *board, const struct firmata_message *in)
{
	switch ((int)in->type) {
	case FIRMATA_ANALOG:
		board_write_analog(board, in->pin, (unsigned)in->value);
		return true;
	case FIRMATA_DIGITAL:
		board_write_port(board, in->port, (unsigned)in->value);
		return true;
	case FIRMATA_REPORT_ANALOG:
		board_report_analog(board, in->channel, in->on);
		return true;
	case FIRMATA_REPORT_DIGITAL:
		board_report_port(board, in->port, in->on);
		return true;
	case FIRMATA_PIN_MODE:
		board_set_mode(board, in->pin, in->mode);
		return true;
	case FIRMATA_PIN_VALUE:
		if (board->minor >= 5) {
			board_write_pin(board, in->pin, in->on);
		}
		return true;
	case FIRMATA_VERSION_QUERY:
		board_send_version(board);
		return true;
	case FIRMATA_RESET:
		board_reset_pins(board);
		return true;
	default:
		return false;
	}
}

static void take_sysex(struct board *board, struct firmata_message *in)
{
	switch ((int)in->type) {
	case FIRMATA_FIRMWARE_QUERY:
		board_send_firmware(board);
		break;
	case FIRMATA_CAPABILITY_QUERY:
		board_send_capabilities(board);
		break;
	case FIRMATA_ANALOG_MAP_QUERY:
		board_send_analog_map(board);
		break;
	case FIRMATA_PIN_STATE_QUERY:
		board_send_pin_state(board, in->pin);
		break;
	case FIRMATA_EXTENDED_ANALOG:
		board_write_analog(board, in->pin, (unsigned)in->value);
		break;
	case FIRMATA_SERVO_CONFIG:
		config_servo(board, in);
		break;
	case FIRMATA_SAMPLING:
		board->sampling_ms = in->value > 0 ? (unsigned)in->value : 1;
		break;
	case FIRMATA_I2C_CONFIG:
		board_enable_i2c(board);
		break;
	case FIRMATA_I2C_REQUEST:
		board_request_i2c(board, in);
		break;
	case FIRMATA_STRING:
		echo_string(board, in);
		break;
	case FIRMATA_TONE:
		play_tone(board, in);
		break;
	case FIRMATA_NO_TONE:
		if (board->tone.pin == in->pin) {
			board->tone.frequency = 0;
		}
		break;
	default:
		break; /* the firmware is silent at what it does not know, 7C too */
	}
}

void board_feed(struct board *board, const uint8_t *bytes, size_t count, int64_t now_us)
{
	enum firmata_answer answer;
	struct firmata_message in;

	board->now_us = now_us;
	if (!board->is_on || board->is_booting) {
		return; /* the boot loader takes no Firmata */
	}
	if (!is_sampling(board)) {
		skip_samples(board); /* the grid goes on while nothing is reported */
	}
	while ((answer = firmata_next(&board->parser, FIRMATA_TO_BOARD, &bytes, &count, &in)) !=
		FIRMATA_MORE) {
		if (answer == FIRMATA_FRAME && !take_channel_message(board, &in)) {
			take_sysex(board, &in);
		}
	}
	board_check_inputs(board);
}

/* ---- the firmware's loop ---- */

static void finish_boot(struct board *board)
{
	board->is_booting = false;
	board->sampled_us = board->now_us;
	board_send_version(board);
	board_send_firmware(board);
	board_reset_pins(board);
}

static bool reports_digital(const struct board *board)
{
	for (size_t port = 0; port < sizeof(board->report_port); port++) {
		if (board->report_port[port]) {
			return true;
		}
	}
	return false;
}

int64_t board_tick(struct board *board, int64_t now_us)
{
	board->now_us = now_us;
	if (!board->is_on) {
		return INT64_MAX;
	}
	if (board->is_booting && now_us < board->ready_us) {
		return board->ready_us;
	}
	if (board->is_booting) {
		finish_boot(board);
	}
	board_check_inputs(board);

	int64_t due_us = is_sampling(board) ? sample_due_us(board) : INT64_MAX;

	if (due_us <= now_us) {
		sample(board);
		due_us = sample_due_us(board);
	}
	if (reports_digital(board) && due_us > now_us + INPUT_PERIOD_US) {
		due_us = now_us + INPUT_PERIOD_US;
	}
	return due_us;
}

unsigned board_tone(const struct board *board, int64_t now_us, unsigned *pin)
{
	if (!board->is_on || board->tone.frequency == 0 || now_us >= board->tone.until_us) {
		return 0;
	}
	*pin = board->tone.pin;
	return board->tone.frequency;
}
