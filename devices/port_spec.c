/*
 * Port SPECs: SCHEME:TARGET[?key=value&...], percent-decoded.
 *
 * They come from the command line and the configuration file, written by hand,
 * so each refusal names the character at which reading failed. The keys are one
 * table; what a target must look like depends on the scheme. Hosts are digits:
 * looking up a name could block the loop for seconds, and the lab is offline.
 */
#include "port.h"

#include "value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEC_MAX = 1024, SHOWN_MAX = 80 };

/* The text under way; positions count from 0 and are told from 1. */
struct reader {
	const char *text;
	char shown[SHOWN_MAX + 1];
	struct why *why;
};

static const struct {
	const char *prefix;
	const char *example;
} schemes[] = {
	[PORT_SERIAL] = {"serial:", "/dev/ttyACM0"},
	[PORT_STREAM] = {"stream:", "/dev/pts/5"},
	[PORT_TCP] = {"tcp:", "127.0.0.1:5760"},
	[PORT_UNIX] = {"unix:", "/run/kit.sock"},
	[PORT_UDP] = {"udp:", "192.168.10.1:8889, :8890"},
	[PORT_USB] = {"usb:", "0694:0002"},
};
enum { SCHEME_COUNT = sizeof(schemes) / sizeof(schemes[0]) };

enum key_kind {
	KEY_ID,     /* API.md's form of a label */
	KEY_TEXT,
	KEY_NUMBER, /* unsigned */
	KEY_SWITCH, /* int, 0 or 1 */
};

#define FIELD(name) offsetof(struct port_spec, name), sizeof(((struct port_spec *)0)->name)

static const struct key {
	const char *name;
	enum key_kind kind;
	size_t offset, room;
	unsigned min, max;
} keys[] = {
	{"driver", KEY_ID, FIELD(driver), 0, 0},
	{"label", KEY_ID, FIELD(label), 0, 0},
	{"seat", KEY_TEXT, FIELD(seat), 0, 0},
	{"baud", KEY_NUMBER, FIELD(baud), 300, 4000000},
	{"serial", KEY_TEXT, FIELD(serial), 0, 0},
	{"wiring", KEY_ID, FIELD(wiring), 0, 0},
	{"sampling", KEY_NUMBER, FIELD(sampling), 1, 16383}, /* 14 bits on the wire */
	{"dtr", KEY_SWITCH, FIELD(dtr), 0, 1},
};
enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes text[from, end) into out; the result is printable UTF-8. */
static enum err decode(struct reader *in, size_t from, size_t end, char *out, size_t room)
{
	size_t length = 0;

	for (size_t at = from; at < end; at++) {
		char c = in->text[at];

		if (c == '%') {
			int high = at + 2 < end ? hex_digit(in->text[at + 1]) : -1;
			int low = at + 2 < end ? hex_digit(in->text[at + 2]) : -1;

			if (high < 0 || low < 0 || high + low == 0) {
				return why_set(in->why, ERR_INVALID, MSG_SPEC_PERCENT, in->shown,
					(int)at + 1);
			}
			c = (char)(high << 4 | low);
			at += 2;
		}
		if ((unsigned char)c < 0x20 || c == 0x7F) {
			return why_set(in->why, ERR_INVALID, MSG_SPEC_TEXT, (int)at + 1);
		}
		if (length + 1 >= room) {
			return why_set(in->why, ERR_INVALID, MSG_SPEC_TARGET_LONG, in->shown,
				(int)from + 1, (int)room - 1);
		}
		out[length++] = c;
	}
	out[length] = '\0';
	if (!utf8_is_valid(out, length)) {
		return why_set(in->why, ERR_INVALID, MSG_SPEC_TEXT, (int)from + 1);
	}
	return ERR_NONE;
}

static bool read_number(const char *text, unsigned min, unsigned max, unsigned *number)
{
	unsigned long value = 0;

	if (text[0] == '\0' || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text)) {
		return false;
	}
	value = strtoul(text, NULL, 10);
	if (value < min || value > max) {
		return false;
	}
	*number = (unsigned)value;
	return true;
}

static bool is_id(const char *text)
{
	return text[0] != '\0' && text[0] != '-' &&
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

bool port_spec_address(const char *target, struct sockaddr_storage *address, socklen_t *bytes)
{
	const char *colon = strrchr(target, ':');
	char host[64];
	unsigned number;

	if (!colon || colon == target || (size_t)(colon - target) >= sizeof(host) ||
		!read_number(colon + 1, 1, 65535, &number)) {
		return false;
	}
	memcpy(host, target, (size_t)(colon - target));
	host[colon - target] = '\0';

	struct sockaddr_in *ip4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)address;
	size_t length = strlen(host);

	memset(address, 0, sizeof(*address));
	if (host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		ip6->sin6_family = AF_INET6;
		ip6->sin6_port = htons((uint16_t)number);
		*bytes = sizeof(*ip6);
		return inet_pton(AF_INET6, host + 1, &ip6->sin6_addr) == 1;
	}
	ip4->sin_family = AF_INET;
	ip4->sin_port = htons((uint16_t)number);
	*bytes = sizeof(*ip4);
	return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
		&ip4->sin_addr) == 1;
}

