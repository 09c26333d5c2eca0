/* Configuration: every setting, every way to get it wrong, and who wins. FAULTS 40. */
#include "config.h"
#include "log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct config config;
static struct why why;
static int line;

static enum err read_text(const char *text)
{
	config_defaults(&config);
	memset(&why, 0, sizeof(why));
	line = 0;
	return config_read(text, strlen(text), &config, &line, &why);
}

static void refuses(const char *text, int at, const char *says)
{
	assert_int_equal(read_text(text), ERR_INVALID);
	assert_int_equal(line, at);
	if (!strstr(why.text[LANG_EN], says)) {
		fail_msg("\"%s\" does not say \"%s\"", why.text[LANG_EN], says);
	}
	assert_string_not_equal(why.text[LANG_ZH], "");
}

static void every_key_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_text("; a comment\n"
				   "[server]\n"
				   "listen = [::1]:0\r\n"
				   "hosts = lab.example pc-1:80\n"
				   "open_lab = student\n"
				   "log_level = debug\n"
				   "[folders]\n"
				   "state = /tmp/state\n"
				   "cases = /tmp/cases\n"
				   "wiring_dir = /tmp/wirings\n"
				   "[kits]\n"
				   "virtual = default\n"
				   "scan = no\n"
				   "port = stream:/tmp/a?label=a\n"
				   "\tport = stream:/tmp/b?label=b\n"
				   "[scripts]\n"
				   "demo = yes\n"
				   "runs_max = 12\n"
				   "script_memory_mb = 64\n"
				   "script_busy_s = 5\n"
				   "[limits]\n"
				   "drive_max = 0.5\n"
				   "turn_max = 0.4\n"
				   "motor_max = 0.75\n"
				   "step_max = 0.2\n"
				   "unattended_s = 60\n"
				   "battery_min = 15\n"
				   "[limits owi]\n"
				   "joint_speed_max = 0.3\n"
				   "joint_min = -90\n"
				   "joint_max = 90.5\n"
				   "joint_step_max = 10\n"
				   "[limits case:line-following]\n"
				   "drive_max = 0.25"),
		ERR_NONE);
	assert_string_equal(config.listen_host, "::1");
	assert_int_equal(config.listen_port, 0);
	assert_int_equal(config.host_count, 2);
	assert_string_equal(config.hosts[1], "pc-1:80");
	assert_true(config.is_open_lab);
	assert_int_equal(config.open_role, ROLE_STUDENT);
	assert_int_equal(config.log_level, LOG_DEBUG);
	assert_string_equal(config.state_dir, "/tmp/state");
	assert_string_equal(config.cases_dir, "/tmp/cases");
	assert_string_equal(config.wiring_dir, "/tmp/wirings");
	assert_string_equal(config.virtual_classroom, "default");
	assert_false(config.scan);
	assert_int_equal(config.port_count, 2);
	assert_string_equal(config.ports[1].label, "b");
	assert_true(config.demo);
	assert_int_equal(config.runs_max, 12);
	assert_int_equal(config.script_memory_mb, 64);
	assert_int_equal(config.script_busy_s, 5);
	assert_int_equal(config.limit_count, 3);
	assert_string_equal(config.limits[1].scope, "owi");
	struct limits all;

	limits_merge(config.limits, config.limit_count, "owi", "line-following", &all);
	assert_true(all.drive_max == 0.25 && all.turn_max == 0.4 && all.motor_max == 0.75);
	assert_true(all.step_max == 0.2 && all.unattended_s == 60 && all.battery_min == 15);
	assert_true(all.joint_speed_max == 0.3 && all.joint_min == -90);
	assert_true(all.joint_max == 90.5 && all.joint_step_max == 10);
}

static void fault_40_an_empty_file_allows_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_text(""), ERR_NONE);
	assert_false(config.is_open_lab);
	assert_string_equal(config.listen_host, "127.0.0.1");
	assert_int_equal(config.listen_port, 8080);
	assert_int_equal(config.script_busy_s, 10);
}

