/*
 * NXT telegrams and the NXT driver, see robot.h. An answer is the reply to the newest request;
 * its first byte in the program says its status, a second one how many bytes of its data
 * follow from the program (the rest is 0). Telegrams must encode back to their bytes.
 */
#include "robot.h"

#include "nxt/nxt.h"
#include "nxt/protocol.h"

/* One whole request that wants a reply; on a stream its length stands before it. */
static struct nxt_telegram read_request(const uint8_t *frame, size_t count)
{
	bool is_framed = count >= 4 && frame[0] + 2U == count && frame[1] == 0;
	size_t prefix = is_framed ? 2 : 0;
	struct nxt_telegram request;

	if (!nxt_decode(NXT_TO_BRICK, frame + prefix, count - prefix, &request) ||
		request.kind & NXT_NO_REPLY) {
		abort();
	}
	return request;
}

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	struct nxt_telegram request = read_request(frame, count);

	return request.op == NXT_SET_OUTPUT && request.output.power != 0;
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	static const uint8_t statuses[] = {
		NXT_OK, NXT_OK, NXT_OK, NXT_OK, NXT_PENDING, NXT_BUS, NXT_NO_PROGRAM, NXT_RANGE};
	unsigned how = take(program), given = take(program) & 63;
	const struct side *side = &program->sides[0];
	uint8_t bytes[NXT_TELEGRAM_MAX] = {NXT_REPLY};
	struct nxt_telegram request, reply;
	size_t used = 0;

	if (side->frame_count == 0) {
		return 0;
	}
	request = read_request(side->frame, side->frame_count);
	bytes[1] = request.op;
	bytes[2] = statuses[how & 7];
	bytes[3] = request.port;
	for (unsigned i = how & 8 ? 3 : 4; given > 0 && i < sizeof(bytes); i++, given--) {
		bytes[i] = (uint8_t)take(program);
	}
	if (nxt_scan(NXT_TO_HOST, bytes, sizeof(bytes), &used, &reply)) {
		return 0;
	}
	return side->kit->is_packet ? nxt_encode(&reply, out, FRAME_MAX)
				    : nxt_encode_framed(&reply, out, FRAME_MAX);
}

/* Who is held shows no set-point. */
static void fuzz_check(const struct program *program, const struct side *side)
{
	(void)program;
	for (int i = 0; i < NXT_MOTORS && side->is_stopped && side->kit->state == KIT_READY; i++) {
		if (side->kit->properties[i].value.number != 0) {
			abort();
		}
	}
}

/* ---- the codec alone ---- */

static void check_telegrams(enum nxt_direction direction, const uint8_t *bytes, size_t count)
{
	struct nxt_telegram telegram;
	uint8_t again[NXT_TELEGRAM_MAX];
	size_t used;

	while (count > 0) {
		enum err err = nxt_scan(direction, bytes, count, &used, &telegram);

		if (used == 0) {
			break;
		}
		if (!err &&
			(nxt_encode(&telegram, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0 ||
				!nxt_decode(direction, bytes, used, &telegram))) {
			abort();
		}
		bytes += used;
		count -= used;
	}
	if (nxt_decode(direction, bytes, count, &telegram) &&
		nxt_encode(&telegram, again, sizeof(again)) != count) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	check_telegrams(NXT_TO_BRICK, bytes, count);
	check_telegrams(NXT_TO_HOST, bytes, count);
	return fuzz_run(&nxt_driver, NULL, bytes, count);
}
