/*
 * The ultrasonic sensor as a device on its port's I2C bus, and the bus as the brick's
 * firmware shows it: a transaction takes about a millisecond a byte (9600 baud), its state
 * is asked for, its bytes are fetched once. The sensor needs 100 ms of power, and 10 ms
 * between two transactions; asked too early, it does not acknowledge.
 */
#include "virtual/nxt.h"

#include <math.h>
#include <string.h>

enum {
	ADDRESS = 0x02,
	REGISTER_COMMAND = 0x41,
	REGISTER_ECHO = 0x42,
	ECHOES = 8,
	COMMAND_OFF = 0,
	NO_ECHO = 255,
	NEAREST_CM = 3,
	BYTE_US = 1000,
	POWER_US = 100 * 1000,
	PAUSE_US = 10 * 1000,
};

void brick_sonar_reset(struct machine *machine)
{
	struct brick *b = brick_of(machine);

	memset(b->buses, 0, sizeof(b->buses));
	memset(b->sonar, 0, sizeof(b->sonar));
	memcpy(b->sonar, "V1.0", 5);
	memcpy(b->sonar + 0x08, "LEGO", 5);
	memcpy(b->sonar + 0x10, "Sonar", 6);
	memcpy(b->sonar + 0x14 + 1, "10E-2m", 7);
	b->sonar[REGISTER_COMMAND] = 2; /* it begins to measure by itself */
}

static uint8_t measure(const struct machine *machine)
{
	const struct body *body = machine->world->body;
	double cm = body ? body_distance_cm(body)
			 : machine->world->scene(machine->world->data, SCENE_DISTANCE);

	return cm >= NO_ECHO ? NO_ECHO : (uint8_t)lround(fmax(cm, NEAREST_CM));
}

/* False: it does not acknowledge. */
static bool talk(struct machine *machine, const struct nxt_telegram *request, struct brick_bus *bus,
	int64_t now_us)
{
	struct brick *b = brick_of(machine);
	const uint8_t *bytes = request->low_speed.bytes;
	uint8_t count = request->low_speed.count;
	unsigned at = count > 1 ? bytes[1] : 0;

	if (request->port != BRICK_SONAR_PORT || count < 2 || bytes[0] != ADDRESS ||
		now_us - b->ports[request->port].set_us < POWER_US ||
		(bus->ended_us != 0 && now_us - bus->ended_us < PAUSE_US)) {
		return false;
	}
	for (unsigned i = 2; i < count && at + i - 2 < sizeof(b->sonar); i++) {
		b->sonar[at + i - 2] = bytes[i];
	}
	memset(b->sonar + REGISTER_ECHO, NO_ECHO, ECHOES);
	if (b->sonar[REGISTER_COMMAND] != COMMAND_OFF) {
		b->sonar[REGISTER_ECHO] = measure(machine);
	}
	for (unsigned i = 0; i < request->low_speed.wanted; i++) {
		bus->bytes[i] = at + i < sizeof(b->sonar) ? b->sonar[at + i] : 0;
	}
	return true;
}

static uint8_t write_bus(
	struct machine *machine, const struct nxt_telegram *request, int64_t now_us)
{
	struct brick_bus *bus = &brick_of(machine)->buses[request->port];
	unsigned bytes = request->low_speed.count + request->low_speed.wanted;

	if (bus->state == BUS_BUSY) {
		return NXT_NOT_READY;
	}
	if (request->low_speed.count == 0) {
		return NXT_BAD_SIZE;
	}
	memset(bus->bytes, 0, sizeof(bus->bytes));
	bus->acknowledged = talk(machine, request, bus, now_us);
	bus->count = bus->acknowledged ? request->low_speed.wanted : 0;
	bus->state = BUS_BUSY;
	bus->done_us = now_us + BYTE_US * (bus->acknowledged ? (int64_t)bytes + 1 : 1);
	return NXT_OK;
}

static uint8_t status_of(const struct brick_bus *bus)
{
	return bus->state == BUS_BUSY ? NXT_PENDING : bus->state == BUS_FAILED ? NXT_BUS : NXT_OK;
}

void brick_bus_answer(struct machine *machine, const struct nxt_telegram *request,
	struct nxt_telegram *reply, int64_t now_us)
{
	struct brick *b = brick_of(machine);
	struct brick_bus *bus = &b->buses[request->port];

	if (bus->state == BUS_BUSY && now_us >= bus->done_us) {
		bus->state = bus->acknowledged ? BUS_DONE : BUS_FAILED;
		bus->ended_us = bus->done_us;
	}
	if (b->ports[request->port].type != NXT_LOW_SPEED_9V &&
		b->ports[request->port].type != NXT_LOW_SPEED_9V - 1) {
		reply->status = NXT_NOT_READY;
	} else if (request->op == NXT_LS_WRITE) {
		reply->status = write_bus(machine, request, now_us);
	} else if (request->op == NXT_LS_STATUS) {
		reply->status = status_of(bus);
		reply->ready = bus->state == BUS_DONE ? bus->count : 0;
	} else {
		reply->status = status_of(bus);
		if (bus->state == BUS_DONE) {
			reply->low_speed.count = bus->count;
			memcpy(reply->low_speed.bytes, bus->bytes, bus->count);
		}
		if (bus->state != BUS_BUSY) {
			bus->state = BUS_IDLE;
			bus->count = 0;
		}
	}
}
