/*
 * Fuzzes what a runner can send over its socket: the input is packets, each with
 * its length (2 bytes, little-endian) in front, to a run that has one kit open.
 * Whatever comes, every packet back decodes to its end and every notification is JSON.
 */
#include "jsonscan.h"
#include "reading.h"
#include "script_run.h"
#include "small_lab.h"
#include "xalloc.h"

#include <sys/socket.h>
#include <unistd.h>

static void check_frame(struct client *client, struct frame *frame)
{
	struct why why;
	cJSON *json = json_parse(frame->text, frame->length, &why);

	(void)client;
	if (!json || !cJSON_IsObject(json)) {
		abort();
	}
	cJSON_Delete(json);
}

static void check_answers(int fd)
{
	static uint8_t bytes[WIRE_PACKET_MAX + 1];
	struct wire_value value;
	struct wire_in in;
	ssize_t count;

	while ((count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		if (count > WIRE_PACKET_MAX || !wire_open(&in, bytes, (size_t)count) ||
			in.type < WIRE_START || in.type > WIRE_PING) {
			abort();
		}
		while (in.left) {
			if (!wire_get(&in, &value)) {
				abort();
			}
		}
	}
}

static struct run *open_run(int fd)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->scripts = server.scripts;
	run->state = RUN_STARTING;
	run->is_over = true; /* there is no process to be stopped */
	run->queue_end = &run->queue;
	run->kill = loop_timer_add(server.loop, NULL, NULL);
	run->start = loop_timer_add(server.loop, NULL, NULL);
	memcpy(run->id, "fuzz", 5);
	run_link_open(run, fd);
	output_begin(run);
	run_add_kit(run, "lamp-1")->is_open = true;
	return run;
}

static void check_rest(struct run *run)
{
	struct jsonout out = {0};
	struct why why;
	cJSON *json;

	run->state = RUN_FAILED;
	run_write(run, LANG_ZH, &out);
	json_raw(&out, ",\"tail\":");
	output_write_tail(run, &out);
	json_raw(&out, "}");
	json = json_parse(out.text, out.length, &why);
	if (!json) {
		abort();
	}
	cJSON_Delete(json);
	json_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client client = {.server = &server, .send = check_frame};
	struct run *run;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
		abort();
	}
	run = open_run(pair[0]);
	run_watch(run, &client);
	while (size >= 2) {
		size_t length = (size_t)data[0] | (size_t)data[1] << 8;

		data += 2;
		size -= 2;
		length = length < size ? length : size;
		run_packet(run, data, length);
		check_answers(pair[1]);
		data += length;
		size -= length;
	}
	check_rest(run);
	run_free(run);
	readings_destroy(&server);
	close(pair[1]);
	return 0;
}