static void fault_40_mistakes_are_named_with_their_line(void **state)
{
	(void)state;
	refuses("\n\nlisten = 127.0.0.1\n", 3, "ADDR:PORT");
	refuses("listen = ::1:8080\n", 1, "ADDR:PORT");
	refuses("listen = 127.0.0.1:65536\n", 1, "ADDR:PORT");
	refuses("listen = 127.0.0.1:+80\n", 1, "ADDR:PORT");
	refuses("[server]\nlisen = 127.0.0.1:80\n", 2, "listen hosts open_lab log_level");
	refuses("[sever]\nlisten = 127.0.0.1:80\n", 2, "server folders kits scripts limits");
	refuses("[kits]\nlisten = 127.0.0.1:80\n", 2, "no setting \"listen\"");
	refuses("runs_max = 1\nruns_max = 2\n", 2, "twice");
	refuses("runs_max = 0\n", 1, "1..256");
	refuses("runs_max = 0x10\n", 1, "1..256");
	refuses("runs_max =\n", 1, "1..256");
	refuses("script_memory_mb = 513\n", 1, "8..512");
	refuses("script_busy_s = 61\n", 1, "1..60");
	refuses("log_level = loud\n", 1, "error, warn");
	refuses("open_lab = yes\n", 1, "teacher, student");
	refuses("scan = maybe\n", 1, "yes, no");
	refuses("virtual = ../x\n", 1, "none");
	refuses("state =\n", 1, "state");
	refuses("hosts = a b c d e f g h i\n", 1, "at most 8");
	refuses("hosts = http://a\n", 1, "NAME");
	refuses("scan = no\nport = serail:/dev/ttyACM0\n", 2, "serial:");
	refuses("port = stream:/a?label=x\nport = stream:/b?label=x\n", 2, "used by two");
	refuses("[limits]\ndrive_max = 1.1\n", 2, "0..1");
	refuses("[limits]\nturn_max = -0.1\n", 2, "0..1");
	refuses("[limits]\nmotor_max = fast\n", 2, "0..1");
	refuses("[limits]\njoint_speed_max = 2\n", 2, "0..1");
	refuses("[limits]\njoint_min = -361\n", 2, "-360..360");
	refuses("[limits]\njoint_max = 1e3\n", 2, "-360..360");
	refuses("[limits]\nstep_max = 0\n", 2, "0.01..2");
	refuses("[limits]\njoint_step_max =\n", 2, "0.1..360");
	refuses("[limits]\nunattended_s = 0\n", 2, "1..86400");
	refuses("[limits]\nbattery_min = 101\n", 2, "0..100");
	refuses("[limits]\nspeed_max = 1\n", 2, "drive_max");
	refuses("[limits]\njoint_min = 90\njoint_max = 10\n", 3, "less than");
	refuses("[limits mbot]\ndrive_max = 1\n[limits mbot]\ndrive_max = 1\n", 4, "twice");
	refuses("[limits MBot!]\ndrive_max = 1\n", 2, "MBot!");
	refuses("[limits case:]\ndrive_max = 1\n", 2, "case:");
	refuses("[server mbot]\nlisten = 127.0.0.1:80\n", 2, "mbot");
	refuses("this is no line\n", 1, "neither");
	refuses("[server\n", 1, "neither");
	refuses("\xff\xfe\n", 1, "UTF-8");
}

static void fault_40_lines_that_the_reader_would_cut_are_refused(void **state)
{
	(void)state;
	char text[400] = "log_level = info\nstate = /";

	memset(text + strlen(text), 'x', 250);
	refuses(text, 2, "longer than");
	/* A NUL would hide what comes behind it. */
	config_defaults(&config);
	assert_int_equal(config_read("scan = no\0\nrubbish", 18, &config, &line, &why), ERR_INVALID);
}

static bool load(int *exit_code, ...)
{
	char *argv[32] = {"kitlabd"};
	int argc = 1;
	va_list args;

	va_start(args, exit_code);
	for (char *arg; (arg = va_arg(args, char *)) != NULL;) {
		argv[argc++] = arg;
	}
	va_end(args);
	/* What it tells the admin is not this test's output. */
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_true(saved >= 0 && null >= 0);
	dup2(null, STDERR_FILENO);
	bool ok = config_load(argc, argv, &config, exit_code);

	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
	return ok;
}

