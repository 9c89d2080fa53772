/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VRRP election (RFC 9568 section 6.4, RFC 3768 section 6.4 for version 2) as a pure state
 * machine, with keepalived's additions: preempt delay, repeated announcements, FAULT, leaving.
 * In: adverts, timer, conditions, models, each with its time. Out: ordered actions for the shell.
 * Elsewhere: how a decision is carried out (vrrp_step.c), bytes (vrrp_packet.c), spans of time
 * (vrrp_timing.c), what a reload changes (vrrp_reload.c), groups that move together
 * (vrrp_router.c), addresses (net/).
 */
#include "vrrp/vrrp_engine.h"

#include <assert.h>
#include <string.h>

#include "vrrp/vrrp_step.h"

#define AT_ONCE_NS HF_MICROS(1) /* an owner in a group: the others have to want it as well */

void
vrrp_instance_init(struct vrrp_instance *inst, const struct vrrp_instance_model *model)
{
	memset(inst, 0, sizeof(*inst));
	inst->model = model;
	inst->effective_priority = model->priority;
	inst->active_adver_cs = model->advert_cs;
	vrrp_instance_check(inst);
}

void
vrrp_instance_check(const struct vrrp_instance *inst)
{
	bool speaking = inst->state == VRRP_ACTIVE && !inst->leaving;

	assert(inst->model != NULL);
	assert(inst->effective_priority > 0); /* 0 is the word for resigning */
	assert(inst->active_adver_cs > 0);
	assert(speaking == hf_is_set(inst->adver_due));
	assert((inst->state == VRRP_BACKUP) == hf_is_set(inst->active_down_due));
	assert(inst->leaving == hf_is_set(inst->release_due));
	assert(!inst->leaving || inst->state == VRRP_ACTIVE);
	assert(inst->state != VRRP_FAULT || inst->unmet != 0);
	assert(inst->state != VRRP_BACKUP || inst->unmet == 0);
	assert(inst->state != VRRP_ACTIVE || inst->unmet == 0);
	assert(!inst->wants_active || inst->state == VRRP_BACKUP);
	assert(speaking || !hf_is_set(inst->garp_block_due));
	assert(speaking || !hf_is_set(inst->garp_refresh_due));
	assert(speaking || !hf_is_set(inst->garp_lower_due));
	assert(speaking || !hf_is_set(inst->garp_defend_due));
	assert(speaking || !hf_is_set(inst->other_active_until));
	assert(inst->state == VRRP_BACKUP || !hf_is_set(inst->preempt_ok));
}

/* Accepts the sender as the active router (6.4.2): its interval, and patience from now on. */
static void
follow(struct vrrp_instance *inst, const struct vrrp_advert *advert, hf_time now)
{
	if (inst->model->version == 3 && advert->max_advertise_cs > 0)
		inst->active_adver_cs = advert->max_advertise_cs;
	inst->active_addr = advert->source;
	inst->active_priority = advert->priority;
	inst->last_heard = now;
	inst->wants_active = false;
	vrrp_step_wait(inst, vrrp_active_down_interval_ns(inst), VRRP_WHY_ACTIVE_SILENT, now);
}

/* BACKUP */

/* May a router with a higher priority than the active one begin to take over? */
static bool
may_preempt(struct vrrp_instance *inst, hf_time now)
{
	if (!inst->model->preempt)
		return false;
	if (inst->model->preempt_delay_ns == 0)
		return true;
	if (!hf_is_set(inst->preempt_ok))
		inst->preempt_ok = hf_after(now, inst->model->preempt_delay_ns);
	return hf_reached(now, inst->preempt_ok);
}

