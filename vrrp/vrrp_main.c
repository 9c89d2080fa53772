/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vrrp room: its life from start to stop, and one timer for all instances. Elsewhere: deciding
 * (vrrp_engine.c, vrrp_router.c), carrying out (vrrp_act.c), configurations (vrrp_apply.c).
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_log.h"
#include "lib/hf_privilege.h"
#include "vrrp/vrrp.h"
#include "vrrp/vrrp_shell.h"

#define EXIT_REFUSED 2

/* Timers */

/* After a stall the others are heard first: what they said decides what is still right to do. */
static void
hear_first(struct vrrp_shell *shell, hf_time now)
{
	const struct vrrp_timer_slot *slot = vrrp_timers_first(&shell->timers);

	if (slot == NULL || hf_between(slot->due, now) < VRRP_LATE_NS)
		return;
	for (size_t i = 0; shell->current != NULL && i < shell->current->router.n_instances; i++) {
		struct vrrp_local *local = vrrp_local_of(shell->current->router.instances[i]);

		if (hf_reached(now, local->slot.due))
			vrrp_socket_read_now(local);
	}
}

static void
on_timer(void *arg)
{
	struct vrrp_shell *shell = arg;
	hf_time now = hf_time_now();
	struct vrrp_timer_slot *slot;
	unsigned int n = 0;

	hear_first(shell, now);
	while (n++ < VRRP_TIMER_BURST && (slot = vrrp_timers_first(&shell->timers)) != NULL &&
	       hf_reached(now, slot->due)) {
		struct vrrp_event ev = { .type = VRRP_EV_TIMER };

		vrrp_shell_step((struct vrrp_local *)slot, &ev, now);
	}
	vrrp_shell_carry_out(shell, now);
}

static void
on_recheck(void *arg)
{
	struct vrrp_shell *shell = arg;
	hf_time now = hf_time_now();

	if (shell->current != NULL && !shell->stopping)
		vrrp_shell_recheck_all(shell, now);
	hf_timer_set(shell->recheck, hf_after(now, VRRP_RECHECK_NS));
}

static void
on_start_delay(void *arg)
{
	struct vrrp_shell *shell = arg;

	shell->waiting_to_start = false;
	if (!shell->stopping)
		vrrp_shell_start_instances(shell, hf_time_now());
}

static void
on_proceed(void *arg)
{
	hf_time now = hf_time_now();

	vrrp_shell_carry_out(arg, now);
	vrrp_shell_restore(arg, now);
}

static void
on_retire(void *arg)
{
	vrrp_shell_retire_done(arg);
	vrrp_shell_carry_out(arg, hf_time_now());
}

/* Packets */

static void
on_advert(void *arg, struct vrrp_local *local, const struct vrrp_advert *advert, hf_time now)
{
	struct vrrp_event ev = { .type = VRRP_EV_ADVERT, .advert = *advert };

	if (!local->started || local->done)
		return;
	/* It may have waited while a timer was handled. */
	vrrp_shell_step(local, &ev, now.ns > local->last_step.ns ? now : local->last_step);
	vrrp_shell_carry_out(arg, hf_time_now());
}

static void
on_dropped(void *arg HF_UNUSED, struct vrrp_local *local, enum vrrp_drop drop,
	   const struct hf_addr *source)
{
	char text[HF_ADDR_TEXT_MAX];

	local->inst->counters.drops[drop]++;
	if ((local->drops_said & 1u << drop) != 0)
		return;
	local->drops_said |= 1u << drop;
	hf_log(HF_WARNING, local->inst->model->name,
	       "advert from %s dropped: %s (said once until the state changes)",
	       hf_addr_text(source, text), vrrp_drop_code(drop));
}

/* The room's life */

