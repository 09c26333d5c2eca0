/*
 * Sysex payloads of the core protocol and of I2C, servo, tone; see sysex.h.
 * Sources: firmata/protocol protocol.md, i2c.md, servos.md, tone-proposal.md.
 */
#include "sysex.h"

enum { BOTH = FIRMATA_TO_BOARD | FIRMATA_TO_HOST, OUT = FIRMATA_TO_BOARD, IN = FIRMATA_TO_HOST };

static void carry_pin(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
}

static void carry_version(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->major);
	wire_byte(wire, &m->minor);
	wire_pairs(wire, m);
}

/* A value of as many 7-bit groups as there are. */
static void carry_groups(struct wire *wire, struct firmata_message *m)
{
	if (wire_reads(wire)) {
		wire->is_bad |= wire_left(wire) > 9;
		m->groups = (uint8_t)wire_left(wire);
	}
	wire->is_bad |= m->groups < 1 || m->groups > 9;
	if (!wire->is_bad) {
		wire_bits(wire, m->groups, &m->value);
	}
}

/* pin mode state...; only the pin if there is no such pin */
static void carry_pin_state(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
	if (wire_reads(wire) ? wire_left(wire) == 0 : m->groups == 0) {
		m->groups = 0;
		return;
	}
	wire_byte(wire, &m->mode);
	carry_groups(wire, m);
}

/* pin v0 v1... */
static void carry_extended_analog(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
	carry_groups(wire, m);
}

static void carry_extended_report(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->channel);
	wire_byte(wire, &m->on);
}

/* pin minL minM maxL maxM */
static void carry_servo_config(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
	wire_u14(wire, &m->min_us);
	wire_u14(wire, &m->max_us);
}

enum { I2C_TEN_BIT = 0x20, I2C_RESTART = 0x40 };

/* addr ctl: bits 4-3 what, 5 ten-bit, 6 restart, 2-0 address bits 9-7 or a number */
static void carry_i2c_head(struct wire *wire, struct firmata_message *m)
{
	uint8_t address = (uint8_t)(m->i2c.address & 0x7F);
	uint8_t high = m->i2c.is_ten_bit ? (uint8_t)(m->i2c.address >> 7) : m->i2c.low;
	uint8_t control = (uint8_t)((unsigned)m->i2c.what << 3 | high |
		(m->i2c.is_ten_bit ? I2C_TEN_BIT : 0) | (m->i2c.restart ? I2C_RESTART : 0));

	if (!wire_reads(wire)) {
		wire->is_bad |= high > 7 || m->i2c.what > FIRMATA_I2C_STOP ||
			(!m->i2c.is_ten_bit && m->i2c.address > 0x7F);
	}
	wire_byte(wire, &address);
	wire_byte(wire, &control);
	if (wire_reads(wire)) {
		m->i2c.what = (enum firmata_i2c)(control >> 3 & 3);
		m->i2c.is_ten_bit = control & I2C_TEN_BIT;
		m->i2c.restart = control & I2C_RESTART;
		m->i2c.low = m->i2c.is_ten_bit ? 0 : control & 7;
		m->i2c.address = (uint16_t)(address | (m->i2c.is_ten_bit ? (control & 7) << 7 : 0));
	}
}

/* head, then: bytes to write as pairs; register and count; only a count; nothing */
static void carry_i2c_request(struct wire *wire, struct firmata_message *m)
{
	carry_i2c_head(wire, m);
	if (wire->is_bad || m->i2c.what == FIRMATA_I2C_STOP) {
		return;
	}
	if (m->i2c.what == FIRMATA_I2C_WRITE) {
		wire_pairs(wire, m);
		return;
	}
	if (wire_reads(wire)) {
		m->i2c.has_reg = wire_left(wire) == 4;
	}
	if (m->i2c.has_reg) {
		wire_u14(wire, &m->i2c.reg);
	}
	wire_u14(wire, &m->i2c.count);
}

/* addr number regL regM data pairs */
static void carry_i2c_reply(struct wire *wire, struct firmata_message *m)
{
	uint8_t address = (uint8_t)m->i2c.address;

	wire->is_bad |= !wire_reads(wire) && m->i2c.address > 0x7F;
	wire_byte(wire, &address);
	wire_byte(wire, &m->i2c.low);
	wire_u14(wire, &m->i2c.reg);
	wire_pairs(wire, m);
	m->i2c.address = address;
}

/* pin freqL freqM durL durM */
static void carry_tone(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->pin);
	wire_u14(wire, &m->tone.frequency_hz);
	wire_u14(wire, &m->tone.duration_ms);
}

const struct sysex_form sysex_core[] = {
	{FIRMATA_ANALOG_MAP_QUERY, 0x69, 0, 0, OUT, NULL},
	{FIRMATA_ANALOG_MAP, 0x6A, 0, 0, IN, wire_data},
	{FIRMATA_CAPABILITY_QUERY, 0x6B, 0, 0, OUT, NULL},
	{FIRMATA_CAPABILITY, 0x6C, 0, 0, IN, wire_data},
	{FIRMATA_PIN_STATE_QUERY, 0x6D, 0, 0, OUT, carry_pin},
	{FIRMATA_PIN_STATE, 0x6E, 0, 0, IN, carry_pin_state},
	{FIRMATA_EXTENDED_ANALOG, 0x6F, 0, 0, BOTH, carry_extended_analog},
	{FIRMATA_EXTENDED_REPORT, 0x64, 0, 0, OUT, carry_extended_report},
	{FIRMATA_SERVO_CONFIG, 0x70, 0, 0, OUT, carry_servo_config},
	{FIRMATA_STRING, 0x71, 0, 0, BOTH, wire_pairs},
	{FIRMATA_FIRMWARE_QUERY, 0x79, 0, 0, OUT, NULL},
	{FIRMATA_FIRMWARE, 0x79, 0, 0, IN, carry_version},
	{FIRMATA_SAMPLING, 0x7A, 0, 0, BOTH, wire_value14},
	{FIRMATA_SAMPLING_QUERY, 0x7C, 0, 0, OUT, NULL},
	{FIRMATA_I2C_CONFIG, 0x78, 0, 0, OUT, wire_value14},
	{FIRMATA_I2C_REQUEST, 0x76, 0, 0, OUT, carry_i2c_request},
	{FIRMATA_I2C_REPLY, 0x77, 0, 0, IN, carry_i2c_reply},
	{FIRMATA_TONE, 0x5F, 0x7F, 0x00, OUT, carry_tone},
	{FIRMATA_NO_TONE, 0x5F, 0x7F, 0x01, OUT, carry_pin},
	{0},
};
