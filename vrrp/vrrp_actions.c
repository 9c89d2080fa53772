/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of actions that the engine fills and the shell carries out; what they mean is in
 * vrrp_engine.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp/vrrp_engine.h"

#define ACTIONS_FIRST 64

struct vrrp_action *
vrrp_actions_add(struct vrrp_actions *actions, struct vrrp_instance *inst,
		 enum vrrp_action_type type)
{
	assert(actions->n < VRRP_ACTIONS_MAX);
	if (actions->n == actions->cap) {
		size_t cap = actions->cap ? actions->cap * 2 : ACTIONS_FIRST;
		struct vrrp_action *list = reallocarray(actions->list, cap, sizeof(*list));

		if (!list)
			abort();
		actions->list = list;
		actions->cap = cap;
	}

	struct vrrp_action *action = &actions->list[actions->n++];

	memset(action, 0, sizeof(*action));
	action->type = type;
	action->inst = inst;
	return action;
}

void
vrrp_actions_reset(struct vrrp_actions *actions)
{
	actions->n = 0;
}

void
vrrp_actions_free(struct vrrp_actions *actions)
{
	free(actions->list);
	*actions = (struct vrrp_actions){ 0 };
}
