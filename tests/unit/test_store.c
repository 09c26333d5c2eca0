/* The store: what was put is there again, and damage is seen. FAULTS 36 and 39 as far as kits go. */
#include "log.h"
#include "loop.h"
#include "store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static char dir[64];
static struct why why;
static int saved_stderr;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct store_kit a_kit(const char *identity, const char *id, const char *wiring)
{
	struct store_kit kit = {.model = "uno"};

	snprintf(kit.identity, sizeof(kit.identity), "%s", identity);
	snprintf(kit.id, sizeof(kit.id), "%s", id);
	snprintf(kit.wiring, sizeof(kit.wiring), "%s", wiring);
	return kit;
}

static void put(struct store *store, const char *identity, const char *id, const char *wiring)
{
	struct store_kit kit = a_kit(identity, id, wiring);

	store_put(store, &kit);
}

static struct store *open_store(void)
{
	struct store *store = store_open(loop, dir, &why);

	if (!store) {
		fail_msg("%s", why_text(&why, LANG_EN));
	}
	return store;
}

/* What a test logs on purpose is not its output. */
static void hush(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_true(null >= 0);
	dup2(null, STDERR_FILENO);
	close(null);
}

static int setup_loop(void **state)
{
	(void)state;
	loop = loop_create();
	saved_stderr = dup(STDERR_FILENO);
	return loop && saved_stderr >= 0 ? 0 : -1;
}

static int finish_loop(void **state)
{
	(void)state;
	loop_destroy(loop);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/kitlab-store-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"lock", "kitlab.db", "kitlab.db-wal", "kitlab.db-shm",
		"kitlab.db.broken-1", "kitlab.db.broken-1-wal", "kitlab.db.broken-2",
		"kitlab.db.broken-2-wal", "kitlab.db.broken-2-shm", "kitlab.db.broken-1-shm"};

	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unlink(path_of(names[i]));
	}
	return rmdir(dir);
}

static void what_was_put_is_there_after_a_restart(void **state)
{
	(void)state;
	struct store *store = open_store();

	assert_int_equal(store_kit_count(store), 0);
	put(store, "usb:2341:0043:AB", "uno-2", "");
	put(store, "usb:2341:0043:CD", "uno-1", "starter");
	put(store, "usb:2341:0043:AB", "uno-2", "traffic-light");
	assert_int_equal(store_kit_count(store), 2);
	assert_string_equal(store_find(store, "usb:2341:0043:AB")->wiring, "traffic-light");
	store_close(store);

	store = open_store();
	assert_int_equal(store_kit_count(store), 2);
	assert_string_equal(store_kit(store, 0)->id, "uno-1");
	assert_string_equal(store_find(store, "usb:2341:0043:AB")->wiring, "traffic-light");
	assert_string_equal(store_find(store, "usb:2341:0043:CD")->model, "uno");
	assert_null(store_find(store, "usb:2341:0043:EF"));
	assert_true(store_is_well(store));
	store_close(store);
}

static void many_rows_are_written_while_the_loop_goes_on(void **state)
{
	(void)state;
	struct store *store = open_store();
	char identity[32], id[32];

	for (int i = 0; i < 500; i++) {
		snprintf(identity, sizeof(identity), "identity-%d", i % 100);
		snprintf(id, sizeof(id), "kit-%d", i);
		put(store, identity, id, "");
	}
	store_close(store);
	store = open_store();
	assert_int_equal(store_kit_count(store), 100);
	assert_string_equal(store_find(store, "identity-99")->id, "kit-499");
	store_close(store);
}

static void two_daemons_cannot_share_a_folder(void **state)
{
	(void)state;
	struct store *store = open_store();

	assert_null(store_open(loop, dir, &why));
	assert_int_equal(why.code, ERR_BUSY);
	store_close(store);
	store_close(open_store());
}

