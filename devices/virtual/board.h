/*
 * An Arduino board that runs StandardFirmata 2.5.7 (or 2.4): what the firmware
 * answers, byte for byte, and when (PROTOCOLS 1; firmata/arduino's behaviour).
 *
 * No I/O and no clock: the owner (bench.c) brings bytes and time, and the pins
 * meet the world by `struct board_world`. The firmware's limits are kept: 8
 * continuous I2C queries, 32 bytes an I2C transfer, 12 servos, no sample faster
 * than the serial line. It adds two things: tones (sysex 5F) and strings that are
 * sent back, as the EchoString example does.
 */
#pragma once

#include "firmata/protocol.h"
#include "virtual/model.h"

#include <stddef.h>

enum {
	BOARD_QUERIES_MAX = 8,
	BOARD_I2C_MAX = 32, /* the Wire library's buffer */
	BOARD_SAMPLING_MS = 19,
};

/* What is around the board. */
struct board_world {
	void (*send)(void *data, const uint8_t *bytes, size_t count);
	unsigned (*analog)(void *data, unsigned channel); /* 0..1023 */
	bool (*digital)(void *data, unsigned pin, bool is_pulled_up);
	bool (*i2c_write)(void *data, uint8_t address, const uint8_t *bytes, size_t count);
	bool (*i2c_read)(void *data, uint8_t address, uint8_t *bytes, size_t count);
};

struct board_pin {
	uint8_t mode;       /* enum firmata_mode */
	uint16_t state;     /* what a pin state query tells */
	bool is_pulled_up;
	bool has_servo;     /* a Servo is attached: pulses come out */
	uint16_t min_us, max_us; /* its pulses */
};

struct board_query {
	uint8_t address, count;
	bool has_reg;       /* reg is written before */
	uint8_t reg;
};

struct board {
	const struct board_model *model;
	int minor;          /* firmware and protocol 2.MINOR: 4 or 5 */
	int64_t boot_us;    /* from reset to banner */
	const struct board_world *world;
	void *data;         /* the world's */

	bool is_on, is_booting;
	int64_t ready_us;   /* when the boot ends */
	struct board_pin pins[MODEL_PINS_MAX];
	uint8_t report_port[(MODEL_PINS_MAX + 7) / 8], previous_port[(MODEL_PINS_MAX + 7) / 8];
	unsigned report_analog; /* a bit for each channel */
	unsigned sampling_ms;
	int64_t sampled_us;  /* the sampling grid */
	int64_t line_free_us; /* when all that was sent is out */
	int64_t now_us;      /* of the call under way */
	bool has_i2c;
	struct board_query queries[BOARD_QUERIES_MAX];
	int query_count;
	struct { /* 0 = silence */
		unsigned pin, frequency;
		int64_t until_us;
	} tone;

	struct firmata_parser parser;
};

/* Born without power. `model` and `world` are borrowed for ever. */
void board_init(struct board *board, const struct board_model *model, int minor,
	int64_t boot_us, const struct board_world *world, void *data);

/* Power or reset button: everything is forgotten, the banner comes after boot_us. */
void board_reset(struct board *board, int64_t now_us);
void board_power_off(struct board *board);

/* The host opened the line: a reset where the bridge does so, or the first power-up. */
void board_line_opened(struct board *board, int64_t now_us);
void board_feed(struct board *board, const uint8_t *bytes, size_t count, int64_t now_us);

/* Boot, inputs, samples. Returns when to be called next; INT64_MAX: after the next feed. */
int64_t board_tick(struct board *board, int64_t now_us);

/* A tone that sounds now: its frequency in Hz, and its pin; 0 = silence. */
unsigned board_tone(const struct board *board, int64_t now_us, unsigned *pin);
