/*
 * A real Uno without hardware: simavr runs a firmware's hex file, its UART is a
 * pty, a 24C02 EEPROM hangs on I2C at 0x50. Tests steer it by lines on standard
 * input and see what the board does on standard output. Pins have Arduino's
 * numbers (14..19 = A0..A5).
 *
 *   simboard [-l LINK] [-b BOOT.hex] FIRMWARE.hex
 *                                        LINK: a symlink to the pty; BOOT: a boot loader, which runs
 *                                        first after power-up and reset, and may write the flash
 *
 *   adc CHANNEL MILLIVOLTS               ready PATH            the board hangs on PATH
 *   pin N 0|1|float                      pin N V CYCLES        its level changed (and stood 3 ms)
 *   show N                               show N ddr D port P pin V
 *   eeprom                               eeprom HEX
 *   reset (also: SIGUSR1)                reset
 *   unplug, plug                         unplugged; ready PATH after plug
 *   stat                                 stat cycles C rx R tx T dropped D slips S
 *   quit (also: end of input)            pulse N MICROSECONDS  a servo pulse of another width
 *                                        pwm N VALUE           a timer's compare value, 0..255
 *                                        spoke HEX             its first byte after a reset, and what
 *                                                              it was sent before that
 *
 * One thread: a millisecond of the board's time, then the pty and the commands,
 * then a nap if the board is ahead of the wall clock. Where the PC is too slow the
 * board's time stretches ("slips"): tests assert on what happens, not on when.
 */
#include <sim_avr.h>
#include <avr_adc.h>
#include <avr_ioport.h>
#include <avr_timer.h>
#include <avr_twi.h>
#include <avr_uart.h>
#include <sim_hex.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* ATmega328P registers by data address (its data sheet, register summary). */
enum { MCUSR_AT = 0x54, MCUSR_EXTRF = 0x02, WDTCSR_AT = 0x60, WDTCSR_WDE = 0x08 };

enum { HZ = 16000000, SLICE = HZ / 1000, STEADY = 3 * SLICE, PINS = 20, TX_MAX = 4096 };

struct pin {
	char port;
	int bit;
	int value, told;          /* -1 = not yet */
	avr_cycle_count_t changed;
	int pulse_us;             /* last told */
	int pwm;
};

static struct board {
	avr_t *avr;
	avr_irq_t *uart_in;
	avr_irq_t *adc;
	struct eeprom {
		avr_irq_t *answer;
		bool is_selected, has_pointer;
		uint8_t pointer, bytes[256];
	} eeprom;
	struct pin pins[PINS];
	int master;               /* -1 = unplugged */
	char path[64];
	const char *link;
	const char *boot_file;    /* NULL = no boot loader */
	uint32_t boot;            /* where it begins */
	bool uart_full;
	unsigned char tx[TX_MAX]; /* to the pty */
	size_t tx_count;
	unsigned long rx, sent, dropped, slips;
	bool has_spoken;          /* since the last reset; heard: what came in before */
	size_t heard_count;
	unsigned char heard[256];
	bool quit;
} board;

static volatile sig_atomic_t reset_wanted;

