/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine does once it has decided: says something, moves to a state, starts and stops the
 * timers that belong to it. When that happens is vrrp_engine.c's matter.
 */
#include "vrrp/vrrp_step.h"

/* What the engine says */

void
vrrp_step_speak(struct vrrp_instance *inst, uint8_t priority, hf_time now, struct vrrp_actions *out)
{
	vrrp_actions_add(out, inst, VRRP_DO_ADVERT)->priority = priority;
	inst->last_sent = now;
	inst->counters.advert_sent++;
	if (priority == 0)
		inst->counters.pri_zero_sent++;
}

void
vrrp_step_advertise(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out)
{
	vrrp_step_speak(inst, inst->effective_priority, now, out);
	inst->adver_due = hf_after(now, vrrp_advert_ns(inst->model->advert_cs));
}

void
vrrp_step_announce(struct vrrp_instance *inst, uint32_t repeat, struct vrrp_actions *out)
{
	if (repeat > 0)
		vrrp_actions_add(out, inst, VRRP_DO_ANNOUNCE)->repeat = repeat;
}

void
vrrp_step_note(struct vrrp_instance *inst, enum vrrp_note what, const struct hf_addr *peer,
	       uint8_t peer_priority, struct vrrp_actions *out)
{
	struct vrrp_action *action = vrrp_actions_add(out, inst, VRRP_DO_NOTE);

	action->note = what;
	action->peer = *peer;
	action->peer_priority = peer_priority;
}

void
vrrp_step_note_once(struct vrrp_instance *inst, enum vrrp_note what,
		    const struct vrrp_advert *advert, struct vrrp_actions *out)
{
	if (inst->noted & 1u << what)
		return;
	inst->noted |= 1u << what;
	vrrp_step_note(inst, what, &advert->source, advert->priority, out);
}

void
vrrp_step_note_differences(struct vrrp_instance *inst, const struct vrrp_advert *advert,
			   struct vrrp_actions *out)
{
	if (!advert->addresses_match)
		vrrp_step_note_once(inst, VRRP_NOTE_ADDRESSES_DIFFER, advert, out);
	if (inst->model->version == 3 && advert->max_advertise_cs != inst->model->advert_cs)
		vrrp_step_note_once(inst, VRRP_NOTE_INTERVAL_DIFFERS, advert, out);
}

/* Moves to a state and says so; the peer is the active router as known until now. */
void
vrrp_step_change(struct vrrp_instance *inst, enum vrrp_state to, enum vrrp_why why, hf_time now,
		 struct vrrp_actions *out)
{
	struct vrrp_action *action = vrrp_actions_add(out, inst, VRRP_DO_CHANGE);

	action->from = inst->state;
	action->to = to;
	action->why = why;
	action->peer = inst->active_addr;
	action->peer_priority = inst->active_priority;
	if (why == VRRP_WHY_ACTIVE_SILENT)
		action->silence_ns = hf_between(
			hf_is_set(inst->last_heard) ? inst->last_heard : inst->since, now);
	inst->state = to;
	inst->why = why;
	inst->since = now;
	inst->noted = 0;
	inst->transitions++;
	inst->wants_active = false;
	inst->preempt_ok = HF_UNSET;
}

/* Two routers active at once */

void
vrrp_step_other_active_begins(struct vrrp_instance *inst, const struct vrrp_advert *advert,
			      hf_time now, struct vrrp_actions *out)
{
	if (!hf_is_set(inst->other_active_until)) {
		inst->counters.two_active++;
		vrrp_step_note(inst, VRRP_NOTE_TWO_ACTIVE_BEGIN, &advert->source, advert->priority,
			       out);
	}

	int64_t patience_ns =
		inst->model->down_timer_adverts * vrrp_advert_ns(advert->max_advertise_cs) +
		vrrp_skew_for_ns(inst->model->version, advert->max_advertise_cs, advert->priority);

	inst->other_active_seen = now;
	inst->other_active_until = hf_after(now, patience_ns);
	inst->other_active_addr = advert->source;
}

void
vrrp_step_other_active_ends(struct vrrp_instance *inst, struct vrrp_actions *out)
{
	if (!hf_is_set(inst->other_active_until))
		return;
	inst->other_active_until = HF_UNSET;
	vrrp_step_note(inst, VRRP_NOTE_TWO_ACTIVE_END, &inst->other_active_addr, 0, out);
}

