/* The store's file; see store_file.h. */
#include "store_file.h"

#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BROKEN_MAX = 1000 };

static const char file_name[] = "kitlab.db";

/* Step i leads from version i to i + 1; a step that was released never changes. */
static const char *const migrations[] = {
	"CREATE TABLE kit (identity TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL,"
	" model TEXT NOT NULL, wiring TEXT NOT NULL) STRICT, WITHOUT ROWID;",
	"ALTER TABLE kit ADD COLUMN proof TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE seat (path TEXT NOT NULL PRIMARY KEY, seat TEXT NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE health (kit TEXT NOT NULL, at TEXT NOT NULL, verdict TEXT NOT NULL,"
	" report TEXT NOT NULL, PRIMARY KEY (kit, at)) STRICT, WITHOUT ROWID;",
};
enum { VERSION = sizeof(migrations) / sizeof(migrations[0]) };

/* mkdir -p, all of it for this user only. */
static bool make_folders(const char *dir)
{
	char *path = xstrdup(dir);
	bool ok = true;

	for (char *slash = strchr(path + 1, '/'); slash && ok; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ok = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
	}
	ok = ok && (mkdir(path, 0700) == 0 || errno == EEXIST);
	free(path);
	return ok;
}

int store_folder_open(const char *dir, struct why *why)
{
	char *path = xasprintf("%s/lock", dir);
	int fd = make_folders(dir) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0) {
		why_set(why, ERR_IO, MSG_STORE_FOLDER, dir, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		why_set(why, ERR_BUSY, MSG_STORE_HELD, dir);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

static int read_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *query = NULL;
	int number = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK &&
		sqlite3_step(query) == SQLITE_ROW) {
		number = sqlite3_column_int(query, 0);
	}
	sqlite3_finalize(query);
	return number;
}

/* SQLite's own look at every page. */
static int check(sqlite3 *db)
{
	sqlite3_stmt *query = NULL;
	int err = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &query, NULL);

	if (err == SQLITE_OK) {
		err = sqlite3_step(query);
	}
	if (err == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(query, 0);

		err = text && strcmp(text, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
	}
	sqlite3_finalize(query);
	return err;
}

static int migrate(sqlite3 *db, int version)
{
	int err = SQLITE_OK;

	for (; version < VERSION && err == SQLITE_OK; version++) {
		char *sql = xasprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;",
			migrations[version], version + 1);

		err = sqlite3_exec(db, sql, NULL, NULL, NULL);
		free(sql);
	}
	return err;
}

/*
 * An empty file is what a power cut may leave: SQLite would take it for a new
 * database, and what was known would be gone in silence.
 */
static bool is_emptied(const char *path)
{
	struct stat stat_now;

	return stat(path, &stat_now) == 0 && stat_now.st_size == 0;
}

/* SQLITE_OK, or what is wrong; *db is always to be closed. *version: of the file. */
static int open_and_check(const char *path, sqlite3 **db, int *version)
{
	int err = sqlite3_open_v2(path, db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (err == SQLITE_OK) {
		sqlite3_extended_result_codes(*db, 0);
		sqlite3_busy_timeout(*db, 2000);
		err = sqlite3_exec(*db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
			NULL, NULL, NULL);
	}
	if (err == SQLITE_OK) {
		err = check(*db);
	}
	*version = err == SQLITE_OK ? read_number(*db, "PRAGMA user_version") : 0;
	if (err == SQLITE_OK && *version >= 0 && *version <= VERSION) {
		err = migrate(*db, *version);
	}
	return *version < 0 ? SQLITE_CORRUPT : err;
}

/* Renames the database and its journals. False: that does not go either. */
static bool put_aside(const char *path)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char *to = NULL;
	int n = 1;

	for (; n < BROKEN_MAX; n++) {
		free(to);
		to = xasprintf("%s.broken-%d", path, n);
		if (access(to, F_OK) != 0) {
			break;
		}
	}
	bool ok = rename(path, to) == 0;

	log_error("%s is damaged: %s. Kits are numbered anew, their wiring is to be chosen again.",
		path, ok ? "it was put aside and a new one begun" : "it cannot be renamed");
	if (ok) {
		log_error("the damaged file is %s", to);
	}
	for (size_t i = 1; ok && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *from_part = xasprintf("%s%s", path, parts[i]);
		char *to_part = xasprintf("%s%s", to, parts[i]);

		ok = rename(from_part, to_part) == 0 || errno == ENOENT;
		free(from_part);
		free(to_part);
	}
	free(to);
	return ok;
}

sqlite3 *store_file_open(const char *dir, struct why *why)
{
	char *path = xasprintf("%s/%s", dir, file_name);
	sqlite3 *db = NULL;
	int version = 0;
	bool is_broken = is_emptied(path);
	int err = is_broken ? SQLITE_CORRUPT : open_and_check(path, &db, &version);

	if (err == SQLITE_CORRUPT || err == SQLITE_NOTADB || err == SQLITE_ERROR) {
		sqlite3_close(db);
		db = NULL;
		err = put_aside(path) ? open_and_check(path, &db, &version) : SQLITE_CANTOPEN;
	}
	if (err != SQLITE_OK) {
		why_set(why, ERR_IO, MSG_STORE_FOLDER, path, sqlite3_errstr(err));
	} else if (version > VERSION) {
		why_set(why, ERR_CONFLICT, MSG_STORE_NEWER, path, version, VERSION);
		err = SQLITE_MISUSE;
	}
	if (err != SQLITE_OK) {
		sqlite3_close(db);
		db = NULL;
	}
	free(path);
	return db;
}
