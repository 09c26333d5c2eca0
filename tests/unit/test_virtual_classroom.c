/* Virtual benches behind real ptys: what their world says, their hosts read; faults come and go. */
#include "clock.h"
#include "virtual/classroom.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_US = 10000000 };

#define BANNER "\xf9\x02\x05\xf0\x79"

static struct loop *loop;
static struct far_hub *hub;
static struct loop_timer *look;
static struct classroom *classroom;
static char folder[] = "/tmp/kitlab-virtual-XXXXXX";

/* ---- waiting for a condition while the loop runs ---- */

static bool (*condition)(void);
static int64_t give_up_us;
static bool is_met;

static void on_look(void *data)
{
	(void)data;
	is_met = condition();
	if (is_met || clock_now_us() > give_up_us) {
		loop_stop(loop);
	}
}

static bool comes(bool (*what)(void))
{
	condition = what;
	give_up_us = clock_now_us() + PATIENCE_US;
	loop_timer_start(look, 0, 1000);
	loop_run(loop);
	loop_timer_stop(look);
	return is_met;
}

/* ---- a host ---- */

static struct {
	int fd;
	size_t count;
	uint8_t heard[256 * 1024];
	const char *wanted; /* bytes waited for */
	size_t wanted_count;
	bool is_gone;
} host = {.fd = -1};

static void host_open(const char *label)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, label);
	host.fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	host.count = 0;
	host.is_gone = false;
	assert_true(host.fd >= 0);
}

static void host_close(void)
{
	close(host.fd);
	host.fd = -1;
}

static void host_read(void)
{
	ssize_t got = read(host.fd, host.heard + host.count, sizeof(host.heard) - host.count);

	if (got > 0) {
		host.count += (size_t)got;
	} else if (got == 0 || errno != EAGAIN) {
		host.is_gone = true;
	}
	if (host.count > sizeof(host.heard) / 2) {
		host.count = 0;
	}
}

static bool hears_it(void)
{
	host_read();
	return memmem(host.heard, host.count, host.wanted, host.wanted_count) != NULL;
}

static bool hears(const char *bytes, size_t count)
{
	host.wanted = bytes;
	host.wanted_count = count;
	return comes(hears_it);
}

static void say(const char *bytes, size_t count)
{
	assert_int_equal(write(host.fd, bytes, count), count);
}

/* Newest value of an analog channel, -1 = none came yet. */
static int channel;
static int newest(void)
{
	for (size_t i = host.count; i >= 3; i--) {
		if (host.heard[i - 3] == (0xE0 | channel)) {
			return host.heard[i - 2] | host.heard[i - 1] << 7;
		}
	}
	return -1;
}

static bool has_sample(void)
{
	host_read();
	return newest() >= 0;
}

static double measure(int analog_channel, double scale, double offset)
{
	const char on[] = {(char)(0xC0 | analog_channel), 1};

	channel = analog_channel;
	host_read(); /* samples of before */
	host.count = 0;
	say(on, sizeof(on));
	assert_true(comes(has_sample));
	return offset + scale * newest() / 1023.0;
}

/* ---- the classroom ---- */

static void make(const char *name)
{
	struct why why;

	classroom = classroom_create(loop, hub, name, folder, &why);
	assert_non_null(classroom);
}

static int unmake(void **state)
{
	(void)state;
	classroom_destroy(classroom);
	classroom = NULL;
	if (host.fd >= 0) {
		host_close();
	}
	return 0;
}

static enum err set(const char *json, struct why *why)
{
	cJSON *world = cJSON_Parse(json);
	enum err err = classroom_set(classroom, world, why);

	assert_non_null(world);
	cJSON_Delete(world);
	return err;
}

static void must_set(const char *json)
{
	struct why why;

	assert_int_equal(set(json, &why), ERR_NONE);
}