static void
shell_end(void *state)
{
	struct vrrp_shell *shell = state;
	struct vrrp_generation *generation;

	while ((generation = TAILQ_FIRST(&shell->retired)) != NULL) {
		TAILQ_REMOVE(&shell->retired, generation, next);
		vrrp_generation_free(shell, generation);
	}
	vrrp_generation_free(shell, shell->current);
	vrrp_memory_free(shell);
	hf_timer_free(shell->timer);
	hf_timer_free(shell->recheck);
	hf_timer_free(shell->start_delay);
	hf_timer_free(shell->stop_limit);
	hf_timer_free(shell->retire);
	hf_timer_free(shell->proceed);
	vrrp_sockets_free(shell->sockets);
	announce_free(shell->announce);
	conflict_free(shell->conflict);
	arp_watch_free(shell->arp_watch);
	link_monitor_free(shell->monitor);
	address_netlink_free(shell->netlink);
	vrrp_notify_free(shell->notify);
	address_plan_free(&shell->plan);
	vrrp_timers_free(&shell->timers);
	vrrp_actions_free(&shell->actions);
	net_table_free(shell->table);
	free(shell);
}

static void
stop_limit_reached(void *arg)
{
	struct vrrp_shell *shell = arg;

	hf_log(HF_WARNING, NULL, "instances are still leaving: not waiting any longer");
	vrrp_shell_leave(shell);
}

static bool
make_timers(struct vrrp_shell *shell)
{
	struct hf_loop *loop = shell->loop;

	shell->timer = hf_timer_new(loop, HF_PRIO_URGENT, on_timer, shell);
	shell->recheck = hf_timer_new(loop, HF_PRIO_BULK, on_recheck, shell);
	shell->start_delay = hf_timer_new(loop, HF_PRIO_NORMAL, on_start_delay, shell);
	shell->stop_limit = hf_timer_new(loop, HF_PRIO_NORMAL, stop_limit_reached, shell);
	shell->retire = hf_timer_new(loop, HF_PRIO_NORMAL, on_retire, shell);
	shell->proceed = hf_timer_new(loop, HF_PRIO_NORMAL, on_proceed, shell);
	return shell->proceed != NULL && shell->timer != NULL && shell->recheck != NULL &&
	       shell->start_delay != NULL && shell->stop_limit != NULL && shell->retire != NULL;
}

/* Says what the system refused; a room without it cannot work. */
static bool
made(const void *part, const char *what)
{
	if (part == NULL)
		hf_log(HF_ERROR, NULL, "cannot open %s: %s", what, strerror(errno));
	return part != NULL;
}

static bool
make_parts(struct vrrp_shell *shell)
{
	static const struct vrrp_socket_ops ops = { on_advert, on_dropped };

	shell->table = net_table_new();
	shell->notify = vrrp_notify_new(shell->room);
	shell->sockets = vrrp_sockets_new(shell->loop, &ops, shell);
	if (shell->table == NULL || shell->notify == NULL || shell->sockets == NULL ||
	    !make_timers(shell)) {
		hf_log(HF_ERROR, NULL, "not enough memory to start");
		return false;
	}
	shell->monitor =
		link_monitor_new(shell->loop, shell->table, vrrp_shell_links_changed, shell);
	if (!made(shell->monitor, "the kernel's link messages"))
		return false;
	shell->netlink = address_netlink_new(shell->loop, shell->table);
	if (!made(shell->netlink, "netlink for addresses"))
		return false;
	shell->announce = announce_new(shell->loop);
	if (!made(shell->announce, "a packet socket (CAP_NET_RAW is needed)"))
		return false;
	shell->conflict = conflict_new(shell->loop, shell->table, vrrp_shell_conflict, shell);
	if (!made(shell->conflict, "a packet socket for ARP"))
		return false;
	shell->arp_watch =
		arp_watch_new(shell->loop, shell->table, vrrp_shell_announced_by_other, shell);
	return made(shell->arp_watch, "a packet socket for ARP");
}

static void *
shell_start(struct hf_room *room)
{
	static const int caps[] = { CAP_NET_ADMIN, CAP_NET_RAW };
	struct vrrp_shell *shell = calloc(1, sizeof(*shell));
	int err;

	if (shell == NULL)
		return NULL;
	shell->room = room;
	shell->loop = hf_room_loop(room);
	TAILQ_INIT(&shell->retired);
	SLIST_INIT(&shell->recalled);
	SLIST_INIT(&shell->recalled_addresses);
	if (hf_privilege_keep(caps, HF_COUNT_OF(caps), false) != 0 || !make_parts(shell))
		goto refused;
	err = link_monitor_read_all(shell->monitor, VRRP_FIRST_READ_NS);
	if (err != 0) {
		hf_log(HF_ERROR, NULL, "the kernel does not list its links and addresses: %s",
		       strerror(-err));
		goto refused;
	}
	hf_timer_set(shell->recheck, hf_after(hf_time_now(), VRRP_RECHECK_NS));
	return shell;
refused:
	shell_end(shell);
	return NULL;
}

