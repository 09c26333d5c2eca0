/* What a kit does on request: motion goes to motors.c, the rest is a queue of telegrams. */
#include "state.h"

#include <math.h>
#include <string.h>

static enum err add(
	struct kit *kit, const struct nxt_telegram *request, uint32_t token, struct why *why)
{
	struct nxt *f = nxt_of(kit);

	if (f->command_count == COMMANDS_MAX) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	f->commands[f->command_count++] = (struct nxt_command){.request = *request, .token = token};
	return ERR_NONE;
}

static enum err play(struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	struct nxt_telegram out = {.op = NXT_PLAY_TONE};

	out.tone.frequency_hz = (uint16_t)lround(args[0].number);
	out.tone.duration_ms = (uint16_t)lround(args[1].number * 1000);
	if (out.tone.duration_ms == 0) {
		out = (struct nxt_telegram){.op = NXT_STOP_SOUND};
	}
	return add(kit, &out, token, why);
}

static enum err reset_angle(
	struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	struct nxt_telegram out = {.op = NXT_RESET_POSITION};

	if (args[0].type != VALUE_NULL) {
		out.port = (uint8_t)(args[0].integer - 1);
		return add(kit, &out, token, why);
	}
	if (nxt_of(kit)->command_count + NXT_MOTORS > COMMANDS_MAX) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		out.port = (uint8_t)i;
		add(kit, &out, i == NXT_MOTORS - 1 ? token : 0, why);
	}
	return ERR_NONE;
}

enum err commands_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	switch ((enum nxt_action)action->tag) {
	case ACTION_DRIVE:
		hold_end(kit);
		motors_drive(kit, args[0].number, args[1].number, token);
		return ERR_NONE;
	case ACTION_TURN:
		hold_end(kit);
		motors_drive(kit, -args[0].number, args[0].number, token);
		return ERR_NONE;
	case ACTION_STOP:
		hold_begin(kit, HOLD_MOTION, token, now_us);
		return ERR_NONE;
	case ACTION_TONE:
		return play(kit, args, token, why);
	case ACTION_SET_SENSOR:
		sensors_choose(kit, (unsigned)args[0].integer - 1, args[1].text, token);
		return ERR_NONE;
	case ACTION_RESET_ANGLE:
		return reset_angle(kit, args, token, why);
	}
	return why_set(why, ERR_INTERNAL, MSG_NO_ACTION, kit->id, action->name);
}

void commands_forget_sound(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);
	unsigned kept = 0;
	struct why why;

	if (f->command_count > 0 && f->commands[0].request.op == NXT_PLAY_TONE) {
		exchange_forget(kit, FOR_COMMAND); /* it may be under way */
	}
	why_set(&why, ERR_STOPPED, MSG_NXT_HELD, kit->id);
	for (unsigned i = 0; i < f->command_count; i++) {
		struct nxt_command command = f->commands[i];

		if (command.request.op == NXT_PLAY_TONE) {
			kit_reply(kit, command.token, NULL, &why);
		} else {
			f->commands[kept++] = command;
		}
	}
	f->command_count = kept;
}

bool commands_next(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	return f->command_count > 0 &&
		exchange_send(kit, &f->commands[0].request, FOR_COMMAND, LANE_ORDER, now_us);
}

void commands_take(struct kit *kit, const struct nxt_telegram *reply)
{
	struct nxt *f = nxt_of(kit);
	uint32_t token = f->commands[0].token;
	struct why why;

	f->command_count--;
	memmove(f->commands, f->commands + 1, f->command_count * sizeof(f->commands[0]));
	enum err err = exchange_why(kit, reply, &why);

	kit_reply(kit, token, NULL, err ? &why : NULL);
}