static void
backup_hears(struct vrrp_instance *inst, const struct vrrp_advert *advert, hf_time now,
	     struct vrrp_actions *out)
{
	inst->counters.advert_rcvd++;
	if (hf_addr_equal(&advert->source, &inst->source))
		vrrp_step_note_once(inst, VRRP_NOTE_SAME_ADDRESS, advert, out);
	if (advert->priority == 0) {
		/* The active router resigns. A second resignation must not lengthen the wait. */
		inst->counters.pri_zero_rcvd++;
		inst->active_down_due =
			hf_earlier(inst->active_down_due, hf_after(now, vrrp_skew_ns(inst)));
		inst->down_why = VRRP_WHY_ACTIVE_RESIGNED;
		return;
	}
	vrrp_step_note_differences(inst, advert, out);
	if (advert->priority >= inst->effective_priority) {
		inst->preempt_ok = HF_UNSET;
		follow(inst, advert, now);
	} else if (!may_preempt(inst, now)) {
		follow(inst, advert, now);
	} else {
		inst->down_why = VRRP_WHY_PREEMPT; /* discarded: the timer goes on */
	}
}

/* In a group everybody has to want it: the router orders ACTIVE when that is so. */
static void
backup_timer(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	if (!hf_reached(now, inst->active_down_due))
		return;
	if (!inst->group) {
		vrrp_step_become_active(inst, inst->down_why, now, out);
		return;
	}
	inst->wants_active = true;
	inst->active_down_due = hf_after(now, vrrp_active_down_interval_ns(inst));
}

static void
in_backup(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
	  struct vrrp_actions *out)
{
	if (ev->type == VRRP_EV_TIMER)
		backup_timer(inst, now, out);
	else if (ev->type == VRRP_EV_ADVERT)
		backup_hears(inst, &ev->advert, now, out);
	else if (ev->type == VRRP_EV_GROUP && ev->order == VRRP_ACTIVE)
		vrrp_step_become_active(inst, ev->why, now, out);
}

/* ACTIVE */

/* Somebody lower believes to be active: it and the neighbours are told. */
static void
speak_up(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	const struct vrrp_garp_model *garp = &inst->model->garp;

	if (!inst->model->lower_prio_no_advert)
		vrrp_step_advertise(inst, now, out);
	vrrp_step_announce(inst, garp->lower_prio_repeat, out);
	if (garp->lower_prio_repeat > 0 && garp->lower_prio_delay_ms > 0)
		inst->garp_lower_due = hf_after(now, HF_MILLIS(garp->lower_prio_delay_ms));
}

static void
give_way(struct vrrp_instance *inst, const struct vrrp_advert *advert, hf_time now,
	 struct vrrp_actions *out)
{
	enum vrrp_why why = advert->priority > inst->effective_priority ? VRRP_WHY_HIGHER_PRIORITY
									: VRRP_WHY_HIGHER_ADDRESS;

	if (inst->model->higher_prio_send_advert)
		vrrp_step_advertise(inst, now, out);
	inst->active_addr = advert->source;
	inst->active_priority = advert->priority;
	vrrp_step_leave_active(inst, VRRP_BACKUP, why, false, now, out);
	follow(inst, advert, now);
}

static bool
may_answer(struct vrrp_instance *inst)
{
	if (inst->answers >= VRRP_ANSWERS_MAX)
		return false;
	inst->answers++;
	return true;
}

static void
active_hears(struct vrrp_instance *inst, const struct vrrp_advert *advert, hf_time now,
	     struct vrrp_actions *out)
{
	int by_address = hf_addr_cmp(&advert->source, &inst->source);

	if (by_address == 0) { /* reflected, or a duplicate address: never a change of state */
		inst->counters.drops[VRRP_DROP_OWN]++;
		vrrp_step_note_once(inst, VRRP_NOTE_SAME_ADDRESS, advert, out);
		return;
	}
	inst->counters.advert_rcvd++;
	if (advert->priority == 0) {
		inst->counters.pri_zero_rcvd++;
		if (may_answer(inst))
			vrrp_step_advertise(inst, now, out);
		vrrp_step_heal(inst, out);
		return;
	}
	vrrp_step_note_differences(inst, advert, out);
	if (advert->priority > inst->effective_priority ||
	    (advert->priority == inst->effective_priority && by_address > 0)) {
		give_way(inst, advert, now, out);
		return;
	}
	if (may_answer(inst)) {
		speak_up(inst, now, out);
		vrrp_step_note(inst, VRRP_NOTE_RX_LOWER_PRIORITY, &advert->source, advert->priority,
			       out);
	}
	vrrp_step_other_active_begins(inst, advert, now, out);
}

