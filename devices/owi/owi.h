/* The driver of OWI arms; see driver.c. */
#pragma once

#include "driver.h"

extern const struct driver owi_driver;
