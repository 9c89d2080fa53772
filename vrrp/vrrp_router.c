/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All virtual routers of this machine and the sync groups among them, pure like the engine that it
 * calls: after each event it looks whether the group has to move, and orders the others.
 * Elsewhere: the election of one (vrrp_engine.c), building and reloading (vrrp_router_build.c).
 */
#include "vrrp/vrrp_router.h"

#include <assert.h>

static bool
holds_active(const struct vrrp_instance *inst)
{
	return inst->state == VRRP_ACTIVE && !inst->leaving;
}

/* Conditions of its own, not the group's. One that is not started has none yet. */
static bool
is_faulty(const struct vrrp_instance *inst)
{
	return inst->state != VRRP_INITIALIZE && (inst->unmet & ~(uint32_t)VRRP_UNMET_GROUP) != 0;
}

static bool
others_faulty(const struct vrrp_group *group, const struct vrrp_instance *inst)
{
	for (size_t i = 0; i < group->n_members; i++) {
		if (group->members[i] != inst && is_faulty(group->members[i]))
			return true;
	}
	return false;
}

static uint32_t
with_group_bit(uint32_t unmet, bool faulty_group)
{
	uint32_t own = unmet & ~(uint32_t)VRRP_UNMET_GROUP;

	return faulty_group ? own | VRRP_UNMET_GROUP : own;
}

static void
set_unmet(struct vrrp_instance *inst, uint32_t unmet, hf_time now, struct vrrp_actions *out)
{
	if (inst->unmet == unmet)
		return;
	vrrp_handle(inst, &(struct vrrp_event){ .type = VRRP_EV_CONDITIONS, .unmet = unmet }, now,
		    out);
}

/* FAULT of one is FAULT of all, and ends for all at once. */
static void
spread_fault(struct vrrp_group *group, hf_time now, struct vrrp_actions *out)
{
	size_t n_faulty = 0;

	for (size_t i = 0; i < group->n_members; i++)
		n_faulty += is_faulty(group->members[i]);
	for (size_t i = 0; i < group->n_members; i++) {
		struct vrrp_instance *member = group->members[i];
		bool by_others = n_faulty > (is_faulty(member) ? 1 : 0);

		if (member->state != VRRP_INITIALIZE)
			set_unmet(member, with_group_bit(member->unmet, by_others), now, out);
	}
}

static void
order(struct vrrp_instance *inst, enum vrrp_state state, enum vrrp_why why, hf_time now,
      struct vrrp_actions *out)
{
	struct vrrp_event ev = { .type = VRRP_EV_GROUP, .order = state, .why = why };

	vrrp_handle(inst, &ev, now, out);
}

/* Every other member that is active takes the order: BACKUP, or ACTIVE to speak up. */
static void
order_active_members(struct vrrp_group *group, const struct vrrp_instance *except,
		     enum vrrp_state state, hf_time now, struct vrrp_actions *out)
{
	for (size_t i = 0; i < group->n_members; i++) {
		struct vrrp_instance *member = group->members[i];

		if (member != except && holds_active(member))
			order(member, state, VRRP_WHY_GROUP, now, out);
	}
}

static bool
all_want_active(const struct vrrp_group *group)
{
	for (size_t i = 0; i < group->n_members; i++) {
		if (!holds_active(group->members[i]) && !group->members[i]->wants_active)
			return false;
	}
	return true;
}

/* The trigger first, the others in configuration order. */
static void
promote(struct vrrp_group *group, struct vrrp_instance *trigger, hf_time now,
	struct vrrp_actions *out)
{
	order(trigger, VRRP_ACTIVE, trigger->down_why, now, out);
	for (size_t i = 0; i < group->n_members; i++) {
		if (group->members[i]->state == VRRP_BACKUP)
			order(group->members[i], VRRP_ACTIVE, VRRP_WHY_GROUP, now, out);
	}
}

/*
 * After the last member of a new group was started: if only some could go on as they were before a
 * restart, none does.
 */
static void
settle_start(struct vrrp_group *group, hf_time now, struct vrrp_actions *out)
{
	size_t n_active = 0;

	for (size_t i = 0; i < group->n_members; i++) {
		if (group->members[i]->state == VRRP_INITIALIZE)
			return;
		n_active += group->members[i]->state == VRRP_ACTIVE;
	}
	if (group->fresh && n_active < group->n_members)
		order_active_members(group, NULL, VRRP_BACKUP, now, out);
	group->fresh = false;
}