static void a_folder_is_made_for_this_user_only(void **state)
{
	(void)state;
	char deep[128];
	struct stat stat_now;

	snprintf(deep, sizeof(deep), "%s/a/b", dir);
	struct store *store = store_open(loop, deep, &why);

	assert_non_null(store);
	store_close(store);
	assert_int_equal(stat(deep, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & 0777, 0700);
	unlink(path_of("a/b/lock"));
	unlink(path_of("a/b/kitlab.db"));
	assert_int_equal(rmdir(path_of("a/b")), 0);
	assert_int_equal(rmdir(path_of("a")), 0);
}

static void a_folder_that_cannot_be_used_says_why(void **state)
{
	(void)state;
	assert_null(store_open(loop, "/dev/null/state", &why));
	assert_int_equal(why.code, ERR_IO);
	assert_non_null(strstr(why.text[LANG_EN], "/dev/null/state"));
	/* A folder where the file should be. */
	assert_int_equal(mkdir(path_of("kitlab.db"), 0700), 0);
	assert_null(store_open(loop, dir, &why));
	assert_int_equal(why.code, ERR_IO);
	assert_int_equal(rmdir(path_of("kitlab.db")), 0);
}

static void overwrite(const char *name, const void *bytes, size_t count, long at)
{
	FILE *file = fopen(path_of(name), "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

static void fault_39_a_damaged_store_is_put_aside(void **state)
{
	(void)state;
	static const char rubbish[64] = "rubbish";
	struct store *store = open_store();

	put(store, "identity", "uno-1", "");
	store_close(store);
	hush();
	overwrite("kitlab.db", rubbish, sizeof(rubbish), 0);
	store = open_store();
	assert_int_equal(store_kit_count(store), 0);
	assert_int_equal(access(path_of("kitlab.db.broken-1"), F_OK), 0);
	put(store, "identity", "uno-7", "");
	store_close(store);
	/* And again, with a page inside torn: the first copy stays. */
	overwrite("kitlab.db", rubbish, sizeof(rubbish), 4096);
	store = open_store();
	assert_int_equal(store_kit_count(store), 0);
	assert_int_equal(access(path_of("kitlab.db.broken-2"), F_OK), 0);
	store_close(store);
}

static void fault_39_an_emptied_store_is_put_aside(void **state)
{
	(void)state;
	store_close(open_store());
	assert_int_equal(truncate(path_of("kitlab.db"), 0), 0);
	hush();
	store_close(open_store());
	assert_int_equal(access(path_of("kitlab.db.broken-1"), F_OK), 0);
}

static void fault_39_a_newer_store_is_left_alone(void **state)
{
	(void)state;
	sqlite3 *db = NULL;

	store_close(open_store());
	assert_int_equal(sqlite3_open(path_of("kitlab.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_null(store_open(loop, dir, &why));
	assert_int_equal(why.code, ERR_CONFLICT);
	assert_int_not_equal(access(path_of("kitlab.db.broken-1"), F_OK), 0);
}

static void look(void *data)
{
	if (!store_is_well(data)) {
		loop_stop(loop);
	}
}

static void look_for_health(void *data)
{
	if (store_is_well(data)) {
		loop_stop(loop);
	}
}

static void fault_36_a_failed_write_is_seen(void **state)
{
	(void)state;
	struct store *store = open_store();
	struct rlimit limit, before;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	hush();
	limit = before;
	limit.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	put(store, "identity", "uno-1", "");
	struct loop_timer *timer = loop_timer_add(loop, look, store);

	loop_timer_start(timer, 1000, 1000);
	loop_run(loop);
	loop_timer_remove(timer);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(store_is_well(store));
	/* Memory has it, and the lab goes on. */
	assert_string_equal(store_find(store, "identity")->id, "uno-1");
	/* With room again, what was refused is written after all. */
	put(store, "other", "uno-2", "");
	timer = loop_timer_add(loop, look_for_health, store);
	loop_timer_start(timer, 1000, 1000);
	loop_run(loop);
	loop_timer_remove(timer);
	store_close(store);
	store = open_store();
	assert_int_equal(store_kit_count(store), 2);
	store_close(store);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static cJSON *answer;
static bool is_answered;

static void on_rows(void *data, cJSON *rows)
{
	(void)data;
	answer = rows;
	is_answered = true;
	loop_stop(loop);
}

static cJSON *ask(struct store *store, const char *kit)
{
	is_answered = false;
	assert_true(store_ask_health(store, kit, on_rows, NULL));
	loop_run(loop);
	assert_true(is_answered);
	return answer;
}

static const char *cell(const cJSON *rows, int row, int column)
{
	return cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetArrayItem(rows, row), column));
}

static void check_ups_come_back_newest_first(void **state)
{
	struct store *store = open_store();

	(void)state;
	store_put_health(store, "uno-1", "2026-11-20T08:00:00Z", "repair", "{\"a\":1}");
	store_put_health(store, "uno-1", "2026-11-21T08:00:00Z", "ready", "{\"a\":2}");
	store_put_health(store, "nxt-1", "2026-11-19T08:00:00Z", "charge", "{}");
	store_close(store);
	store = open_store();
	cJSON *rows = ask(store, "uno-1");

	assert_int_equal(cJSON_GetArraySize(rows), 2);
	assert_string_equal(cell(rows, 0, 1), "ready");
	assert_string_equal(cell(rows, 1, 2), "{\"a\":1}");
	cJSON_Delete(rows);
	rows = ask(store, NULL);
	assert_int_equal(cJSON_GetArraySize(rows), 2);
	assert_string_equal(cell(rows, 0, 0), "nxt-1");
	assert_string_equal(cell(rows, 1, 1), "2026-11-21T08:00:00Z");
	assert_string_equal(cell(rows, 1, 2), "ready");
	cJSON_Delete(rows);
	store_close(store);
}

static void only_the_last_hundred_check_ups_of_a_kit_are_kept(void **state)
{
	struct store *store = open_store();

	(void)state;
	for (int i = 0; i < STORE_HEALTH_KEPT + 7; i++) {
		char at[40];

		snprintf(at, sizeof(at), "2026-11-20T08:%02d:%02dZ", i / 60, i % 60);
		store_put_health(store, "uno-1", at, "ready", "{}");
	}
	cJSON *rows = ask(store, "uno-1");

	assert_int_equal(cJSON_GetArraySize(rows), STORE_HEALTH_KEPT);
	assert_string_equal(cell(rows, STORE_HEALTH_KEPT - 1, 0), "2026-11-20T08:00:07Z");
	cJSON_Delete(rows);
	store_close(store);
}

static void a_seat_has_one_socket_and_a_socket_one_seat(void **state)
{
	struct store *store = open_store();

	(void)state;
	store_bind_seat(store, "1-1.1", "1");
	store_bind_seat(store, "1-1.2", "2");
	store_bind_seat(store, "1-1.3", "2");
	assert_int_equal(store_seat_count(store), 2);
	assert_null(store_seat_of(store, "1-1.2"));
	store_bind_seat(store, "1-1.1", "5");
	store_close(store);
	store = open_store();
	assert_int_equal(store_seat_count(store), 2);
	assert_string_equal(store_seat_of(store, "1-1.1"), "5");
	assert_string_equal(store_seat_of(store, "1-1.3"), "2");
	store_bind_seat(store, "1-1.3", "");
	assert_null(store_seat_of(store, "1-1.3"));
	store_close(store);
	store = open_store();
	assert_int_equal(store_seat_count(store), 1);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_was_put_is_there_after_a_restart),
		EACH(many_rows_are_written_while_the_loop_goes_on),
		EACH(two_daemons_cannot_share_a_folder),
		EACH(a_folder_is_made_for_this_user_only),
		EACH(a_folder_that_cannot_be_used_says_why),
		EACH(fault_39_a_damaged_store_is_put_aside),
		EACH(fault_39_an_emptied_store_is_put_aside),
		EACH(fault_39_a_newer_store_is_left_alone),
		EACH(fault_36_a_failed_write_is_seen),
		EACH(check_ups_come_back_newest_first),
		EACH(only_the_last_hundred_check_ups_of_a_kit_are_kept),
		EACH(a_seat_has_one_socket_and_a_socket_one_seat),
	};

	return cmocka_run_group_tests(tests, setup_loop, finish_loop);
}