static void the_command_line_wins_over_the_file(void **state)
{
	(void)state;
	char path[] = "/tmp/kitlab-config-XXXXXX";
	int fd = mkstemp(path), code;
	static const char text[] = "open_lab = student\nlisten = 127.0.0.1:1\n"
				   "port = stream:/a?label=a\nport = stream:/b?label=b\n";

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_true(load(&code, "--config", path, "--port", "stream:/c?label=a", "--no-scan",
		"--listen=[::1]:2", "--state", "/tmp/s", "--log-level", "warn", NULL));
	assert_int_equal(config.open_role, ROLE_STUDENT);
	assert_string_equal(config.listen_host, "::1");
	assert_int_equal(config.port_count, 1);
	assert_string_equal(config.ports[0].target, "/c");
	assert_false(config.scan);
	assert_int_equal(config.log_level, LOG_WARN);
	assert_true(load(&code, "--config", path, "--open-lab", "--state=/tmp/s", NULL));
	assert_int_equal(config.open_role, ROLE_TEACHER);
	assert_int_equal(config.port_count, 2);
	unlink(path);
}

static void wrong_starts_end_with_2_and_help_with_0(void **state)
{
	(void)state;
	int code = -1;

	assert_false(load(&code, NULL)); /* no people yet, and no open lab */
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--open-lab", "--listen", "0.0.0.0:80", NULL));
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--open-lab", "--listen", "[::]:80", NULL));
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--open-lab", "--no-such-option", NULL));
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--open-lab", "stray", NULL));
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--open-lab", "--config", "/nonexistent", NULL));
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--open-lab", "--port", "stream:/a?label=x", "--port",
		"stream:/b?label=x", NULL));
	assert_int_equal(code, 2);
	code = -1;
	assert_false(load(&code, "--version", NULL));
	assert_int_equal(code, 0);
}

static void folders_are_found_when_nothing_is_said(void **state)
{
	(void)state;
	int code;

	setenv("XDG_STATE_HOME", "/tmp/xdg", 1);
	assert_true(load(&code, "--open-lab", NULL));
	assert_string_equal(config.state_dir, "/tmp/xdg/kitlab");
	setenv("XDG_STATE_HOME", "relative", 1);
	setenv("HOME", "/tmp/home", 1);
	assert_true(load(&code, "--open-lab", NULL));
	assert_string_equal(config.state_dir, "/tmp/home/.local/state/kitlab");
	unsetenv("HOME");
	assert_false(load(&code, "--open-lab", NULL));
	assert_int_equal(code, 2);
	assert_true(load(&code, "--open-lab", "--state=/tmp/s", NULL));
	assert_string_not_equal(config.cases_dir, "");
	assert_true(config.scan);
	assert_string_equal(config.virtual_classroom, "");
}

static void loopback_is_known_in_all_its_forms(void **state)
{
	(void)state;
	assert_true(config_is_loopback("127.0.0.1"));
	assert_true(config_is_loopback("127.1.2.3"));
	assert_true(config_is_loopback("::1"));
	assert_true(config_is_loopback("LocalHost"));
	assert_false(config_is_loopback("0.0.0.0"));
	assert_false(config_is_loopback("::"));
	assert_false(config_is_loopback("128.0.0.1"));
	assert_false(config_is_loopback("::ffff:10.0.0.1"));
	assert_false(config_is_loopback("localhost.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(fault_40_an_empty_file_allows_nothing),
		cmocka_unit_test(fault_40_mistakes_are_named_with_their_line),
		cmocka_unit_test(fault_40_lines_that_the_reader_would_cut_are_refused),
		cmocka_unit_test(the_command_line_wins_over_the_file),
		cmocka_unit_test(wrong_starts_end_with_2_and_help_with_0),
		cmocka_unit_test(folders_are_found_when_nothing_is_said),
		cmocka_unit_test(loopback_is_known_in_all_its_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
