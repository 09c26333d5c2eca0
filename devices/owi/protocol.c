/* The three bytes of an OWI arm; see protocol.h. */
#include "protocol.h"

/* Where a motor's two bits are, and which of them turn it by +1. */
static const struct {
	uint8_t byte, shift, plus;
} places[OWI_MOTORS] = {
	[OWI_BASE] = {1, 0, 2},
	[OWI_SHOULDER] = {0, 6, 1},
	[OWI_ELBOW] = {0, 4, 1},
	[OWI_WRIST] = {0, 2, 1},
	[OWI_GRIP] = {0, 0, 1},
};

void owi_encode(const struct owi_state *state, uint8_t bytes[OWI_BYTES])
{
	bytes[0] = bytes[1] = 0;
	bytes[2] = state->lamp;
	for (int i = 0; i < OWI_MOTORS; i++) {
		int bits = state->motors[i] > 0 ? places[i].plus
			: state->motors[i] < 0	? 3 - places[i].plus
						: 0;

		bytes[places[i].byte] |= (uint8_t)(bits << places[i].shift);
	}
}

bool owi_decode(const uint8_t bytes[OWI_BYTES], struct owi_state *state)
{
	struct owi_state decoded = {.lamp = bytes[2] & 1};

	if (bytes[1] > 2 || bytes[2] > 1) {
		return false;
	}
	for (int i = 0; i < OWI_MOTORS; i++) {
		int bits = bytes[places[i].byte] >> places[i].shift & 3;

		if (bits == 3) {
			return false;
		}
		decoded.motors[i] = (int8_t)(bits == 0 ? 0 : bits == places[i].plus ? 1 : -1);
	}
	*state = decoded;
	return true;
}
