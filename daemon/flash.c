/* Jobs of avrdude; see flash.h. */
#include "flash.h"

#include "bus.h"
#include "clock.h"
#include "flash_talk.h"
#include "identity.h"
#include "log.h"
#include "rpc.h"
#include "server.h"
#include "spawner.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGS_MAX = 16,
	STALL_US = 60 * 1000000, /* without a word of avrdude */
	READ_MAX = 1024,
	FILE_MAX = 1024 * 1024,
};

struct flash {
	struct flash *next; /* server's list */
	struct server *server;
	struct kit *kit;    /* the lab's; NULL: it is gone */
	char kit_id[KIT_ID_MAX + 1];
	char name[128];     /* the file's, for people */
	char path[640];     /* what avrdude reads; "" = removed */
	char device[PORT_TARGET_MAX + 1];
	char argument[3][700]; /* -P's, -b's, -U's */
	char *argv[ARGS_MAX];
	const struct flash_board *board;
	struct flash_talk talk;
	struct why why;     /* of FLASH_FAILED */
	int fd;             /* what avrdude says; -1 = none */
	struct loop_fd *watch;
	struct loop_child *child;
	struct loop_timer *stall;
	pid_t pid;
	bool is_spawning;
};

static const char *const phases[] = {
	[FLASH_CONNECTING] = "connecting",
	[FLASH_WRITING] = "writing",
	[FLASH_VERIFYING] = "verifying",
	[FLASH_DONE] = "done",
	[FLASH_FAILED] = "failed",
};

static bool is_over(const struct flash *flash)
{
	return flash->talk.phase == FLASH_DONE || flash->talk.phase == FLASH_FAILED;
}

/* ---- telling ---- */

static cJSON *to_json(const struct flash *flash, enum lang lang)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "kit", flash->kit_id);
	cJSON_AddStringToObject(json, "name", flash->name);
	cJSON_AddStringToObject(json, "board", flash->board->model);
	cJSON_AddStringToObject(json, "phase", phases[flash->talk.phase]);
	cJSON_AddNumberToObject(json, "share", flash_talk_share(&flash->talk));
	if (flash->talk.phase == FLASH_FAILED) {
		cJSON *error = cJSON_AddObjectToObject(json, "error");

		cJSON_AddStringToObject(error, "reason", err_name(flash->why.code));
		cJSON_AddStringToObject(error, "hint", why_text(&flash->why, lang));
	}
	return json;
}

static bool is_staff(const struct client *client, const void *lang)
{
	return client->role >= ROLE_TEACHER && client->watches_kits &&
		client->lang == *(const enum lang *)lang;
}

static void tell(const struct flash *flash)
{
	for (enum lang lang = LANG_EN; lang <= LANG_ZH; lang++) {
		cJSON *json = to_json(flash, lang);
		char *text = cJSON_PrintUnformatted(json);

		cJSON_Delete(json);
		if (text) {
			bus_broadcast(flash->server,
				rpc_notification("flash.changed", text, strlen(text)), is_staff,
				&lang);
			cJSON_free(text);
		}
	}
}

cJSON *flash_list(const struct server *server, enum lang lang)
{
	cJSON *list = cJSON_CreateArray();

	for (const struct flash *flash = server->flash; flash; flash = flash->next) {
		cJSON_AddItemToArray(list, to_json(flash, lang));
	}
	return list;
}

/* ---- the end of a job ---- */

static void release(struct flash *flash)
{
	loop_fd_remove(flash->watch);
	loop_child_remove(flash->child);
	loop_timer_remove(flash->stall);
	flash->watch = NULL;
	flash->child = NULL;
	flash->stall = NULL;
	if (flash->fd >= 0) {
		close(flash->fd);
		flash->fd = -1;
	}
	if (flash->path[0]) {
		unlink(flash->path);
		flash->path[0] = '\0';
	}
}

static void end(struct flash *flash, const struct why *why)
{
	release(flash);
	flash->pid = 0;
	if (why) {
		flash->why = *why;
		flash->talk.phase = FLASH_FAILED;
		log_warn("%s: %s", flash->kit_id, why->text[LANG_EN]);
	} else {
		flash->talk.phase = FLASH_DONE;
		log_info("%s: %s is written and verified", flash->kit_id, flash->name);
	}
	if (flash->kit) {
		lab_take_back(flash->server->lab, flash->kit);
	}
	tell(flash);
}