static double get(const char *kit, const char *field)
{
	cJSON *world = classroom_get(classroom);
	cJSON *item = cJSON_GetObjectItem(
		cJSON_GetObjectItem(cJSON_GetObjectItem(world, "kits"), kit), field);
	double value = cJSON_IsNumber(item) ? item->valuedouble : cJSON_IsTrue(item);

	assert_non_null(item);
	cJSON_Delete(world);
	return value;
}

/* Opens uno-1 and waits for its banner. */
static void meet(void)
{
	host_open("uno-1");
	assert_true(hears(BANNER, 5));
}

/* ---- tests ---- */

static void the_default_classroom_has_six_seats_with_three_wired_benches_and_three_robots(void **state)
{
	(void)state;
	make("default");
	assert_int_equal(classroom->seat_count, 6);
	assert_int_equal(classroom->bench_count, 6);
	assert_string_equal(classroom_find(classroom, "uno-1")->spec.wiring.id, "starter");
	assert_string_equal(classroom_find(classroom, "uno-2")->spec.wiring.id, "starter");
	assert_string_equal(classroom_find(classroom, "uno-3")->spec.wiring.id, "traffic-light");
	assert_string_equal(classroom_find(classroom, "uno-3")->spec.seat, "3");
	assert_non_null(classroom_find(classroom, "mbot-1")->world.body);
	assert_non_null(classroom_find(classroom, "nxt-1")->world.body);
	assert_non_null(classroom_find(classroom, "arm-1")->world.arm);
	assert_null(classroom_find(classroom, "uno-4"));
}

static void a_host_measures_what_the_world_says(void **state)
{
	(void)state;
	make("default");
	must_set("{\"kits\":{\"uno-1\":{\"light\":0.25,\"pot\":1,\"temperature\":31.5,"
		 "\"distance\":120,\"button\":true}}}");
	meet();
	assert_true(fabs(measure(0, 1, 0) - 0.25) < 0.001);
	assert_true(fabs(measure(1, 1, 0) - 1) < 0.001);
	assert_true(fabs(measure(2, 500, -50) - 31.5) < 0.3);
	assert_true(fabs(measure(3, 1300.48, 0) - 120) < 0.7);
	must_set("{\"kits\":{\"uno-1\":{\"temperature\":-20}}}");
	assert_true(fabs(measure(2, 500, -50) + 20) < 0.3);
	say("\xf4\x02\x0b\xd0\x01", 5);
	assert_true(hears("\x90\x00\x00", 3)); /* pressed: to ground */
	host.count = 0;
	must_set("{\"kits\":{\"uno-1\":{\"button\":false}}}");
	assert_true(hears("\x90\x04\x00", 3));
}

static void the_world_varies_by_itself_until_it_is_set(void **state)
{
	struct scene one, same, other;
	double least = 1, most = 0;

	(void)state;
	scene_init(&one, 7, 0);
	scene_init(&same, 7, 5000000);
	scene_init(&other, 8, 0);
	for (int64_t t_us = 0; t_us < 60000000; t_us += 1000000) {
		double light = scene_get(&one, SCENE_LIGHT, t_us);

		assert_true(light == scene_get(&same, SCENE_LIGHT, t_us + 5000000));
		least = fmin(least, light);
		most = fmax(most, light);
	}
	assert_true(least > 0.2 && most < 0.9 && most - least > 0.05 && most - least < 0.5);
	assert_true(scene_get(&one, SCENE_LIGHT, 0) != scene_get(&other, SCENE_LIGHT, 0));
	assert_true(scene_get(&one, SCENE_BUTTON, 0) == 0);
	scene_set(&one, SCENE_LIGHT, 0.3);
	assert_true(scene_get(&one, SCENE_LIGHT, 99000000) == 0.3);
	assert_true(scene_get(&one, SCENE_TEMPERATURE, 0) ==
		scene_get(&same, SCENE_TEMPERATURE, 5000000));
}

