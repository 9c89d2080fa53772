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
	enum vrrp_state state;
	size_t n_members;
	struct vrrp_instance **members;
};

struct vrrp_router {
	size_t n_instances;
	struct vrrp_instance **instances; /* configuration order */
	size_t n_groups;
	struct vrrp_group *groups;
};

/*
 * Builds the router for a model. `old` (may be NULL) is the router before a reload: instances of
 * the same identity (name first; else VRID, family and interface) are moved into the new one with
 * their state; what remains in `old` has to be shut down by the shell with why DELETED. Returns 0
 * or -ENOMEM with nothing changed.
 */
int vrrp_router_build(struct vrrp_router *router, const struct vrrp_model *model,
		      struct vrrp_router *old);
void vrrp_router_free(struct vrrp_router *router);

void vrrp_router_handle(struct vrrp_router *router, struct vrrp_instance *inst,
			const struct vrrp_event *ev, hf_time now, struct vrrp_actions *out);

/*
 * Groups whose state differs from when this was last called: fills list (cap entries), returns how
 * many. State words for the notify script come from vrrp_state_word(group->state).
 */
size_t vrrp_router_groups_changed(struct vrrp_router *router, struct vrrp_group **list,
				  enum vrrp_state *from, size_t cap);

#endif
