/* Little-endian numbers inside frames: both servo languages have them. */
#pragma once

#include <stdint.h>

static inline uint32_t bytes_get(const uint8_t *bytes, unsigned count)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < count; i++) {
		number |= (uint32_t)bytes[i] << (8 * i);
	}
	return number;
}

static inline void bytes_put(uint8_t *bytes, unsigned count, uint32_t number)
{
	for (unsigned i = 0; i < count; i++) {
		bytes[i] = (uint8_t)(number >> (8 * i));
	}
}
