/* Who has a device open? */
#include "port.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int make_pty(char *path, size_t room)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, path, room), 0);
	return master;
}

static void the_program_that_has_a_device_open_is_named(void **state)
{
	char path[64], program[32] = "";
	int master = make_pty(path, sizeof(path));
	int ready[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "fakemonitor");
		if (open(path, O_RDWR | O_NOCTTY) >= 0 && write(ready[1], "x", 1) == 1) {
			pause();
		}
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	bool found = port_holder_find(path, program, sizeof(program));

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(found);
	assert_string_equal(program, "fakemonitor");
	assert_false(port_holder_find(path, program, sizeof(program)));
	close(master);
}

static void this_program_is_no_holder_and_nothing_is_no_device(void **state)
{
	char path[64], program[32];
	int master = make_pty(path, sizeof(path));
	int own = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	(void)state;
	assert_true(own >= 0);
	assert_false(port_holder_find(path, program, sizeof(program)));
	assert_false(port_holder_find("/dev/ttyNONE9", program, sizeof(program)));
	close(own);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_that_has_a_device_open_is_named),
		cmocka_unit_test(this_program_is_no_holder_and_nothing_is_no_device),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("port_holder", tests, NULL, NULL);
}