static bool
heard_lower(const struct vrrp_actions *out, size_t first)
{
	for (size_t i = first; i < out->n; i++) {
		if (out->list[i].type == VRRP_DO_NOTE &&
		    out->list[i].note == VRRP_NOTE_RX_LOWER_PRIORITY)
			return true;
	}
	return false;
}

/* A member that a reload has added to a group counts once its first wait is over: its joining must
 * not look as if the others had lost their role. */
static bool
is_joining(const struct vrrp_group *group, const struct vrrp_instance *inst)
{
	if (group->fresh)
		return false;
	return inst->transitions == 0 ||
	       (inst->state == VRRP_BACKUP && inst->why == VRRP_WHY_STARTUP);
}

static enum vrrp_state
state_of(const struct vrrp_group *group)
{
	size_t n_counted = 0, n_active = 0;
	bool fault = false;

	for (size_t i = 0; i < group->n_members; i++) {
		const struct vrrp_instance *member = group->members[i];

		if (is_joining(group, member))
			continue;
		if (member->state == VRRP_INITIALIZE)
			return VRRP_INITIALIZE;
		n_counted++;
		n_active += member->state == VRRP_ACTIVE;
		fault |= member->state == VRRP_FAULT;
	}
	if (fault)
		return VRRP_FAULT;
	return n_counted > 0 && n_active == n_counted ? VRRP_ACTIVE : VRRP_BACKUP;
}

static void
refresh_state(struct vrrp_router *router, struct vrrp_group *group)
{
	group->state = state_of(group);
	if (group->state == group->reported || group->queued)
		return;
	assert(router->n_changed < router->n_groups);
	group->queued = true;
	router->changed[router->n_changed++] = group;
}

/* What an event has done to its instance, as far as the group cares. */
struct before {
	bool held_active, faulty;
	size_t n_actions;
};

static void
move_group(struct vrrp_router *router, struct vrrp_instance *inst, const struct vrrp_event *ev,
	   const struct before *before, hf_time now, struct vrrp_actions *out)
{
	struct vrrp_group *group = inst->group;
	/* It was active, or it joins the group and hears that another router is. */
	bool lost = inst->state == VRRP_BACKUP &&
		    (before->held_active ||
		     (group->state == VRRP_ACTIVE && hf_is_set(inst->last_heard)));

	if (heard_lower(out, before->n_actions))
		order_active_members(group, inst, VRRP_ACTIVE, now, out);
	if (lost)
		order_active_members(group, inst, VRRP_BACKUP, now, out);
	if (ev->type == VRRP_EV_MODEL || is_faulty(inst) != before->faulty) {
		if (ev->type != VRRP_EV_SHUTDOWN) /* all leave: none recovers by that */
			spread_fault(group, now, out);
	}
	if (inst->wants_active && all_want_active(group))
		promote(group, inst, now, out);
	if (ev->type == VRRP_EV_STARTUP)
		settle_start(group, now, out);
	if (out->n != before->n_actions || ev->type == VRRP_EV_MODEL)
		refresh_state(router, group);
}

void
vrrp_router_handle(struct vrrp_router *router, struct vrrp_instance *inst,
		   const struct vrrp_event *ev, hf_time now, struct vrrp_actions *out)
{
	struct vrrp_group *group = inst->group;
	struct vrrp_event own = *ev;
	struct before before = {
		.held_active = holds_active(inst),
		.faulty = is_faulty(inst),
		.n_actions = out->n,
	};

	if (ev->type == VRRP_EV_STARTUP || ev->type == VRRP_EV_CONDITIONS)
		own.unmet = with_group_bit(ev->unmet, group && others_faulty(group, inst));
	vrrp_handle(inst, &own, now, out);
	if (group)
		move_group(router, inst, ev, &before, now, out);
	else if (inst->unmet & VRRP_UNMET_GROUP) /* taken out of a group by a reload */
		set_unmet(inst, with_group_bit(inst->unmet, false), now, out);
}

size_t
vrrp_router_groups_changed(struct vrrp_router *router, struct vrrp_group **list,
			   enum vrrp_state *from, size_t cap)
{
	size_t n = 0;

	while (router->n_changed > 0 && n < cap) {
		struct vrrp_group *group = router->changed[--router->n_changed];

		group->queued = false;
		if (group->state == group->reported)
			continue;
		list[n] = group;
		from[n++] = group->reported;
		group->reported = group->state;
	}
	return n;
}
