/*
 * The joints of a virtual arm: angles that move with a limited speed, load and warmth
 * that follow. Joints are counted from 0; angles in degrees, 0 = straight.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ARM_JOINTS_MAX = 8 };

struct arm_joint {
	double min, max;    /* mechanical stops */
	double speed_max;   /* deg/s */
	double angle;
	double target;      /* is_driven: where it goes */
	double speed;       /* deg/s: how fast it goes there, or how fast it spins */
	bool is_driven, is_spinning, is_limp;
	double temperature; /* Cel */
};

struct arm {
	unsigned count;
	struct arm_joint joints[ARM_JOINTS_MAX];
	int64_t now_us; /* moved up to then */
};

void arm_init(struct arm *arm, unsigned count, int64_t now_us);
/* Everything below first moves the joints up to now_us. */
void arm_step(struct arm *arm, int64_t now_us);
/* Goes to an angle and holds it there; deg_per_s 0 = as fast as it can. */
void arm_go(struct arm *arm, unsigned joint, double angle, double deg_per_s, int64_t now_us);
/* Turns until told otherwise or a stop is met: an arm without encoders. -1..1 of its speed. */
void arm_spin(struct arm *arm, unsigned joint, double share, int64_t now_us);
void arm_halt(struct arm *arm, unsigned joint, int64_t now_us); /* stands where it is */
void arm_relax(struct arm *arm, unsigned joint, bool is_limp, int64_t now_us);
bool arm_is_moving(const struct arm *arm, unsigned joint);
double arm_load(const struct arm *arm, unsigned joint); /* -1..1 */
