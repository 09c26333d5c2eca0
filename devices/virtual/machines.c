/* The list of machines: a new one is one line in machines.h and one here; see machine.h. */
#include "virtual/machines.h"

#include <stdio.h>
#include <string.h>

const struct machine_class *const machines[] = {
	&machine_uno,
	&machine_mega,
	&machine_nano,
	&machine_leonardo,
	&machine_mbot,
	&machine_nxt,
	&machine_ev3,
	&machine_owi,
	&machine_dynamixel_arm,
	&machine_lx16a_arm,
	NULL,
};

const struct machine_class *machine_find(const char *model)
{
	for (size_t i = 0; machines[i]; i++) {
		if (strcmp(machines[i]->model, model) == 0) {
			return machines[i];
		}
	}
	return NULL;
}

void machine_names(char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; machines[i] && used < room; i++) {
		used += (size_t)snprintf(text + used, room - used, "%s%s", i ? ", " : "",
			machines[i]->model);
	}
}

const char *machine_firmware(const struct machine_class *class, const char *word)
{
	if (!class->firmwares) {
		return NULL;
	}
	for (size_t i = 0; class->firmwares[i]; i++) {
		if (!word[0] || strcmp(class->firmwares[i], word) == 0) {
			return class->firmwares[i];
		}
	}
	return NULL;
}
