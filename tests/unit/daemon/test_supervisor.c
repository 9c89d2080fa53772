/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor with real processes: this program is also each of the rooms, as holdfastd is. A
 * stand-in room writes down what it is told, refuses a text that begins with "refuse", and
 * remembers its pid.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/options.h"
#include "daemon/supervisor.h"
#include "lib/hf_room.h"

#define LIMIT_NS HF_SECONDS(20)
#define LOG_MAX  16384

/* --- the stand-in rooms --- */

struct stand_in {
	struct hf_room *room;
	enum hf_room_kind kind;
};

static HF_PRINTF(2, 3) void note(const struct stand_in *in, const char *fmt, ...)
{
	char path[512], line[256];
	va_list args;
	FILE *out;

	snprintf(path, sizeof(path), "%s/log", hf_room_hello(in->room)->run_dir);
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	out = fopen(path, "a");
	if (out == NULL)
		return;
	fprintf(out, "%s %s\n", hf_room_name(in->kind), line);
	fclose(out);
}

static void *
stand_in_start(struct hf_room *room, enum hf_room_kind kind)
{
	struct stand_in *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	in->room = room;
	in->kind = kind;
	note(in, "start%s", hf_room_hello(room)->restarted ? " again" : "");
	return in;
}

#define START(name, kind)                                                                          \
	static void *start_##name(struct hf_room *room)                                            \
	{                                                                                          \
		return stand_in_start(room, kind);                                                 \
	}
START(runner, HF_ROOM_RUNNER)
START(ipvs, HF_ROOM_IPVS)
START(checker, HF_ROOM_CHECKER)
START(vrrp, HF_ROOM_VRRP)

static void
stand_in_recall(void *state, const char *key, const void *bytes, size_t len)
{
	note(state, "recall %s", key);
}

static int
stand_in_config(void *state, const struct hf_room_config *how, const char *text, size_t len,
		char why[512])
{
	struct stand_in *in = state;

	if (strncmp(text, "refuse", 6) == 0) {
		snprintf(why, 512, "the text says so");
		return 2;
	}
	note(in, "config %s", how->first ? "first" : "next");
	hf_room_remember(in->room, "pid", "x", 1);
	return 0;
}

static void
stand_in_linked(void *state, enum hf_room_kind peer, struct hf_ipc *link)
{
	note(state, "linked %s", hf_room_name(peer));
}

static void
stand_in_status(void *state, FILE *out)
{
	fputs("[]", out);
}

static void
stand_in_stop(void *state, const struct hf_room_stop *how, bool supervisor_gone)
{
	struct stand_in *in = state;

	note(in, "stop");
	hf_room_leave(in->room, 0);
}

static int
be_a_room(const char *name)
{
	void *(*const starts[HF_ROOM_KINDS])(struct hf_room *) = {
		[HF_ROOM_RUNNER] = start_runner,
		[HF_ROOM_IPVS] = start_ipvs,
		[HF_ROOM_CHECKER] = start_checker,
		[HF_ROOM_VRRP] = start_vrrp,
	};
	int kind = options_room_kind(name);
	struct hf_room_ops ops = {
		.kind = (enum hf_room_kind)kind,
		.start = starts[kind],
		.recall = stand_in_recall,
		.config = stand_in_config,
		.linked = stand_in_linked,
		.status = stand_in_status,
		.stop = stand_in_stop,
		.end = free,
	};

	return hf_room_main(&ops);
}

/* --- the configuration: one word of text for all rooms --- */

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	free(conf->vrrp);
	free(conf->checker);
	free(conf->global);
	free(conf);
}

void
vrrp_model_print(const struct vrrp_model *model, FILE *out)
{
	fputs(model->router_id, out);
}

void
checker_model_print(const struct checker_model *model, FILE *out)
{
	fputs(model->router_id, out);
}

void
runner_model_print(const struct runner_model *model, FILE *out)
{
}

struct conf *
conf_load(const struct conf_options *options, struct conf_diags *diags)
{
	return NULL;
}

struct conf_diags *
conf_diags_new(void)
{
	return NULL;
}

void
conf_diags_free(struct conf_diags *diags)
{
}

void
conf_diags_print(struct conf_diags *diags, FILE *out, bool colour)
{
}

