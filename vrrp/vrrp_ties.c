/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ties an instance to the tables under it: its link, its addresses, the links that it watches.
 * Made before a configuration comes into force, so that nothing can fail afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

static const struct vrrp_address_model *
address_at(const struct vrrp_instance_model *model, size_t i)
{
	return i < model->n_addresses ? &model->addresses[i]
				      : &model->excluded[i - model->n_addresses];
}

static int
own_addresses(struct vrrp_shell *shell, const struct vrrp_instance_model *model,
	      struct vrrp_ties *ties)
{
	size_t n = model->n_addresses + model->n_excluded;

	ties->addresses = calloc(n > 0 ? n : 1, sizeof(struct net_address *));
	if (ties->addresses == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct vrrp_address_model *from = address_at(model, i);
		struct net_link *link = net_link_get(shell->table, from->ifname);
		struct net_address_form form = {
			.peer = from->peer,
			.broadcast = from->broadcast,
			.scope = from->scope,
			.address_owner = model->priority == VRRP_OWNER_PRIORITY,
		};

		if (link == NULL)
			return -ENOMEM;
		memcpy(form.label, from->label, sizeof(form.label));
		ties->addresses[i] = address_own(shell->table, link, &from->prefix, &form);
		if (ties->addresses[i] == NULL)
			return -ENOMEM;
		ties->n_addresses++;
	}
	return 0;
}

/* Adds a link to the watched ones, once. */
static int
watch(struct vrrp_shell *shell, struct vrrp_ties *ties, const char *ifname)
{
	struct net_link *link = net_link_get(shell->table, ifname);

	if (link == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ties->n_watchers; i++) {
		if (ties->watchers[i].link == link)
			return 0;
	}
	net_watch(link, &ties->watchers[ties->n_watchers++]);
	return 0;
}

static int
watch_links(struct vrrp_shell *shell, const struct vrrp_instance_model *model,
	    struct vrrp_ties *ties)
{
	size_t n_addresses = model->n_addresses + model->n_excluded;
	int err = 0;

	ties->watchers =
		calloc(1 + model->n_track_interfaces + n_addresses, sizeof(struct net_watcher));
	if (ties->watchers == NULL)
		return -ENOMEM;
	if (model->ifname[0] != '\0')
		err = watch(shell, ties, model->ifname);
	if (err == 0 && ties->n_watchers > 0)
		ties->link = ties->watchers[0].link;
	for (size_t i = 0; err == 0 && i < model->n_track_interfaces; i++)
		err = watch(shell, ties, model->track_interfaces[i]);
	for (size_t i = 0; err == 0 && i < n_addresses; i++) {
		if (address_at(model, i)->track_interface)
			err = watch(shell, ties, address_at(model, i)->ifname);
	}
	return err;
}

int
vrrp_ties_make(struct vrrp_shell *shell, const struct vrrp_instance_model *model,
	       struct vrrp_ties *out)
{
	struct vrrp_ties ties = { 0 };
	int err = own_addresses(shell, model, &ties);

	if (err == 0)
		err = watch_links(shell, model, &ties);
	if (err != 0) {
		vrrp_ties_free(shell, &ties);
		return err;
	}
	*out = ties;
	return 0;
}

void
vrrp_ties_free(struct vrrp_shell *shell, struct vrrp_ties *ties)
{
	for (size_t i = 0; i < ties->n_addresses; i++) {
		if (ties->addresses[i]->owners == 1) {
			announce_drop(ties->addresses[i]);
			vrrp_memory_forget_address(shell, ties->addresses[i]);
		}
		address_disown(shell->table, ties->addresses[i]);
	}
	for (size_t i = 0; i < ties->n_watchers; i++)
		net_unwatch(&ties->watchers[i]);
	free(ties->addresses);
	free(ties->watchers);
	*ties = (struct vrrp_ties){ 0 };
}

/*
 * The instance has these ties from now on; those before are released. What stands in both is never
 * touched in the kernel: the new ones are taken before the old ones are let go.
 */
void
vrrp_local_attach(struct vrrp_local *local, struct vrrp_ties *ties)
{
	struct vrrp_shell *shell = local->shell;
	struct vrrp_ties before = local->ties;

	local->ties = *ties;
	*ties = (struct vrrp_ties){ 0 };
	for (size_t i = 0; i < local->ties.n_watchers; i++)
		local->ties.watchers[i].arg = local;
	if (local->holding) {
		conflict_held_changed(shell->conflict, hf_time_now());
		for (size_t i = 0; i < local->ties.n_addresses; i++)
			address_want(shell->table, &shell->plan, local->ties.addresses[i]);
		for (size_t i = 0; i < before.n_addresses; i++)
			address_unwant(shell->table, &shell->plan, before.addresses[i]);
	}
	/* Deletions name their entries: they are carried out before the entries may go. */
	address_netlink_apply(shell->netlink, &shell->plan);
	vrrp_ties_free(shell, &before);
}

void
vrrp_local_hold(struct vrrp_local *local, bool hold)
{
	struct vrrp_shell *shell = local->shell;

	if (local->holding == hold)
		return;
	local->holding = hold;
	conflict_held_changed(shell->conflict, hf_time_now());
	if (!hold)
		vrrp_ear_close(local);
	if (shell->plan.cap - shell->plan.n < 2 * local->ties.n_addresses)
		address_netlink_apply(shell->netlink, &shell->plan);
	for (size_t i = 0; i < local->ties.n_addresses; i++) {
		struct net_address *address = local->ties.addresses[i];

		if (hold) {
			address_want(shell->table, &shell->plan, address);
			continue;
		}
		address_unwant(shell->table, &shell->plan, address);
		if (address->wants == 0)
			announce_drop(address);
	}
}

void
vrrp_local_strip(struct vrrp_local *local)
{
	struct vrrp_shell *shell = local->shell;
	char text[HF_ADDR_TEXT_MAX];

	for (size_t i = 0; i < local->ties.n_addresses; i++) {
		struct net_address *address = local->ties.addresses[i];

		if (address_strip(shell->table, &shell->plan, address))
			hf_log(HF_INFO, local->inst->model->name,
			       "removing %s/%u from %s, left over from an earlier run",
			       hf_addr_text(&address->prefix.addr, text), address->prefix.len,
			       address->link->now.name);
	}
}

void
vrrp_local_abandon(struct vrrp_local *local)
{
	if (!local->holding)
		return;
	local->holding = false;
	for (size_t i = 0; i < local->ties.n_addresses; i++)
		local->ties.addresses[i]->wants--;
}

void
vrrp_local_free(struct vrrp_local *local)
{
	struct vrrp_shell *shell = local->shell;

	vrrp_timers_set(&shell->timers, &local->slot, HF_NEVER);
	vrrp_socket_leave(local);
	vrrp_ear_close(local);
	vrrp_local_hold(local, false);
	address_netlink_apply(shell->netlink, &shell->plan);
	vrrp_ties_free(shell, &local->ties);
	local->inst->shell = NULL;
	free(local);
}
