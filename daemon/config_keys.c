/*
 * Every setting of the daemon, with its reader. Command line and file name the
 * same keys, so that each value is read and judged in one place.
 */
#include "config.h"

#include "log.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum err wrong(const char *key, const char *expected, const char *value, struct why *why)
{
	return why_set(why, ERR_INVALID, MSG_CONFIG_VALUE, key, expected, value);
}

static enum err copy_text(char *to, size_t room, const char *key, const char *value,
	struct why *why)
{
	size_t length = strlen(value);

	if (length == 0) {
		return wrong(key, "...", value, why);
	}
	if (length >= room) {
		return why_set(why, ERR_INVALID, MSG_CONFIG_LONG, key, (int)room - 1);
	}
	memcpy(to, value, length + 1);
	return ERR_NONE;
}

/* Decimal digits only, in bounds. */
static bool read_number(const char *text, int min, int max, int *number)
{
	size_t length = strlen(text);

	if (length == 0 || length > 6 || strspn(text, "0123456789") != length) {
		return false;
	}
	long read = strtol(text, NULL, 10);

	if (read < min || read > max) {
		return false;
	}
	*number = (int)read;
	return true;
}

static bool is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 ||
		strcasecmp(host, "localhost") == 0;
}

bool config_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		return ntohl(v4.s_addr) >> 24 == 127;
	}
	if (inet_pton(AF_INET6, host, &v6) == 1) {
		return IN6_IS_ADDR_LOOPBACK(&v6);
	}
	return strcasecmp(host, "localhost") == 0;
}

/* 127.0.0.1:8080, [::1]:8080 or localhost:8080. */
static enum err set_listen(struct config *config, const char *key, const char *value,
	struct why *why)
{
	static const char form[] = "ADDR:PORT (127.0.0.1:8080, [::1]:8080)";
	const char *colon = strrchr(value, ':');
	size_t length = colon ? (size_t)(colon - value) : 0;
	bool is_v6 = value[0] == '[' && length > 2 && value[length - 1] == ']';
	char host[sizeof(config->listen_host)];
	int port;

	if (is_v6) {
		value++;
		length -= 2;
	}
	if (length == 0 || length >= sizeof(host)) {
		return wrong(key, form, value, why);
	}
	memcpy(host, value, length);
	host[length] = '\0';
	if (!is_address(host) || is_v6 != (strchr(host, ':') != NULL) ||
		!read_number(colon + 1, 0, 65535, &port)) {
		return wrong(key, form, value, why);
	}
	memcpy(config->listen_host, host, length + 1);
	config->listen_port = port;
	return ERR_NONE;
}

/* Names separated by spaces, each with or without a port. */
static enum err set_hosts(struct config *config, const char *key, const char *value,
	struct why *why)
{
	config->host_count = 0;
	while (*(value += strspn(value, " \t")) != '\0') {
		size_t length = strcspn(value, " \t");

		if (config->host_count == CONFIG_HOSTS_MAX) {
			return why_set(why, ERR_INVALID, MSG_CONFIG_HOSTS, CONFIG_HOSTS_MAX);
		}
		char *host = config->hosts[config->host_count];

		if (length >= sizeof(config->hosts[0])) {
			return why_set(why, ERR_INVALID, MSG_CONFIG_LONG, key,
				(int)sizeof(config->hosts[0]) - 1);
		}
		memcpy(host, value, length);
		host[length] = '\0';
		if (strpbrk(host, "/@,\"*?#\\")) {
			return wrong(key, "NAME NAME:PORT", host, why);
		}
		config->host_count++;
		value += length;
	}
	return ERR_NONE;
}

/* As option without a value it comes as "teacher". */
static enum err set_open_lab(struct config *config, const char *key, const char *value,
	struct why *why)
{
	if (strcmp(value, "teacher") == 0 || strcmp(value, "student") == 0) {
		config->is_open_lab = true;
		config->open_role = value[0] == 't' ? ROLE_TEACHER : ROLE_STUDENT;
		return ERR_NONE;
	}
	config->is_open_lab = false;
	return strcmp(value, "no") == 0 ? ERR_NONE : wrong(key, "teacher, student, no", value, why);
}

static enum err set_log_level(struct config *config, const char *key, const char *value,
	struct why *why)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};

	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		if (strcmp(value, words[level]) == 0) {
			config->log_level = level;
			return ERR_NONE;
		}
	}
	return wrong(key, "error, warn, info, debug", value, why);
}

