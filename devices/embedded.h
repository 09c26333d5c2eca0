/*
 * Files inside the program. packaging/embed.mjs writes these tables; each ends
 * with name NULL.
 */
#pragma once

#include <stddef.h>

struct embedded_file {
	const char *name;     /* path below the folder: "assets/index-3f2a.js" */
	const void *bytes;    /* followed by one NUL that does not count */
	size_t size;
	const char *etag;     /* 16 hex digits of the content's hash */
};

extern const struct embedded_file web_files[];       /* gzipped */
extern const struct embedded_file wiring_files[];    /* devices/wiring: JSON */
extern const struct embedded_file classroom_files[]; /* devices/virtual/classrooms: JSON */
