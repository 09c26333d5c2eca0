/*
 * What the daemon was told: command line over configuration file over
 * defaults. docs/operations.md lists every key.
 */
#pragma once

#include "client.h"
#include "motion_limits.h"
#include "port.h"

enum { CONFIG_PORTS_MAX = 128, CONFIG_HOSTS_MAX = 8 };

struct config {
	char listen_host[64];       /* "127.0.0.1", "::1" */
	int listen_port;            /* 0 = any free */
	char state_dir[512];
	char cases_dir[512];
	char wiring_dir[512];       /* the lab's own profiles; "" = none */
	char virtual_classroom[256]; /* name or path; "" = nothing said, "none" = none */
	char hosts[CONFIG_HOSTS_MAX][128]; /* further names that Host and Origin may have */
	int host_count;
	bool is_open_lab;
	enum role open_role;        /* teacher or student */
	bool scan;                  /* look for ports and hot-plug */
	bool demo;                  /* one example script runs from the start */
	struct port_spec ports[CONFIG_PORTS_MAX];
	int port_count;
	int runs_max;               /* scripts at a time, default 64 */
	int script_memory_mb;       /* default 32 */
	int script_busy_s;          /* computing without a pause that ends a script, default 10 */
	struct limit_section limits[LIMIT_SECTIONS_MAX];
	int limit_count;
	char limits_scope[64];      /* while the file is read: of its section */
	int log_level;              /* enum log_level */
};

/*
 * Reads command line and file. False: *exit_code says how to end (0 after
 * --help), and the reason stands on standard error with file and line.
 */
bool config_load(int argc, char **argv, struct config *config, int *exit_code);

/* The parts of it, for tests and the fuzzer. */

/* What holds when nothing is said; folders are found by config_load. */
void config_defaults(struct config *config);
/* A configuration file's text. On an error *line is where (from 1). */
enum err config_read(const char *text, size_t length, struct config *config, int *line,
	struct why *why);
/* One setting by its key ("listen", "port", ...). */
enum err config_set(struct config *config, const char *key, const char *value, struct why *why);

/* Does an address of `listen_host`'s form stay on this computer? */
bool config_is_loopback(const char *host);

/* The table of settings: config.c's, for config_file.c. Ends with key NULL. */
struct config_key {
	const char *section, *key;
	bool repeats; /* may be given more than once */
	enum err (*set)(struct config *config, const char *key, const char *value,
		struct why *why);
};
extern const struct config_key config_keys[];

/* config_limits.c: a key of a section of limits, for config->limits_scope. */
enum err config_set_limit(struct config *config, const char *key, const char *value,
	struct why *why);