static void die(const char *what)
{
	fprintf(stderr, "simboard: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static const char *to_hex(const unsigned char *bytes, size_t count, char *hex)
{
	hex[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	}
	return hex;
}

/* ---- the cable ---- */

static void plug(void)
{
	struct termios mode;
	int slave;

	if (board.master >= 0) {
		return;
	}
	if (openpty(&board.master, &slave, board.path, NULL, NULL) < 0) {
		die("openpty");
	}
	tcgetattr(slave, &mode);
	cfmakeraw(&mode);
	tcsetattr(slave, TCSANOW, &mode);
	/* Opened and closed once: from now on POLLHUP says that nobody listens. */
	close(slave);
	fcntl(board.master, F_SETFL, O_NONBLOCK);
	fcntl(board.master, F_SETFD, FD_CLOEXEC);
	if (board.link) {
		unlink(board.link);
		if (symlink(board.path, board.link) < 0) {
			die(board.link);
		}
	}
	say("ready %s", board.link ? board.link : board.path);
}

static void unplug(void)
{
	if (board.master >= 0) {
		if (board.link) {
			unlink(board.link);
		}
		close(board.master);
		board.master = -1;
		board.tx_count = 0;
	}
	say("unplugged");
}

static bool somebody_listens(void)
{
	struct pollfd fd = {.fd = board.master};

	return board.master >= 0 && poll(&fd, 1, 0) >= 0 && !(fd.revents & POLLHUP);
}

static void move_bytes(void)
{
	unsigned char bytes[64];

	if (!somebody_listens()) {
		board.dropped += board.tx_count;
		board.tx_count = 0;
		return;
	}
	ssize_t wrote = board.tx_count ? write(board.master, board.tx, board.tx_count) : 0;

	if (wrote > 0) {
		board.tx_count -= (size_t)wrote;
		board.sent += (size_t)wrote;
		memmove(board.tx, board.tx + wrote, board.tx_count);
	}
	/* One at a time, as long as the UART has room: the rest waits in the pty. */
	while (!board.uart_full && read(board.master, bytes, 1) == 1) {
		board.rx++;
		if (board.heard_count < sizeof(board.heard)) {
			board.heard[board.heard_count++] = bytes[0];
		}
		avr_raise_irq(board.uart_in, bytes[0]);
	}
}

/* ---- what the MCU does ---- */

static void on_uart_byte(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)param;
	if (!board.has_spoken) {
		char hex[2 * sizeof(board.heard) + 1];

		board.has_spoken = true;
		say("spoke %s", to_hex(board.heard, board.heard_count, hex));
	}
	if (board.tx_count < TX_MAX) {
		board.tx[board.tx_count++] = (unsigned char)value;
	} else {
		board.dropped++;
	}
}

static void on_uart_room(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)value;
	(void)param;
	board.uart_full = false;
}

static void on_uart_full(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)value;
	(void)param;
	board.uart_full = true;
}

static void on_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
	struct pin *pin = param;
	int level = value & 1;

	(void)irq;
	if (level == pin->value) {
		return;
	}
	int width_us = (int)((board.avr->cycle - pin->changed) / (HZ / 1000000));
	bool is_pulse = pin->value == 1 && width_us >= 300 && width_us <= 3000 && pin->pwm < 0;

	pin->value = level;
	pin->changed = board.avr->cycle;
	if (is_pulse && abs(width_us - pin->pulse_us) >= 8) {
		pin->pulse_us = width_us;
		say("pulse %d %d", (int)(pin - board.pins), width_us);
	}
}

/* A level is told when it stood for 3 ms: servo pulses and PWM are no levels. */
static void tell_pins(void)
{
	for (int n = 0; n < PINS; n++) {
		struct pin *pin = &board.pins[n];

		if (pin->value != pin->told && board.avr->cycle - pin->changed >= STEADY) {
			pin->told = pin->value;
			say("pin %d %d %llu", n, pin->value, (unsigned long long)pin->changed);
		}
	}
}

static void on_pwm(struct avr_irq_t *irq, uint32_t value, void *param)
{
	struct pin *pin = param;

	(void)irq;
	if ((int)value != pin->pwm) {
		pin->pwm = (int)value;
		say("pwm %d %u", (int)(pin - board.pins), value);
	}
}

/* ---- the 24C02: the first byte written is the pointer, which every byte moves ---- */

static void on_i2c(struct avr_irq_t *irq, uint32_t value, void *param)
{
	struct eeprom *eeprom = param;
	avr_twi_msg_irq_t message = {.u.v = value};
	uint8_t kind = message.u.twi.msg, address = message.u.twi.addr;

	(void)irq;
	if (kind & TWI_COND_STOP) {
		eeprom->is_selected = false;
	}
	if (kind & TWI_COND_START) {
		eeprom->is_selected = (address & 0xFE) == 0xA0;
		eeprom->has_pointer = false;
		if (eeprom->is_selected) {
			avr_raise_irq(eeprom->answer, avr_twi_irq_msg(TWI_COND_ACK, address, 1));
		}
	}
	if (eeprom->is_selected && (kind & TWI_COND_WRITE)) {
		avr_raise_irq(eeprom->answer, avr_twi_irq_msg(TWI_COND_ACK, address, 1));
		if (eeprom->has_pointer) {
			eeprom->bytes[eeprom->pointer++] = message.u.twi.data;
		} else {
			eeprom->pointer = message.u.twi.data;
			eeprom->has_pointer = true;
		}
	}
	if (eeprom->is_selected && (kind & TWI_COND_READ)) {
		avr_raise_irq(eeprom->answer, avr_twi_irq_msg(TWI_COND_READ, address,
			eeprom->bytes[eeprom->pointer++]));
	}
}