/* What avrdude said before it ended. */
static void hear_rest(struct flash *flash)
{
	char text[READ_MAX];
	ssize_t got;

	while (flash->fd >= 0 && (got = read(flash->fd, text, sizeof(text))) > 0) {
		flash_talk_hear(&flash->talk, text, (size_t)got);
	}
	flash_talk_hear(&flash->talk, "\n", 1);
}

static void on_child(void *data, pid_t pid, int status)
{
	struct flash *flash = data;
	struct why why;

	(void)pid;
	hear_rest(flash);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		end(flash, NULL);
		return;
	}
	if (WIFSIGNALED(status)) {
		why_set(&why, ERR_TIMEOUT, MSG_FLASH_STALLED, flash->kit_id);
	} else {
		flash_talk_why(&flash->talk, flash->kit_id, &why);
	}
	end(flash, &why);
}

static void on_stall(void *data)
{
	struct flash *flash = data;

	kill(flash->pid, SIGKILL); /* on_child tells */
}

static void on_said(void *data, int events)
{
	struct flash *flash = data;
	char text[READ_MAX];
	ssize_t got = read(flash->fd, text, sizeof(text));

	(void)events;
	if (got > 0) {
		loop_timer_start(flash->stall, STALL_US, 0);
		if (flash_talk_hear(&flash->talk, text, (size_t)got)) {
			tell(flash);
		}
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_fd_remove(flash->watch);
		flash->watch = NULL;
	}
}

/* ---- the beginning ---- */

static void on_spawned(void *data, pid_t pid, int error)
{
	struct flash *flash = data;
	struct why why;

	flash->is_spawning = false;
	if (error) {
		why_set(&why, ERR_IO, MSG_FLASH_NO_AVRDUDE, strerror(error));
		end(flash, &why);
		return;
	}
	flash->pid = pid;
	flash->child = loop_child_add(flash->server->loop, pid, on_child, flash);
	flash->watch = loop_fd_add(flash->server->loop, flash->fd, LOOP_READ, on_said, flash);
	flash->stall = loop_timer_add(flash->server->loop, on_stall, flash);
	loop_timer_start(flash->stall, STALL_US, 0);
	if (kill(pid, 0) < 0) { /* it ended before we looked: the loop has buried it already */
		hear_rest(flash);
		flash_talk_why(&flash->talk, flash->kit_id, &why);
		end(flash, &why);
	}
}

static enum err store_file(struct flash *flash, const char *hex, struct why *why)
{
	size_t length = strlen(hex);

	snprintf(flash->path, sizeof(flash->path), "%s/flash-XXXXXX",
		flash->server->config->state_dir);
	int fd = mkostemp(flash->path, O_CLOEXEC);

	if (fd < 0) {
		why_set(why, ERR_IO, MSG_PORT_IO, flash->path, strerror(errno));
		flash->path[0] = '\0';
		return ERR_IO;
	}
	ssize_t wrote = write(fd, hex, length);
	int error = errno;

	close(fd);
	if (wrote != (ssize_t)length) {
		return why_set(why, ERR_IO, MSG_PORT_IO, flash->path,
			wrote < 0 ? strerror(error) : strerror(ENOSPC));
	}
	return ERR_NONE;
}

static void fill_argv(struct flash *flash)
{
	const struct flash_board *board = flash->board;
	char *const argv[] = {"avrdude", "-p", (char *)board->part, "-c",
		(char *)board->programmer, "-P", flash->device, "-b", flash->argument[0], "-D",
		"-U", flash->argument[1], NULL};

	snprintf(flash->argument[0], sizeof(flash->argument[0]), "%u", board->baud);
	snprintf(flash->argument[1], sizeof(flash->argument[1]), "flash:w:%s:i", flash->path);
	memcpy(flash->argv, argv, sizeof(argv));
}

static enum err spawn(struct flash *flash, struct why *why)
{
	int pair[2];

	if (!flash->server->spawner || pipe2(pair, O_CLOEXEC) < 0) {
		return why_set(why, ERR_IO, MSG_FLASH_NO_AVRDUDE, strerror(errno));
	}
	flash->fd = pair[0];
	fcntl(flash->fd, F_SETFL, O_NONBLOCK);
	fill_argv(flash);
	struct spawn wish = {
		.argv = flash->argv, .environment = environ, .fd = pair[1], .as_fds = {1, 2}};

