/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of leaving: first the addresses (vrrp keeps them until a successor is heard), while
 * checks and table go on serving; then checker, then table; scripts last, since every room before
 * may have left some to run.
 */
#include "daemon/supervisor_stop.h"

#include <assert.h>
#include <signal.h>

#include "daemon/supervisor.h"

static const enum hf_room_kind order[] = { HF_ROOM_VRRP, HF_ROOM_CHECKER, HF_ROOM_IPVS,
					   HF_ROOM_RUNNER };

static int64_t
limit_of(const struct supervisor *sup, enum hf_room_kind kind)
{
	int64_t wait_ns = sup->conf != NULL ? sup->conf->global->child_wait_ns : HF_SECONDS(5);

	if (kind == HF_ROOM_VRRP)
		return wait_ns > STOP_VRRP_NS ? wait_ns : STOP_VRRP_NS;
	if (kind == HF_ROOM_RUNNER)
		return wait_ns > STOP_RUNNER_NS ? wait_ns : STOP_RUNNER_NS;
	return wait_ns;
}

/*
 * A room that died left addresses or table entries in the kernel, and nobody looks after them from
 * now on: one more process removes them. Its predecessor counts as dead for long, so that it does
 * not try to go on as master.
 */
static bool
tidy_after(struct supervisor *sup, struct room *room)
{
	bool keep = room->kind == HF_ROOM_VRRP ? sup->options->keep_vrrp : sup->options->keep_ipvs;

	if (!room->left_things || (room->kind != HF_ROOM_VRRP && room->kind != HF_ROOM_IPVS) ||
	    keep || sup->tidied[room->kind])
		return false;
	sup->tidied[room->kind] = true;
	room->predecessor_end_ns = 1;
	if (!supervisor_start_room(sup, room, room->cause, "tidy-up"))
		return false;
	supervisor_introduce(sup, room);
	return true;
}

/* Asks the next room that has a process to leave; without one, the loop ends. */
static void
next_step(struct supervisor *sup)
{
	struct hf_room_stop how = { .keep_vrrp = sup->options->keep_vrrp,
				    .keep_ipvs = sup->options->keep_ipvs };

	for (; sup->stop_step < (int)HF_COUNT_OF(order); sup->stop_step++) {
		struct room *room = &sup->rooms[order[sup->stop_step]];
		int64_t limit_ns = limit_of(sup, room->kind);

		if (room->pid == 0) {
			if (!tidy_after(sup, room))
				continue;
			limit_ns = STOP_TIDY_NS;
		}
		room_set_state(room, ROOM_LEAVING);
		room_send_stop(room, &how);
		hf_timer_set(sup->limit, hf_after(hf_time_now(), limit_ns));
		return;
	}
	hf_timer_set(sup->limit, HF_UNSET);
	hf_loop_stop(sup->loop);
}

void
supervisor_stop(struct supervisor *sup, int exit_code, const char *reason)
{
	if (sup->phase == PHASE_STOPPING)
		return;
	sup->phase = PHASE_STOPPING;
	sup->exit_code = exit_code;
	supervisor_change(sup, HF_NOTICE, 0, "daemon", "running", "stopping", reason,
			  "exit-status=%d", exit_code);
	sd_notify_stopping(sup->notify, "Leaving");
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		if (sup->rooms[kind].state == ROOM_WAITING && sup->rooms[kind].pid == 0)
			room_wait_until(&sup->rooms[kind], HF_UNSET);
	}
	sup->stop_step = 0;
	next_step(sup);
}

void
supervisor_stop_step_done(struct supervisor *sup)
{
	assert(sup->phase == PHASE_STOPPING);
	if (sup->stop_step >= (int)HF_COUNT_OF(order) || sup->rooms[order[sup->stop_step]].pid != 0)
		return; /* a room that died before its turn */
	next_step(sup);
}

void
supervisor_stop_step_overdue(struct supervisor *sup)
{
	struct room *room = &sup->rooms[order[sup->stop_step]];

	hf_log(HF_ERROR, NULL, "room %s has not left in its time: killing it",
	       hf_room_name(room->kind));
	if (room->pid != 0)
		kill(room->pid, SIGKILL);
}