/* Neighbours may have learned the other router's address: they are told again whose it is. */
void
vrrp_step_heal(struct vrrp_instance *inst, struct vrrp_actions *out)
{
	if (!hf_is_set(inst->other_active_until))
		return;
	vrrp_step_other_active_ends(inst, out);
	vrrp_step_announce(inst, inst->model->garp.master_repeat, out);
}

/* Moves between the states */

static void
start_announce_timers(struct vrrp_instance *inst, hf_time now)
{
	const struct vrrp_garp_model *garp = &inst->model->garp;

	if (garp->master_delay_ms > 0)
		inst->garp_block_due = hf_after(now, HF_MILLIS(garp->master_delay_ms));
	if (garp->master_refresh_ms > 0)
		inst->garp_refresh_due = hf_after(
			now, HF_MILLIS((int64_t)garp->master_delay_ms + garp->master_refresh_ms));
}

void
vrrp_step_stop_timers(struct vrrp_instance *inst)
{
	inst->adver_due = HF_UNSET;
	inst->garp_block_due = HF_UNSET;
	inst->garp_refresh_due = HF_UNSET;
	inst->garp_lower_due = HF_UNSET;
	inst->garp_defend_due = HF_UNSET;
	inst->other_active_until = HF_UNSET;
}

void
vrrp_step_become_active(struct vrrp_instance *inst, enum vrrp_why why, hf_time now,
			struct vrrp_actions *out)
{
	inst->active_down_due = HF_UNSET;
	inst->active_adver_cs = inst->model->advert_cs; /* a learned interval was the other's */
	vrrp_step_advertise(inst, now, out);
	vrrp_actions_add(out, inst, VRRP_DO_TAKE);
	if (why != VRRP_WHY_RESUMED) /* the neighbours know: nothing has moved */
		vrrp_step_announce(inst, inst->model->garp.master_repeat, out);
	vrrp_step_change(inst, VRRP_ACTIVE, why, now, out);
	inst->last_heard = HF_UNSET; /* what was heard before says nothing about a later silence */
	start_announce_timers(inst, now);
	inst->active_addr = inst->source;
	inst->active_priority = inst->effective_priority;
	inst->counters.become_master++;
}

void
vrrp_step_wait(struct vrrp_instance *inst, int64_t span_ns, enum vrrp_why expiry, hf_time now)
{
	inst->active_down_due = hf_after(now, span_ns);
	inst->down_why = expiry;
}

/* From a state without election: nothing is known about the others. */
void
vrrp_step_become_backup(struct vrrp_instance *inst, enum vrrp_why why, hf_time now,
			struct vrrp_actions *out)
{
	inst->active_adver_cs = inst->model->advert_cs;
	inst->last_heard = HF_UNSET;
	vrrp_step_change(inst, VRRP_BACKUP, why, now, out);
	vrrp_step_wait(inst, vrrp_active_down_interval_ns(inst), VRRP_WHY_ACTIVE_SILENT, now);
}

/* For the state that follows FAULT or INITIALIZE when `state MASTER` asks for less patience. */
void
vrrp_step_wait_one_advert(struct vrrp_instance *inst, hf_time now)
{
	const struct vrrp_instance_model *model = inst->model;

	vrrp_step_wait(inst,
		       vrrp_advert_ns(model->advert_cs) + vrrp_skew_for_ns(model->version,
									   model->advert_cs,
									   VRRP_OWNER_PRIORITY),
		       VRRP_WHY_ACTIVE_SILENT, now);
}

void
vrrp_step_leave_active(struct vrrp_instance *inst, enum vrrp_state to, enum vrrp_why why,
		       bool resign, hf_time now, struct vrrp_actions *out)
{
	vrrp_step_other_active_ends(inst, out);
	if (resign)
		vrrp_step_speak(inst, 0, now, out);
	vrrp_step_stop_timers(inst);
	inst->leaving = false;
	inst->release_due = HF_UNSET;
	inst->counters.release_master++;
	vrrp_actions_add(out, inst, VRRP_DO_RELEASE);
	vrrp_step_change(inst, to, why, now, out);
	inst->active_addr = (struct hf_addr){ 0 };
	inst->active_priority = 0;
	if (to == VRRP_BACKUP)
		vrrp_step_wait(inst, vrrp_active_down_interval_ns(inst), VRRP_WHY_ACTIVE_SILENT,
			       now);
}
