/*
 * The Arduino boards as machines: between a board (board.h) and its bench stand the parts
 * that a wiring profile puts at its pins, and an I2C bus.
 *
 * What the world says becomes a voltage by the inverse of the profile's scaling, so that a
 * host which uses the same profile reads what the world says.
 */
#include "virtual/board.h"
#include "virtual/i2c.h"
#include "virtual/machine.h"

#include <math.h>

enum { ADC_MAX = 1023 };

struct wired_board {
	struct board board;
	struct i2c_bus i2c;
	bool is_made;
};

/* ---- what the board's pins feel ---- */

static const struct wiring_part *part_at(const struct machine *machine, unsigned pin,
	bool is_analog)
{
	const struct wiring *wiring = machine->world->wiring;

	for (unsigned i = 0; i < wiring->part_count; i++) {
		const struct wiring_part *part = &wiring->parts[i];

		if ((unsigned)part->pin == pin && part->analog == is_analog) {
			return part;
		}
	}
	return NULL;
}

static double feel(const struct machine *machine, enum scene_field field)
{
	return machine->world->scene(machine->world->data, field);
}

/* A channel with no sensor on it reads 0. */
static unsigned feel_analog(void *data, unsigned channel)
{
	const struct wiring_part *part = part_at(data, channel, true);
	enum scene_field field = part ? scene_find(part->name) : SCENE_FIELDS;

	if (field == SCENE_FIELDS) {
		return 0;
	}
	double share = (feel(data, field) - part->offset) / part->scale;

	return (unsigned)lround(fmin(fmax(share, 0), 1) * ADC_MAX);
}

/* A switch to ground (mode pullup) is high only by the pull-up; others drive their pin. */
static bool feel_digital(void *data, unsigned pin, bool is_pulled_up)
{
	struct machine *machine = data;
	const struct board_model *model = ((struct wired_board *)machine->state)->board.model;
	const struct wiring_part *part = part_at(machine, pin, false);
	enum scene_field field = part ? scene_find(part->name) : SCENE_FIELDS;

	if (model_is_analog(model, pin)) {
		unsigned channel = pin - model->first_analog;

		return part_at(machine, channel, true) ? feel_analog(machine, channel) > ADC_MAX / 2
						       : is_pulled_up;
	}
	if (field == SCENE_FIELDS) {
		return is_pulled_up;
	}
	bool level = (feel(machine, field) != 0) != part->invert;

	return level && (part->mode != WIRING_PULLUP || is_pulled_up);
}

static bool write_i2c(void *data, uint8_t address, const uint8_t *bytes, size_t count)
{
	struct wired_board *wired = ((struct machine *)data)->state;

	return i2c_bus_write(&wired->i2c, address, bytes, count);
}

static bool read_i2c(void *data, uint8_t address, uint8_t *bytes, size_t count)
{
	struct wired_board *wired = ((struct machine *)data)->state;

	wired->i2c.temperature = feel(data, SCENE_TEMPERATURE);
	return i2c_bus_read(&wired->i2c, address, bytes, count);
}

static void send_bytes(void *data, const uint8_t *bytes, size_t count)
{
	machine_send(data, bytes, count);
}

static const struct board_world world = {
	.send = send_bytes,
	.analog = feel_analog,
	.digital = feel_digital,
	.i2c_write = write_i2c,
	.i2c_read = read_i2c,
};

/* ---- the machine ---- */

static void reset(struct machine *machine, int64_t now_us)
{
	struct wired_board *wired = machine->state;

	if (!wired->is_made) {
		wired->is_made = true;
		i2c_bus_init(&wired->i2c);
		board_init(&wired->board, model_find(machine->class->model),
			machine->firmware[2] - '0', machine->boot_us, &world, machine);
	}
	board_reset(&wired->board, now_us);
}

static void power_off(struct machine *machine)
{
	board_power_off(&((struct wired_board *)machine->state)->board);
}

static void opened(struct machine *machine, int64_t now_us)
{
	board_line_opened(&((struct wired_board *)machine->state)->board, now_us);
}

static void feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	board_feed(&((struct wired_board *)machine->state)->board, bytes, count, now_us);
}

static int64_t tick(struct machine *machine, int64_t now_us)
{
	return board_tick(&((struct wired_board *)machine->state)->board, now_us);
}

static const char *const firmwares[] = {"2.5", "2.4", NULL};

#define BOARD(name, line_baud)                                                                   \
	const struct machine_class machine_##name = {                                            \
		.model = #name,                                                                  \
		.driver = "firmata",                                                             \
		.baud = line_baud,                                                               \
		.has_pins = true,                                                                \
		.firmwares = firmwares,                                                          \
		.state_size = sizeof(struct wired_board),                                        \
		.reset = reset,                                                                  \
		.power_off = power_off,                                                          \
		.opened = opened,                                                                \
		.feed = feed,                                                                    \
		.tick = tick,                                                                    \
	}

BOARD(uno, 57600);
BOARD(mega, 57600);
BOARD(nano, 57600);
BOARD(leonardo, 0);
