/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which jobs the room starts and which it refuses, over configurations that follow each other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "config/global_model.h"
#include "lib/hf_room.h"
#include "runner/runner.h"

/* In place of the room: it counts what is said. */
struct stage {
	struct hf_loop *loop;
	void *runner;
	int refused;
};

static struct stage *
stage_of(void *room)
{
	return room;
}

struct hf_loop *
hf_room_loop(struct hf_room *room)
{
	return stage_of(room)->loop;
}

struct hf_ipc *
hf_room_link(struct hf_room *room, enum hf_room_kind peer)
{
	return NULL;
}

const char *
hf_room_name(enum hf_room_kind kind)
{
	return kind == HF_ROOM_VRRP ? "vrrp" : "checker";
}

uint64_t
hf_room_change(struct hf_room *room, enum hf_log_level level, uint64_t cause, const char *subject,
	       const char *from, const char *to, const char *reason, const char *detail, ...)
{
	assert_int_equal(level, HF_ERROR);
	assert_int_equal(cause, 77);
	assert_string_equal(subject, "VI_1");
	assert_string_equal(reason, "script-not-configured");
	stage_of(room)->refused++;
	return 1;
}

void
hf_room_saw(struct hf_room *room, uint64_t change_id)
{
}

void
hf_room_remember(struct hf_room *room, const char *key, const void *bytes, size_t len)
{
}

void
hf_room_leave(struct hf_room *room, int status)
{
}

static int
setup(void **state)
{
	static const struct hf_log_options quiet = { .most = HF_ERROR };
	struct stage *stage = calloc(1, sizeof(*stage));

	hf_log_setup(&quiet);
	if (stage == NULL)
		return -1;
	stage->loop = hf_loop_new();
	stage->runner = runner_room()->start((struct hf_room *)stage);
	*state = stage;
	return stage->runner != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	struct stage *stage = *state;

	runner_room()->end(stage->runner);
	hf_loop_free(stage->loop);
	free(stage);
	return 0;
}

/* A configuration that allows vrrp "/bin/true WORD". */
static void
configure(struct stage *stage, const char *word)
{
	const char *const argv[] = { "/bin/true", word };
	const struct allowed_script allowed = {
		SCRIPT_OF_VRRP, { .argc = 2, .argv = argv, .uid = getuid(), .gid = getgid() }
	};
	const struct runner_model model = { .n_allowed = 1, .allowed = &allowed };
	char *text, why[512] = "";
	size_t len;
	FILE *out = open_memstream(&text, &len);

	runner_model_print(&model, out);
	fclose(out);
	assert_int_equal(
		runner_room()->config(stage->runner, &(struct hf_room_config){ 0 }, text, len, why),
		0);
	free(text);
}

static void
ask(struct stage *stage, enum hf_room_kind from, const char *word)
{
	const char *const argv[] = { "/bin/true", word };
	const struct runner_job job = { .cause = 77,
					.queue = "VI_1",
					.uid = getuid(),
					.gid = getgid(),
					.argc = 2,
					.argv = argv,
					.prev_state = "",
					.reason = "" };
	uint8_t bytes[512];
	int len = runner_job_encode(&job, bytes, sizeof(bytes));

	assert_true(len > 0);
	assert_int_equal(
		runner_room()->message(stage->runner, from, RUNNER_MSG_RUN, bytes, (size_t)len, -1),
		0);
}

/* Jobs that were taken: all of one queue, so the first runs and the others wait. */
static int
taken(struct stage *stage)
{
	char *text, *end;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	runner_room()->status(stage->runner, out);
	fclose(out);
	assert_memory_equal(text, "{\"running\":", 11);
	int running = (int)strtol(text + 11, &end, 10);

	assert_memory_equal(end, ",\"waiting\":", 11);
	int waiting = (int)strtol(end + 11, NULL, 10);

	free(text);
	return running + waiting;
}

static void
what_is_not_configured_is_refused(void **state)
{
	struct stage *stage = *state;

	configure(stage, "a");
	ask(stage, HF_ROOM_VRRP, "a");
	assert_int_equal(taken(stage), 1);
	ask(stage, HF_ROOM_VRRP, "b");
	ask(stage, HF_ROOM_CHECKER, "a");
	assert_int_equal(taken(stage), 1);
	assert_int_equal(stage->refused, 2);
}

static void
the_configuration_before_still_counts(void **state)
{
	struct stage *stage = *state;

	configure(stage, "a");
	configure(stage, "b");
	ask(stage, HF_ROOM_VRRP, "a");
	ask(stage, HF_ROOM_VRRP, "b");
	assert_int_equal(taken(stage), 2);
	configure(stage, "c");
	ask(stage, HF_ROOM_VRRP, "b");
	assert_int_equal(taken(stage), 3);
	assert_int_equal(stage->refused, 0);
	ask(stage, HF_ROOM_VRRP, "a");
	assert_int_equal(taken(stage), 3);
	assert_int_equal(stage->refused, 1);
}

static void
early_jobs_wait_for_the_first_configuration(void **state)
{
	struct stage *stage = *state;

	ask(stage, HF_ROOM_VRRP, "a");
	ask(stage, HF_ROOM_VRRP, "b");
	assert_int_equal(taken(stage), 0);
	assert_int_equal(stage->refused, 0);
	configure(stage, "a");
	assert_int_equal(taken(stage), 1);
	assert_int_equal(stage->refused, 1);
}

static void
early_jobs_are_dropped_at_the_end(void **state)
{
	ask(*state, HF_ROOM_VRRP, "a");
}

static void
a_foreign_line_ends_the_link(void **state)
{
	static const char line[] = "INSTANCE \"VI_1\" MASTER 100\n";
	struct stage *stage = *state;

	assert_int_equal(runner_room()->message(stage->runner, HF_ROOM_VRRP, RUNNER_MSG_FIFO, line,
						strlen(line), -1),
			 0);
	assert_int_equal(runner_room()->message(stage->runner, HF_ROOM_CHECKER, RUNNER_MSG_FIFO,
						line, strlen(line), -1),
			 -EBADMSG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_configured_is_refused),
		TEST(the_configuration_before_still_counts),
		TEST(early_jobs_wait_for_the_first_configuration),
		TEST(early_jobs_are_dropped_at_the_end),
		TEST(a_foreign_line_ends_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
