/* Every machine there is; machines.c lists them, each stands in its own file. */
#pragma once

#include "virtual/machine.h"

extern const struct machine_class machine_uno, machine_mega, machine_nano, machine_leonardo;
extern const struct machine_class machine_ev3, machine_owi;
extern const struct machine_class machine_mbot;
extern const struct machine_class machine_nxt;
extern const struct machine_class machine_dynamixel_arm, machine_lx16a_arm;
