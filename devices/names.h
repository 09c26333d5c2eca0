/*
 * The vocabulary: every name that a property, action, argument or event of a
 * kit may have, as devices/NAMES.md lists it. The build makes the table from
 * that page, so page and program cannot differ.
 *
 * A numbered name ("pin.13", "joint.2") is looked up as its stem ("pin.N").
 */
#pragma once

#include "err.h"

#include <stdbool.h>

enum name_kind { /* what kind of thing it is: decides the widget on the page */
	KIND_SENSOR,
	KIND_BUTTON,
	KIND_LIGHT,
	KIND_SOUND,
	KIND_MOTION,
	KIND_ANGLE,
	KIND_COMPASS,
	KIND_COLOR,
	KIND_PIN,
	KIND_SETTING,
	KIND_STATUS,
	KIND_DATA, /* raw traffic: I2C, strings */
};

enum safety_class { CLASS_SIGNAL, CLASS_MOTION };

struct name {
	const char *name;     /* "light", "pin.N" */
	const char *unit;     /* UCUM-like, "Cel", "cm", "%", NULL = none */
	double min, max;      /* NAN = open */
	enum name_kind kind;
	enum safety_class safety;
	const char *title[2]; /* by enum lang */
};

/* Borrowed for ever; NULL if the vocabulary has no such name. */
const struct name *name_find(const char *name);

const char *name_kind_word(enum name_kind kind);        /* "sensor", ... */
const char *safety_class_word(enum safety_class safety); /* "signal", "motion" */
