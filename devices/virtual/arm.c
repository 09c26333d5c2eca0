/*
 * The joints of a virtual arm; see arm.h. Motion is straight in time, so that a joint can
 * be moved over any span at once.
 */
#include "virtual/arm.h"

#include <math.h>

#define ROOM_CEL 24.0
#define HOT_CEL 40.0    /* above the room, under full load for long */
#define WARMING_S 60.0
#define MOVING_LOAD 0.35
#define HOLDING_LOAD 0.15 /* of a joint that is stretched out sideways */

void arm_init(struct arm *arm, unsigned count, int64_t now_us)
{
	*arm = (struct arm){
		.count = count < ARM_JOINTS_MAX ? count : ARM_JOINTS_MAX,
		.now_us = now_us,
	};
	for (unsigned i = 0; i < arm->count; i++) {
		arm->joints[i] = (struct arm_joint){
			.min = -120,
			.max = 120,
			.speed_max = 90,
			.is_limp = true,
			.temperature = ROOM_CEL,
		};
	}
}

bool arm_is_moving(const struct arm *arm, unsigned joint)
{
	const struct arm_joint *j = &arm->joints[joint];

	if (j->is_spinning) {
		return j->speed > 0 ? j->angle < j->max : j->speed < 0 && j->angle > j->min;
	}
	return j->is_driven && j->angle != j->target;
}

double arm_load(const struct arm *arm, unsigned joint)
{
	const struct arm_joint *j = &arm->joints[joint];

	if (j->is_spinning) {
		return arm_is_moving(arm, joint) ? copysign(MOVING_LOAD, j->speed)
			: j->speed != 0          ? copysign(1, j->speed) /* against its stop */
						 : 0;
	}
	if (!j->is_driven) {
		return 0;
	}
	return j->angle == j->target ? HOLDING_LOAD * sin(j->angle * M_PI / 180)
				     : copysign(MOVING_LOAD, j->target - j->angle);
}

static void move(struct arm_joint *joint, double seconds)
{
	double way = joint->speed * seconds;

	if (joint->is_spinning) {
		joint->angle += way;
	} else if (joint->is_driven) {
		double left = joint->target - joint->angle;

		joint->angle = fabs(left) <= way ? joint->target
						 : joint->angle + copysign(way, left);
	}
	joint->angle = fmin(fmax(joint->angle, joint->min), joint->max);
}

void arm_step(struct arm *arm, int64_t now_us)
{
	double seconds = (double)(now_us - arm->now_us) / 1e6;

	if (seconds <= 0) {
		return;
	}
	arm->now_us = now_us;
	for (unsigned i = 0; i < arm->count; i++) {
		struct arm_joint *joint = &arm->joints[i];
		double load = arm_load(arm, i);
		double goal = ROOM_CEL + HOT_CEL * load * load;

		joint->temperature += (goal - joint->temperature) * (1 - exp(-seconds / WARMING_S));
		move(joint, seconds);
	}
}

void arm_go(struct arm *arm, unsigned joint, double angle, double deg_per_s, int64_t now_us)
{
	struct arm_joint *j = &arm->joints[joint];

	arm_step(arm, now_us);
	j->target = fmin(fmax(angle, j->min), j->max);
	j->speed = deg_per_s > 0 ? fmin(deg_per_s, j->speed_max) : j->speed_max;
	j->is_driven = true;
	j->is_spinning = j->is_limp = false;
}

void arm_spin(struct arm *arm, unsigned joint, double share, int64_t now_us)
{
	struct arm_joint *j = &arm->joints[joint];

	arm_step(arm, now_us);
	j->speed = fmin(fmax(share, -1), 1) * j->speed_max;
	j->is_spinning = true;
	j->is_driven = j->is_limp = false;
}

void arm_halt(struct arm *arm, unsigned joint, int64_t now_us)
{
	arm_step(arm, now_us);
	arm_go(arm, joint, arm->joints[joint].angle, 0, now_us);
}

void arm_relax(struct arm *arm, unsigned joint, bool is_limp, int64_t now_us)
{
	arm_halt(arm, joint, now_us);
	arm->joints[joint].is_limp = is_limp;
	arm->joints[joint].is_driven = !is_limp;
}
