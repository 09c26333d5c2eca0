/* Names of errors and the table of messages; see err.h. */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[ERR_NONE] = "none",
	[ERR_INVALID] = "invalid",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_FORBIDDEN] = "forbidden",
	[ERR_BUSY] = "busy",
	[ERR_LOST] = "lost",
	[ERR_REFUSED] = "refused",
	[ERR_LIMIT] = "limit",
	[ERR_TIMEOUT] = "timeout",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_STOPPED] = "stopped",
	[ERR_CONFLICT] = "conflict",
	[ERR_IO] = "io",
	[ERR_INTERNAL] = "internal",
	[ERR_PROTOCOL] = "protocol",
};

static const char *const formats[MSG_COUNT][2] = {
#include "messages.inc"
};

const char *err_name(enum err code)
{
	return names[code];
}

enum err err_from_name(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			return (enum err)i;
		}
	}
	return ERR_INTERNAL;
}

const char *why_text(const struct why *why, enum lang lang)
{
	return why->code == ERR_NONE ? "" : why->text[lang];
}

/* A text that was cut must not end in half a character. */
static void trim_utf8(char *text, size_t room)
{
	size_t length = strlen(text);

	if (length + 1 < room) {
		return;
	}
	while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) {
		length--;
	}
	if (length > 0 && (unsigned char)text[length - 1] >= 0xC0) {
		length--;
	}
	text[length] = '\0';
}

enum err why_fill(struct why *why, enum err code, enum msg msg, ...)
{
	if (!why) {
		return code;
	}
	/* Built aside: an argument may point into *why itself. */
	char text[2][sizeof(why->text[0])];

	for (int lang = LANG_EN; lang <= LANG_ZH; lang++) {
		va_list args;

		va_start(args, msg);
		vsnprintf(text[lang], sizeof(text[lang]), formats[msg][lang], args);
		va_end(args);
		trim_utf8(text[lang], sizeof(text[lang]));
	}
	why->code = code;
	why->msg = msg;
	memcpy(why->text, text, sizeof(text));
	return code;
}

void why_check(const char *format, ...)
{
	(void)format;
}
