/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From completed drafts to the vrrp room's model: only copying, no decision. */
#include <string.h>

#include "config/draft.h"

static const struct vrrp_address_model *
addresses_of(struct conf_arena *arena, const struct vrrp_address_list *list)
{
	struct vrrp_address_model *models =
		conf_arena_alloc(arena, (list->n + 1) * sizeof(*models));

	for (size_t i = 0; i < list->n; i++)
		models[i] = list->items[i].model;
	return models;
}

static struct vrrp_garp_model
garp_of(const struct garp_draft *draft, uint64_t interval_us)
{
	return (struct vrrp_garp_model){
		.master_delay_ms = (uint32_t)draft->master_delay_ms,
		.master_repeat = (uint32_t)draft->master_repeat,
		.master_refresh_ms = (uint32_t)draft->master_refresh_ms,
		.master_refresh_repeat = (uint32_t)draft->master_refresh_repeat,
		.lower_prio_delay_ms = (uint32_t)draft->lower_prio_delay_ms,
		.lower_prio_repeat = (uint32_t)draft->lower_prio_repeat,
		.interval_us = interval_us,
	};
}

static void
assemble_instance(struct vrrp_instance_model *out, const struct vrrp_instance_draft *draft,
		  struct conf_arena *arena)
{
	struct hf_addr *peers = conf_arena_alloc(arena, (draft->n_peers + 1) * sizeof(*peers));
	char(*tracked)[IFNAMSIZ] = conf_arena_alloc(arena, (draft->n_tracked + 1) * IFNAMSIZ);

	*out = draft->model;
	out->strict = draft->strict == 1;
	out->lower_prio_no_advert = draft->lower_prio_no_advert == 1;
	out->higher_prio_send_advert = draft->higher_prio_send_advert == 1;
	out->notify_priority_changes = draft->notify_priority_changes == 1;
	if (hf_addr_is_set(&draft->mcast_group))
		out->group = draft->mcast_group;
	out->garp = garp_of(&draft->garp, draft->model.garp.interval_us);
	for (size_t i = 0; i < draft->n_peers; i++)
		peers[i] = draft->peers[i].addr;
	out->n_peers = draft->n_peers;
	out->peers = peers;
	out->n_addresses = draft->addresses.n;
	out->addresses = addresses_of(arena, &draft->addresses);
	out->n_excluded = draft->excluded.n;
	out->excluded = addresses_of(arena, &draft->excluded);
	for (size_t i = 0; i < draft->n_tracked; i++)
		memcpy(tracked[i], draft->tracked[i].name, IFNAMSIZ);
	out->n_track_interfaces = draft->n_tracked;
	out->track_interfaces = (const char(*)[IFNAMSIZ])tracked;
}

static void
assemble_group(struct vrrp_group_model *out, const struct vrrp_group_draft *draft,
	       struct conf_arena *arena)
{
	size_t *members = conf_arena_alloc(arena, (draft->n_members + 1) * sizeof(*members));

	*out = draft->model;
	for (size_t i = 0; i < draft->n_members; i++)
		members[i] = draft->members[i].index;
	out->n_members = draft->n_members;
	out->members = members;
}

struct vrrp_model *
vrrp_assemble(struct conf_draft *draft, struct conf_arena *arena)
{
	struct vrrp_model *model = conf_arena_alloc(arena, sizeof(*model));
	struct vrrp_instance_model *instances =
		conf_arena_alloc(arena, (draft->n_instances + 1) * sizeof(*instances));
	struct vrrp_group_model *groups =
		conf_arena_alloc(arena, (draft->n_groups + 1) * sizeof(*groups));

	for (size_t i = 0; i < draft->n_instances; i++)
		assemble_instance(&instances[i], draft->instances[i], arena);
	for (size_t i = 0; i < draft->n_groups; i++)
		assemble_group(&groups[i], draft->groups[i], arena);
	if (draft->global.router_id)
		strncpy(model->router_id, draft->global.router_id, sizeof(model->router_id) - 1);
	model->startup_delay_ns = draft->global.startup_delay_ns;
	model->n_instances = draft->n_instances;
	model->instances = instances;
	model->n_groups = draft->n_groups;
	model->groups = groups;
	model->fifo = draft->global.vrrp_fifo;
	return model;
}
