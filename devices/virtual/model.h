/*
 * The Arduino boards that kitlab-virtual can be: which pin can do what, as
 * firmata/arduino 2.5.7's Boards.h says for each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_PINS_MAX = 70, MODEL_ANALOG_MAX = 16 };

struct board_model {
	const char *name; /* "uno" */
	uint8_t pins;
	uint8_t first_digital, last_digital; /* 0 and 1 are the serial line of most */
	uint8_t first_analog, analogs;       /* pin of A0 and how many follow */
	uint8_t pwm[16];                     /* ends with 0xFF */
	uint8_t sda, scl;
	uint8_t servos;                      /* that the Servo library can drive at a time */
	bool resets_on_open;                 /* a bridge chip pulses reset; native USB does not */
	unsigned baud;                       /* of the line to the bridge; 0 = native USB */
};

/* NULL if there is none of that name. */
const struct board_model *model_find(const char *name);

bool model_is_digital(const struct board_model *model, unsigned pin);
bool model_is_analog(const struct board_model *model, unsigned pin);
bool model_is_pwm(const struct board_model *model, unsigned pin);
bool model_is_i2c(const struct board_model *model, unsigned pin);