static void a_wrong_world_is_refused_with_a_reason_and_changes_nothing(void **state)
{
	static const struct {
		const char *world, *word;
		enum err err;
	} wrong[] = {
		{"{\"kits\":{\"uno-9\":{}}}", "uno-1, uno-2, uno-3", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"light\":0.9,\"ligth\":1}}}", "\"ligth\"", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"light\":1.01}}}", "from 0 to 1", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"light\":-0.01}}}", "from 0 to 1", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"light\":\"dark\"}}}", "from 0 to 1", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"button\":null}}}", "true or false", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"pose\":[1,1,0]}}}", "no \"pose\"", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"distance\":401}}}", "from 0 to 400", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"button\":1}}}", "true or false", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"fault\":\"fire\"}}}", "garbage", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"fault\":false}}}", "garbage", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":3}}", "uno-1", ERR_INVALID},
		{"{\"kits\":{\"uno-1\":{\"light\":0.9},\"uno-2\":{\"pot\":2}}}", "pot", ERR_INVALID},
		{"{\"kits\":[]}", "kits", ERR_INVALID},
		{"[]", "params", ERR_INVALID},
		{"{\"objects\":{}}", "objects", ERR_INVALID},
		{"{\"objects\":[{}]}", "\"id\"", ERR_INVALID},
	};
	struct why why;

	(void)state;
	make("default");
	must_set("{\"kits\":{\"uno-1\":{\"light\":0.5}},\"objects\":[]}");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(set(wrong[i].world, &why), wrong[i].err);
		assert_non_null(strstr(why_text(&why, LANG_EN), wrong[i].word));
		assert_true(why_text(&why, LANG_ZH)[0] != '\0');
		assert_true(get("uno-1", "light") == 0.5);
		assert_true(get("uno-1", "fault") == 0);
	}
	must_set("{}");
}

static void opening_again_resets_the_board(void **state)
{
	(void)state;
	make("default");
	meet();
	say("\xf4\x0d\x01\xf5\x0d\x01\xf0\x6d\x0d\xf7", 10);
	assert_true(hears("\xf0\x6e\x0d\x01\x01\xf7", 6));
	host_close();
	/* At once: the board must see both the close and the open. */
	meet();
	say("\xf0\x6d\x0d\xf7", 4);
	assert_true(hears("\xf0\x6e\x0d\x01\x00\xf7", 6));
}

static bool is_gone(void)
{
	host_read();
	return host.is_gone;
}

static void fault_unplug_takes_the_line_away_until_it_is_cleared(void **state)
{
	char path[128];
	struct stat about;

	(void)state;
	make("default");
	meet();
	snprintf(path, sizeof(path), "%s/uno-1", folder);
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"unplug\",\"light\":0.125}}}");
	assert_true(comes(is_gone));
	host_close();
	assert_int_equal(lstat(path, &about), -1);
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"unplug\"}}}"); /* again is fine */
	must_set("{\"kits\":{\"uno-1\":{\"fault\":null}}}");
	meet();
	assert_true(fabs(measure(0, 1, 0) - 0.125) < 0.001); /* the world did not forget */
}

static void fault_silence_mutes_an_open_line_until_it_is_cleared(void **state)
{
	size_t before;

	(void)state;
	make("default");
	meet();
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"silence\"}}}");
	host_read();
	before = host.count;
	say("\xf9", 1);
	/* uno-2's answer passes the same loop later than uno-1's would have. */
	int mute = host.fd;

	host.fd = -1;
	host_open("uno-2");
	assert_true(hears(BANNER, 5));
	host_close();
	host.fd = mute;
	host.count = before;
	host_read();
	assert_int_equal(host.count, before);
	assert_false(host.is_gone);
	must_set("{\"kits\":{\"uno-1\":{\"fault\":null}}}");
	say("\xf9", 1);
	assert_true(hears("\xf9\x02\x05", 3));
}

static bool hears_much(void)
{
	host_read();
	return host.count > 6000;
}

