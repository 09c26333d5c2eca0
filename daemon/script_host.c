/*
 * What a script asks of its kits: reading, writing, acting, listening; see
 * script_run.h.
 */
#include "script_run.h"

#include "clock.h"
#include "reading.h"
#include "server.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Room for what a value from the wire borrows. */
struct host_room {
	char text[VALUE_TEXT_MAX + 1];
	double vector[VALUE_VECTOR_MAX];
};

/* ---- calls that are answered later ---- */

static struct run_call *add_call(struct run *run, struct kit *kit, uint32_t serial, struct why *why)
{
	struct run_call *call;

	if (run->call_count >= RUN_CALLS_MAX) {
		why_set(why, ERR_LIMIT, MSG_TOO_MANY_CALLS, RUN_CALLS_MAX);
		return NULL;
	}
	call = xcalloc(1, sizeof(*call));
	call->run = run;
	call->kit = kit;
	call->serial = serial;
	call->next = run->calls;
	run->calls = call;
	run->call_count++;
	return call;
}

static void remove_call(struct run_call *call)
{
	struct run_call **at = &call->run->calls;

	while (*at != call) {
		at = &(*at)->next;
	}
	*at = call->next;
	call->run->call_count--;
	free(call);
}

static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	struct run_call *call = data;
	struct run *run = call->run;
	uint32_t serial = call->serial;
	/* The robot rests and the script goes on, as if the lease had ended a moment later. */
	bool is_over = call->is_set_point && why && why->msg == MSG_LEASE_EXPIRED;

	(void)t_us;
	remove_call(call);
	if (why && why->code != ERR_NONE && !is_over) {
		run_reply_why(run, serial, why);
	} else {
		struct wire_out *out = run_reply(run, serial);
		struct value none = value_null();

		run_put_value(out, result ? result : &none);
		run_send(run);
	}
}

void run_forget_calls(struct run *run)
{
	struct run_open *open;

	while (run->calls) {
		reading_forget(run->scripts->server, run->calls);
		kit_forget(run->calls->kit, run->calls);
		remove_call(run->calls);
	}
	while ((open = run->opens)) {
		run->opens = open->next;
		free(open);
	}
}

/* ---- requests ---- */

/* Reads a value; its text and numbers lie in *room. False: it is none that a kit knows. */
static bool read_value(struct wire_in *in, struct host_room *room, struct value *value)
{
	struct wire_value wire;

	*value = value_null();
	if (!wire_get(in, &wire)) {
		return false;
	}
	switch (wire.tag) {
	case WIRE_TAG_NIL:
		return true;
	case WIRE_TAG_FALSE:
	case WIRE_TAG_TRUE:
		*value = value_bool(wire.tag == WIRE_TAG_TRUE);
		return true;
	case WIRE_TAG_INT:
		*value = value_int(wire.integer);
		return wire.integer < VALUE_INT_LIMIT && wire.integer > -VALUE_INT_LIMIT;
	case WIRE_TAG_NUMBER:
		*value = value_number(wire.number);
		return value->type == VALUE_NUMBER;
	case WIRE_TAG_TEXT:
		if (wire.count > VALUE_TEXT_MAX || !utf8_is_valid(wire.text, wire.count)) {
			return false;
		}
		memcpy(room->text, wire.text, wire.count);
		room->text[wire.count] = '\0';
		*value = value_text(room->text, wire.count);
		return true;
	case WIRE_TAG_VECTOR:
		memcpy(room->vector, wire.vector, wire.count * sizeof(double));
		*value = value_vector(room->vector, wire.count);
		return true;
	}
	return false;
}

static enum err host_read(struct run_kit *kit, const char *name, uint32_t serial, struct why *why)
{
	struct run_call *call;
	int index;
	enum err err = kit_need_property(kit->tap.kit, name, &index, why);

	if (err) {
		return err;
	}
	call = add_call(kit->run, kit->tap.kit, serial, why);
	if (!call) {
		return why->code;
	}
	err = reading_start(kit->run->scripts->server, kit->tap.kit, index, on_done, call, why);
	if (err) {
		remove_call(call);
		return err;
	}
	run_watch_name(kit, name);
	return ERR_NONE;
}

/* NULL in *lease: what is asked for needs none. */
static enum err need_lease(struct run_kit *kit, enum safety_class safety, const char **lease,
	struct why *why)
{
	*lease = NULL;
	if (safety == CLASS_MOTION) {
		*lease = run_lease(kit, why);
		return *lease ? ERR_NONE : why->code;
	}
	return ERR_NONE;
}

static enum err host_write(
	struct run_kit *kit, const char *name, uint32_t serial, struct wire_in *in, struct why *why)
{
	static const struct why well = {.code = ERR_NONE};
	struct host_room room;
	struct value value;
	const char *lease;
	int index;
	enum err err = kit_need_property(kit->tap.kit, name, &index, why);

