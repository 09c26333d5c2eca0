/*
 * What the daemon was told: command line over configuration file over
 * defaults. docs/operations.md lists every key.
 */
#pragma once

#include "client.h"
#include "port.h"

enum { CONFIG_PORTS_MAX = 128 };

struct config {
	char listen_host[64];       /* "127.0.0.1" */
	int listen_port;            /* 0 = any free */
	char state_dir[512];
	char cases_dir[512];
	char wiring_dir[512];       /* the lab's own profiles; "" = none */
	char virtual_classroom[64]; /* "" = nothing said, "none" = none */
	char hosts[8][128];         /* further names that Host and Origin may have */
	int host_count;
	bool is_open_lab;
	enum role open_role;        /* teacher or student */
	bool scan;                  /* look for ports and hot-plug */
	struct port_spec ports[CONFIG_PORTS_MAX];
	int port_count;
	int runs_max;               /* scripts at a time, default 64 */
	int script_memory_mb;       /* default 32 */
	int log_level;              /* enum log_level */
};

/*
 * Reads command line and file. False: *exit_code says how to end (0 after
 * --help), and the reason stands on standard error with file and line.
 */
bool config_load(int argc, char **argv, struct config *config, int *exit_code);
