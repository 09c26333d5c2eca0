/*
 * Fuzzes what a stranger can send over the WebSocket: each line of the input is
 * one message of a client, to a daemon with one kit. Whatever comes, every
 * answer is JSON, each request gets one answer, and nothing stays behind.
 */
#include "jsonscan.h"
#include "reading.h"
#include "rpc.h"
#include "small_lab.h"

static size_t answers;

static void check_frame(struct client *client, struct frame *frame)
{
	struct why why;
	cJSON *json = json_parse(frame->text, frame->length, &why);

	(void)client;
	if (!json || !cJSON_IsObject(json)) {
		abort();
	}
	answers += cJSON_HasObjectItem(json, "id");
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client client = {
		.server = &server,
		.role = size % 3 ? ROLE_TEACHER : ROLE_STUDENT,
		.tokens = 100,
		.send = check_frame,
	};
	size_t asked = 0, pending = 0;

	answers = 0;
	server.clients = &client;
	rpc_welcome(&client);
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - (data + at)) : size - at;

		rpc_message(&client, (const char *)data + at, length);
		asked++;
		at += length + 1;
	}
	for (const struct request *request = client.requests; request; request = request->next) {
		pending++;
	}
	if (answers + pending != asked) {
		abort();
	}
	rpc_forget(&client);
	safety_forget(server.safety, &client.holder, clock_now_us());
	safety_clear(server.safety, "", clock_now_us());
	bus_forget(server.bus, &client);
	scripts_forget(server.scripts, &client);
	readings_destroy(&server);
	server.clients = NULL;
	return 0;
}
