/*
 * The brick's motors. A motor comes near its speed in 60 ms, brakes in 20 and rolls out in
 * 250 (time constants); 900 degrees a second at power 100. The body's wheels have
 * inertia of their own (floor.h).
 */
#include "virtual/nxt.h"

#include <math.h>

static const double TOP = 900, DRIVE_S = 0.06, BRAKE_S = 0.02, COAST_S = 0.25;
static const double STANDS = 20; /* friction holds it then */

static bool is_wheel(const struct machine *machine, unsigned motor)
{
	return machine->world->body && motor > 0;
}

/* Else it rolls out. */
static bool is_driven(const struct nxt_output *set)
{
	return (set->mode & NXT_ON) && set->run != NXT_IDLE &&
		(set->power != 0 || (set->mode & NXT_BRAKE));
}

static double share_of(const struct nxt_output *set)
{
	return is_driven(set) ? fmin(fmax(set->power / 100.0, -1), 1) : 0;
}

static void move_wheels(struct machine *machine)
{
	const struct brick *b = brick_of(machine);
	const struct nxt_output *left = &b->motors[1].set, *right = &b->motors[2].set;

	if (!machine->world->body) {
		return;
	}
	if (is_driven(left) || is_driven(right)) {
		body_drive(machine->world->body, share_of(left), share_of(right));
	} else {
		body_coast(machine->world->body);
	}
}

static double turned(const struct machine *machine, unsigned motor)
{
	return is_wheel(machine, motor) ? body_turned(machine->world->body, motor == 2)
					: brick_of(machine)->motors[motor].turned;
}

void brick_motors_reset(struct machine *machine)
{
	struct brick *b = brick_of(machine);

	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		struct brick_motor *m = &b->motors[i];

		m->set = (struct nxt_output){.mode = 0};
		m->begun = m->block = m->zero = turned(machine, i);
	}
	move_wheels(machine);
}

void brick_motors_set(struct machine *machine, unsigned motor, const struct nxt_output *output)
{
	struct brick_motor *m = &brick_of(machine)->motors[motor];

	m->set = *output;
	if (output->limit != 0) {
		m->begun = m->block = turned(machine, motor);
	}
	move_wheels(machine);
}

static void step(struct brick_motor *m, double seconds)
{
	double target = share_of(&m->set) * TOP;
	double time = !is_driven(&m->set) ? COAST_S : target == 0 ? BRAKE_S : DRIVE_S;
	double rest = exp(-seconds / time);

	m->turned += target * seconds + (m->speed - target) * time * (1 - rest);
	m->speed = target + (m->speed - target) * rest;
	if (target == 0 && fabs(m->speed) < STANDS) {
		m->speed = 0;
	}
}

void brick_motors_step(struct machine *machine, int64_t now_us)
{
	struct brick *b = brick_of(machine);
	double seconds = (double)(now_us - b->moved_us) / 1e6;

	b->moved_us = now_us;
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		struct brick_motor *m = &b->motors[i];

		if (!is_wheel(machine, i)) {
			step(m, seconds);
		}
		if (m->set.limit != 0 && m->set.power != 0 &&
			fabs(turned(machine, i) - m->begun) >= m->set.limit) {
			m->set.power = 0;
			move_wheels(machine);
		}
	}
}

struct nxt_output brick_motors_get(const struct machine *machine, unsigned motor)
{
	const struct brick_motor *m = &brick_of(machine)->motors[motor];
	struct nxt_output output = m->set;
	double degrees = turned(machine, motor);

	output.tacho = (int32_t)lround(degrees - m->begun);
	output.block = (int32_t)lround(degrees - m->block);
	output.rotation = (int32_t)lround(degrees - m->zero);
	return output;
}

void brick_motors_zero(struct machine *machine, unsigned motor, bool is_block)
{
	struct brick_motor *m = &brick_of(machine)->motors[motor];

	*(is_block ? &m->block : &m->zero) = turned(machine, motor);
}
