/* The vocabulary's table, made from NAMES.md; see names.h. */
#include "names.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct name names[] = {
#include "names.inc"
};

static const struct name *find_exact(const char *text)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, text) == 0) {
			return &names[i];
		}
	}
	return NULL;
}

const struct name *name_find(const char *text)
{
	const struct name *name = find_exact(text);
	size_t length = strlen(text);
	size_t stem = length;
	char numbered[64];

	while (stem > 0 && isdigit((unsigned char)text[stem - 1])) {
		stem--;
	}
	if (name || stem == length || stem == 0 || stem + 2 > sizeof(numbered)) {
		return name;
	}
	snprintf(numbered, sizeof(numbered), "%.*sN", (int)stem, text);
	return find_exact(numbered);
}

const char *name_kind_word(enum name_kind kind)
{
	static const char *const words[] = {
		[KIND_SENSOR] = "sensor",
		[KIND_BUTTON] = "button",
		[KIND_LIGHT] = "light",
		[KIND_SOUND] = "sound",
		[KIND_MOTION] = "motion",
		[KIND_ANGLE] = "angle",
		[KIND_COMPASS] = "compass",
		[KIND_COLOR] = "color",
		[KIND_PIN] = "pin",
		[KIND_SETTING] = "setting",
		[KIND_STATUS] = "status",
		[KIND_DATA] = "data",
	};

	return words[kind];
}

const char *safety_class_word(enum safety_class safety)
{
	return safety == CLASS_MOTION ? "motion" : "signal";
}
