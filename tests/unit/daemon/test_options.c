/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keepalived's command line, as unit files and scripts in the field write it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/options.h"
#include "lib/hf_room.h"

#define WORDS_MAX 16

struct run {
	struct daemon_options options;
	enum options_action action;
	char *out;
	char *err;
	char *argv[WORDS_MAX];
};

/* Reads a command line given as words that end with NULL. */
static struct run
read_words(const char *const *words)
{
	struct run run = { .argv = { (char *)"holdfastd" } };
	size_t out_len, err_len;
	FILE *out = open_memstream(&run.out, &out_len);
	FILE *err = open_memstream(&run.err, &err_len);
	int argc = 1;

	while (words[argc - 1] != NULL && argc < WORDS_MAX - 1) {
		run.argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	run.action = options_read(argc, run.argv, &run.options, out, err);
	fclose(out);
	fclose(err);
	return run;
}

#define READ(...) read_words((const char *const[]){ __VA_ARGS__, NULL })

static void
done(struct run *run)
{
	free(run->out);
	free(run->err);
}

static void
debian_unit_file_line_works(void **state)
{
	struct run run = READ("--dont-fork", "-D", "-D", "-f", "/x.conf", "--pid=/p", "-r", "/v");

	assert_int_equal(run.action, OPTIONS_RUN);
	assert_true(run.options.foreground);
	assert_int_equal(run.options.detail, 2);
	assert_string_equal(run.options.config, "/x.conf");
	assert_string_equal(run.options.pid_file, "/p");
	assert_string_equal(run.options.vrrp_pid_file, "/v");
	assert_int_equal(run.options.facility, LOG_DAEMON);
	done(&run);
}

static void
options_without_effect_are_named(void **state)
{
	struct run run = READ("-B", "-x", "--snmp-agent-socket", "s", "-lnD");

	assert_int_equal(run.action, OPTIONS_RUN);
	assert_int_equal(run.options.n_unused, 3);
	assert_string_equal(run.options.unused[0], "no_bfd");
	assert_string_equal(run.options.unused[2], "snmp-agent-socket");
	done(&run);
}

static void
every_problem_is_said(void **state)
{
	struct run run = READ("--nonsense", "-u", "9", "-f");

	assert_int_equal(run.action, OPTIONS_EXIT_1);
	assert_non_null(strstr(run.err, "--nonsense"));
	assert_non_null(strstr(run.err, "octal"));
	assert_non_null(strstr(run.err, "\"-f\" needs a value"));
	done(&run);
}

static void
empty_value_is_refused(void **state)
{
	struct run run = READ("--pid=");

	assert_int_equal(run.action, OPTIONS_EXIT_1);
	done(&run);
}

static void
bad_facility_is_reported_and_ignored(void **state)
{
	struct run run = READ("-S", "local9");

	assert_int_equal(run.action, OPTIONS_RUN);
	assert_int_equal(run.options.facility, LOG_DAEMON);
	assert_non_null(run.options.warning);
	done(&run);
	run = READ("-S", "local3");
	assert_int_equal(run.options.facility, LOG_LOCAL3);
	done(&run);
}

static void
signal_numbers_are_printed(void **state)
{
	char expected[16];
	struct run run = READ("--signum=JSON");

	snprintf(expected, sizeof(expected), "%d\n", SIGRTMIN + 2);
	assert_int_equal(run.action, OPTIONS_EXIT_0);
	assert_string_equal(run.out, expected);
	done(&run);
	run = READ("--signum=WHAT");
	assert_int_equal(run.action, OPTIONS_EXIT_1);
	done(&run);
}

static void
help_and_version_go_to_stderr(void **state)
{
	struct run run = READ("-v");

	assert_int_equal(run.action, OPTIONS_EXIT_0);
	assert_string_equal(run.out, "");
	assert_non_null(strstr(run.err, "Config options"));
	done(&run);
	run = READ("--help");
	assert_int_equal(run.action, OPTIONS_EXIT_0);
	assert_non_null(strstr(run.err, "--run-dir"));
	done(&run);
}

static void
configuration_test_may_name_a_log(void **state)
{
	struct run run = READ("-t");

	assert_int_equal(run.action, OPTIONS_TEST);
	assert_null(run.options.test_log);
	done(&run);
	run = READ("--config-test=/tmp/log", "-f", "/x");
	assert_int_equal(run.action, OPTIONS_TEST);
	assert_string_equal(run.options.test_log, "/tmp/log");
	done(&run);
}

static void
rooms_are_known_by_name(void **state)
{
	assert_int_equal(options_room_kind("vrrp"), HF_ROOM_VRRP);
	assert_int_equal(options_room_kind("daemon"), -1);
	assert_int_equal(options_room_kind("kitchen"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debian_unit_file_line_works),
		cmocka_unit_test(options_without_effect_are_named),
		cmocka_unit_test(every_problem_is_said),
		cmocka_unit_test(empty_value_is_refused),
		cmocka_unit_test(bad_facility_is_reported_and_ignored),
		cmocka_unit_test(signal_numbers_are_printed),
		cmocka_unit_test(help_and_version_go_to_stderr),
		cmocka_unit_test(configuration_test_may_name_a_log),
		cmocka_unit_test(rooms_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
