/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exact words that scripts and FIFOs get, as readers written for keepalived expect them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runner/runner.h"
#include "vrrp/vrrp_notify.h"

/* In place of the room and its link: what is sent becomes a line of text each. */

struct listener {
	bool away; /* there is no runner */
	char text[2048];
};

static struct listener *
listener_of(void *anything)
{
	return anything;
}

struct hf_ipc *
hf_room_link(struct hf_room *room, enum hf_room_kind peer)
{
	assert_int_equal(peer, HF_ROOM_RUNNER);
	return listener_of(room)->away ? NULL : (struct hf_ipc *)room;
}

static void
write_job(const void *payload, size_t len, char *to, size_t cap)
{
	const char *argv[SCRIPT_ARGS_MAX + 1];
	struct runner_job job;

	assert_int_equal(runner_job_decode(payload, len, &job, argv), 0);
	int n = snprintf(to, cap, "run");

	for (size_t i = 0; i < job.argc; i++)
		n += snprintf(to + n, cap - (size_t)n, " %s", argv[i]);
	snprintf(to + n, cap - (size_t)n, " (%s, was %s, seq %llu, cause %llu)\n", job.reason,
		 job.prev_state, (unsigned long long)job.seq, (unsigned long long)job.cause);
}

int
hf_ipc_send(struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len, int fd)
{
	struct listener *listener = listener_of(ipc);
	size_t used = strlen(listener->text), cap = sizeof(listener->text) - used;

	assert_int_equal(fd, -1);
	if (type == RUNNER_MSG_RUN) {
		write_job(payload, len, listener->text + used, cap);
		return 0;
	}
	assert_int_equal(type, RUNNER_MSG_FIFO);
	snprintf(listener->text + used, cap, "fifo %.*s", (int)len, (const char *)payload);
	return 0;
}

static const char *const words[][2] = {
	{ "/master", "x" }, { "/backup", "x" },  { "/fault", "x" }, { "/stop", "x" },
	{ "/any", "x" },    { "/deleted", "x" }, { "/lower", "x" },
};

struct world {
	struct listener listener;
	struct vrrp_notify *notify;
	struct vrrp_instance_model model;
	struct vrrp_group_model group;
	struct vrrp_instance inst;
};

static struct script_model
script(size_t i)
{
	return (struct script_model){ .argc = 2, .argv = words[i] };
}

static int
setup(void **state)
{
	static struct world w;

	w = (struct world){ .model = { .name = "VI_1", .priority = 100, .advert_cs = 100 },
			    .group = { .name = "G1" } };
	w.model.notify = (struct vrrp_notify_model){
		.master = script(0),
		.backup = script(1),
		.fault = script(2),
		.stop = script(3),
		.any = script(4),
		.master_rx_lower_pri = script(6),
	};
	w.group.notify = w.model.notify;
	vrrp_instance_init(&w.inst, &w.model);
	w.inst.transitions = 3;
	w.notify = vrrp_notify_new((struct hf_room *)&w.listener);
	assert_non_null(w.notify);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	vrrp_notify_free(w->notify);
	return 0;
}

static void
change(struct world *w, enum vrrp_state from, enum vrrp_state to, enum vrrp_why why)
{
	struct vrrp_action action = {
		.type = VRRP_DO_CHANGE, .inst = &w->inst, .from = from, .to = to, .why = why
	};

	vrrp_notify_change(w->notify, &action, 42, true);
}

/* What was said, and nothing again. */
static void
assert_said(struct world *w, const char *expected)
{
	assert_string_equal(w->listener.text, expected);
	w->listener.text[0] = '\0';
}

static void
a_change_runs_the_specific_then_the_general_script_then_writes_the_line(void **state)
{
	struct world *w = *state;

	change(w, VRRP_BACKUP, VRRP_ACTIVE, VRRP_WHY_ACTIVE_SILENT);
	assert_said(w, "run /master x (active-silent, was BACKUP, seq 3, cause 42)\n"
		       "run /any x INSTANCE VI_1 MASTER 100 (active-silent, was BACKUP, seq 3, "
		       "cause 42)\n"
		       "fifo INSTANCE \"VI_1\" MASTER 100\n");
	change(w, VRRP_ACTIVE, VRRP_FAULT, VRRP_WHY_CONDITIONS);
	assert_said(w, "run /fault x (conditions-unmet, was MASTER, seq 3, cause 42)\n"
		       "run /any x INSTANCE VI_1 FAULT 100 (conditions-unmet, was MASTER, seq 3, "
		       "cause 42)\n"
		       "fifo INSTANCE \"VI_1\" FAULT 100\n");
}

