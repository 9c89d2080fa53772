/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out what the engines decided, in the order that costs the users least: adverts, then
 * addresses in one batch, then announcements, and only then words. Elsewhere: deciding
 * (vrrp_engine.c), scripts (vrrp_notify.c).
 */
#include <string.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

#define GROUPS_AT_ONCE 64

void
vrrp_shell_rearm(struct vrrp_shell *shell)
{
	const struct vrrp_timer_slot *first = vrrp_timers_first(&shell->timers);

	hf_timer_set(shell->timer, first != NULL ? first->due : HF_NEVER);
}

static void
set_timer(struct vrrp_instance *inst)
{
	struct vrrp_local *local = vrrp_local_of(inst);

	vrrp_timers_set(&local->shell->timers, &local->slot,
			local->done ? HF_NEVER : vrrp_next_due(inst));
}

void
vrrp_shell_step(struct vrrp_local *local, const struct vrrp_event *ev, hf_time now)
{
	struct vrrp_instance *inst = local->inst;
	const struct vrrp_group *group = inst->group;

	local->last_step = now;
	vrrp_router_handle(&local->generation->router, inst, ev, now, &local->shell->actions);
	set_timer(inst);
	for (size_t i = 0; group != NULL && i < group->n_members; i++)
		set_timer(group->members[i]);
}

static void
send_advert(const struct vrrp_action *action)
{
	struct vrrp_local *local = vrrp_local_of(action->inst);
	int err = vrrp_socket_send(local, action->priority);

	if (err == 0 || local->complained)
		return;
	/* A resignation on a link that is down has nobody to hear it. */
	if (action->priority == 0 && action->inst->state == VRRP_FAULT)
		return;
	local->complained = true;
	hf_log(HF_WARNING, action->inst->model->name, "cannot send an advert on %s: %s",
	       action->inst->model->ifname, strerror(-err));
}

static void
announce(struct vrrp_shell *shell, const struct vrrp_action *action, hf_time now)
{
	struct vrrp_local *local = vrrp_local_of(action->inst);
	int64_t interval_ns = HF_MICROS(action->inst->model->garp.interval_us);

	if (local->holding)
		announce_block(shell->announce, local->ties.addresses, local->ties.n_addresses,
			       action->repeat, interval_ns, now);
}

/* The words that monitoring tools look for. */
static void
log_entering(const struct vrrp_action *action)
{
	const char *name = action->inst->model->name;
	const char *init = action->from == VRRP_INITIALIZE ? " (init)" : "";

	if (action->to == VRRP_INITIALIZE)
		hf_log(HF_INFO, NULL, "(%s) %s", name,
		       action->why == VRRP_WHY_DELETED ? "Deleted" : "Stopped");
	else
		hf_log(HF_INFO, NULL, "(%s) Entering %s STATE%s", name, vrrp_state_word(action->to),
		       init);
}

static const char *
change_detail(const struct vrrp_action *action, char *buf, size_t cap)
{
	char peer[HF_ADDR_TEXT_MAX];
	int n = snprintf(buf, cap, "priority=%u", action->inst->effective_priority);

	if (action->silence_ns > 0)
		n += snprintf(buf + n, cap - (size_t)n, " silence=%.3fs",
			      (double)action->silence_ns / 1e9);
	if (hf_addr_is_set(&action->peer))
		n += snprintf(buf + n, cap - (size_t)n, " peer=%s peer_priority=%u",
			      hf_addr_text(&action->peer, peer), action->peer_priority);
	for (uint32_t bit = 0; bit < VRRP_UNMET_KINDS; bit++) {
		if ((action->inst->unmet & 1u << bit) != 0 && (size_t)n < cap)
			n += snprintf(buf + n, cap - (size_t)n, " unmet=%s",
				      vrrp_unmet_word((enum vrrp_unmet)(1u << bit)));
	}
	return buf;
}

static void
say_change(struct vrrp_shell *shell, const struct vrrp_action *action)
{
	struct vrrp_local *local = vrrp_local_of(action->inst);
	const char *from = action->from == VRRP_INITIALIZE ? "INIT" : vrrp_state_word(action->from);
	const char *to = vrrp_state_word(action->to);
	char detail[160];
	uint64_t cause =
		action->from == VRRP_INITIALIZE ? local->generation->cause : local->last_change;

	local->since_wall_us = hf_wall_us();
	local->drops_said = 0;
	local->complained = false;
	log_entering(action);
	local->last_change = hf_room_change(
		shell->room, HF_NOTICE, cause, action->inst->model->name, from, to,
		vrrp_why_code(action->why), "%s", change_detail(action, detail, sizeof(detail)));
	vrrp_memory_keep_state(shell, action->inst->model->name, action->to);
	if (action->to != VRRP_INITIALIZE) /* STOP and DELETED are said when all is done */
		vrrp_notify_change(shell->notify, action, local->last_change,
				   local->generation->model->fifo);
}

static const char *
note_reason(enum vrrp_note note)
{
	switch (note) {
	case VRRP_NOTE_RX_LOWER_PRIORITY:
		return "lower-priority-advert";
	case VRRP_NOTE_INTERVAL_DIFFERS:
		return "interval-differs";
	case VRRP_NOTE_ADDRESSES_DIFFER:
		return "addresses-differ";
	case VRRP_NOTE_SAME_ADDRESS:
		return "same-address";
	case VRRP_NOTE_TWO_ACTIVE_BEGIN:
		return "two-active-begin";
	case VRRP_NOTE_TWO_ACTIVE_END:
		return "two-active-end";
	}
	return "unknown";
}

