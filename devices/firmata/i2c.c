/*
 * The I2C bus behind a board. Reads are asked one after the other, because a
 * failure is only a text ("I2C: Too few bytes received") before a reply that
 * looks well: it must be clear whose it is.
 */
#include "state.h"

#include <string.h>

enum {
	BYTES_MAX = (FIRMATA_BOARD_SYSEX_MAX - 3) / 2, /* after id, address, control */
};

/* ---- on the bus ---- */

static bool send_request(struct kit *kit, const struct i2c_read *read, enum firmata_i2c what)
{
	struct firmata_message out = {.type = FIRMATA_I2C_REQUEST};

	out.i2c.what = what;
	out.i2c.address = read->address;
	out.i2c.is_ten_bit = read->address > 0x7F;
	out.i2c.restart = read->restart;
	out.i2c.has_reg = read->has_reg;
	out.i2c.reg = read->reg;
	out.i2c.count = read->count;
	return firmata_send(kit, &out);
}

/* The pins that are the bus: free, or the bus already. */
static enum err check_pins(const struct kit *kit, struct why *why)
{
	const struct firmata *f = firmata_of(kit);
	bool has_bus = false;

	for (unsigned i = 0; i < f->pin_count; i++) {
		const struct firmata_pin *pin = &f->pins[i];
		char name[8];

		if (!pin_can(pin, FIRMATA_MODE_I2C)) {
			continue;
		}
		has_bus = true;
		if (pin->is_chosen && pin->mode != FIRMATA_MODE_I2C) {
			pin_name(pin, i, name);
			return why_set(why, ERR_CONFLICT, MSG_I2C_PIN_USED, name, kit->id,
				mode_word(pin->mode));
		}
	}
	return has_bus ? ERR_NONE : why_set(why, ERR_UNSUPPORTED, MSG_I2C_NONE, kit->id);
}

static enum err switch_on(struct kit *kit, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out = {.type = FIRMATA_I2C_CONFIG};
	enum err err = check_pins(kit, why);

	if (err || f->i2c_is_on) {
		return err;
	}
	if (!firmata_send(kit, &out)) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	f->i2c_is_on = true;
	f->needs_description = true;
	for (unsigned i = 0; i < f->pin_count; i++) {
		if (pin_can(&f->pins[i], FIRMATA_MODE_I2C)) {
			pin_choose_mode(kit, i, FIRMATA_MODE_I2C);
			f->pins[i].is_applied = true;
			f->pins[i].is_reported = false;
		}
	}
	return ERR_NONE;
}

/* ---- the queue ---- */

static void take_first(struct firmata *f, struct i2c_read *first)
{
	*first = f->queue[0];
	f->queue_count--;
	memmove(f->queue, f->queue + 1, f->queue_count * sizeof(f->queue[0]));
}

static void send_first(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);
	if (f->queue_count == 0) {
		return;
	}
	bool is_continuous = f->queue[0].is_continuous;

	f->i2c_failed = false;
	send_request(kit, &f->queue[0],
		is_continuous ? FIRMATA_I2C_READ_CONTINUOUSLY : FIRMATA_I2C_READ);
}

static bool is_same(const struct i2c_read *a, unsigned address, bool has_reg, unsigned reg)
{
	return a->address == address && (!a->has_reg || !has_reg || a->reg == reg);
}

static void remove_reader(struct firmata *f, unsigned index)
{
	f->reader_count--;
	memmove(f->readers + index, f->readers + index + 1,
		(f->reader_count - index) * sizeof(f->readers[0]));
}

static void stop_readers(struct kit *kit, unsigned address)
{
	struct firmata *f = firmata_of(kit);

	/* One stop ends one query: the board's first of that address. */
	for (unsigned i = f->reader_count; i-- > 0;) {
		if (f->readers[i].address == address) {
			send_request(kit, &f->readers[i], FIRMATA_I2C_STOP);
			remove_reader(f, i);
		}
	}
}

/* Ends the read that is under way, and begins the next. */
static void end_first(struct kit *kit, const struct value *bytes, const struct why *why)
{
	struct i2c_read first;

	take_first(firmata_of(kit), &first);
	kit_reply(kit, first.token, bytes, why);
	send_first(kit);
}

/* ---- actions ---- */

enum err i2c_read(
	struct kit *kit, const struct value *args, uint32_t token, int64_t now_us, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	struct i2c_read read = {
		.token = token,
		.address = (uint16_t)args[0].integer,
		.count = (uint16_t)args[1].integer,
		.has_reg = args[2].type != VALUE_NULL,
		.is_continuous = args[3].type == VALUE_BOOL && args[3].boolean,
		.restart = args[4].type == VALUE_BOOL && args[4].boolean,
		.deadline_us = now_us + (int64_t)KIT_ACT_TIMEOUT_MS * 1000,
	};
	enum err err = switch_on(kit, why);

	if (err) {
		return err;
	}
	read.reg = read.has_reg ? (uint16_t)args[2].integer : 0;
	if (f->queue_count == KIT_PENDING_MAX) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, KIT_PENDING_MAX);
	}
	if (read.is_continuous) {
		if (f->reader_count == FIRMATA_READERS_MAX) {
			return why_set(why, ERR_LIMIT, MSG_I2C_READERS, FIRMATA_READERS_MAX);
		}
		f->readers[f->reader_count++] = read;
	}
	f->queue[f->queue_count++] = read;
	if (f->queue_count == 1) {
		send_first(kit);
	}
	return ERR_NONE;
}