int
conf_diags_exit(const struct conf_diags *diags)
{
	return 0;
}

static struct conf *
conf_saying(const char *vrrp_text)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->global = calloc(1, sizeof(*conf->global));
	conf->vrrp = calloc(1, sizeof(*conf->vrrp));
	conf->checker = calloc(1, sizeof(*conf->checker));
	assert_non_null(conf->global);
	assert_non_null(conf->vrrp);
	assert_non_null(conf->checker);
	conf->global->child_wait_ns = HF_SECONDS(5);
	conf->vrrp->n_instances = 1;
	conf->checker->n_virtual = 1;
	snprintf(conf->vrrp->router_id, sizeof(conf->vrrp->router_id), "%s", vrrp_text);
	return conf;
}

/* --- the stage --- */

struct stage {
	struct supervisor sup;
	struct daemon_options options;
	struct daemon_paths paths;
	struct hf_signal *children;
	struct hf_timer *clock;
	bool (*until)(struct stage *stage);
	hf_time end;
	bool overdue;
	int answers;
	bool refused;
	pid_t pid_before;
};

static void
on_child(void *arg, int signum)
{
	supervisor_children_died(arg);
}

static void
on_clock(void *arg)
{
	struct stage *stage = arg;
	hf_time now = hf_time_now();

	stage->overdue = hf_reached(now, stage->end);
	if (stage->overdue || stage->until(stage))
		hf_loop_stop(stage->sup.loop);
	else
		hf_timer_set(stage->clock, hf_after(now, HF_MILLIS(5)));
}

static void
run_until(struct stage *stage, bool (*until)(struct stage *stage))
{
	stage->until = until;
	stage->end = hf_after(hf_time_now(), LIMIT_NS);
	hf_timer_set(stage->clock, hf_time_now());
	assert_int_equal(hf_loop_run(stage->sup.loop), 0);
	assert_false(stage->overdue);
}

static void
on_configured(struct supervisor *sup, const char *error)
{
	struct stage *stage = (struct stage *)sup;

	stage->answers++;
	stage->refused = error != NULL;
}

static int
setup(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct hf_log_options quiet = { .most = HF_ERROR };

	if (stage == NULL)
		return -1;
	hf_log_setup(&quiet);
	snprintf(stage->paths.run_dir, sizeof(stage->paths.run_dir), "/tmp/test_supervisor.XXXXXX");
	if (mkdtemp(stage->paths.run_dir) == NULL)
		return -1;
	stage->sup.options = &stage->options;
	stage->sup.paths = &stage->paths;
	stage->sup.configured = on_configured;
	stage->sup.loop = hf_loop_new();
	if (stage->sup.loop == NULL || supervisor_init(&stage->sup) != 0)
		return -1;
	stage->children = hf_signal_new(stage->sup.loop, SIGCHLD, on_child, &stage->sup);
	stage->clock = hf_timer_new(stage->sup.loop, HF_PRIO_BULK, on_clock, stage);
	*state = stage;
	return 0;
}

static bool
all_gone(struct stage *stage)
{
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		if (stage->sup.rooms[kind].pid != 0)
			return false;
	}
	return true;
}

static int
teardown(void **state)
{
	struct stage *stage = *state;
	char path[512];

	supervisor_stop(&stage->sup, 0, "test-over");
	run_until(stage, all_gone);
	hf_timer_free(stage->clock);
	hf_signal_free(stage->children);
	supervisor_clear(&stage->sup);
	hf_loop_free(stage->sup.loop);
	snprintf(path, sizeof(path), "%s/log", stage->paths.run_dir);
	unlink(path);
	rmdir(stage->paths.run_dir);
	free(stage);
	return 0;
}

static bool
answered(struct stage *stage)
{
	return stage->answers > 0;
}

static void
start(struct stage *stage, const char *text)
{
	assert_int_equal(supervisor_configure(&stage->sup, conf_saying(text), 0), 0);
	run_until(stage, answered);
}

/* How many lines of the rooms' log are these words? */
static int
count_lines(const struct stage *stage, const char *words)
{
	char path[512], line[256];
	int count = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/log", stage->paths.run_dir);
	in = fopen(path, "r");
	if (in == NULL)
		return 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		count += strcmp(line, words) == 0;
	}
	fclose(in);
	return count;
}

