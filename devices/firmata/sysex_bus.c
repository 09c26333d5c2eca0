/*
 * Sysex payloads of 1-Wire, serial ports and the scheduler; see sysex.h.
 * Sources: firmata/protocol onewire.md, serial-1.0.md, scheduler.md; the packing of
 * 8-bit bytes is ConfigurableFirmata's Encoder7Bit.
 */
#include "sysex.h"

enum { OUT = FIRMATA_TO_BOARD, IN = FIRMATA_TO_HOST };

static void carry_pin(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
}

/* ---- packed data ---- */

static void carry_packed(struct wire *wire, struct firmata_message *m)
{
	uint8_t bytes[FIRMATA_DATA_MAX];
	struct wire inside;

	wire_packed_begin(wire, &inside, bytes);
	wire_data(&inside, m);
	wire_packed_end(wire, &inside, bytes);
}

static void carry_pin_packed(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
	carry_packed(wire, m);
}

/* ---- 1-Wire ---- */

static void carry_onewire_config(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
	wire_byte(wire, &m->on);
}

/* flags pin, packed: [ROM] [read count, correlation] [delay ms] [bytes], as the flags say */
static void carry_onewire_command(struct wire *wire, struct firmata_message *m)
{
	uint8_t bytes[FIRMATA_DATA_MAX];
	struct wire inside;

	wire_byte(wire, &m->onewire.flags);
	wire_byte(wire, &m->pin);
	wire->is_bad |= m->onewire.flags > 0x3F;
	if (wire->is_bad) {
		return;
	}
	wire_packed_begin(wire, &inside, bytes);
	for (size_t i = 0; i < 8 && m->onewire.flags & FIRMATA_ONEWIRE_SELECT; i++) {
		wire_byte(&inside, &m->onewire.rom[i]);
	}
	if (m->onewire.flags & FIRMATA_ONEWIRE_READ) {
		wire_le16(&inside, &m->onewire.read_count);
		wire_le16(&inside, &m->onewire.correlation);
	}
	if (m->onewire.flags & FIRMATA_ONEWIRE_DELAY) {
		wire_le(&inside, 4, &m->onewire.delay_ms);
	}
	if (m->onewire.flags & FIRMATA_ONEWIRE_WRITE) {
		wire_data(&inside, m);
	}
	wire_packed_end(wire, &inside, bytes);
}

/* pin, packed: correlation, bytes */
static void carry_onewire_read(struct wire *wire, struct firmata_message *m)
{
	uint8_t bytes[FIRMATA_DATA_MAX];
	struct wire inside;

	wire_byte(wire, &m->pin);
	wire_packed_begin(wire, &inside, bytes);
	wire_le16(&inside, &m->onewire.correlation);
	wire_data(&inside, m);
	wire_packed_end(wire, &inside, bytes);
}

/* ---- serial ports ---- */

/* baud in 3 groups [rx tx] */
static void carry_serial_config(struct wire *wire, struct firmata_message *m)
{
	uint64_t baud = m->serial.baud;

	wire_bits(wire, 3, &baud);
	m->serial.baud = (uint32_t)baud;
	if (wire_has_more(wire, &m->serial.has_pins)) {
		wire_byte(wire, &m->serial.rx);
		wire_byte(wire, &m->serial.tx);
	}
}

/* 0 = on, 1 = stop [most bytes a reply] */
static void carry_serial_read(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->on);
	if (wire_has_more(wire, &m->serial.has_max)) {
		wire_u14(wire, &m->serial.max_bytes);
	}
}

/* ---- scheduler ---- */

static void carry_task_create(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->task);
	wire_value14(wire, m);
}

static void carry_task_delay(struct wire *wire, struct firmata_message *m)
{
	wire_bits(wire, 5, &m->value);
	wire->is_bad |= m->value >> 32 != 0;
}

static void carry_task_schedule(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->task);
	carry_task_delay(wire, m);
}

/* id, packed: time, length, position, messages; only the id if there is no such task */
static void carry_task_state(struct wire *wire, struct firmata_message *m)
{
	uint8_t bytes[FIRMATA_DATA_MAX];
	struct wire inside;

	wire_byte(wire, &m->task);
	if (!wire_has_more(wire, &m->schedule.is_known)) {
		return;
	}
	wire_packed_begin(wire, &inside, bytes);
	wire_le(&inside, 4, &m->schedule.time_ms);
	wire_le16(&inside, &m->schedule.length);
	wire_le16(&inside, &m->schedule.position);
	wire_data(&inside, m);
	wire_packed_end(wire, &inside, bytes);
}

const struct sysex_form sysex_bus[] = {
	{FIRMATA_ONEWIRE_SEARCH, 0x73, 0x7F, 0x40, OUT, carry_pin},
	{FIRMATA_ONEWIRE_CONFIG, 0x73, 0x7F, 0x41, OUT, carry_onewire_config},
	{FIRMATA_ONEWIRE_SEARCH_REPLY, 0x73, 0x7F, 0x42, IN, carry_pin_packed},
	{FIRMATA_ONEWIRE_READ_REPLY, 0x73, 0x7F, 0x43, IN, carry_onewire_read},
	{FIRMATA_ONEWIRE_ALARM, 0x73, 0x7F, 0x44, OUT, carry_pin},
	{FIRMATA_ONEWIRE_ALARM_REPLY, 0x73, 0x7F, 0x45, IN, carry_pin_packed},
	{FIRMATA_ONEWIRE_COMMAND, 0x73, 0, 0, OUT, carry_onewire_command},
	{FIRMATA_SERIAL_CONFIG, 0x60, 0x70, 0x10, OUT, carry_serial_config},
	{FIRMATA_SERIAL_WRITE, 0x60, 0x70, 0x20, OUT, wire_pairs},
	{FIRMATA_SERIAL_READ, 0x60, 0x70, 0x30, OUT, carry_serial_read},
	{FIRMATA_SERIAL_REPLY, 0x60, 0x70, 0x40, IN, wire_pairs},
	{FIRMATA_SERIAL_CLOSE, 0x60, 0x70, 0x50, OUT, NULL},
	{FIRMATA_SERIAL_FLUSH, 0x60, 0x70, 0x60, OUT, NULL},
	{FIRMATA_SERIAL_LISTEN, 0x60, 0x70, 0x70, OUT, NULL},
	{FIRMATA_TASK_CREATE, 0x7B, 0x7F, 0x00, OUT, carry_task_create},
	{FIRMATA_TASK_DELETE, 0x7B, 0x7F, 0x01, OUT, carry_pin},
	{FIRMATA_TASK_ADD, 0x7B, 0x7F, 0x02, OUT, carry_pin_packed},
	{FIRMATA_TASK_DELAY, 0x7B, 0x7F, 0x03, OUT, carry_task_delay},
	{FIRMATA_TASK_SCHEDULE, 0x7B, 0x7F, 0x04, OUT, carry_task_schedule},
	{FIRMATA_TASK_LIST_QUERY, 0x7B, 0x7F, 0x05, OUT, NULL},
	{FIRMATA_TASK_QUERY, 0x7B, 0x7F, 0x06, OUT, carry_pin},
	{FIRMATA_TASK_RESET, 0x7B, 0x7F, 0x07, OUT, NULL},
	{FIRMATA_TASK_ERROR, 0x7B, 0x7F, 0x08, IN, carry_task_state},
	{FIRMATA_TASK_LIST, 0x7B, 0x7F, 0x09, IN, wire_data},
	{FIRMATA_TASK_STATE, 0x7B, 0x7F, 0x0A, IN, carry_task_state},
	{0},
};
