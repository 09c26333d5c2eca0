/*
 * A robot's body on the floor: two driven wheels, and what it feels there. The floor
 * (floor.h) moves all bodies together in fixed steps, so that they collide, and so that
 * the same seed gives the same room; a body is one of them.
 *
 * Metres, radians (0 = along x, positive to the left), shares -1..1 of the top speed.
 */
#pragma once

#include <stdbool.h>

struct body;

/* What the motors shall do from now on; the wheels follow with their inertia. */
void body_drive(struct body *body, double left, double right);
/* Motors without power: it rolls out. */
void body_coast(struct body *body);
/* What the wheels do. */
double body_speed(const struct body *body, bool is_right);  /* -1..1 */
double body_turned(const struct body *body, bool is_right); /* degrees since birth */

/* Centimetres to the nearest thing in the ultrasonic cone; 400: no echo. */
double body_distance_cm(const struct body *body);
/* 0 bright floor .. 1 line, under the probe: -1 left, 0 middle, 1 right. */
double body_darkness(const struct body *body, int probe);
/* 0..1: the lamps and the daylight at its place. */
double body_light(const struct body *body);
bool body_is_bumped(const struct body *body);
double body_heading(const struct body *body); /* radians */
