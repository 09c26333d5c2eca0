/* Arms made of bus servos: one driver a servo language. */
#pragma once

struct driver;

extern const struct driver dynamixel_driver, lx16a_driver;
