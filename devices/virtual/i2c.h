/*
 * The I2C bus of a virtual bench, with two devices on it: 256 bytes of memory at
 * 0x50 (like a 24C02, without its page limit and write time, as FRAM parts are)
 * and a temperature sensor LM75 at 0x48. Every other address stays silent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { I2C_MEMORY = 0x50, I2C_LM75 = 0x48 };

struct i2c_bus {
	uint8_t memory[256];
	uint8_t memory_at;      /* address pointer, goes on with each byte */
	uint8_t lm75_register;
	uint8_t lm75_config;
	uint16_t lm75_limits[2]; /* THYST, TOS */
	double temperature;      /* degC that the sensor feels */
};

void i2c_bus_init(struct i2c_bus *bus);

/* One transmission. False: nobody acknowledged the address. */
bool i2c_bus_write(struct i2c_bus *bus, uint8_t address, const uint8_t *bytes, size_t count);
bool i2c_bus_read(struct i2c_bus *bus, uint8_t address, uint8_t *bytes, size_t count);