static void fault_garbage_is_noise_of_every_kind_of_byte(void **state)
{
	unsigned kinds[256] = {0}, seen = 0;

	(void)state;
	make("default");
	meet();
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"garbage\"}}}");
	assert_true(comes(hears_much));
	for (size_t i = 1000; i < host.count; i++) {
		seen += kinds[host.heard[i]]++ == 0;
	}
	assert_int_equal(seen, 256);
	must_set("{\"kits\":{\"uno-1\":{\"fault\":null}}}");
	say("\xff\xf9", 2);
	assert_true(hears("\xf9\x02\x05", 3));
}

static void fault_noise_spoils_some_bytes_and_leaves_most(void **state)
{
	unsigned good = 0, total;

	(void)state;
	make("default");
	must_set("{\"kits\":{\"uno-1\":{\"light\":0.5}}}");
	meet();
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"noise\"}}}");
	host.count = 0;
	say("\xf0\x7a\x01\x00\xf7\xc0\x01", 7); /* a sample each ms */
	assert_true(comes(hears_much));
	total = (unsigned)host.count / 3;
	for (size_t i = 0; i + 3 <= host.count; i++) {
		good += memcmp(host.heard + i, "\xe0\x00\x04", 3) == 0;
	}
	assert_in_range(good, total * 7 / 10, total * 99 / 100);
	must_set("{\"kits\":{\"uno-1\":{\"fault\":null}}}");
	host.count = 0;
	say("\xff\xf9", 2);
	assert_true(hears("\xf9\x02\x05", 3));
}

static void fault_16_a_slow_board_takes_160_bytes_a_second(void **state)
{
	static const char much[4000] = {0};
	int64_t begin_us;

	(void)state;
	make("default");
	meet();
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"slow\"}}}");
	host.count = 0;
	begin_us = clock_now_us();
	say(much, 48); /* data bytes without a command: three readings */
	say("\xf9", 1);
	assert_true(hears("\xf9\x02\x05", 3));
	assert_true(clock_now_us() - begin_us > 250000);
	say(much, sizeof(much));
	say("\xf9", 1);
	host.count = 0;
	must_set("{\"kits\":{\"uno-1\":{\"fault\":null}}}"); /* reads the rest at once */
	begin_us = clock_now_us();
	assert_true(hears("\xf9\x02\x05", 3));
	assert_true(clock_now_us() - begin_us < 5000000);
}

static bool is_healed(void)
{
	host_read();
	return classroom_find(classroom, "uno-1")->fault == FAULT_NONE;
}

static void fault_08_a_reboot_brings_the_banner_and_ends_by_itself(void **state)
{
	(void)state;
	make("default");
	meet();
	say("\xf4\x0d\x01\xf5\x0d\x01\xf0\x6d\x0d\xf7", 10);
	assert_true(hears("\xf0\x6e\x0d\x01\x01\xf7", 6));
	host.count = 0;
	must_set("{\"kits\":{\"uno-1\":{\"fault\":\"reboot\"}}}");
	assert_true(comes(is_healed));
	assert_true(hears(BANNER, 5));
	say("\xf0\x6d\x0d\xf7", 4);
	assert_true(hears("\xf0\x6e\x0d\x01\x00\xf7", 6));
}

