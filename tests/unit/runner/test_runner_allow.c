/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a room may have run or written, and above all what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "runner/runner_allow.h"
#include "runner/runner_fifo.h"

static const char text[] = "global_defs {\n"
			   "\tallow vrrp 0 0 /master\n"
			   "\tallow vrrp 10 20 /backup one two\n"
			   "\tallow vrrp_words 10 20 /any x\n"
			   "\tallow checker 0 0 /quorum\n"
			   "}\n";

static int
setup(void **state)
{
	char why[512] = "";

	*state = runner_model_read(text, strlen(text), why);
	if (*state == NULL)
		print_error("%s\n", why);
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	runner_model_free(*state);
	return 0;
}

/* words: NULL behind the last */
static bool
may(const struct runner_model *model, enum hf_room_kind from, uid_t uid, gid_t gid,
    const char *const *words)
{
	struct runner_job job = { .uid = uid,
				  .gid = gid,
				  .argv = words,
				  .prev_state = "BACKUP",
				  .reason = "active-silent" };

	while (words[job.argc] != NULL)
		job.argc++;
	return runner_allow_job(model, from, &job);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
configured_scripts_are_run(void **state)
{
	const struct runner_model *model = *state;

	assert_true(may(model, HF_ROOM_VRRP, 0, 0, WORDS("/master")));
	assert_true(may(model, HF_ROOM_VRRP, 10, 20, WORDS("/backup", "one", "two")));
	assert_true(may(model, HF_ROOM_CHECKER, 0, 0, WORDS("/quorum")));
	assert_true(may(model, HF_ROOM_VRRP, 10, 20,
			WORDS("/any", "x", "INSTANCE", "VI 1", "MASTER", "255")));
	assert_true(may(model, HF_ROOM_VRRP, 10, 20,
			WORDS("/any", "x", "GROUP", "G", "MASTER_RX_LOWER_PRI", "0")));
}

static void
other_words_users_and_rooms_are_refused(void **state)
{
	const struct runner_model *model = *state;

	assert_false(may(model, HF_ROOM_VRRP, 0, 0, WORDS("/evil")));
	assert_false(may(model, HF_ROOM_VRRP, 0, 0, WORDS("/master", "-c")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 20, WORDS("/backup", "one")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 20, WORDS("/backup", "one", "three")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 20, WORDS("/backup", "one two")));
	assert_false(may(model, HF_ROOM_VRRP, 0, 20, WORDS("/backup", "one", "two")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 0, WORDS("/backup", "one", "two")));
	assert_false(may(model, HF_ROOM_CHECKER, 0, 0, WORDS("/master")));
	assert_false(may(model, HF_ROOM_VRRP, 0, 0, WORDS("/quorum")));
	assert_false(may(model, HF_ROOM_IPVS, 0, 0, WORDS("/quorum")));
	assert_false(may(model, HF_ROOM_DAEMON, 0, 0, WORDS("/master")));
}

static void
further_words_must_be_those_of_notify(void **state)
{
	static const char *const bad[][4] = {
		{ "SERVER", "VI", "MASTER", "1" },    { "INSTANCE", "", "MASTER", "1" },
		{ "INSTANCE", "VI", "", "1" },        { "INSTANCE", "VI", "master", "1" },
		{ "INSTANCE", "VI", "A;B", "1" },     { "INSTANCE", "VI", "MASTER", "" },
		{ "INSTANCE", "VI", "MASTER", "-1" }, { "INSTANCE", "VI", "MASTER", "256" },
		{ "INSTANCE", "VI", "MASTER", "1x" }, { "INSTANCE", "V\nI", "MASTER", "1" },
	};
	const struct runner_model *model = *state;
	char name[65];

	for (size_t i = 0; i < HF_COUNT_OF(bad); i++)
		assert_false(may(model, HF_ROOM_VRRP, 10, 20,
				 WORDS("/any", "x", bad[i][0], bad[i][1], bad[i][2], bad[i][3])));
	memset(name, 'n', 64);
	name[64] = '\0';
	assert_false(may(model, HF_ROOM_VRRP, 10, 20,
			 WORDS("/any", "x", "INSTANCE", name, "MASTER", "1")));
	assert_true(may(model, HF_ROOM_VRRP, 10, 20,
			WORDS("/any", "x", "INSTANCE", name + 1, "MASTER", "1")));
	/* None, too few, too many; and scripts that get none. */
	assert_false(may(model, HF_ROOM_VRRP, 10, 20, WORDS("/any", "x")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 20, WORDS("INSTANCE", "VI", "MASTER", "1")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 20, WORDS("/any", "x", "INSTANCE", "VI", "UP")));
	assert_false(may(model, HF_ROOM_VRRP, 10, 20,
			 WORDS("/any", "x", "INSTANCE", "VI", "MASTER", "1", "2")));
	assert_false(
		may(model, HF_ROOM_VRRP, 0, 0, WORDS("/master", "INSTANCE", "VI", "MASTER", "1")));
	assert_false(may(model, HF_ROOM_CHECKER, 0, 0,
			 WORDS("/quorum", "INSTANCE", "VI", "MASTER", "1")));
}

static void
environment_has_only_plain_words(void **state)
{
	struct runner_job job = {
		.argc = 1, .argv = WORDS("/quorum"), .prev_state = "up", .reason = "quorum-lost"
	};

	assert_true(runner_allow_job(*state, HF_ROOM_CHECKER, &job));
	job.reason = "() { :; }; id";
	assert_false(runner_allow_job(*state, HF_ROOM_CHECKER, &job));
	job.reason = "";
	assert_true(runner_allow_job(*state, HF_ROOM_CHECKER, &job));
	job.prev_state = "$(id)";
	assert_false(runner_allow_job(*state, HF_ROOM_CHECKER, &job));
}

static void
without_scripts_nothing_is_run(void **state)
{
	struct runner_model none = { .n_allowed = 0 };

	assert_false(may(&none, HF_ROOM_VRRP, 0, 0, WORDS("/master")));
	assert_false(may(&none, HF_ROOM_CHECKER, 0, 0, WORDS("/quorum")));
}

static bool
line(enum hf_room_kind from, const char *bytes)
{
	return runner_allow_line(from, bytes, strlen(bytes));
}

static void
rooms_write_their_own_lines(void **state)
{
	char longest[RUNNER_FIFO_LINE_MAX + 2] = "VS ";

	assert_true(line(HF_ROOM_CHECKER, "VS [192.0.2.1]:tcp:80 UP\n"));
	assert_true(line(HF_ROOM_CHECKER, "RS [192.0.2.2]:tcp:80 [192.0.2.1]:tcp:80 DOWN\n"));
	assert_true(line(HF_ROOM_VRRP, "INSTANCE \"VI\" MASTER 100\n"));
	assert_true(line(HF_ROOM_VRRP, "GROUP \"G\" MASTER 0\n"));
	assert_false(line(HF_ROOM_CHECKER, "INSTANCE \"VI\" MASTER 100\n"));
	assert_false(line(HF_ROOM_VRRP, "VS [192.0.2.1]:tcp:80 UP\n"));
	assert_false(line(HF_ROOM_IPVS, "VS [192.0.2.1]:tcp:80 UP\n"));
	assert_false(line(HF_ROOM_CHECKER, ""));
	assert_false(line(HF_ROOM_CHECKER, "\n"));
	assert_false(line(HF_ROOM_CHECKER, "VS no end"));
	assert_false(line(HF_ROOM_CHECKER, "VS a UP\nINSTANCE \"VI\" MASTER 100\n"));
	assert_false(runner_allow_line(HF_ROOM_CHECKER, "VS a\0b UP\n", 10));

	memset(longest + 3, 'x', sizeof(longest) - 3);
	longest[RUNNER_FIFO_LINE_MAX - 1] = '\n';
	assert_true(runner_allow_line(HF_ROOM_CHECKER, longest, RUNNER_FIFO_LINE_MAX));
	longest[RUNNER_FIFO_LINE_MAX - 1] = 'x';
	longest[RUNNER_FIFO_LINE_MAX] = '\n';
	assert_false(runner_allow_line(HF_ROOM_CHECKER, longest, RUNNER_FIFO_LINE_MAX + 1));
}

/* A lookup that walked the list would need minutes for this. */
static void
many_scripts_are_cheap(void **state)
{
	enum { MANY = 100000 };
	struct allowed_script *allowed = calloc(MANY, sizeof(*allowed));
	char(*names)[16] = calloc(MANY, sizeof(*names));
	const char *(*argv)[2] = calloc(MANY, sizeof(*argv));
	struct runner_model model = { .n_allowed = MANY, .allowed = allowed };
	size_t found = 0;

	if (allowed == NULL || names == NULL || argv == NULL)
		abort();
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "/s%06d", i);
		argv[i][0] = names[i];
		allowed[i] = (struct allowed_script){ SCRIPT_OF_CHECKER,
						      { .argc = 1, .argv = argv[i] } };
	}
	for (int i = 0; i < MANY; i++)
		found += may(&model, HF_ROOM_CHECKER, 0, 0, argv[i]);
	assert_int_equal(found, MANY);
	assert_false(may(&model, HF_ROOM_CHECKER, 0, 0, WORDS("/s100000")));
	free(argv);
	free(names);
	free(allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configured_scripts_are_run),
		cmocka_unit_test(other_words_users_and_rooms_are_refused),
		cmocka_unit_test(further_words_must_be_those_of_notify),
		cmocka_unit_test(environment_has_only_plain_words),
		cmocka_unit_test(without_scripts_nothing_is_run),
		cmocka_unit_test(rooms_write_their_own_lines),
		cmocka_unit_test(many_scripts_are_cheap),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
