/* I2C of the virtual board, as StandardFirmata and the Wire library do it (PROTOCOLS 1.4). */
#include "virtual/board_private.h"

#include <string.h>

enum { REPLY_MAX = 62 }; /* the firmware's buffer of 64, less address and register */

void board_enable_i2c(struct board *board)
{
	if (!board->has_i2c) {
		board_set_mode(board, board->model->sda, FIRMATA_MODE_I2C);
		board_set_mode(board, board->model->scl, FIRMATA_MODE_I2C);
		board->has_i2c = true;
	}
}

void board_read_i2c(struct board *board, const struct board_query *query)
{
	struct firmata_message out;
	uint8_t count = query->count < REPLY_MAX ? query->count : REPLY_MAX;
	uint8_t got = count < BOARD_I2C_MAX ? count : BOARD_I2C_MAX;

	out.type = FIRMATA_I2C_REPLY;
	out.i2c.address = query->address;
	out.i2c.low = 0;
	out.i2c.reg = query->has_reg ? query->reg : 0;
	memset(out.data, 0, count);
	if (board->has_i2c && query->has_reg) {
		board->world->i2c_write(board->data, query->address, &query->reg, 1);
	}
	if (!board->has_i2c ||
		!board->world->i2c_read(board->data, query->address, out.data, got)) {
		got = 0;
	}
	if (got < query->count) {
		board_send_string(board, "I2C: Too few bytes received");
	}
	/* 2.4 answers as many as were asked for, with zeros. */
	out.count = board->minor >= 5 ? got : count;
	board_send(board, &out);
}

/* The only query goes whatever its address; of several the first with it, else the first. */
static void stop_query(struct board *board, unsigned address)
{
	int gone = 0;

	for (int i = 0; i < board->query_count; i++) {
		if (board->queries[i].address == address) {
			gone = i;
			break;
		}
	}
	for (int i = gone; i + 1 < board->query_count; i++) {
		board->queries[i] = board->queries[i + 1];
	}
	if (board->query_count > 0) {
		board->query_count--;
	}
}

void board_request_i2c(struct board *board, const struct firmata_message *message)
{
	const struct board_query query = {
		.address = (uint8_t)message->i2c.address,
		.count = (uint8_t)message->i2c.count,
		.has_reg = message->i2c.has_reg,
		.reg = (uint8_t)message->i2c.reg,
	};
	size_t count = message->count < BOARD_I2C_MAX ? message->count : BOARD_I2C_MAX;

	if (message->i2c.is_ten_bit) {
		board_send_string(board, "10-bit addressing not supported");
		return;
	}
	switch (message->i2c.what) {
	case FIRMATA_I2C_WRITE:
		if (board->has_i2c) {
			board->world->i2c_write(board->data, query.address, message->data, count);
		}
		break;
	case FIRMATA_I2C_READ:
		board_read_i2c(board, &query);
		break;
	case FIRMATA_I2C_READ_CONTINUOUSLY:
		if (board->query_count == BOARD_QUERIES_MAX) {
			board_send_string(board, "too many queries");
		} else {
			board->queries[board->query_count++] = query;
		}
		break;
	case FIRMATA_I2C_STOP:
		stop_query(board, query.address);
		break;
	}
}
