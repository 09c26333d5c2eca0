/*
 * Writes firmware to AVR boards: judges the file (flash_image.h), lends the kit's port to
 * avrdude, follows what it says, and takes the port back when it ends.
 *
 * One job a kit. Everything that can be wrong with file and board is found before the
 * port is lent; then avrdude compares the chip's signature before it writes.
 */
#pragma once

#include "flash_image.h"

#include <cjson/cJSON.h>

struct kit;
struct server;

enum flash_phase {
	FLASH_CONNECTING, /* the boot loader is spoken to */
	FLASH_WRITING,
	FLASH_VERIFYING,
	FLASH_DONE,
	FLASH_FAILED,
};

/*
 * Begins. `hex` NULL: the file that is stored for the model, STATE/firmware/MODEL.hex.
 * `model` "" = the kit's own. Staff is told by the notification flash.changed.
 */
enum err flash_start(struct server *server, struct kit *kit, const char *model, const char *name,
	const char *hex, struct why *why);
/* Those under way, and how the last one of each kit ended: [FLASH], as in flash.changed. */
cJSON *flash_list(const struct server *server, enum lang lang);
/* The kit goes: its job is ended. */
void flash_forget(struct server *server, const struct kit *kit);
void flash_destroy(struct server *server);
