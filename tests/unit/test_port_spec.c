/* Port SPECs: what API.md allows is read, all else is refused with its place. */
#include "port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct port_spec good(const char *text)
{
	struct port_spec spec;
	struct why why = {0};
	enum err err = port_spec_parse(text, &spec, &why);

	if (err != ERR_NONE) {
		fail_msg("\"%s\": %s", text, why_text(&why, LANG_EN));
	}
	return spec;
}

static void every_scheme_is_read(void **state)
{
	static const struct {
		const char *text;
		enum port_scheme scheme;
		const char *target;
	} cases[] = {
		{"serial:/dev/ttyACM0", PORT_SERIAL, "/dev/ttyACM0"},
		{"stream:/dev/pts/5", PORT_STREAM, "/dev/pts/5"},
		{"stream:board", PORT_STREAM, "board"},
		{"tcp:127.0.0.1:5760", PORT_TCP, "127.0.0.1:5760"},
		{"tcp:localhost:1", PORT_TCP, "localhost:1"},
		{"tcp:[::1]:65535", PORT_TCP, "[::1]:65535"},
		{"unix:/run/kit.sock", PORT_UNIX, "/run/kit.sock"},
		{"udp:192.168.10.1:8889", PORT_UDP, "192.168.10.1:8889"},
		{"udp::8890", PORT_UDP, ":8890"},
		{"usb:0694:0002", PORT_USB, "0694:0002"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port_spec spec = good(cases[i].text);

		assert_int_equal(spec.scheme, cases[i].scheme);
		assert_string_equal(spec.target, cases[i].target);
		assert_string_equal(spec.driver, "");
		assert_int_equal(spec.baud, 0);
		assert_int_equal(spec.sampling, 0);
		assert_int_equal(spec.dtr, -1);
	}
}

static void every_key_is_read(void **state)
{
	struct port_spec spec = good("serial:/dev/ttyUSB3?driver=firmata&label=uno-7&seat=1-1.2"
				     "&baud=115200&serial=7573&wiring=sensor-shield&sampling=10&dtr=0");

	(void)state;
	assert_string_equal(spec.driver, "firmata");
	assert_string_equal(spec.label, "uno-7");
	assert_string_equal(spec.seat, "1-1.2");
	assert_int_equal(spec.baud, 115200);
	assert_string_equal(spec.serial, "7573");
	assert_string_equal(spec.wiring, "sensor-shield");
	assert_int_equal(spec.sampling, 10);
	assert_int_equal(spec.dtr, 0);
}

static void percent_signs_are_decoded_in_target_key_and_value(void **state)
{
	struct port_spec spec = good("stream:/tmp/a%3Fb%25%E5%BA%A7?s%65at=%E5%BA%A7%201&dtr=%31");

	(void)state;
	assert_string_equal(spec.target, "/tmp/a?b%\xE5\xBA\xA7");
	assert_string_equal(spec.seat, "\xE5\xBA\xA7 1");
	assert_int_equal(spec.dtr, 1);
}

/* text, message, and the place (from 1) that the English text must name */
static void bad_specs_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text;
		enum msg msg;
		const char *says;
	} cases[] = {
		{"", MSG_SPEC_SCHEME, "serial:"},
		{"/dev/ttyACM0", MSG_SPEC_SCHEME, "\"/dev/ttyACM0\""},
		{"SERIAL:/dev/ttyACM0", MSG_SPEC_SCHEME, "serial:"},
		{"serial", MSG_SPEC_SCHEME, "serial:"},
		{"http://x", MSG_SPEC_SCHEME, "serial:"},
		{"serial:", MSG_SPEC_TARGET, "character 8 "},
		{"serial:ttyACM0", MSG_SPEC_TARGET, "/dev/ttyACM0"},
		{"stream:", MSG_SPEC_TARGET, "character 8 "},
		{"stream:?label=a", MSG_SPEC_TARGET, "character 8 "},
		{"unix:run/x", MSG_SPEC_TARGET, "character 6 "},
		{"tcp:5760", MSG_SPEC_TARGET, "127.0.0.1:5760"},
		{"tcp::5760", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:127.0.0.1:", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:127.0.0.1:0", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:127.0.0.1:65536", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:127.0.0.1:+80", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:127.0.0.256:80", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:robot.local:80", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:[::1:80", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:[:80", MSG_SPEC_TARGET, "character 5 "},
		{"tcp:[]:80", MSG_SPEC_TARGET, "character 5 "},
		{"udp:", MSG_SPEC_TARGET, "character 5 "},
		{"udp::", MSG_SPEC_TARGET, "character 5 "},
		{"udp::99999", MSG_SPEC_TARGET, "character 5 "},
		{"usb:0694", MSG_SPEC_TARGET, "0694:0002"},
		{"usb:0694:00g2", MSG_SPEC_TARGET, "character 5 "},
		{"usb:069:40002", MSG_SPEC_TARGET, "character 5 "},
		{"usb:0694-0002", MSG_SPEC_TARGET, "character 5 "},
		{"stream:/a%", MSG_SPEC_PERCENT, "character 10 "},
		{"stream:/a%4", MSG_SPEC_PERCENT, "character 10 "},
		{"stream:/a%4?dtr=1", MSG_SPEC_PERCENT, "character 10 "},
		{"stream:/a%zz", MSG_SPEC_PERCENT, "character 10 "},
		{"stream:/a%00b", MSG_SPEC_PERCENT, "character 10 "},
		{"stream:/a?label=%-1", MSG_SPEC_PERCENT, "character 17 "},
		{"stream:/a%0Ab", MSG_SPEC_TEXT, "character 12)"},
		{"stream:/a\x1b[1m", MSG_SPEC_TEXT, "character 10)"},
		{"stream:/a%7f", MSG_SPEC_TEXT, "character 12)"},
		{"stream:/a%ff", MSG_SPEC_TEXT, "character 8)"},
		{"stream:/a\xff", MSG_SPEC_TEXT, "character"},
		{"stream:/a?", MSG_SPEC_KEY, "character 11."},
		{"stream:/a?&dtr=1", MSG_SPEC_KEY, "character 11."},
		{"stream:/a?dtr=1&", MSG_SPEC_KEY, "character 17."},
		{"stream:/a?=1", MSG_SPEC_KEY, "character 11."},
		{"stream:/a?speed=9600", MSG_SPEC_KEY, "\"speed\" at character 11."},
		{"stream:/a?dtr=1&Label=a", MSG_SPEC_KEY, "\"Label\" at character 17."},
		{"stream:/a?label=a&label=b", MSG_SPEC_TWICE, "(character 19)"},
		{"stream:/a?dtr=1&baud=9600&dtr=1", MSG_SPEC_TWICE, "\"dtr\""},
		{"stream:/a?label", MSG_SPEC_VALUE, "\"label\""},
		{"stream:/a?label=", MSG_SPEC_VALUE, "character 17 "},
		{"stream:/a?label=-a", MSG_SPEC_VALUE, "[a-z0-9][a-z0-9-]{0,31}"},
		{"stream:/a?label=Uno", MSG_SPEC_VALUE, "character 17 "},
		{"stream:/a?label=uno_1", MSG_SPEC_VALUE, "character 17 "},
		{"stream:/a?label=%E5%BA%A7", MSG_SPEC_VALUE, "character 17 "},
		{"stream:/a?label=a23456789012345678901234567890123", MSG_SPEC_VALUE, "{0,31}"},
		{"stream:/a?driver=a/b", MSG_SPEC_VALUE, "{0,22}"},
		{"stream:/a?wiring=..", MSG_SPEC_VALUE, "\"wiring\""},
		{"stream:/a?seat=", MSG_SPEC_VALUE, "1..31 bytes"},
		{"stream:/a?seat=12345678901234567890123456789012", MSG_SPEC_VALUE, "1..31 bytes"},
		{"stream:/a?baud=0", MSG_SPEC_VALUE, "300..4000000"},
		{"stream:/a?baud=9600x", MSG_SPEC_VALUE, "300..4000000"},
		{"stream:/a?baud=-9600", MSG_SPEC_VALUE, "300..4000000"},
		{"stream:/a?baud=4294967596", MSG_SPEC_VALUE, "300..4000000"},
		{"stream:/a?baud=1e5", MSG_SPEC_VALUE, "300..4000000"},
		{"stream:/a?sampling=0", MSG_SPEC_VALUE, "1..16383"},
		{"stream:/a?sampling=16384", MSG_SPEC_VALUE, "1..16383"},
		{"stream:/a?dtr=yes", MSG_SPEC_VALUE, "0..1"},
		{"stream:/a?dtr=2", MSG_SPEC_VALUE, "0..1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port_spec spec, before;
		struct why why = {0};

		memset(&spec, 0x5A, sizeof(spec));
		before = spec;
		enum err err = port_spec_parse(cases[i].text, &spec, &why);

		if (err != ERR_INVALID || why.msg != cases[i].msg ||
			!strstr(why_text(&why, LANG_EN), cases[i].says)) {
			fail_msg("\"%s\": %s, \"%s\" lacks \"%s\"", cases[i].text, err_name(err),
				why_text(&why, LANG_EN), cases[i].says);
		}
		assert_true(strlen(why_text(&why, LANG_ZH)) > 0);
		assert_memory_equal(&spec, &before, sizeof(spec));
	}
}

static void too_long_texts_are_refused(void **state)
{
	char text[2000];
	struct port_spec spec;
	struct why why;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "stream:/", 8);
	text[8 + PORT_TARGET_MAX - 1] = '\0';
	assert_int_equal(port_spec_parse(text, &spec, &why), ERR_NONE);
	assert_int_equal(strlen(spec.target), PORT_TARGET_MAX);

	text[8 + PORT_TARGET_MAX - 1] = 'a';
	text[8 + PORT_TARGET_MAX] = '\0';
	assert_int_equal(port_spec_parse(text, &spec, &why), ERR_INVALID);
	assert_int_equal(why.msg, MSG_SPEC_TARGET_LONG);

	text[8 + PORT_TARGET_MAX] = 'a';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(port_spec_parse(text, &spec, &why), ERR_INVALID);
	assert_int_equal(why.msg, MSG_SPEC_LONG);

	/* A UNIX path must fit into sun_path. */
	memcpy(text, "unix:/", 6);
	text[5 + 108] = '\0';
	assert_int_equal(port_spec_parse(text, &spec, &why), ERR_INVALID);
	text[5 + 107] = '\0';
	assert_int_equal(port_spec_parse(text, &spec, &why), ERR_NONE);
}

static void a_shown_text_is_never_cut_through_a_character(void **state)
{
	char text[200];
	struct port_spec spec;
	struct why why;

	(void)state;
	for (int shift = 0; shift < 3; shift++) {
		int at = snprintf(text, sizeof(text), "%s", &"bad:xx"[shift]);

		while (at + 4 < 150) {
			at += snprintf(text + at, sizeof(text) - (size_t)at, "\xE5\xBA\xA7");
		}
		assert_int_equal(port_spec_parse(text, &spec, &why), ERR_INVALID);
		for (const char *p = why.text[LANG_EN]; *p; p++) {
			/* each lead byte is followed by its two */
			if ((unsigned char)*p == 0xE5) {
				assert_int_equal((unsigned char)p[1], 0xBA);
				assert_int_equal((unsigned char)p[2], 0xA7);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme_is_read),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(percent_signs_are_decoded_in_target_key_and_value),
		cmocka_unit_test(bad_specs_are_refused_with_their_place),
		cmocka_unit_test(too_long_texts_are_refused),
		cmocka_unit_test(a_shown_text_is_never_cut_through_a_character),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("port_spec", tests, NULL, NULL);
}