/* The next beat of a regular timer: on the beat, unless a whole beat was missed. */
static hf_time
next_beat(hf_time due, int64_t period_ns, hf_time now)
{
	hf_time next = hf_after(due, period_ns);

	return next.ns > now.ns ? next : hf_after(now, period_ns);
}

static void
active_timer(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	const struct vrrp_garp_model *garp = &inst->model->garp;

	if (hf_reached(now, inst->adver_due)) {
		inst->answers = 0;
		vrrp_step_speak(inst, inst->effective_priority, now, out);
		inst->adver_due =
			next_beat(inst->adver_due, vrrp_advert_ns(inst->model->advert_cs), now);
	}
	if (hf_reached(now, inst->garp_block_due)) {
		inst->garp_block_due = HF_UNSET;
		vrrp_step_announce(inst, garp->master_repeat, out);
	}
	if (hf_reached(now, inst->garp_refresh_due)) {
		vrrp_step_announce(inst, garp->master_refresh_repeat, out);
		inst->garp_refresh_due =
			garp->master_refresh_ms == 0
				? HF_UNSET
				: next_beat(inst->garp_refresh_due,
					    HF_MILLIS(garp->master_refresh_ms), now);
	}
	if (hf_reached(now, inst->garp_lower_due)) {
		inst->garp_lower_due = HF_UNSET;
		vrrp_step_announce(inst, garp->lower_prio_repeat, out);
	}
	if (hf_reached(now, inst->garp_defend_due)) {
		inst->garp_defend_due = HF_UNSET;
		vrrp_step_announce(inst, garp->master_repeat, out);
	}
	if (hf_reached(now, inst->other_active_until))
		vrrp_step_heal(inst, out);
}

/*
 * One that gave way may still announce what it had already begun to take. The neighbours are told
 * again whose it is: at once, and when it has surely finished.
 */
static void
defend(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	if (hf_is_set(inst->garp_defend_due))
		return;
	vrrp_step_announce(inst, inst->model->garp.master_repeat, out);
	inst->garp_defend_due = hf_after(now, VRRP_DEFEND_NS);
}

static void
in_active(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
	  struct vrrp_actions *out)
{
	if (ev->type == VRRP_EV_TIMER)
		active_timer(inst, now, out);
	else if (ev->type == VRRP_EV_ADVERT)
		active_hears(inst, &ev->advert, now, out);
	else if (ev->type == VRRP_EV_ANNOUNCED)
		defend(inst, now, out);
	else if (ev->type == VRRP_EV_GROUP && ev->order == VRRP_ACTIVE)
		speak_up(inst, now, out);
	else if (ev->type == VRRP_EV_GROUP && ev->order == VRRP_BACKUP)
		vrrp_step_leave_active(inst, VRRP_BACKUP, ev->why, true, now, out);
}

/* Leaving: priority 0 was sent, address and forwarding are kept for those still coming here. */

static void
left(struct vrrp_instance *inst, enum vrrp_why why, hf_time now, struct vrrp_actions *out)
{
	/* Who asks why a deleted one is gone wants that word, not who took over. */
	if (inst->leave_why == VRRP_WHY_DELETED)
		why = VRRP_WHY_DELETED;
	vrrp_step_leave_active(inst, VRRP_INITIALIZE, why, false, now, out);
	vrrp_actions_add(out, inst, VRRP_DO_DONE);
}