static enum err set_state(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return copy_text(config->state_dir, sizeof(config->state_dir), key, value, why);
}

static enum err set_cases(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return copy_text(config->cases_dir, sizeof(config->cases_dir), key, value, why);
}

static enum err set_wiring_dir(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return copy_text(config->wiring_dir, sizeof(config->wiring_dir), key, value, why);
}

/* The name of one that is shipped, or the whole path of a JSON file. */
static enum err set_virtual(struct config *config, const char *key, const char *value,
	struct why *why)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (value[0] != '/' && value[strspn(value, letters)] != '\0') {
		return wrong(key, "[a-z0-9-]+, /PATH, none", value, why);
	}
	return copy_text(config->virtual_classroom, sizeof(config->virtual_classroom), key, value,
		why);
}

static enum err set_bool(bool *to, const char *key, const char *value, struct why *why)
{
	bool is_yes = strcmp(value, "yes") == 0;

	if (!is_yes && strcmp(value, "no") != 0) {
		return wrong(key, "yes, no", value, why);
	}
	*to = is_yes;
	return ERR_NONE;
}

static enum err set_scan(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return set_bool(&config->scan, key, value, why);
}

static enum err set_demo(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return set_bool(&config->demo, key, value, why);
}

static enum err set_port(struct config *config, const char *key, const char *value,
	struct why *why)
{
	struct port_spec *spec = &config->ports[config->port_count];

	(void)key;
	if (config->port_count == CONFIG_PORTS_MAX) {
		return why_set(why, ERR_INVALID, MSG_CONFIG_PORTS, CONFIG_PORTS_MAX);
	}
	enum err err = port_spec_parse(value, spec, why);

	if (err) {
		return err;
	}
	for (int i = 0; i < config->port_count; i++) {
		if (spec->label[0] != '\0' && strcmp(config->ports[i].label, spec->label) == 0) {
			return why_set(why, ERR_INVALID, MSG_LABEL_TWICE, spec->label);
		}
	}
	config->port_count++;
	return ERR_NONE;
}

static enum err set_runs_max(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return read_number(value, 1, 256, &config->runs_max) ? ERR_NONE
							      : wrong(key, "1..256", value, why);
}

static enum err set_script_memory(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return read_number(value, 8, 512, &config->script_memory_mb)
		? ERR_NONE
		: wrong(key, "8..512", value, why);
}

static enum err set_script_busy(struct config *config, const char *key, const char *value,
	struct why *why)
{
	return read_number(value, 1, 60, &config->script_busy_s) ? ERR_NONE
								  : wrong(key, "1..60", value, why);
}

const struct config_key config_keys[] = {
	{"server", "listen", false, set_listen},
	{"server", "hosts", false, set_hosts},
	{"server", "open_lab", false, set_open_lab},
	{"server", "log_level", false, set_log_level},
	{"folders", "state", false, set_state},
	{"folders", "cases", false, set_cases},
	{"folders", "wiring_dir", false, set_wiring_dir},
	{"kits", "port", true, set_port},
	{"kits", "scan", false, set_scan},
	{"kits", "virtual", false, set_virtual},
	{"scripts", "demo", false, set_demo},
	{"scripts", "runs_max", false, set_runs_max},
	{"scripts", "script_memory_mb", false, set_script_memory},
	{"scripts", "script_busy_s", false, set_script_busy},
	{"limits", "drive_max", true, config_set_limit},
	{"limits", "turn_max", true, config_set_limit},
	{"limits", "motor_max", true, config_set_limit},
	{"limits", "joint_speed_max", true, config_set_limit},
	{"limits", "joint_min", true, config_set_limit},
	{"limits", "joint_max", true, config_set_limit},
	{"limits", "step_max", true, config_set_limit},
	{"limits", "joint_step_max", true, config_set_limit},
	{"limits", "unattended_s", true, config_set_limit},
	{"limits", "battery_min", true, config_set_limit},
	{NULL, NULL, false, NULL},
};

enum err config_set(struct config *config, const char *key, const char *value, struct why *why)
{
	for (const struct config_key *row = config_keys; row->key; row++) {
		if (strcmp(row->key, key) == 0) {
			return row->set(config, key, value, why);
		}
	}
	return why_set(why, ERR_INVALID, MSG_CONFIG_KEY, key, "");
}
