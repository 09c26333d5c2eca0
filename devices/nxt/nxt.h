/* The LEGO NXT driver, for the list of drivers. */
#pragma once

#include "../driver.h"

extern const struct driver nxt_driver;