static void
while_leaving(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
	      struct vrrp_actions *out)
{
	if (ev->type == VRRP_EV_TIMER && hf_reached(now, inst->release_due)) {
		left(inst, inst->succeeded ? VRRP_WHY_SUCCESSOR : VRRP_WHY_NO_SUCCESSOR, now, out);
		return;
	}
	if (ev->type == VRRP_EV_ANNOUNCED) {
		inst->succeeded = true;
		inst->release_due =
			hf_earlier(inst->release_due, hf_after(now, VRRP_LEAVE_LINGER_NS));
		return;
	}
	if (ev->type != VRRP_EV_ADVERT || hf_addr_equal(&ev->advert.source, &inst->source))
		return;
	inst->counters.advert_rcvd++;
	if (ev->advert.priority == 0) {
		inst->counters.pri_zero_rcvd++;
		return;
	}
	inst->active_addr = ev->advert.source;
	inst->active_priority = ev->advert.priority;
	if (inst->succeeded)
		return;
	/* From here on somebody is about to take over, however late it was: now it has its time. */
	inst->succeeded = true;
	inst->release_due = hf_after(now, inst->model->family == AF_INET6 ? VRRP_LEAVE_TAKING6_NS
									  : VRRP_LEAVE_TAKING_NS);
}

/* Events that mean the same in every state */

static void
on_startup(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
	   struct vrrp_actions *out)
{
	const struct vrrp_instance_model *model = inst->model;

	if (inst->state != VRRP_INITIALIZE)
		return;
	inst->source = ev->source;
	inst->unmet = ev->unmet;
	if (ev->unmet != 0) {
		vrrp_step_change(inst, VRRP_FAULT, VRRP_WHY_CONDITIONS, now, out);
	} else if (ev->resume_active) {
		vrrp_step_become_active(inst, VRRP_WHY_RESUMED, now, out);
	} else if (model->start_as_active && model->priority == VRRP_OWNER_PRIORITY &&
		   !inst->group) {
		vrrp_step_become_active(inst, VRRP_WHY_OWNER, now, out);
	} else {
		vrrp_step_become_backup(inst, VRRP_WHY_STARTUP, now, out);
		if (model->start_as_active && model->priority == VRRP_OWNER_PRIORITY)
			vrrp_step_wait(inst, AT_ONCE_NS, VRRP_WHY_OWNER, now);
		else if (model->start_as_active)
			vrrp_step_wait_one_advert(inst, now);
	}
}

static void
on_unmet(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	enum vrrp_why why = inst->unmet == VRRP_UNMET_GROUP ? VRRP_WHY_GROUP : VRRP_WHY_CONDITIONS;

	switch (inst->state) {
	case VRRP_BACKUP:
		inst->active_down_due = HF_UNSET;
		vrrp_step_change(inst, VRRP_FAULT, why, now, out);
		inst->active_addr = (struct hf_addr){ 0 };
		inst->active_priority = 0;
		break;
	case VRRP_ACTIVE:
		if (inst->leaving)
			left(inst, why, now, out);
		else
			vrrp_step_leave_active(inst, VRRP_FAULT, why, true, now, out);
		break;
	case VRRP_INITIALIZE:
	case VRRP_FAULT:
		break;
	}
}

static void
on_conditions(struct vrrp_instance *inst, uint32_t unmet, hf_time now, struct vrrp_actions *out)
{
	enum vrrp_why met =
		inst->unmet == VRRP_UNMET_GROUP ? VRRP_WHY_GROUP : VRRP_WHY_CONDITIONS_MET;

	inst->unmet = unmet;
	if (unmet != 0) {
		on_unmet(inst, now, out);
	} else if (inst->state == VRRP_FAULT) {
		vrrp_step_become_backup(inst, met, now, out);
		if (inst->model->start_as_active && inst->model->priority == VRRP_OWNER_PRIORITY)
			vrrp_step_wait_one_advert(inst, now);
	}
}

