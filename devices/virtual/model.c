/* The table of boards; see model.h. */
#include "virtual/model.h"

#include <stddef.h>
#include <string.h>

enum { BRIDGE_BAUD = 57600 };

static const struct board_model models[] = {
	{
		.name = "uno",
		.pins = 20,
		.first_digital = 2,
		.last_digital = 19,
		.first_analog = 14,
		.analogs = 6,
		.pwm = {3, 5, 6, 9, 10, 11, 0xFF},
		.sda = 18,
		.scl = 19,
		.servos = 12,
		.resets_on_open = true,
		.baud = BRIDGE_BAUD,
	},
	{
		.name = "mega",
		.pins = 70,
		.first_digital = 2,
		.last_digital = 69,
		.first_analog = 54,
		.analogs = 16,
		.pwm = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 44, 45, 46, 0xFF},
		.sda = 20,
		.scl = 21,
		.servos = 48,
		.resets_on_open = true,
		.baud = BRIDGE_BAUD,
	},
	{
		/* A6 and A7 are inputs of the converter only. */
		.name = "nano",
		.pins = 22,
		.first_digital = 2,
		.last_digital = 19,
		.first_analog = 14,
		.analogs = 8,
		.pwm = {3, 5, 6, 9, 10, 11, 0xFF},
		.sda = 18,
		.scl = 19,
		.servos = 12,
		.resets_on_open = true,
		.baud = BRIDGE_BAUD,
	},
	{
		.name = "leonardo",
		.pins = 30,
		.first_digital = 0,
		.last_digital = 29,
		.first_analog = 18,
		.analogs = 12,
		.pwm = {3, 5, 6, 9, 10, 11, 13, 0xFF},
		.sda = 2,
		.scl = 3,
		.servos = 12,
	},
};

const struct board_model *model_find(const char *name)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (strcmp(models[i].name, name) == 0) {
			return &models[i];
		}
	}
	return NULL;
}

bool model_is_digital(const struct board_model *model, unsigned pin)
{
	return pin >= model->first_digital && pin <= model->last_digital;
}

bool model_is_analog(const struct board_model *model, unsigned pin)
{
	return pin >= model->first_analog && pin < (unsigned)model->first_analog + model->analogs;
}

bool model_is_pwm(const struct board_model *model, unsigned pin)
{
	for (const uint8_t *able = model->pwm; *able != 0xFF; able++) {
		if (*able == pin) {
			return true;
		}
	}
	return false;
}

bool model_is_i2c(const struct board_model *model, unsigned pin)
{
	return pin == model->sda || pin == model->scl;
}