static void wire_eeprom(void)
{
	memset(board.eeprom.bytes, 0xFF, sizeof(board.eeprom.bytes));
	board.eeprom.answer = avr_io_getirq(board.avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT);
	avr_irq_register_notify(avr_io_getirq(board.avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_OUTPUT),
		on_i2c, &board.eeprom);
}

/* ---- the board ---- */

static void wire_pins(void)
{
	static const struct { char timer; int output, pin; } pwm[] = {
		{'0', 0, 6}, {'0', 1, 5}, {'1', 0, 9}, {'1', 1, 10}, {'2', 0, 11}, {'2', 1, 3}};

	for (int n = 0; n < PINS; n++) {
		struct pin *pin = &board.pins[n];

		pin->port = n < 8 ? 'D' : n < 14 ? 'B' : 'C';
		pin->bit = n < 8 ? n : n < 14 ? n - 8 : n - 14;
		pin->value = pin->told = pin->pwm = -1;
		avr_irq_register_notify(avr_io_getirq(board.avr,
			AVR_IOCTL_IOPORT_GETIRQ(pin->port), pin->bit), on_pin, pin);
	}
	for (size_t i = 0; i < sizeof(pwm) / sizeof(pwm[0]); i++) {
		avr_irq_register_notify(avr_io_getirq(board.avr,
			AVR_IOCTL_TIMER_GETIRQ(pwm[i].timer), TIMER_IRQ_OUT_PWM0 + pwm[i].output),
			on_pwm, &board.pins[pwm[i].pin]);
	}
}