/* Where in the log these words stand first; -1: nowhere. */
static int
line_of(const struct stage *stage, const char *words)
{
	char path[512], line[256];
	int at = -1;
	FILE *in;

	snprintf(path, sizeof(path), "%s/log", stage->paths.run_dir);
	in = fopen(path, "r");
	assert_non_null(in);
	for (int i = 0; at < 0 && fgets(line, sizeof(line), in) != NULL; i++) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, words) == 0)
			at = i;
	}
	fclose(in);
	return at;
}

/* --- the tests --- */

static bool
linked_all(struct stage *stage)
{
	return count_lines(stage, "checker linked ipvs") == 1 &&
	       count_lines(stage, "ipvs linked vrrp") == 1;
}

static void
rooms_start_linked_and_configured(void **state)
{
	struct stage *stage = *state;

	start(stage, "good");
	assert_false(stage->refused);
	for (int kind = HF_ROOM_RUNNER; kind <= HF_ROOM_VRRP; kind++)
		assert_int_equal(stage->sup.rooms[kind].state, ROOM_RUNNING);
	run_until(stage, linked_all);
	assert_int_equal(count_lines(stage, "vrrp linked runner"), 1);
	assert_int_equal(count_lines(stage, "checker linked vrrp"), 0);
	assert_true(line_of(stage, "vrrp linked ipvs") < line_of(stage, "vrrp config first"));
	assert_true(line_of(stage, "runner config first") < line_of(stage, "vrrp config first"));
}

static bool
checker_is_back(struct stage *stage)
{
	const struct room *room = &stage->sup.rooms[HF_ROOM_CHECKER];

	return room->state == ROOM_RUNNING && room->pid != stage->pid_before &&
	       count_lines(stage, "ipvs linked checker") == 2;
}

static void
killed_room_returns_with_its_memory_and_links(void **state)
{
	struct stage *stage = *state;
	pid_t vrrp;

	start(stage, "good");
	vrrp = stage->sup.rooms[HF_ROOM_VRRP].pid;
	stage->pid_before = stage->sup.rooms[HF_ROOM_CHECKER].pid;
	assert_int_equal(kill(stage->pid_before, SIGKILL), 0);
	run_until(stage, checker_is_back);
	assert_int_equal(count_lines(stage, "checker start again"), 1);
	assert_int_equal(count_lines(stage, "checker recall pid"), 1);
	assert_int_equal(stage->sup.rooms[HF_ROOM_VRRP].pid, vrrp);
	assert_int_equal(stage->sup.rooms[HF_ROOM_CHECKER].restarts, 1);
}

static void
addresses_leave_first_and_scripts_last(void **state)
{
	struct stage *stage = *state;

	start(stage, "good");
	supervisor_stop(&stage->sup, 0, "sigterm");
	run_until(stage, all_gone);
	assert_true(line_of(stage, "vrrp stop") < line_of(stage, "checker stop"));
	assert_true(line_of(stage, "checker stop") < line_of(stage, "ipvs stop"));
	assert_true(line_of(stage, "ipvs stop") < line_of(stage, "runner stop"));
	assert_int_equal(stage->sup.exit_code, 0);
}

static void
refusal_at_start_ends_the_daemon_with_its_code(void **state)
{
	struct stage *stage = *state;

	assert_int_equal(supervisor_configure(&stage->sup, conf_saying("refuse"), 0), 0);
	run_until(stage, all_gone);
	assert_int_equal(stage->sup.exit_code, 2);
	assert_int_equal(stage->answers, 0);
}

static bool
answered_twice(struct stage *stage)
{
	return stage->answers == 2;
}

static void
refusal_at_reload_keeps_the_room(void **state)
{
	struct stage *stage = *state;
	pid_t vrrp;

	start(stage, "good");
	vrrp = stage->sup.rooms[HF_ROOM_VRRP].pid;
	assert_int_equal(supervisor_configure(&stage->sup, conf_saying("refuse"), 0), 0);
	run_until(stage, answered_twice);
	assert_true(stage->refused);
	assert_string_equal(stage->sup.refusal, "vrrp: the text says so");
	assert_int_equal(stage->sup.rooms[HF_ROOM_VRRP].pid, vrrp);
	assert_int_equal(stage->sup.rooms[HF_ROOM_VRRP].state, ROOM_RUNNING);
}

