/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a model to a router, at start and at a reload: which instances are new, which go on with
 * their state, which remain behind. Events and groups in motion are vrrp_router.c's matter.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp/vrrp_router.h"

static bool
same_identity(const struct vrrp_instance_model *a, const struct vrrp_instance_model *b)
{
	return a->vrid == b->vrid && a->family == b->family && strcmp(a->ifname, b->ifname) == 0;
}

/* The predecessor of a model among the old instances that nobody has taken: by name where several
 * share VRID and interface (unicast instances with other peers). */
static size_t
find_predecessor(const struct vrrp_router *old, const bool *taken,
		 const struct vrrp_instance_model *model, bool by_name)
{
	for (size_t i = 0; i < old->n_instances; i++) {
		const struct vrrp_instance_model *other = old->instances[i]->model;

		if (!taken[i] && same_identity(other, model) &&
		    (!by_name || strcmp(other->name, model->name) == 0))
			return i;
	}
	return SIZE_MAX;
}

/* Fills from[] with the index of each model's predecessor, SIZE_MAX for none. */
static void
match(const struct vrrp_model *model, const struct vrrp_router *old, bool *taken, size_t *from)
{
	for (size_t i = 0; i < model->n_instances; i++) {
		from[i] = find_predecessor(old, taken, &model->instances[i], true);
		if (from[i] != SIZE_MAX)
			taken[from[i]] = true;
	}
	for (size_t i = 0; i < model->n_instances; i++) {
		if (from[i] != SIZE_MAX)
			continue;
		from[i] = find_predecessor(old, taken, &model->instances[i], false);
		if (from[i] != SIZE_MAX)
			taken[from[i]] = true;
	}
}

/* An array of at least one element, so that NULL always means no memory. */
static void *
array_new(size_t n, size_t each)
{
	return calloc(n > 0 ? n : 1, each);
}

static int
groups_new(struct vrrp_router *router, const struct vrrp_model *model)
{
	router->groups = array_new(model->n_groups, sizeof(*router->groups));
	router->changed = array_new(model->n_groups, sizeof(struct vrrp_group *));
	if (!router->groups || !router->changed)
		return -ENOMEM;
	router->n_groups = model->n_groups;
	for (size_t i = 0; i < model->n_groups; i++) {
		struct vrrp_group *group = &router->groups[i];

		group->model = &model->groups[i];
		group->fresh = true;
		group->members = array_new(group->model->n_members, sizeof(struct vrrp_instance *));
		if (!group->members)
			return -ENOMEM;
		group->n_members = group->model->n_members;
	}
	return 0;
}

/* Makes the instances that have no predecessor; the others' places stay empty. */
static int
instances_new(struct vrrp_router *router, const struct vrrp_model *model, const size_t *from)
{
	router->instances = array_new(model->n_instances, sizeof(struct vrrp_instance *));
	if (!router->instances)
		return -ENOMEM;
	router->n_instances = model->n_instances;
	for (size_t i = 0; i < model->n_instances; i++) {
		if (from[i] != SIZE_MAX)
			continue;
		router->instances[i] = malloc(sizeof(struct vrrp_instance));
		if (!router->instances[i])
			return -ENOMEM;
		vrrp_instance_init(router->instances[i], &model->instances[i]);
	}
	return 0;
}

static void
move_instances(struct vrrp_router *router, struct vrrp_router *old, const size_t *from)
{
	size_t n_left = 0;

	for (size_t i = 0; i < router->n_instances; i++) {
		if (from[i] == SIZE_MAX)
			continue;
		router->instances[i] = old->instances[from[i]];
		old->instances[from[i]] = NULL;
	}
	for (size_t i = 0; i < old->n_instances; i++) {
		if (!old->instances[i])
			continue;
		old->instances[i]->group = NULL;
		old->instances[i]->wants_active = false;
		old->instances[n_left++] = old->instances[i];
	}
	old->n_instances = n_left;
}

static void
link_members(struct vrrp_router *router, const size_t *from)
{
	for (size_t i = 0; i < router->n_instances; i++) {
		router->instances[i]->group = NULL;
		router->instances[i]->wants_active = false;
	}
	for (size_t g = 0; g < router->n_groups; g++) {
		struct vrrp_group *group = &router->groups[g];

		for (size_t m = 0; m < group->n_members; m++) {
			size_t index = group->model->members[m];

			assert(index < router->n_instances);
			group->members[m] = router->instances[index];
			group->members[m]->group = group;
			if (from[index] != SIZE_MAX)
				group->fresh = false;
		}
	}
}

static void
groups_free(struct vrrp_router *router)
{
	for (size_t i = 0; i < router->n_groups; i++)
		free(router->groups[i].members);
	free(router->groups);
	free(router->changed);
	router->groups = NULL;
	router->changed = NULL;
	router->n_groups = 0;
	router->n_changed = 0;
}

/* What was said about a group of the same name before holds on. */
static void
keep_reports(struct vrrp_router *router, const struct vrrp_router *old)
{
	for (size_t i = 0; i < router->n_groups; i++) {
		for (size_t j = 0; j < old->n_groups; j++) {
			if (strcmp(router->groups[i].model->name, old->groups[j].model->name) != 0)
				continue;
			router->groups[i].state = old->groups[j].state;
			router->groups[i].reported = old->groups[j].reported;
			break;
		}
	}
}

int
vrrp_router_build(struct vrrp_router *router, const struct vrrp_model *model,
		  struct vrrp_router *old)
{
	struct vrrp_router none = { 0 };
	struct vrrp_router *before = old ? old : &none;
	struct vrrp_router built = { 0 };
	bool *taken = array_new(before->n_instances, sizeof(*taken));
	size_t *from = array_new(model->n_instances, sizeof(*from));
	int err = -ENOMEM;

	if (!taken || !from)
		goto out;
	match(model, before, taken, from);
	err = groups_new(&built, model);
	if (!err)
		err = instances_new(&built, model, from);
	if (err)
		goto out;
	move_instances(&built, before, from);
	link_members(&built, from);
	keep_reports(&built, before);
	groups_free(before);
	*router = built;
	built = (struct vrrp_router){ 0 };
out:
	vrrp_router_free(&built);
	free(taken);
	free(from);
	return err;
}

void
vrrp_router_drop(struct vrrp_router *router, struct vrrp_instance *inst)
{
	assert(inst->group == NULL);
	for (size_t i = 0; i < router->n_instances; i++) {
		if (router->instances[i] != inst)
			continue;
		memmove(&router->instances[i], &router->instances[i + 1],
			(router->n_instances - i - 1) * sizeof(struct vrrp_instance *));
		router->n_instances--;
		free(inst);
		return;
	}
}

void
vrrp_router_free(struct vrrp_router *router)
{
	for (size_t i = 0; i < router->n_instances; i++)
		free(router->instances[i]);
	free(router->instances);
	groups_free(router);
	*router = (struct vrrp_router){ 0 };
}