static bool target_fits(const struct port_spec *spec)
{
	struct sockaddr_storage address;
	socklen_t bytes;
	unsigned number;
	const char *target = spec->target;

	switch (spec->scheme) {
	case PORT_SERIAL:
		return target[0] == '/';
	case PORT_STREAM:
		return target[0] != '\0';
	case PORT_UNIX: /* sun_path has 108 bytes */
		return target[0] == '/' && strlen(target) < 108;
	case PORT_UDP:
		if (target[0] == ':') {
			return read_number(target + 1, 1, 65535, &number);
		}
		return port_spec_address(target, &address, &bytes);
	case PORT_TCP:
		return port_spec_address(target, &address, &bytes);
	case PORT_USB:
		return strlen(target) == 9 && target[4] == ':' &&
			strspn(target, "0123456789abcdefABCDEF") == 4 &&
			strspn(target + 5, "0123456789abcdefABCDEF") == 4;
	}
	return false;
}

static enum err value_error(struct reader *in, const struct key *key, size_t at)
{
	char form[48];

	switch (key->kind) {
	case KEY_ID:
		snprintf(form, sizeof(form), "[a-z0-9][a-z0-9-]{0,%zu}", key->room - 2);
		break;
	case KEY_TEXT:
		snprintf(form, sizeof(form), "1..%zu bytes", key->room - 1);
		break;
	case KEY_NUMBER:
	case KEY_SWITCH:
		snprintf(form, sizeof(form), "%u..%u", key->min, key->max);
		break;
	}
	return why_set(in->why, ERR_INVALID, MSG_SPEC_VALUE, in->shown, key->name, (int)at + 1,
		form);
}

/* Stores one decoded value. False: it has not the key's form. */
static bool store(struct port_spec *spec, const struct key *key, const char *value)
{
	char *field = (char *)spec + key->offset;
	unsigned number;

	switch (key->kind) {
	case KEY_ID:
	case KEY_TEXT:
		if (value[0] == '\0' || strlen(value) >= key->room ||
			(key->kind == KEY_ID && !is_id(value))) {
			return false;
		}
		memcpy(field, value, strlen(value) + 1);
		return true;
	case KEY_NUMBER:
	case KEY_SWITCH:
		if (!read_number(value, key->min, key->max, &number)) {
			return false;
		}
		if (key->kind == KEY_NUMBER) {
			*(unsigned *)(void *)field = number;
		} else {
			*(int *)(void *)field = (int)number;
		}
		return true;
	}
	return false;
}

/* One "key=value" at text[from, end). `seen` has a bit for each key so far. */
static enum err read_pair(
	struct reader *in, size_t from, size_t end, struct port_spec *spec, unsigned *seen)
{
	const char *equals = memchr(in->text + from, '=', end - from);
	size_t name_end = equals ? (size_t)(equals - in->text) : end;
	char name[32], value[PORT_TARGET_MAX + 1] = "";
	enum err err = decode(in, from, name_end, name, sizeof(name));
	int index = 0;

	if (err == ERR_NONE && equals) {
		err = decode(in, name_end + 1, end, value, sizeof(value));
	}
	if (err != ERR_NONE) {
		return err;
	}
	while (index < KEY_COUNT && strcmp(keys[index].name, name) != 0) {
		index++;
	}
	if (index == KEY_COUNT) {
		return why_set(in->why, ERR_INVALID, MSG_SPEC_KEY, in->shown, name, (int)from + 1);
	}
	if (*seen & 1U << index) {
		return why_set(in->why, ERR_INVALID, MSG_SPEC_TWICE, in->shown, name, (int)from + 1);
	}
	*seen |= 1U << index;
	return store(spec, &keys[index], value) ? ERR_NONE
						: value_error(in, &keys[index], name_end + 1);
}

enum err port_spec_parse(const char *text, struct port_spec *spec, struct why *why)
{
	struct reader in = {.text = text, .why = why};
	size_t length = strnlen(text, SPEC_MAX + 1);

	if (length > SPEC_MAX) {
		return why_set(why, ERR_INVALID, MSG_SPEC_LONG, SPEC_MAX);
	}
	if (!utf8_is_valid(text, length)) {
		return why_set(why, ERR_INVALID, MSG_SPEC_TEXT, 1);
	}
	size_t shown = length < SHOWN_MAX ? length : SHOWN_MAX;

	while (shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) {
		shown--; /* not through the middle of a character */
	}
	memcpy(in.shown, text, shown);

	struct port_spec made = {.dtr = -1};
	unsigned seen = 0;
	int scheme = 0;

	while (scheme < SCHEME_COUNT &&
		strncmp(text, schemes[scheme].prefix, strlen(schemes[scheme].prefix)) != 0) {
		scheme++;
	}
	if (scheme == SCHEME_COUNT) {
		return why_set(why, ERR_INVALID, MSG_SPEC_SCHEME, in.shown);
	}
	made.scheme = (enum port_scheme)scheme;

	size_t from = strlen(schemes[scheme].prefix);
	size_t end = from + strcspn(text + from, "?");
	enum err err = decode(&in, from, end, made.target, sizeof(made.target));

	if (err == ERR_NONE && !target_fits(&made)) {
		err = why_set(why, ERR_INVALID, MSG_SPEC_TARGET, in.shown, (int)from + 1,
			schemes[scheme].example);
	}
	while (err == ERR_NONE && end < length) {
		from = end + 1;
		end = from + strcspn(text + from, "&");
		err = read_pair(&in, from, end, &made, &seen);
	}
	if (err == ERR_NONE) {
		*spec = made;
	}
	return err;
}
