/* avrdude's words; see flash_talk.h. */
#include "flash_talk.h"

#include <stdio.h>
#include <string.h>

enum { BAR_MARKS = 50 };

static bool has(const char *line, const char *words)
{
	return strstr(line, words) != NULL;
}

/* Lines that name the cause; what follows them is advice for other programs. */
static bool is_complaint(const char *line)
{
	static const char *const words[] = {"not in sync", "not responding", "can't open",
		"cannot open", "unable to open", "xpected signature", "verification error",
		"mismatch", "programmer is not", "timeout", "error"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (has(line, words[i])) {
			return true;
		}
	}
	return false;
}

static void end_line(struct flash_talk *talk)
{
	talk->line[talk->length] = '\0';
	if (has(talk->line, "verifying")) {
		talk->phase = FLASH_VERIFYING;
		talk->marks = 0;
	} else if (!talk->is_bar && !talk->complaint[0] && is_complaint(talk->line)) {
		const char *text = talk->line;

		if (strncmp(text, "avrdude: ", 9) == 0) {
			text += 9;
		}
		snprintf(talk->complaint, sizeof(talk->complaint), "%s", text);
	}
	talk->length = 0;
	talk->is_bar = false;
}

static void take(struct flash_talk *talk, char c)
{
	if (c == '\n' || c == '\r') {
		end_line(talk);
		return;
	}
	if (talk->is_bar) {
		talk->marks += c == '#' && talk->marks < BAR_MARKS;
		return;
	}
	if (talk->length < sizeof(talk->line) - 1) {
		talk->line[talk->length++] = c;
	}
	if (c == '|') {
		talk->line[talk->length] = '\0';
		talk->is_bar = true;
		talk->marks = 0;
		if (strncmp(talk->line, "Writing", 7) == 0) {
			talk->phase = FLASH_WRITING;
		}
	}
}

bool flash_talk_hear(struct flash_talk *talk, const char *text, size_t length)
{
	enum flash_phase phase = talk->phase;
	unsigned marks = talk->marks;

	for (size_t i = 0; i < length; i++) {
		take(talk, text[i]);
	}
	return phase != talk->phase || marks != talk->marks;
}

double flash_talk_share(const struct flash_talk *talk)
{
	double bar = (double)talk->marks / BAR_MARKS;

	switch (talk->phase) {
	case FLASH_CONNECTING:
	case FLASH_FAILED:
		return 0;
	case FLASH_WRITING:
		return 0.6 * bar;
	case FLASH_VERIFYING:
		return 0.6 + 0.4 * bar;
	case FLASH_DONE:
		break;
	}
	return 1;
}

void flash_talk_why(const struct flash_talk *talk, const char *kit, struct why *why)
{
	const char *said = talk->complaint[0] ? talk->complaint : "avrdude";

	if (has(said, "signature")) {
		why_set(why, ERR_REFUSED, MSG_FLASH_OTHER_CHIP, kit, said);
	} else if (has(said, "not in sync") || has(said, "not responding") ||
		has(said, "timeout") || has(said, "programmer is not")) {
		why_set(why, ERR_TIMEOUT, MSG_FLASH_NO_ANSWER, kit, said);
	} else if (talk->phase == FLASH_VERIFYING) {
		why_set(why, ERR_IO, MSG_FLASH_VERIFY, kit, said);
	} else {
		why_set(why, ERR_IO, MSG_FLASH_FAILED, kit, said);
	}
}
