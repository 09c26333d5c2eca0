/* The I2C devices of a virtual bench; see i2c.h. */
#include "virtual/i2c.h"

#include <math.h>
#include <string.h>

enum { LM75_TEMPERATURE, LM75_CONFIG, LM75_THYST, LM75_TOS, LM75_REGISTERS };

void i2c_bus_init(struct i2c_bus *bus)
{
	*bus = (struct i2c_bus){
		.lm75_limits = {75 * 256, 80 * 256}, /* the data sheet's power-up state */
		.temperature = 20,
	};
	memset(bus->memory, 0xFF, sizeof(bus->memory)); /* erased */
}

static void memory_write(struct i2c_bus *bus, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i == 0) {
			bus->memory_at = bytes[0];
		} else {
			bus->memory[bus->memory_at++] = bytes[i];
		}
	}
}

static void lm75_write(struct i2c_bus *bus, const uint8_t *bytes, size_t count)
{
	if (count > 0) {
		bus->lm75_register = bytes[0] % LM75_REGISTERS;
	}
	if (bus->lm75_register == LM75_CONFIG && count > 1) {
		bus->lm75_config = bytes[1] & 0x1F;
	}
	if (bus->lm75_register >= LM75_THYST && count > 2) {
		/* Nine bits count. */
		bus->lm75_limits[bus->lm75_register - LM75_THYST] =
			(uint16_t)((bytes[1] << 8 | bytes[2]) & 0xFF80);
	}
}

/* Nine bits, two's complement, half degrees, left in 16 bits. */
static uint16_t lm75_temperature(double celsius)
{
	double halves = round(fmin(fmax(celsius, -55), 125) * 2);

	return (uint16_t)((unsigned)(int)halves << 7);
}

static void lm75_read(const struct i2c_bus *bus, uint8_t *bytes, size_t count)
{
	uint16_t word = lm75_temperature(bus->temperature);

	if (bus->lm75_register >= LM75_THYST) {
		word = bus->lm75_limits[bus->lm75_register - LM75_THYST];
	} else if (bus->lm75_register == LM75_CONFIG) {
		word = (uint16_t)(bus->lm75_config << 8 | bus->lm75_config);
	}
	for (size_t i = 0; i < count; i++) {
		bytes[i] = (uint8_t)(i % 2 == 0 ? word >> 8 : word);
	}
}

bool i2c_bus_write(struct i2c_bus *bus, uint8_t address, const uint8_t *bytes, size_t count)
{
	if (address == I2C_MEMORY) {
		memory_write(bus, bytes, count);
	} else if (address == I2C_LM75) {
		lm75_write(bus, bytes, count);
	}
	return address == I2C_MEMORY || address == I2C_LM75;
}

bool i2c_bus_read(struct i2c_bus *bus, uint8_t address, uint8_t *bytes, size_t count)
{
	if (address == I2C_LM75) {
		lm75_read(bus, bytes, count);
		return true;
	}
	for (size_t i = 0; address == I2C_MEMORY && i < count; i++) {
		bytes[i] = bus->memory[bus->memory_at++];
	}
	return address == I2C_MEMORY;
}
