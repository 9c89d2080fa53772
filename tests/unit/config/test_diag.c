/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How diagnostics look, and what they add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/diag.h"

static uint32_t
source(struct conf_diags *diags, const char *name, const char *text)
{
	return conf_diags_source(diags, name, strdup(text), strlen(text));
}

static void
assert_prints(struct conf_diags *diags, const char *expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out, false);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	conf_diags_free(diags);
}

static void
a_diagnostic_shows_its_line(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf_place place = { source(diags, "web.conf", "a\n\tpriority 300\n"), 2, 11, 3 };

	(void)state;
	conf_diag(diags, CONF_ERROR, place, "value-range", "expected 1 to 255", "priority %d", 300);
	assert_prints(diags, "web.conf:2:11: error: priority 300 [value-range]\n"
			     "    2 | \tpriority 300\n"
			     "      | \t         ^~~ expected 1 to 255\n");
}

static void
order_is_that_of_the_text_and_notes_stay(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	uint32_t a = source(diags, "a", ""), b = source(diags, "b", "");

	(void)state;
	conf_diag(diags, CONF_WARNING, (struct conf_place){ b, 1, 1, 1 }, NULL, NULL, "fourth");
	conf_diag(diags, CONF_WARNING, (struct conf_place){ a, 9, 5, 1 }, NULL, NULL, "second");
	conf_diag(diags, CONF_NOTE, (struct conf_place){ a, 1, 1, 1 }, NULL, NULL, "its note");
	conf_diag(diags, CONF_ERROR, (struct conf_place){ a, 9, 1, 1 }, NULL, NULL, "first");
	conf_diag(diags, CONF_UNREADABLE, CONF_NOWHERE, NULL, NULL, "nowhere");
	conf_diag(diags, CONF_SECURITY, (struct conf_place){ .file = a }, NULL, NULL, "file");
	assert_prints(diags, "error: nowhere\n"
			     "a: security: file\n"
			     "a:9:1: error: first\n"
			     "a:9:5: warning: second\n"
			     "a:1:1: note: its note\n"
			     "b:1:1: warning: fourth\n");
}

static void
characters_of_several_bytes_take_one_column(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf_place place = { source(diags, "u", "\xc3\xa4\xc3\xb6 x\xc3\xbcx\n"), 1, 6, 4 };

	(void)state;
	conf_diag(diags, CONF_WARNING, place, NULL, NULL, "w");
	assert_prints(diags, "u:1:6: warning: w\n    1 | \xc3\xa4\xc3\xb6 x\xc3\xbcx\n"
			     "      |    ^~~\n");
}

static void
nothing_dangerous_reaches_a_terminal(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf_place place = { source(diags, "e", "\033[2Jx"), 1, 5, 1 };

	(void)state;
	conf_diag(diags, CONF_WARNING, place, NULL, NULL, "odd %s", "\033[2J");
	assert_prints(diags, "e:1:5: warning: odd ?[2J\n    1 | ?[2Jx\n      |     ^\n");
}

static void
long_lines_are_cut_around_the_place(void **state)
{
	char text[1001], expected[600], window[161];
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	memset(window, 'x', 160);
	window[160] = '\0';
	struct conf_place place = { source(diags, "l", text), 1, 501, 900 };

	conf_diag(diags, CONF_ERROR, place, NULL, NULL, "long");
	snprintf(expected, sizeof(expected), "l:1:501: error: long\n    1 | %s...\n      | %*s^",
		 window, 100, "");
	size_t len = strlen(expected);

	memset(expected + len, '~', 59);
	memcpy(expected + len + 59, "\n", 2);
	assert_prints(diags, expected);
}

static void
too_many_are_counted(void **state)
{
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	for (int i = 0; i < CONF_DIAGS_MAX + 5; i++) {
		conf_diag(diags, CONF_WARNING, CONF_NOWHERE, NULL, NULL, "w");
		conf_diag(diags, CONF_NOTE, CONF_NOWHERE, NULL, NULL, "n");
	}
	conf_diag(diags, CONF_ERROR, CONF_NOWHERE, NULL, NULL, "still seen");
	assert_int_equal(conf_diags_count(diags, CONF_WARNING), CONF_DIAGS_MAX + 5);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out, false);
	fclose(out);
	assert_non_null(strstr(text, "error: still seen\n"));
	assert_non_null(strstr(text, "5 more of severity \"warning\" not shown\n"));
	free(text);
	conf_diags_free(diags);
}

static void
the_worst_decides_the_exit_status(void **state)
{
	static const struct {
		enum conf_severity severity;
		int status;
	} steps[] = {
		{ CONF_WARNING, 0 }, { CONF_SECURITY, 5 }, { CONF_ERROR, 4 }, { CONF_UNREADABLE, 3 }
	};
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	assert_int_equal(conf_diags_exit(diags), 0);
	for (size_t i = 0; i < HF_COUNT_OF(steps); i++) {
		conf_diag(diags, steps[i].severity, CONF_NOWHERE, NULL, NULL, "x");
		assert_int_equal(conf_diags_worst(diags), steps[i].severity);
		assert_int_equal(conf_diags_exit(diags), steps[i].status);
	}
	conf_diags_free(diags);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_diagnostic_shows_its_line),
		cmocka_unit_test(order_is_that_of_the_text_and_notes_stay),
		cmocka_unit_test(characters_of_several_bytes_take_one_column),
		cmocka_unit_test(nothing_dangerous_reaches_a_terminal),
		cmocka_unit_test(long_lines_are_cut_around_the_place),
		cmocka_unit_test(too_many_are_counted),
		cmocka_unit_test(the_worst_decides_the_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
