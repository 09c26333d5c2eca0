/*
 * Who has this device open? Asked only when a port turns out to be taken, so
 * that the message can name the program (ModemManager, brltty, a serial
 * monitor). Looks through /proc: other users' programs are seen by root only.
 */
#include "port.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holds(const char *process, const struct stat *device)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", process);
	DIR *files = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while (files && !found && (entry = readdir(files))) {
		struct stat about;

		found = fstatat(dirfd(files), entry->d_name, &about, 0) == 0 &&
			S_ISCHR(about.st_mode) && about.st_rdev == device->st_rdev;
	}
	if (files) {
		closedir(files);
	}
	return found;
}

static bool read_name(const char *process, char *program, size_t room)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/comm", process);
	FILE *file = fopen(path, "re");
	bool read = file && fgets(program, (int)room, file);

	if (read) {
		program[strcspn(program, "\n")] = '\0';
	}
	if (file) {
		fclose(file);
	}
	return read;
}

bool port_holder_find(const char *path, char *program, size_t room)
{
	struct stat device;
	DIR *processes = stat(path, &device) == 0 ? opendir("/proc") : NULL;
	struct dirent *entry;
	bool found = false;

	while (processes && !found && (entry = readdir(processes))) {
		bool is_process = strspn(entry->d_name, "0123456789") == strlen(entry->d_name);

		found = is_process && strtol(entry->d_name, NULL, 10) != getpid() &&
			holds(entry->d_name, &device) && read_name(entry->d_name, program, room);
	}
	if (processes) {
		closedir(processes);
	}
	return found;
}