	if (!err) {
		err = need_lease(kit, kit->tap.kit->properties[index].safety, &lease, why);
	}
	if (err) {
		return err;
	}
	if (!read_value(in, &room, &value)) {
		return why_set(why, ERR_INVALID, MSG_VALUE_FORM, name);
	}
	err = safety_write(kit->run->scripts->server->safety, kit->tap.kit, index, &value,
		&kit->run->holder, lease, clock_now_us(), NULL, NULL, why);
	if (!err) {
		run_reply_why(kit->run, serial, &well);
	}
	return err;
}

/* The arguments by name, in the places of the description. */
static enum err read_args(const struct action *action, struct wire_in *in, struct host_room *rooms,
	struct value *args, struct why *why)
{
	size_t count = wire_get_count(in, KIT_ARGS_MAX);
	char name[WIRE_NAME_MAX];

	for (unsigned i = 0; i < KIT_ARGS_MAX; i++) {
		args[i] = value_null();
	}
	for (size_t i = 0; i < count; i++) {
		unsigned place = 0;

		wire_get_string(in, name, sizeof(name));
		while (place < action->arg_count && strcmp(action->args[place].name, name) != 0) {
			place++;
		}
		if (place == action->arg_count) {
			return why_set(why, ERR_INVALID, MSG_ARG_UNKNOWN, action->name, name);
		}
		if (!read_value(in, &rooms[place], &args[place])) {
			return why_set(why, ERR_INVALID, MSG_VALUE_FORM, name);
		}
	}
	return ERR_NONE;
}

static enum err host_act(
	struct run_kit *kit, const char *name, uint32_t serial, struct wire_in *in, struct why *why)
{
	struct host_room rooms[KIT_ARGS_MAX];
	struct value args[KIT_ARGS_MAX];
	struct run_call *call;
	const char *lease;
	int index;
	enum err err = kit_need_action(kit->tap.kit, name, &index, why);

	if (!err) {
		err = need_lease(kit, kit->tap.kit->actions[index].safety, &lease, why);
	}
	if (!err) {
		err = read_args(&kit->tap.kit->actions[index], in, rooms, args, why);
	}
	if (err) {
		return err;
	}
	call = add_call(kit->run, kit->tap.kit, serial, why);
	if (!call) {
		return why->code;
	}
	call->is_set_point = strcmp(name, "drive") == 0 || strcmp(name, "turn") == 0;
	err = safety_act(kit->run->scripts->server->safety, kit->tap.kit, index, args,
		&kit->run->holder, lease, clock_now_us(), on_done, call, why);
	if (err) {
		remove_call(call);
	}
	return err;
}

static enum err host_on(struct run_kit *kit, const char *name, uint32_t serial, struct why *why)
{
	static const struct why well = {.code = ERR_NONE};
	struct run_name *used;
	int index;
	bool is_event = kit_find_event(kit->tap.kit, name) >= 0;
	enum err err = is_event ? ERR_NONE : kit_need_property(kit->tap.kit, name, &index, why);

	if (err) {
		return err;
	}
	used = run_use_name(kit, name);
	if (!used) {
		return why_set(why, ERR_LIMIT, MSG_TOO_MANY_CALLS, RUN_NAMES_MAX);
	}
	used->is_subscribed = true;
	run_reply_why(kit->run, serial, &well);
	run_watch_name(kit, name);
	return ERR_NONE;
}

static struct run_kit *find_handle(const struct run *run, int64_t handle)
{
	for (struct run_kit *kit = run->kits; kit; kit = kit->next) {
		if (kit->handle == handle && kit->is_open) {
			return kit;
		}
	}
	return NULL;
}

static void host_off(struct run_kit *kit, const char *name)
{
	struct run_name *used = run_find_name(kit, name);

	if (used) {
		used->is_subscribed = false;
	}
}

void run_host_request(struct run *run, struct wire_in *in)
{
	struct run_kit *kit = find_handle(run, wire_get_int(in));
	char name[WIRE_NAME_MAX];
	struct why why = {.code = ERR_NONE};
	enum err err = ERR_NONE;

	wire_get_string(in, name, sizeof(name));
	if (in->is_bad || !kit) {
		return; /* no packet of our runner */
	}
	run_attach(kit);
	if (in->type == WIRE_OFF) {
		host_off(kit, name);
		return;
	}
	if (!kit->tap.kit) {
		err = why_set(&why, ERR_LOST, MSG_KIT_LOST, kit->id);
	} else if (in->type == WIRE_READ) {
		err = host_read(kit, name, in->serial, &why);
	} else if (in->type == WIRE_WRITE) {
		err = host_write(kit, name, in->serial, in, &why);
	} else if (in->type == WIRE_ACT) {
		err = host_act(kit, name, in->serial, in, &why);
	} else if (in->type == WIRE_ON) {
		err = host_on(kit, name, in->serial, &why);
	}
	if (err) {
		run_reply_why(run, in->serial, &why);
	}
}
