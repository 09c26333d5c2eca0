/* The list of drivers: a new one is one line here. */
#include "driver.h"

#include "busservo/busservo.h"
#include "ev3/ev3.h"
#include "firmata/firmata.h"
#include "makeblock/makeblock.h"
#include "nxt/nxt.h"
#include "owi/owi.h"

#include <string.h>

const struct driver *const drivers[] = {
	&firmata_driver,
	&dynamixel_driver,
	&lx16a_driver,
	&ev3_driver,
	&makeblock_driver,
	&nxt_driver,
	&owi_driver,
	NULL,
};

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; drivers[i]; i++) {
		if (strcmp(drivers[i]->name, name) == 0) {
			return drivers[i];
		}
	}
	return NULL;
}
