/* The driver for Makeblock's mBot: mCore with its factory firmware, 115200 baud. */
#pragma once

#include "../driver.h"

extern const struct driver makeblock_driver;
