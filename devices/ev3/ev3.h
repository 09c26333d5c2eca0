/* The driver of LEGO EV3 bricks; see state.h. */
#pragma once

#include "driver.h"

extern const struct driver ev3_driver;
