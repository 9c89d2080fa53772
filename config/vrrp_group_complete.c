/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sync groups: names become numbers; who is unknown, in two groups or alone is reported. */
#include "config/draft.h"
#include "config/name_index.h"
#include "config/suggest.h"

static void
tell_unknown(struct conf_completion *c, const struct vrrp_group_draft *group,
	     const struct vrrp_member_draft *member)
{
	struct conf_suggestion suggestion = { .word = member->name };
	const char *hint = "expected the name of a vrrp_instance";

	for (size_t i = 0; i < c->draft->n_instances; i++)
		conf_suggest_offer(&suggestion, c->draft->instances[i]->model.name);
	if (suggestion.best)
		hint = conf_arena_printf(c->arena, "did you mean \"%s\"?", suggestion.best);
	conf_diag(c->diags, CONF_ERROR, member->place, "instance-unknown", hint,
		  "sync group %s: there is no vrrp_instance \"%s\"", group->model.name,
		  member->name);
}

static void
tell_taken(struct conf_completion *c, const struct vrrp_member_draft *member,
	   const struct vrrp_member_draft *first, const char *group)
{
	conf_diag(c->diags, CONF_ERROR, member->place, "instance-in-two-groups", NULL,
		  "%s is already in sync group %s", member->name, group);
	conf_diag(c->diags, CONF_NOTE, first->place, "instance-in-two-groups", NULL, "here");
}

/* first_member[i] is the first mention of instance i in a group. */
static void
complete_group(struct conf_completion *c, const struct name_index *instances, size_t number,
	       const struct vrrp_member_draft **first_member)
{
	struct vrrp_group_draft *group = c->draft->groups[number];
	size_t kept = 0;

	if (group->n_members == 0)
		conf_diag(c->diags, CONF_WARNING, group->place, "group-empty",
			  "add group { INSTANCE INSTANCE }",
			  "sync group %s has no members; ignored", group->model.name);
	if (group->n_members == 1)
		conf_diag(c->diags, CONF_WARNING, group->place, "group-single", NULL,
			  "sync group %s has only one member", group->model.name);
	for (size_t i = 0; i < group->n_members; i++) {
		struct vrrp_member_draft member = group->members[i];

		member.index = name_index_find(instances, member.name);
		if (member.index == SIZE_MAX) {
			tell_unknown(c, group, &member);
			continue;
		}
		struct vrrp_instance_draft *inst = c->draft->instances[member.index];

		if (inst->model.group_index != SIZE_MAX) {
			tell_taken(c, &member, first_member[member.index],
				   c->draft->groups[inst->model.group_index]->model.name);
			continue;
		}
		inst->model.group_index = number;
		if (inst->notify_priority_changes == DRAFT_UNSET)
			inst->notify_priority_changes = group->notify_priority_changes;
		group->members[kept] = member;
		first_member[member.index] = &group->members[kept++];
	}
	group->n_members = kept;
}

/* Groups without members are taken out; the numbers of the others move up. */
static void
drop_empty(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;
	size_t kept = 0;

	for (size_t i = 0; i < draft->n_groups; i++) {
		struct vrrp_group_draft *group = draft->groups[i];

		if (group->n_members == 0)
			continue;
		for (size_t m = 0; m < group->n_members; m++)
			draft->instances[group->members[m].index]->model.group_index = kept;
		draft->groups[kept++] = group;
	}
	draft->n_groups = kept;
}

static struct name_index *
index_instances(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;
	struct name_index *index = name_index_new(c->arena, draft->n_instances);

	for (size_t i = 0; i < draft->n_instances; i++) {
		struct vrrp_instance_draft *inst = draft->instances[i];
		size_t first = name_index_add(index, inst->model.name, i);

		if (first == i)
			continue;
		conf_diag(c->diags, CONF_ERROR, inst->place, "name-twice", NULL,
			  "there are two instances named %s", inst->model.name);
		conf_diag(c->diags, CONF_NOTE, draft->instances[first]->place, "name-twice", NULL,
			  "first used here");
	}
	return index;
}

static void
check_group_names(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;
	struct name_index *index = name_index_new(c->arena, draft->n_groups);

	for (size_t i = 0; i < draft->n_groups; i++) {
		size_t first = name_index_add(index, draft->groups[i]->model.name, i);

		if (first == i)
			continue;
		conf_diag(c->diags, CONF_ERROR, draft->groups[i]->place, "name-twice", NULL,
			  "there are two sync groups named %s", draft->groups[i]->model.name);
		conf_diag(c->diags, CONF_NOTE, draft->groups[first]->place, "name-twice", NULL,
			  "first used here");
	}
}

void
vrrp_group_complete(struct conf_completion *c)
{
	struct name_index *instances = index_instances(c);
	const struct vrrp_member_draft **first_member = conf_arena_alloc(
		c->arena, (c->draft->n_instances + 1) * sizeof(const struct vrrp_member_draft *));

	check_group_names(c);
	for (size_t i = 0; i < c->draft->n_groups; i++)
		complete_group(c, instances, i, first_member);
	drop_empty(c);
}