static void
on_shutdown(struct vrrp_instance *inst, enum vrrp_why why, hf_time now, struct vrrp_actions *out)
{
	switch (inst->state) {
	case VRRP_ACTIVE:
		if (inst->leaving)
			break;
		vrrp_step_other_active_ends(inst, out);
		vrrp_step_speak(inst, 0, now, out);
		vrrp_step_stop_timers(inst);
		inst->leaving = true;
		inst->leave_why = why;
		inst->succeeded = false;
		inst->release_due = hf_after(now, vrrp_leave_wait_ns(inst->model));
		break;
	case VRRP_BACKUP:
	case VRRP_FAULT:
		inst->active_down_due = HF_UNSET;
		vrrp_step_change(inst, VRRP_INITIALIZE, why, now, out);
		vrrp_actions_add(out, inst, VRRP_DO_DONE);
		break;
	case VRRP_INITIALIZE:
		vrrp_actions_add(out, inst, VRRP_DO_DONE);
		break;
	}
}

static void
on_source(struct vrrp_instance *inst, const struct hf_addr *source)
{
	if (inst->state == VRRP_ACTIVE && hf_addr_equal(&inst->active_addr, &inst->source))
		inst->active_addr = *source;
	inst->source = *source;
}

/* What depends on the state: timer, adverts, the group's orders. */
static void
in_state(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
	 struct vrrp_actions *out)
{
	switch (inst->state) {
	case VRRP_INITIALIZE:
	case VRRP_FAULT: /* may not take part: what the others say does not matter */
		break;
	case VRRP_BACKUP:
		in_backup(inst, ev, now, out);
		break;
	case VRRP_ACTIVE:
		if (inst->leaving)
			while_leaving(inst, ev, now, out);
		else
			in_active(inst, ev, now, out);
		break;
	}
}

/*
 * A process that stood still (stopped, starved, a paused virtual machine) cannot know whether
 * somebody has taken over: once a peer may have, it listens before it speaks.
 */
static void
step_down_if_paused(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	if (inst->state != VRRP_ACTIVE || inst->leaving)
		return;
	if (hf_between(inst->last_sent, now) <= vrrp_resume_limit_ns(inst->model))
		return;
	inst->counters.paused++;
	vrrp_step_leave_active(inst, VRRP_BACKUP, VRRP_WHY_PAUSED, false, now, out);
}

void
vrrp_handle(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
	    struct vrrp_actions *out)
{
	vrrp_instance_check(inst);
	step_down_if_paused(inst, now, out);
	switch (ev->type) {
	case VRRP_EV_STARTUP:
		on_startup(inst, ev, now, out);
		break;
	case VRRP_EV_CONDITIONS:
		on_conditions(inst, ev->unmet, now, out);
		break;
	case VRRP_EV_SOURCE:
		on_source(inst, &ev->source);
		break;
	case VRRP_EV_MODEL:
		vrrp_step_reload(inst, ev->model, now, out);
		break;
	case VRRP_EV_SHUTDOWN:
		on_shutdown(inst, ev->why, now, out);
		break;
	case VRRP_EV_TIMER:
	case VRRP_EV_ADVERT:
	case VRRP_EV_ANNOUNCED:
	case VRRP_EV_GROUP:
		in_state(inst, ev, now, out);
		break;
	}
	vrrp_instance_check(inst);
}

hf_time
vrrp_next_due(const struct vrrp_instance *inst)
{
	hf_time due = hf_earlier(inst->adver_due, inst->active_down_due);

	due = hf_earlier(due, inst->release_due);
	due = hf_earlier(due, inst->garp_block_due);
	due = hf_earlier(due, inst->garp_refresh_due);
	due = hf_earlier(due, inst->garp_lower_due);
	due = hf_earlier(due, inst->garp_defend_due);
	return hf_earlier(due, inst->other_active_until);
}
