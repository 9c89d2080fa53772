/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All instances of this machine and the sync groups among them, still pure: an event for one
 * instance goes in, actions of every instance that has to move with it come out, in order. The
 * shell talks to this, never to the engine alone.
 *
 * Group rules (keepalived's section 17): FAULT if any member is; active only when every member
 * wants it; one member losing takes all along; in one step, members in configuration order, the
 * trigger first.
 */
#ifndef VRRP_ROUTER_H
#define VRRP_ROUTER_H

#include "vrrp/vrrp_engine.h"

struct vrrp_group {
	const struct vrrp_group_model *model;
	enum vrrp_state state;    /* INITIALIZE until every member is started */
	enum vrrp_state reported; /* by vrrp_router_groups_changed() */
	bool queued;              /* in the router's list of changed groups */
	bool fresh;               /* no member was kept from before, and some are not started yet */
	size_t n_members;
	struct vrrp_instance **members;
};

struct vrrp_router {
	size_t n_instances;
	struct vrrp_instance **instances; /* configuration order */
	size_t n_groups;
	struct vrrp_group *groups;
	size_t n_changed; /* groups to report, at most n_groups */
	struct vrrp_group **changed;
};

/*
 * Builds the router for a model. `old` (may be NULL) is the router before a reload: instances of
 * the same VRID, family and interface (of several: the one of the same name) are moved into the new
 * one with their state, and the shell sends each VRRP_EV_MODEL while the old model still lives.
 * Another VRID or interface is another virtual router, whatever its name. What remains in `old`,
 * without groups, has to be shut down by the shell with why DELETED. Instances that are new are in
 * VRRP_INITIALIZE without transitions. Returns 0 or -ENOMEM with nothing changed.
 */
int vrrp_router_build(struct vrrp_router *router, const struct vrrp_model *model,
		      struct vrrp_router *old);
void vrrp_router_free(struct vrrp_router *router);

/* Takes one instance out of the router and frees it: after VRRP_DO_DONE of a deleted one. It must
 * be in no group. */
void vrrp_router_drop(struct vrrp_router *router, struct vrrp_instance *inst);

/* Hands an event to an instance of this router (or of an old one), then moves its group. The shell
 * never sets VRRP_UNMET_GROUP: that is the router's. Timers may have moved for the instance given
 * and for each one that an action names, for no other. */
void vrrp_router_handle(struct vrrp_router *router, struct vrrp_instance *inst,
			const struct vrrp_event *ev, hf_time now, struct vrrp_actions *out);

/*
 * Groups whose state differs from when this was last called: fills list (cap entries), returns how
 * many. State words for the notify script come from vrrp_state_word(group->state).
 */
size_t vrrp_router_groups_changed(struct vrrp_router *router, struct vrrp_group **list,
				  enum vrrp_state *from, size_t cap);

#endif