enum err i2c_write(struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	struct firmata_message out = {.type = FIRMATA_I2C_REQUEST};
	unsigned most = BYTES_MAX - (args[2].type != VALUE_NULL);
	bool is_sound = args[1].count >= 1 && args[1].count <= most;

	out.i2c.what = FIRMATA_I2C_WRITE;
	out.i2c.address = (uint16_t)args[0].integer;
	out.i2c.is_ten_bit = args[0].integer > 0x7F;
	if (args[2].type != VALUE_NULL) {
		out.data[out.count++] = (uint8_t)args[2].integer;
	}
	for (uint32_t i = 0; i < args[1].count && is_sound; i++) {
		double byte = args[1].vector[i];

		is_sound = byte >= 0 && byte <= 255 && byte == (uint8_t)byte;
		out.data[out.count++] = is_sound ? (uint8_t)byte : 0;
	}
	if (!is_sound) {
		return why_set(why, ERR_INVALID, MSG_I2C_BYTES, (int)most);
	}
	enum err err = switch_on(kit, why);

	if (err) {
		return err;
	}
	if (!firmata_send(kit, &out)) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

enum err i2c_stop(struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	unsigned address = (unsigned)args[0].integer, before = f->reader_count;

	stop_readers(kit, address);
	if (f->reader_count == before) {
		return why_set(why, ERR_NOT_FOUND, MSG_I2C_NOT_READING, address);
	}
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

/* ---- from the board ---- */

static void emit_data(struct kit *kit, const struct firmata_message *message)
{
	const struct firmata *f = firmata_of(kit);
	double data[VALUE_VECTOR_MAX] = {message->i2c.address, message->i2c.reg};
	size_t count = 2;

	for (size_t i = 0; i < message->count && count < VALUE_VECTOR_MAX; i++) {
		data[count++] = message->data[i];
	}
	for (unsigned i = 0; i < f->reader_count; i++) {
		if (is_same(&f->readers[i], message->i2c.address, true, message->i2c.reg)) {
			struct value value = value_vector(data, count);

			kit_emit(kit, EVENT_I2C_DATA, &value);
			return;
		}
	}
}

void i2c_take_reply(struct kit *kit, const struct firmata_message *message)
{
	struct firmata *f = firmata_of(kit);
	const struct i2c_read *first = &f->queue[0];
	bool is_first =
		f->queue_count > 0 && is_same(first, message->i2c.address, true, message->i2c.reg);
	bool has_failed =
		f->i2c_failed || message->count == 0 || (is_first && message->count < first->count);

	f->i2c_failed = false;
	if (!has_failed) {
		emit_data(kit, message);
	}
	if (!is_first) {
		return;
	}
	struct why why;
	double bytes[VALUE_VECTOR_MAX];
	size_t count = message->count < VALUE_VECTOR_MAX ? message->count : VALUE_VECTOR_MAX;

	if (has_failed) {
		why_set(&why, ERR_REFUSED, MSG_I2C_NO_DEVICE, first->address);
		if (first->is_continuous) {
			stop_readers(kit, first->address);
		}
	}
	for (size_t i = 0; i < count; i++) {
		bytes[i] = message->data[i];
	}
	struct value value = value_vector(bytes, count);

	end_first(kit, has_failed ? NULL : &value, has_failed ? &why : NULL);
}

bool i2c_take_string(struct kit *kit, const char *text)
{
	struct firmata *f = firmata_of(kit);
	struct why why;

	if (strncmp(text, "I2C: Too few bytes", 18) == 0) {
		f->i2c_failed = true;
		return f->queue_count > 0 || f->reader_count > 0;
	}
	if (f->queue_count == 0) {
		return false;
	}
	if (strncmp(text, "10-bit addressing", 17) == 0) {
		why_set(&why, ERR_UNSUPPORTED, MSG_I2C_TEN_BIT, kit->id);
	} else if (strncmp(text, "too many queries", 16) == 0) {
		why_set(&why, ERR_LIMIT, MSG_I2C_READERS, FIRMATA_READERS_MAX);
	} else {
		return false;
	}
	for (unsigned i = f->reader_count; i-- > 0;) {
		if (f->readers[i].token == f->queue[0].token) {
			remove_reader(f, i);
		}
	}
	end_first(kit, NULL, &why);
	return true;
}

void i2c_forget(struct kit *kit, const struct why *why)
{
	struct firmata *f = firmata_of(kit);
	unsigned count = f->queue_count;
	struct i2c_read queue[KIT_PENDING_MAX];

	memcpy(queue, f->queue, sizeof(queue));
	f->queue_count = f->reader_count = 0;
	f->i2c_is_on = f->i2c_failed = false;
	for (unsigned i = 0; i < f->pin_count; i++) {
		f->pins[i].is_chosen &= f->pins[i].mode != FIRMATA_MODE_I2C;
	}
	for (unsigned i = 0; i < count; i++) {
		kit_reply(kit, queue[i].token, NULL, why);
	}
}

int64_t i2c_tick(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct i2c_read late;
	bool is_late = false;

	/* Who waited too long was told so by the kit. */
	while (f->queue_count > 0 && now_us >= f->queue[0].deadline_us) {
		take_first(f, &late);
		is_late = true;
	}
	if (is_late) {
		send_first(kit);
	}
	return f->queue_count > 0 ? f->queue[0].deadline_us : INT64_MAX;
}