static void
say_note(struct vrrp_shell *shell, const struct vrrp_action *action)
{
	struct vrrp_local *local = vrrp_local_of(action->inst);
	const char *state = vrrp_state_word(action->inst->state);
	char peer[HF_ADDR_TEXT_MAX];
	bool serious = action->note == VRRP_NOTE_TWO_ACTIVE_BEGIN ||
		       action->note == VRRP_NOTE_SAME_ADDRESS ||
		       action->note == VRRP_NOTE_ADDRESSES_DIFFER;

	if (action->note == VRRP_NOTE_RX_LOWER_PRIORITY) {
		vrrp_notify_rx_lower(shell->notify, action->inst, local->last_change,
				     local->generation->model->fifo);
		hf_log(HF_DEBUG, action->inst->model->name,
		       "heard priority %u from %s, lower than ours", action->peer_priority,
		       hf_addr_text(&action->peer, peer));
		return;
	}
	hf_room_change(shell->room, serious ? HF_WARNING : HF_INFO, local->last_change,
		       action->inst->model->name, state, state, note_reason(action->note),
		       "peer=%s peer_priority=%u", hf_addr_text(&action->peer, peer),
		       action->peer_priority);
}

static void
say_groups(struct vrrp_shell *shell)
{
	struct vrrp_group *list[GROUPS_AT_ONCE];
	enum vrrp_state from[GROUPS_AT_ONCE];
	size_t n;

	if (shell->current == NULL || shell->stopping)
		return;
	do {
		n = vrrp_router_groups_changed(&shell->current->router, list, from, GROUPS_AT_ONCE);
		for (size_t i = 0; i < n; i++) {
			const char *name = list[i]->model->name;
			const char *to = vrrp_state_word(list[i]->state);
			uint64_t id = hf_room_change(
				shell->room, HF_NOTICE,
				vrrp_local_of(list[i]->members[0])->last_change, name,
				from[i] == VRRP_INITIALIZE ? "INIT" : vrrp_state_word(from[i]), to,
				"sync-group", NULL);

			hf_log(HF_INFO, NULL, "VRRP_Group(%s) Syncing instances to %s state", name,
			       to);
			vrrp_notify_group(shell->notify, list[i]->model, to,
					  vrrp_state_word(from[i]), id,
					  shell->current->model->fifo);
		}
	} while (n == GROUPS_AT_ONCE);
}

static bool
all_done(const struct vrrp_shell *shell)
{
	if (!TAILQ_EMPTY(&shell->retired))
		return false;
	for (size_t i = 0; shell->current != NULL && i < shell->current->router.n_instances; i++) {
		if (!vrrp_local_of(shell->current->router.instances[i])->done)
			return false;
	}
	return true;
}

/*
 * Adverts leave before anything else, whatever waits: peers measure time by them. They are taken
 * out of the list; what remains keeps its order.
 */
static void
send_adverts(struct vrrp_shell *shell)
{
	struct vrrp_actions *actions = &shell->actions;
	size_t kept = shell->n_kept;

	for (size_t i = kept; i < actions->n; i++) {
		if (actions->list[i].type == VRRP_DO_ADVERT)
			send_advert(&actions->list[i]);
		else
			actions->list[kept++] = actions->list[i];
	}
	actions->n = kept;
	shell->n_kept = kept;
}

/* Addresses of the next few actions in one batch, then their announcements. */
static void
act_on_some(struct vrrp_shell *shell, hf_time now)
{
	const struct vrrp_actions *actions = &shell->actions;
	size_t first = shell->n_acted, end = first;

	for (; end < actions->n && shell->plan.n < VRRP_ADDRESS_BATCH; end++) {
		enum vrrp_action_type type = actions->list[end].type;

		if (type == VRRP_DO_TAKE || type == VRRP_DO_RELEASE)
			vrrp_local_hold(vrrp_local_of(actions->list[end].inst),
					type == VRRP_DO_TAKE);
	}
	address_netlink_apply(shell->netlink, &shell->plan);
	for (size_t i = first; i < end; i++) {
		if (actions->list[i].type == VRRP_DO_ANNOUNCE)
			announce(shell, &actions->list[i], now);
	}
	announce_flush(shell->announce);
	shell->n_acted = end;
}

/* Words about everything that was done. */
static void
say(struct vrrp_shell *shell)
{
	bool retire = false;

	for (; shell->n_said < shell->n_acted; shell->n_said++) {
		const struct vrrp_action *action = &shell->actions.list[shell->n_said];
		struct vrrp_local *local = vrrp_local_of(action->inst);

		if (action->type == VRRP_DO_CHANGE)
			say_change(shell, action);
		else if (action->type == VRRP_DO_NOTE)
			say_note(shell, action);
		else if (action->type == VRRP_DO_DONE) {
			local->done = true;
			set_timer(action->inst);
			retire |= local->generation != shell->current;
		}
	}
	if (retire) /* later: the caller may be in the middle of the instance's packets */
		hf_timer_set(shell->retire, hf_time_now());
}

void
vrrp_shell_carry_out(struct vrrp_shell *shell, hf_time now)
{
	hf_time limit;

	send_adverts(shell);
	address_netlink_apply(shell->netlink, &shell->plan); /* of a reload or a recheck */
	limit = hf_after(hf_time_now(), VRRP_TURN_NS);
	while (shell->n_acted < shell->actions.n) {
		act_on_some(shell, now);
		if (hf_reached(hf_time_now(), limit))
			break;
	}
	say(shell);
	vrrp_shell_rearm(shell);
	if (shell->n_acted < shell->actions.n) { /* others get their turn first */
		hf_timer_set(shell->proceed, hf_time_now());
		return;
	}
	vrrp_actions_reset(&shell->actions);
	shell->n_kept = shell->n_acted = shell->n_said = 0;
	say_groups(shell);
	if (shell->stopping && all_done(shell))
		vrrp_shell_leave(shell);
}
