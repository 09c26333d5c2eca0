/*
 * The reasons for which anything in Kitlab can fail, and the text that
 * explains one failure to a person.
 *
 * The names go unchanged to JSON (`data.reason`), to Lua (`e.code`) and to the
 * log. A function that can fail returns `enum err` and fills a `struct why`
 * that its caller owns; whoever ends the error's journey logs or answers it.
 *
 * Texts stand in devices/messages.tsv, one line a message: NAME, English,
 * Chinese (printf formats with the same conversions in the same order). The
 * build makes `enum msg` and the table from it; the format of the English text
 * is checked by the compiler at each call.
 */
#pragma once

#include "messages.h" /* made by the build from messages.tsv */

#include <stddef.h>

enum err {
	ERR_NONE,
	ERR_INVALID,     /* a parameter of the wrong type, range or form */
	ERR_NOT_FOUND,   /* no such kit, property, action, run, case */
	ERR_FORBIDDEN,   /* the role or the run may not */
	ERR_BUSY,        /* somebody else has it */
	ERR_LOST,        /* the kit or the lease is gone */
	ERR_REFUSED,     /* the kit or a rule says no */
	ERR_LIMIT,       /* over a named ceiling */
	ERR_TIMEOUT,     /* no answer in time */
	ERR_UNSUPPORTED, /* not built, or the kit cannot */
	ERR_STOPPED,     /* the room is stopped */
	ERR_CONFLICT,    /* the state has changed under the request */
	ERR_IO,          /* the operating system says no */
	ERR_INTERNAL,    /* our mistake */
	ERR_PROTOCOL,    /* parsers only: the bytes are no frame */
};

enum lang { LANG_EN, LANG_ZH };

/* What happened, in both languages. `code` ERR_NONE: nothing is said. */
struct why {
	enum err code;
	enum msg msg;
	char text[2][240]; /* by enum lang, UTF-8, always terminated */
};

/* "invalid", "not_found", ...; "none" and "protocol" never reach the wire. */
const char *err_name(enum err code);

/* The inverse, for words that come over a wire; ERR_INTERNAL if unknown. */
enum err err_from_name(const char *name);

/* The text in a language: never NULL, maybe "". */
const char *why_text(const struct why *why, enum lang lang);

/*
 * Fills *why (which may be NULL) and returns code, so that a function can end
 * with `return why_set(why, ERR_INVALID, MSG_PIN_RANGE, pin);`.
 */
enum err why_fill(struct why *why, enum err code, enum msg msg, ...);

/* Names the message's English literal, so that the compiler checks the call. */
void why_check(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define why_set(why, code, name, ...)                                                              \
	((void)(0 && (why_check(name##_EN, ##__VA_ARGS__), 0)),                                    \
		why_fill(why, code, name, ##__VA_ARGS__))
