/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share among themselves; everybody else includes vrrp_engine.h. */
#ifndef VRRP_STEP_H
#define VRRP_STEP_H

#include "vrrp/vrrp_engine.h"

/* Sends an advert of this priority; timers go on. */
void vrrp_step_speak(struct vrrp_instance *inst, uint8_t priority, hf_time now,
		     struct vrrp_actions *out);

/* An advert of our priority now, and the next one an interval later. Active only. */
void vrrp_step_advertise(struct vrrp_instance *inst, hf_time now, struct vrrp_actions *out);

/* A block of announcements; none when repeat is 0. */
void vrrp_step_announce(struct vrrp_instance *inst, uint32_t repeat, struct vrrp_actions *out);

/* Something worth an event; _once: until the next change of state. */
void vrrp_step_note(struct vrrp_instance *inst, enum vrrp_note what, const struct hf_addr *peer,
		    uint8_t peer_priority, struct vrrp_actions *out);
void vrrp_step_note_once(struct vrrp_instance *inst, enum vrrp_note what,
			 const struct vrrp_advert *advert, struct vrrp_actions *out);
void vrrp_step_note_differences(struct vrrp_instance *inst, const struct vrrp_advert *advert,
				struct vrrp_actions *out);

/* Moves to a state and says so; the peer is the active router as known until now. The timers of
 * the new state are the caller's. */
void vrrp_step_change(struct vrrp_instance *inst, enum vrrp_state to, enum vrrp_why why,
		      hf_time now, struct vrrp_actions *out);

/* Two routers active at once: begun or still so, over, over and the neighbours have to be told
 * again whose the addresses are. The last two do nothing when it is not so. */
void vrrp_step_other_active_begins(struct vrrp_instance *inst, const struct vrrp_advert *advert,
				   hf_time now, struct vrrp_actions *out);
void vrrp_step_other_active_ends(struct vrrp_instance *inst, struct vrrp_actions *out);
void vrrp_step_heal(struct vrrp_instance *inst, struct vrrp_actions *out);

/* Backup: how long to wait, and the reason there will be when nothing stops it. */
void vrrp_step_wait(struct vrrp_instance *inst, int64_t span_ns, enum vrrp_why expiry, hf_time now);

/* The same after FAULT or INITIALIZE when `state MASTER` asks for less patience. */
void vrrp_step_wait_one_advert(struct vrrp_instance *inst, hf_time now);

/* From a state without election: nothing is known about the others. */
void vrrp_step_become_backup(struct vrrp_instance *inst, enum vrrp_why why, hf_time now,
			     struct vrrp_actions *out);

void vrrp_step_become_active(struct vrrp_instance *inst, enum vrrp_why why, hf_time now,
			     struct vrrp_actions *out);

/* From ACTIVE; resign: say priority 0 first. */
void vrrp_step_leave_active(struct vrrp_instance *inst, enum vrrp_state to, enum vrrp_why why,
			    bool resign, hf_time now, struct vrrp_actions *out);

/* Every timer that only an active router has. */
void vrrp_step_stop_timers(struct vrrp_instance *inst);

/* VRRP_EV_MODEL: takes the new model without giving up the state. */
void vrrp_step_reload(struct vrrp_instance *inst, const struct vrrp_instance_model *model,
		      hf_time now, struct vrrp_actions *out);

#endif