static void
without_a_fifo_there_is_no_line(void **state)
{
	struct world *w = *state;

	w->model.notify.any.argc = 0;
	vrrp_notify_rx_lower(w->notify, &w->inst, 42, false);
	assert_said(w, "run /lower x (lower-priority-advert, was STOP, seq 3, cause 42)\n");
}

static void
a_lower_priority_advert_has_its_own_script_and_line(void **state)
{
	struct world *w = *state;

	w->inst.state = VRRP_ACTIVE;
	vrrp_notify_rx_lower(w->notify, &w->inst, 42, true);
	assert_said(w, "run /lower x (lower-priority-advert, was MASTER, seq 3, cause 42)\n"
		       "fifo INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 100\n");
}

static void
the_stop_is_said_as_stop(void **state)
{
	struct world *w = *state;

	vrrp_notify_end(w->notify, &w->inst, false, 42, true);
	assert_said(w, "run /stop x (stopped, was , seq 4, cause 42)\n"
		       "run /any x INSTANCE VI_1 STOP 100 (stopped, was , seq 4, cause 42)\n"
		       "fifo INSTANCE \"VI_1\" STOP 100\n");
}

static void
a_deleted_one_is_a_fault_for_those_who_do_not_ask_for_more(void **state)
{
	struct world *w = *state;

	vrrp_notify_end(w->notify, &w->inst, true, 42, true);
	assert_said(w, "run /fault x (deleted, was , seq 4, cause 42)\n"
		       "run /any x INSTANCE VI_1 FAULT 100 (deleted, was , seq 4, cause 42)\n"
		       "fifo INSTANCE \"VI_1\" FAULT 100\n");
	w->model.notify.deleted = script(5);
	vrrp_notify_end(w->notify, &w->inst, true, 42, true);
	assert_said(w, "run /deleted x (deleted, was , seq 4, cause 42)\n"
		       "run /any x INSTANCE VI_1 DELETED 100 (deleted, was , seq 4, cause 42)\n"
		       "fifo INSTANCE \"VI_1\" DELETED 100\n");
}

static void
a_group_has_priority_0(void **state)
{
	struct world *w = *state;

	vrrp_notify_group(w->notify, &w->group, "MASTER", "BACKUP", 42, true);
	assert_said(w, "run /master x (sync-group, was BACKUP, seq 1, cause 42)\n"
		       "run /any x GROUP G1 MASTER 0 (sync-group, was BACKUP, seq 1, cause 42)\n"
		       "fifo GROUP \"G1\" MASTER 0\n");
	vrrp_notify_group(w->notify, &w->group, "STOP", "", 0, true);
	assert_said(w, "run /stop x (sync-group, was , seq 2, cause 0)\n"
		       "run /any x GROUP G1 STOP 0 (sync-group, was , seq 2, cause 0)\n"
		       "fifo GROUP \"G1\" STOP 0\n");
}

static void
what_happens_while_there_is_no_runner_is_said_in_order_when_it_is_back(void **state)
{
	struct world *w = *state;

	w->model.notify.any.argc = 0;
	w->listener.away = true;
	change(w, VRRP_INITIALIZE, VRRP_BACKUP, VRRP_WHY_STARTUP);
	change(w, VRRP_BACKUP, VRRP_ACTIVE, VRRP_WHY_PREEMPT);
	assert_said(w, "");
	w->listener.away = false;
	vrrp_notify_linked(w->notify);
	assert_said(w, "run /backup x (startup, was STOP, seq 3, cause 42)\n"
		       "fifo INSTANCE \"VI_1\" BACKUP 100\n"
		       "run /master x (preempt, was BACKUP, seq 3, cause 42)\n"
		       "fifo INSTANCE \"VI_1\" MASTER 100\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_runs_the_specific_then_the_general_script_then_writes_the_line),
		TEST(without_a_fifo_there_is_no_line),
		TEST(a_lower_priority_advert_has_its_own_script_and_line),
		TEST(the_stop_is_said_as_stop),
		TEST(a_deleted_one_is_a_fault_for_those_who_do_not_ask_for_more),
		TEST(a_group_has_priority_0),
		TEST(what_happens_while_there_is_no_runner_is_said_in_order_when_it_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