/* What one room refuses, no room keeps. */
static void
refusal_at_reload_takes_all_rooms_back(void **state)
{
	struct stage *stage = *state;

	start(stage, "good");
	assert_int_equal(supervisor_configure(&stage->sup, conf_saying("refuse"), 0), 0);
	run_until(stage, answered_twice);
	assert_int_equal(count_lines(stage, "checker config next"), 2);
	assert_true(line_of(stage, "runner config next") < line_of(stage, "checker config next"));
	assert_string_equal(stage->sup.conf->vrrp->router_id, "good");
}

static void
room_that_is_not_needed_is_not_started(void **state)
{
	struct stage *stage = *state;

	stage->options.only_vrrp = true;
	start(stage, "good");
	assert_int_equal(stage->sup.rooms[HF_ROOM_CHECKER].pid, 0);
	assert_int_equal(stage->sup.rooms[HF_ROOM_IPVS].pid, 0);
	assert_int_not_equal(stage->sup.rooms[HF_ROOM_RUNNER].pid, 0);
}

static bool
vrrp_took_the_next(struct stage *stage)
{
	return stage->sup.awaited == 1u << HF_ROOM_CHECKER &&
	       count_lines(stage, "vrrp config next") == 1;
}

static bool
hanging_is_replaced(struct stage *stage)
{
	return stage->answers == 2 && checker_is_back(stage);
}

static void
a_room_that_hangs_is_replaced_and_the_others_go_back(void **state)
{
	struct stage *stage = *state;
	pid_t vrrp;

	start(stage, "good");
	vrrp = stage->sup.rooms[HF_ROOM_VRRP].pid;
	stage->pid_before = stage->sup.rooms[HF_ROOM_CHECKER].pid;
	assert_int_equal(kill(stage->pid_before, SIGSTOP), 0);
	assert_int_equal(supervisor_configure(&stage->sup, conf_saying("better"), 0), 0);
	run_until(stage, vrrp_took_the_next);
	hf_timer_set(stage->sup.limit, hf_time_now()); /* its time is over */
	run_until(stage, hanging_is_replaced);
	assert_true(stage->refused);
	assert_int_equal(stage->sup.rooms[HF_ROOM_VRRP].pid, vrrp);
	assert_int_equal(count_lines(stage, "vrrp config next"), 2); /* and back again */
	assert_int_equal(count_lines(stage, "checker config first"), 2);
	assert_int_equal(count_lines(stage, "checker config next"), 0);
}

static void
a_dead_room_is_tidied_up_after_at_the_stop(void **state)
{
	struct stage *stage = *state;
	pid_t vrrp;

	start(stage, "good");
	vrrp = stage->sup.rooms[HF_ROOM_VRRP].pid;
	assert_int_equal(kill(vrrp, SIGSTOP), 0); /* it will not read what it is told */
	supervisor_stop(&stage->sup, 0, "test");
	assert_int_equal(kill(vrrp, SIGKILL), 0);
	run_until(stage, all_gone);
	assert_int_equal(count_lines(stage, "vrrp start again"), 1);
	assert_int_equal(count_lines(stage, "vrrp config first"), 2);
	assert_int_equal(count_lines(stage, "vrrp stop"), 1);
	assert_true(line_of(stage, "vrrp start again") < line_of(stage, "runner stop"));
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rooms_start_linked_and_configured, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_room_returns_with_its_memory_and_links,
						setup, teardown),
		cmocka_unit_test_setup_teardown(addresses_leave_first_and_scripts_last, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refusal_at_start_ends_the_daemon_with_its_code,
						setup, teardown),
		cmocka_unit_test_setup_teardown(refusal_at_reload_keeps_the_room, setup, teardown),
		cmocka_unit_test_setup_teardown(refusal_at_reload_takes_all_rooms_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_room_that_hangs_is_replaced_and_the_others_go_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dead_room_is_tidied_up_after_at_the_stop, setup,
						teardown),
		cmocka_unit_test_setup_teardown(room_that_is_not_needed_is_not_started, setup,
						teardown),
	};

	if (argc == 3 && strcmp(argv[1], "--room") == 0)
		return be_a_room(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
