/*
 * The NXT driver and the virtual brick on a table; see machine_rig.h. Replies can be lost, kept
 * back, or say something else.
 */
#pragma once

#include "machine_rig.h"

#include "nxt/nxt.h"
#include "nxt/protocol.h"
#include "virtual/nxt.h"

static struct {
	int lose_op;	     /* replies of this opcode are lost, -1 = none... */
	unsigned lose_count; /* ...so many of them */
	int override_op;     /* replies of this opcode say... */
	uint8_t override_status;
	int keep_op; /* a reply of this opcode is kept back until let_go() */
	uint8_t kept[NXT_FRAME_MAX];
	size_t kept_count;
	/* what was sent */
	unsigned sent[256]; /* by opcode */
	struct nxt_telegram last;
	struct nxt_output output[NXT_MOTORS]; /* as last sent */
	bool has_motion_in_order;	      /* a motor got power outside LANE_MOTION */
} wire;

static inline struct brick *brick(void)
{
	return rig.machine.state;
}

static inline void look_at(const uint8_t *bytes, size_t count, enum lane lane)
{
	assert_true(nxt_decode(NXT_TO_BRICK, bytes, count, &wire.last));
	wire.sent[wire.last.op]++;
	if (wire.last.op == NXT_SET_OUTPUT) {
		wire.output[wire.last.port] = wire.last.output;
		wire.has_motion_in_order |= wire.last.output.power != 0 && lane != LANE_MOTION;
	}
}

/* The brick's bytes have their length before them, on USB too. */
static inline bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	uint8_t framed[NXT_FRAME_MAX] = {(uint8_t)count};

	if (!rig.kit->is_packet) {
		bytes += 2;
		count -= 2;
		framed[0] = bytes[-2];
		assert_int_equal(framed[0], count);
	}
	assert_true(count <= NXT_TELEGRAM_MAX);
	memcpy(framed + 2, bytes, count);
	if (!rig_on_send(data, framed, count + 2, lane)) {
		return false;
	}
	look_at(bytes, count, lane);
	return true;
}

static const struct kit_owner owner = {on_send, rig_on_backlog, rig_on_changed, rig_on_held};

static inline void on_reply(void *data, const uint8_t *bytes, size_t count)
{
	uint8_t reply[NXT_FRAME_MAX], op = bytes[3];
	size_t prefix = rig.kit->is_packet ? 2 : 0;

	if (wire.lose_op == op && wire.lose_count > 0) {
		wire.lose_count--;
		return;
	}
	if (wire.keep_op == op) {
		memcpy(wire.kept, bytes, count);
		wire.kept_count = count;
		wire.keep_op = -1;
		return;
	}
	memcpy(reply, bytes, count);
	if (wire.override_op == op) {
		reply[4] = wire.override_status;
	}
	rig_on_machine_send(data, reply + prefix, count - prefix);
}

static inline void let_go(void)
{
	assert_true(wire.kept_count > 0);
	rig_feed_kit(wire.kept, wire.kept_count);
	wire.kept_count = 0;
}

/* A brick with its menu on, and a driver that has just been started. */
static inline void open_kit(bool is_packet)
{
	memset(&wire, 0, sizeof(wire));
	wire.lose_op = wire.override_op = wire.keep_op = -1;
	memset(rig.scene, 0, sizeof(rig.scene));
	rig.scene[SCENE_DISTANCE] = 50;
	rig.scene[SCENE_LIGHT] = 0.5;
	rig_place(&machine_nxt);
	rig.tick_us = 20000;
	rig.machine.seed = 0x010203;
	machine_nxt.reset(&rig.machine, rig.now_us);
	rig.world.send = on_reply;
	rig.kit->owner = &owner;
	rig.kit->is_packet = is_packet;
	kit_start(rig.kit, &nxt_driver, rig.now_us);
}

static inline void ready(void)
{
	open_kit(false);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 500);
	memset(wire.sent, 0, sizeof(wire.sent));
	forget_sent();
}

/* Known, and about so much? */
static inline bool is_near(const char *name, double wanted)
{
	const struct value *value = value_of(name);

	return value->type == VALUE_NUMBER && fabs(value->number - wanted) < 0.001;
}

static inline bool is_standing(void)
{
	return brick()->motors[0].speed == 0 && brick()->motors[1].speed == 0 &&
		brick()->motors[2].speed == 0;
}
