/*
 * Requests, replies and values on the socket; see host.h.
 */
#include "host.h"

#include "fault.h"
#include "scheduler.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTEGER_LIMIT (INT64_C(1) << 53)

void host_begin(struct runner *runner, enum wire_type type)
{
	wire_begin(&runner->out, type, 0, 0);
}

void host_request(struct runner *runner, enum wire_type type)
{
	wire_begin(&runner->out, type, ++runner->serial, 0);
}

void host_send(struct runner *runner)
{
	if (runner->out.is_full) { /* every field has a bound that fits: cannot be */
		_exit(1);
	}
	/* A stop by signal is seen at the next receive or by the hook. */
	while (send(runner->fd, runner->out.bytes, runner->out.length, MSG_NOSIGNAL) < 0) {
		if (errno != EINTR) {
			_exit(0);
		}
	}
}

struct wire_in host_receive(lua_State *L)
{
	struct runner *runner = runner_of(L);
	struct wire_in in;
	ssize_t count;

	do {
		if (runner_stop) {
			runner_raise_stop(L);
		}
		count = recv(runner->fd, runner->packet, sizeof(runner->packet), 0);
	} while (count < 0 && errno == EINTR);
	if (count <= 0 || !wire_open(&in, runner->packet, (size_t)count)) {
		_exit(0);
	}
	runner->now_us = in.t_us;
	return in;
}

struct wire_in host_call(lua_State *L)
{
	struct runner *runner = runner_of(L);
	uint32_t serial = runner->serial;
	struct wire_in in;

	host_send(runner);
	for (;;) {
		in = host_receive(L);
		if (in.type == WIRE_REPLY && in.serial == serial) {
			return in;
		}
		sched_packet(L, &in);
	}
}

bool host_failed(struct wire_in *reply, struct fault *fault)
{
	static const struct {
		const char *code;
		enum text_id hint;
	} hints[] = {
		{"lost", TEXT_HINT_LOST},
		{"busy", TEXT_HINT_BUSY},
		{"forbidden", TEXT_HINT_FORBIDDEN},
		{"timeout", TEXT_HINT_TIMEOUT},
	};

	memset(fault, 0, sizeof(*fault));
	wire_get_string(reply, fault->code, sizeof(fault->code));
	if (!fault->code[0]) {
		return false;
	}
	wire_get_string(reply, fault->message[TEXT_EN], sizeof(fault->message[TEXT_EN]));
	wire_get_string(reply, fault->message[TEXT_ZH], sizeof(fault->message[TEXT_ZH]));
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (!strcmp(fault->code, hints[i].code)) {
			fault_hint(fault, hints[i].hint, NULL);
		}
	}
	return true;
}

int host_result(lua_State *L, struct wire_in *reply)
{
	struct wire_value value;

	wire_get(reply, &value);
	host_push(L, &value);
	return 1;
}

void host_push(lua_State *L, const struct wire_value *value)
{
	switch (value->tag) {
	case WIRE_TAG_NIL:
		lua_pushnil(L);
		break;
	case WIRE_TAG_FALSE:
	case WIRE_TAG_TRUE:
		lua_pushboolean(L, value->tag == WIRE_TAG_TRUE);
		break;
	case WIRE_TAG_INT:
		lua_pushinteger(L, value->integer);
		break;
	case WIRE_TAG_NUMBER:
		lua_pushnumber(L, value->number);
		break;
	case WIRE_TAG_TEXT:
		lua_pushlstring(L, value->text, value->count);
		break;
	case WIRE_TAG_VECTOR:
		lua_createtable(L, (int)value->count, 0);
		for (uint32_t i = 0; i < value->count; i++) {
			lua_pushnumber(L, value->vector[i]);
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		}
		break;
	}
}

static void put_number(lua_State *L, int index, const char *what)
{
	struct wire_out *out = &runner_of(L)->out;
	lua_Number number = lua_tonumber(L, index);

	if (!isfinite(number)) {
		fault_raise(L, TEXT_NOT_FINITE, what, NULL);
	}
	if (lua_isinteger(L, index) && number < INTEGER_LIMIT && number > -INTEGER_LIMIT) {
		wire_put_int(out, lua_tointeger(L, index));
	} else {
		wire_put_number(out, number);
	}
}

static void put_list(lua_State *L, int index, const char *what)
{
	double vector[WIRE_VECTOR_MAX];
	lua_Unsigned count = lua_rawlen(L, index);
	char most[16];

	snprintf(most, sizeof(most), "%d", WIRE_VECTOR_MAX);
	if (count > WIRE_VECTOR_MAX) {
		fault_raise(L, TEXT_VALUE_LIST, what, most, NULL);
	}
	for (lua_Unsigned i = 0; i < count; i++) {
		if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TNUMBER) {
			fault_raise(L, TEXT_VALUE_LIST, what, most, NULL);
		}
		vector[i] = lua_tonumber(L, -1);
		if (!isfinite(vector[i])) {
			fault_raise(L, TEXT_NOT_FINITE, what, NULL);
		}
		lua_pop(L, 1);
	}
	wire_put_vector(&runner_of(L)->out, vector, (size_t)count);
}

static void put_text(lua_State *L, int index, const char *what)
{
	size_t length;
	const char *text = lua_tolstring(L, index, &length);
	char most[16];

	if (length > WIRE_TEXT_MAX) {
		snprintf(most, sizeof(most), "%d", WIRE_TEXT_MAX);
		fault_raise(L, TEXT_TEXT_LONG, what, most, NULL);
	}
	wire_put_text(&runner_of(L)->out, text, length);
}

void host_put(lua_State *L, int index, const char *what)
{
	index = lua_absindex(L, index);
	switch (lua_type(L, index)) {
	case LUA_TBOOLEAN:
		wire_put_bool(&runner_of(L)->out, lua_toboolean(L, index));
		break;
	case LUA_TNUMBER:
		put_number(L, index, what);
		break;
	case LUA_TSTRING:
		put_text(L, index, what);
		break;
	case LUA_TTABLE:
		put_list(L, index, what);
		break;
	case LUA_TNIL:
		fault_raise(L, TEXT_VALUE_NIL, what, NULL);
		break;
	default:
		fault_raise(L, TEXT_VALUE_KIND, luaL_typename(L, index), what, NULL);
	}
}

void host_time(lua_State *L)
{
	host_request(runner_of(L), WIRE_TIME);
	host_call(L);
}

void host_end(struct runner *runner, const struct fault *fault)
{
	static const struct fault finished;
	const struct fault *end = fault ? fault : &finished;

	host_begin(runner, WIRE_END);
	wire_put_string(&runner->out, end->code);
	wire_put_int(&runner->out, end->line);
	wire_put_string(&runner->out, end->message[TEXT_EN]);
	wire_put_string(&runner->out, end->message[TEXT_ZH]);
	wire_put_string(&runner->out, end->hint[TEXT_EN]);
	wire_put_string(&runner->out, end->hint[TEXT_ZH]);
	host_send(runner);
}
