/* What the files of the board share: see the prototypes for which is where. */
#pragma once

#include "virtual/board.h"

/* board.c */
void board_send(struct board *board, const struct firmata_message *message);

/* board_pins.c */
void board_reset_pins(struct board *board); /* what FF does */
void board_set_mode(struct board *board, unsigned pin, unsigned mode);
void board_write_port(struct board *board, unsigned port, unsigned value);
void board_write_pin(struct board *board, unsigned pin, unsigned value);
void board_write_analog(struct board *board, unsigned pin, unsigned value);
void board_report_port(struct board *board, unsigned port, unsigned on);
void board_report_analog(struct board *board, unsigned channel, unsigned on);
void board_attach_servo(struct board *board, unsigned pin, unsigned min_us, unsigned max_us);
void board_send_analog(struct board *board, unsigned channel);
void board_check_inputs(struct board *board);

/* board_answers.c */
void board_send_version(struct board *board);
void board_send_firmware(struct board *board);
void board_send_string(struct board *board, const char *text);
void board_send_capabilities(struct board *board);
void board_send_analog_map(struct board *board);
void board_send_pin_state(struct board *board, unsigned pin);

/* board_i2c.c */
void board_enable_i2c(struct board *board);
void board_request_i2c(struct board *board, const struct firmata_message *message);
void board_read_i2c(struct board *board, const struct board_query *query);