static void wire_uart(void)
{
	uint32_t flags = 0;

	/* The UART naps by itself when polled, and that would halve our throttle. */
	avr_ioctl(board.avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
	board.uart_in = avr_io_getirq(board.avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
	avr_irq_register_notify(avr_io_getirq(board.avr, AVR_IOCTL_UART_GETIRQ('0'),
		UART_IRQ_OUTPUT), on_uart_byte, NULL);
	avr_irq_register_notify(avr_io_getirq(board.avr, AVR_IOCTL_UART_GETIRQ('0'),
		UART_IRQ_OUT_XON), on_uart_room, NULL);
	avr_irq_register_notify(avr_io_getirq(board.avr, AVR_IOCTL_UART_GETIRQ('0'),
		UART_IRQ_OUT_XOFF), on_uart_full, NULL);
}

/* Puts a hex file into the flash; returns where it begins. */
static uint32_t load(const char *file)
{
	uint32_t size = 0, start = 0;
	uint8_t *code = read_ihex_file(file, &size, &start);

	if (!code) {
		die(file);
	}
	memcpy(board.avr->flash + start, code, size);
	free(code);
	return start;
}

/* The reset button, or DTR's capacitor: a boot loader waits for a program only then. */
static void press_reset(void)
{
	board.avr->data[MCUSR_AT] = MCUSR_EXTRF;
	board.avr->pc = board.boot;
}

/*
 * A boot loader leaves by a watchdog reset. On the chip its program then runs with the
 * watchdog off; simavr 1.6 keeps WDE, and the program would be reset for ever.
 */
static void end_watchdog(void)
{
	if (board.boot_file && board.avr->pc < board.boot && board.avr->data[WDTCSR_AT] == WDTCSR_WDE) {
		board.avr->data[WDTCSR_AT] = 0;
	}
}

static void start_board(const char *firmware)
{
	board.avr = avr_make_mcu_by_name("atmega328p");
	if (!board.avr || avr_init(board.avr) != 0) {
		die(firmware);
	}
	board.avr->frequency = HZ;
	board.avr->vcc = board.avr->avcc = board.avr->aref = 5000;
	board.avr->pc = load(firmware);
	if (board.boot_file) {
		board.boot = board.avr->reset_pc = load(board.boot_file);
		press_reset();
	}
	board.avr->codeend = board.avr->flashend;
	board.avr->log = 1;
	wire_uart();
	wire_pins();
	board.adc = avr_io_getirq(board.avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0);
	wire_eeprom();
}

static void reset(void)
{
	avr_reset(board.avr);
	if (board.boot_file) {
		press_reset();
	}
	board.uart_full = board.has_spoken = false;
	board.heard_count = 0;
	say("reset");
}

/* ---- commands ---- */

static avr_ioport_state_t port_state(const struct pin *pin)
{
	avr_ioport_state_t state = {0};

	avr_ioctl(board.avr, AVR_IOCTL_IOPORT_GETSTATE(pin->port), &state);
	return state;
}

static void set_pin(struct pin *pin, const char *level)
{
	/* A pin that nobody drives follows its pull-up. */
	int value = strcmp(level, "float") == 0 ? port_state(pin).port >> pin->bit & 1
						: level[0] == '1';

	avr_raise_irq(avr_io_getirq(board.avr, AVR_IOCTL_IOPORT_GETIRQ(pin->port), pin->bit),
		(uint32_t)value);
}

static void show_pin(int n)
{
	avr_ioport_state_t state = port_state(&board.pins[n]);
	int bit = board.pins[n].bit;

	say("show %d ddr %d port %d pin %d", n, state.ddr >> bit & 1, state.port >> bit & 1,
		state.pin >> bit & 1);
}

static void show_eeprom(void)
{
	char hex[2 * sizeof(board.eeprom.bytes) + 1];

	say("eeprom %s", to_hex(board.eeprom.bytes, sizeof(board.eeprom.bytes), hex));
}

static void obey(const char *line)
{
	char level[8];
	unsigned n, value;

	if (sscanf(line, "adc %u %u", &n, &value) == 2 && n < 6) {
		avr_raise_irq(board.adc + n, value);
	} else if (sscanf(line, "pin %u %7s", &n, level) == 2 && n < PINS) {
		set_pin(&board.pins[n], level);
	} else if (sscanf(line, "show %u", &n) == 1 && n < PINS) {
		show_pin((int)n);
	} else if (strcmp(line, "eeprom") == 0) {
		show_eeprom();
	} else if (strcmp(line, "reset") == 0) {
		reset();
	} else if (strcmp(line, "plug") == 0) {
		plug();
		reset();
	} else if (strcmp(line, "unplug") == 0) {
		unplug();
	} else if (strcmp(line, "stat") == 0) {
		say("stat cycles %llu rx %lu tx %lu dropped %lu slips %lu",
			(unsigned long long)board.avr->cycle, board.rx, board.sent, board.dropped,
			board.slips);
	} else if (strcmp(line, "quit") == 0) {
		board.quit = true;
	} else {
		say("unknown %s", line);
	}
}

static void read_commands(void)
{
	static char text[1024];
	static size_t count;
	char *end;
	ssize_t got = read(STDIN_FILENO, text + count, sizeof(text) - 1 - count);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		board.quit = true;
	}
	count += got > 0 ? (size_t)got : 0;
	text[count] = '\0';
	while ((end = strchr(text, '\n'))) {
		*end = '\0';
		obey(text);
		count -= (size_t)(end + 1 - text);
		memmove(text, end + 1, count + 1);
	}
}

/* ---- time ---- */

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void nap(int64_t *began_us, avr_cycle_count_t *began_cycle)
{
	int64_t ahead_us = (int64_t)((board.avr->cycle - *began_cycle) / (HZ / 1000000)) -
		(now_us() - *began_us);

	if (ahead_us < -200000) {
		board.slips++;
		*began_us = now_us();
		*began_cycle = board.avr->cycle;
	} else if (ahead_us > 0) {
		struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = board.uart_full ? -1 : board.master, .events = POLLIN}};

		/* A hang-up polls ready for ever: then only the commands can wake us. */
		poll(fds, somebody_listens() ? 2 : 1, (int)(ahead_us / 1000) + 1);
	}
}

static void on_signal(int signum)
{
	(void)signum;
	reset_wanted = 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	for (int option; (option = getopt(argc, argv, "l:b:")) != -1;) {
		if (option == 'l') {
			board.link = optarg;
		} else if (option == 'b') {
			board.boot_file = optarg;
		}
	}
	if (argc != optind + 1) {
		fprintf(stderr, "usage: simboard [-l LINK] [-b BOOT.hex] FIRMWARE.hex\n");
		return 2;
	}
	board.master = -1;
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	start_board(argv[argc - 1]);
	plug();

	int64_t began_us = now_us();
	avr_cycle_count_t began_cycle = board.avr->cycle;

	while (!board.quit) {
		avr_cycle_count_t end = board.avr->cycle + SLICE;

		while (board.avr->cycle < end) {
			int state = avr_run(board.avr);

			if (state == cpu_Done || state == cpu_Crashed) {
				say("crashed");
				return 1;
			}
			end_watchdog();
		}
		if (reset_wanted) {
			reset_wanted = 0;
			reset();
		}
		tell_pins();
		move_bytes();
		read_commands();
		nap(&began_us, &began_cycle);
	}
	unplug();
	return 0;
}
