/* The configuration: any text ends in settings within bounds, or in a line and a reason. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct why why = {.code = ERR_NONE};
	int line = 0;

	config_defaults(&config);
	if (config_read((const char *)data, size, &config, &line, &why)) {
		require(line > 0 && why.code != ERR_NONE && why.text[LANG_EN][0] != '\0' &&
			why.text[LANG_ZH][0] != '\0');
		return 0;
	}
	require(config.listen_port >= 0 && config.listen_port <= 65535);
	require(config.port_count >= 0 && config.port_count <= CONFIG_PORTS_MAX);
	require(config.host_count >= 0 && config.host_count <= CONFIG_HOSTS_MAX);
	require(config.runs_max >= 1 && config.runs_max <= 256);
	require(config.script_memory_mb >= 8 && config.script_memory_mb <= 512);
	require(config.script_busy_s >= 1 && config.script_busy_s <= 60);
	require(memchr(config.state_dir, '\0', sizeof(config.state_dir)) != NULL);
	return 0;
}