static void classroom_files_are_read_by_path_and_their_mistakes_named(void **state)
{
	static const struct {
		const char *text, *word;
	} files[] = {
		{"", "\"{\""},
		{"{\"boards\":[", "\"{\""},
		{"{}", "\"boards\""},
		{"{\"boards\":{}}", "\"boards\""},
		{"{\"seats\":[1],\"boards\":[]}", "\"seats\""},
		{"{\"boards\":[{}]}", "board 1: \"label\""},
		{"{\"boards\":[{\"label\":\"A\",\"model\":\"uno\"}]}", "board 1: \"label\""},
		{"{\"boards\":[{\"label\":\"../x\",\"model\":\"uno\"}]}", "board 1: \"label\""},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"due\"}]}",
			"board 1: there is no model \"due\". There are: uno, mega"},
		{"{\"boards\":[{\"label\":\"a\"}]}", "board 1: there is no model \"\""},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\",\"firmware\":\"3\"}]}", "firmware"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\",\"boot_ms\":-1}]}", "boot_ms"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\",\"boot_ms\":1.5}]}", "boot_ms"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\",\"wiring\":\"none-such\"}]}",
			"none-such"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\",\"port\":\"usb\"}]}", "port"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\",\"pose\":[1,1,0]}]}", "pose"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"mbot\",\"pose\":[1,1]}]}", "pose"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"mbot\",\"pose\":[9,1,0]}]}",
			"pose"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"mbot\",\"firmware\":\"2.5\"}]}",
			"firmware"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"mbot\",\"wiring\":\"starter\"}]}",
			"wiring"},
		{"{\"boards\":[],\"objects\":{}}", "\"objects\""},
		{"{\"boards\":[],\"objects\":[{\"id\":\"x\"}]}", "box, circle"},
		{"{\"boards\":[{\"label\":\"a\",\"model\":\"uno\"},"
		 "{\"label\":\"a\",\"model\":\"nano\"}]}",
			"\"a\" is used twice"},
	};
	char path[128];
	struct why why;

	(void)state;
	snprintf(path, sizeof(path), "%s/room.json", folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(files[i].text, file);
		fclose(file);
		assert_null(classroom_create(loop, hub, path, folder, &why));
		assert_int_not_equal(why.code, ERR_NONE);
		assert_non_null(strstr(why_text(&why, LANG_EN), files[i].word));
	}
	unlink(path);
	assert_null(classroom_create(loop, hub, path, folder, &why));
	assert_int_equal(why.code, ERR_NOT_FOUND);
	assert_null(classroom_create(loop, hub, "nowhere", folder, &why));
	assert_int_equal(why.code, ERR_NOT_FOUND);
	assert_non_null(strstr(why_text(&why, LANG_EN), "There are: default"));
}

static void sixty_four_boards_live_in_one_process(void **state)
{
	char path[128];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/big.json", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("{\"boards\":[", file);
	for (int i = 1; i <= 64; i++) {
		fprintf(file, "%s{\"label\":\"b-%d\",\"model\":\"uno\",\"boot_ms\":0,\"port\":\"%s\"}",
			i > 1 ? "," : "", i, i % 2 ? "pty" : "unix");
	}
	fputs("]}", file);
	fclose(file);
	make(path);
	unlink(path);
	assert_int_equal(classroom->bench_count, 64);
	for (int i = 1; i <= 64; i += 2) {
		snprintf(path, sizeof(path), "b-%d", i);
		host_open(path);
		assert_true(hears(BANNER, 5));
		host_close();
	}
}

/* ---- around all tests ---- */

static int set_up(void **state)
{
	(void)state;
	loop = loop_create();
	hub = far_hub_create(loop);
	look = loop_timer_add(loop, on_look, NULL);
	return mkdtemp(folder) && hub ? 0 : -1;
}

/* No link of a board may be left: rmdir says so. */
static int tear_down(void **state)
{
	(void)state;
	loop_timer_remove(look);
	far_hub_destroy(hub);
	loop_destroy(loop);
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_teardown(name, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_default_classroom_has_six_seats_with_three_wired_benches_and_three_robots),
		TEST(a_host_measures_what_the_world_says),
		TEST(the_world_varies_by_itself_until_it_is_set),
		TEST(a_wrong_world_is_refused_with_a_reason_and_changes_nothing),
		TEST(opening_again_resets_the_board),
		TEST(fault_unplug_takes_the_line_away_until_it_is_cleared),
		TEST(fault_silence_mutes_an_open_line_until_it_is_cleared),
		TEST(fault_garbage_is_noise_of_every_kind_of_byte),
		TEST(fault_noise_spoils_some_bytes_and_leaves_most),
		TEST(fault_16_a_slow_board_takes_160_bytes_a_second),
		TEST(fault_08_a_reboot_brings_the_banner_and_ends_by_itself),
		TEST(classroom_files_are_read_by_path_and_their_mistakes_named),
		TEST(sixty_four_boards_live_in_one_process),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("virtual_classroom", tests, set_up, tear_down);
}