	flash->is_spawning = true;
	spawner_start(flash->server->spawner, &wish, on_spawned, flash);
	return ERR_NONE;
}

/* The place of the kit in the list: what its last job left is forgotten. */
static struct flash *find(const struct server *server, const struct kit *kit)
{
	for (struct flash *flash = server->flash; flash; flash = flash->next) {
		if (flash->kit == kit) {
			return flash;
		}
	}
	return NULL;
}

static void drop(struct flash *flash)
{
	struct flash **at = &flash->server->flash;

	while (*at != flash) {
		at = &(*at)->next;
	}
	*at = flash->next;
	release(flash);
	free(flash);
}

static enum err judge(const char *hex, const char *name, const struct flash_board *board,
	struct why *why)
{
	struct flash_image image;
	enum err err = flash_image_read(hex, strlen(hex), name, &image, why);

	if (!err) {
		err = flash_image_suits(&image, name, board, why);
		flash_image_release(&image);
	}
	return err;
}

static enum err begin(struct server *server, struct kit *kit, const struct flash_board *board,
	const char *name, const char *hex, struct why *why)
{
	struct flash *flash = xcalloc(1, sizeof(*flash));
	struct why reason;
	enum err err;

	flash->server = server;
	flash->kit = kit;
	flash->board = board;
	flash->fd = -1;
	snprintf(flash->kit_id, sizeof(flash->kit_id), "%s", kit->id);
	snprintf(flash->name, sizeof(flash->name), "%.127s", name);
	flash->next = server->flash;
	server->flash = flash;
	err = store_file(flash, hex, why);
	if (!err) {
		why_set(&reason, ERR_REFUSED, MSG_FLASH_KIT);
		identity_expect(server, kit);
		err = lab_lend(server->lab, kit, &reason, flash->device, sizeof(flash->device),
			why);
	}
	if (!err) {
		err = spawn(flash, why);
		if (err) {
			lab_take_back(server->lab, kit);
		}
	}
	if (err) {
		drop(flash);
		return err;
	}
	log_info("%s: writing %s to %s", kit->id, name, flash->device);
	tell(flash);
	return ERR_NONE;
}

/* STATE/firmware/MODEL.hex, which the admin put there; the caller's, NULL and *why. */
static char *read_stored(const struct server *server, const char *model, char *path, size_t room,
	struct why *why)
{
	snprintf(path, room, "%s/firmware/%s.hex", server->config->state_dir, model);
	FILE *file = fopen(path, "re");

	if (!file) {
		why_set(why, ERR_NOT_FOUND, MSG_FLASH_NO_FILE, model, path);
		return NULL;
	}
	char *hex = xcalloc(1, FILE_MAX + 1);
	size_t count = fread(hex, 1, FILE_MAX, file);

	hex[count] = '\0';
	fclose(file);
	return hex;
}

enum err flash_start(struct server *server, struct kit *kit, const char *model, const char *name,
	const char *hex, struct why *why)
{
	const struct flash_board *board = flash_board_find(model[0] ? model : kit->model, why);
	struct flash *before = find(server, kit);
	char path[640], *stored = NULL;

	if (!board) {
		return why->code;
	}
	if (before && !is_over(before)) {
		return why_set(why, ERR_BUSY, MSG_FLASH_BUSY, kit->id);
	}
	if (!hex) {
		stored = read_stored(server, board->model, path, sizeof(path), why);
		if (!stored) {
			return why->code;
		}
		name = path;
	}
	enum err err = judge(hex ? hex : stored, name, board, why);

	if (!err && before) {
		drop(before);
	}
	if (!err) {
		err = begin(server, kit, board, name, hex ? hex : stored, why);
	}
	free(stored);
	return err;
}

void flash_forget(struct server *server, const struct kit *kit)
{
	struct flash *flash = find(server, kit);

	if (!flash) {
		return;
	}
	if (is_over(flash)) {
		drop(flash);
	} else {
		flash->kit = NULL; /* avrdude ends by itself */
	}
}

void flash_destroy(struct server *server)
{
	while (server->flash) {
		if (server->flash->pid > 0) {
			kill(server->flash->pid, SIGKILL);
		}
		drop(server->flash);
	}
}
