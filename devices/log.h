/*
 * The log: lines on standard error, for the lab admin.
 *
 * error = somebody must act, warn = we went on, info = a state changed,
 * debug = bytes. Control characters and bad UTF-8 in the text are escaped, so
 * that a device's banner cannot steer a terminal. A line that repeats is
 * counted and said once more when it ends or every 10 s.
 */
#pragma once

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
