/* The Firmata driver: boards that run StandardFirmata or a relative (protocol 2.3 to 2.8). */
#pragma once

#include "../driver.h"

extern const struct driver firmata_driver;