static int
shell_config(void *state, const struct hf_room_config *how, const char *text, size_t len,
	     char why[512])
{
	struct vrrp_model *model = vrrp_model_read(text, len, why);

	if (model == NULL)
		return EXIT_REFUSED;
	return vrrp_shell_apply(state, model, how, why);
}

static void
shell_linked(void *state, enum hf_room_kind peer, struct hf_ipc *link HF_UNUSED)
{
	struct vrrp_shell *shell = state;

	if (peer == HF_ROOM_RUNNER)
		vrrp_notify_linked(shell->notify);
}

/* Leaving */

static void
say_stopped(struct vrrp_shell *shell)
{
	struct vrrp_generation *current = shell->current;

	for (size_t i = 0; i < current->router.n_instances; i++) {
		struct vrrp_instance *inst = current->router.instances[i];

		vrrp_notify_end(shell->notify, inst, false, vrrp_local_of(inst)->last_change,
				current->model->fifo);
	}
	for (size_t i = 0; i < current->model->n_groups; i++)
		vrrp_notify_group(shell->notify, &current->model->groups[i], "STOP", "", 0,
				  current->model->fifo);
}

void
vrrp_shell_leave(struct vrrp_shell *shell)
{
	if (shell->left)
		return;
	shell->left = true;
	if (shell->current != NULL)
		say_stopped(shell);
	hf_room_leave(shell->room, 0);
}

/* The longest that any instance may keep its addresses for its successor. */
static int64_t
longest_wait_ns(const struct vrrp_shell *shell)
{
	const struct vrrp_model *model = shell->current->model;
	int64_t longest_ns = 0;

	for (size_t i = 0; i < model->n_instances; i++) {
		int64_t wait_ns = vrrp_leave_wait_ns(&model->instances[i]);

		if (wait_ns > longest_ns)
			longest_ns = wait_ns;
	}
	return longest_ns;
}

/* Everything stays as it is, also when the state is freed. */
static void
keep_addresses(struct vrrp_shell *shell)
{
	struct vrrp_router *router = &shell->current->router;

	for (size_t i = 0; i < router->n_instances; i++)
		vrrp_local_abandon(vrrp_local_of(router->instances[i]));
}

static void
shell_stop(void *state, const struct hf_room_stop *how, bool supervisor_gone HF_UNUSED)
{
	struct vrrp_shell *shell = state;
	hf_time now = hf_time_now();

	shell->stopping = true;
	hf_timer_set(shell->start_delay, HF_NEVER);
	if (shell->current == NULL || how->keep_vrrp) {
		if (shell->current != NULL)
			keep_addresses(shell);
		shell->left = true;
		hf_room_leave(shell->room, 0);
		return;
	}
	for (size_t i = 0; i < shell->current->router.n_instances; i++) {
		struct vrrp_event ev = { .type = VRRP_EV_SHUTDOWN, .why = VRRP_WHY_STOPPED };

		struct vrrp_local *local = vrrp_local_of(shell->current->router.instances[i]);

		vrrp_local_await_successor(local);
		vrrp_shell_step(local, &ev, now);
	}
	hf_timer_set(shell->stop_limit, hf_after(now, longest_wait_ns(shell) + VRRP_STOP_SLACK_NS));
	vrrp_shell_carry_out(shell, now);
}

const struct hf_room_ops *
vrrp_room(void)
{
	static const struct hf_room_ops ops = {
		.kind = HF_ROOM_VRRP,
		.start = shell_start,
		.recall = vrrp_memory_recall,
		.config = shell_config,
		.linked = shell_linked,
		.status = vrrp_shell_status,
		.dump = vrrp_shell_dump,
		.stop = shell_stop,
		.end = shell_end,
	};

	return &ops;
}
