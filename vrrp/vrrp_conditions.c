/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's truth as an instance sees it: what it lacks, which address it sends from, what was
 * taken from it. A set is recomputed whole, never counted up and down.
 */
#include <string.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

struct hf_addr
vrrp_local_source(const struct vrrp_local *local)
{
	const struct vrrp_instance_model *model = local->inst->model;

	if (hf_addr_is_set(&model->source))
		return model->source;
	if (local->ties.link == NULL)
		return (struct hf_addr){ .family = AF_UNSPEC };
	return net_link_source(local->ties.link, model->family);
}

static bool
has_source(const struct vrrp_local *local)
{
	const struct vrrp_instance_model *model = local->inst->model;
	struct hf_addr source = vrrp_local_source(local);

	if (!hf_addr_is_set(&source))
		return false;
	/* Multicast may be sent from an address that stands elsewhere; unicast is answered there.
	 */
	if (model->n_peers == 0 || !hf_addr_is_set(&model->source))
		return true;
	return net_table_has(local->shell->table, &source);
}

static uint32_t
own_link_unmet(const struct vrrp_local *local)
{
	const struct net_link *link = local->ties.link;

	if (link == NULL)
		return 0;
	if (link->now.ifindex == 0)
		return VRRP_UNMET_INTERFACE;
	if (!net_link_is_up(link) && !local->inst->model->dont_track_primary)
		return VRRP_UNMET_LINK;
	return 0;
}

uint32_t
vrrp_local_unmet(const struct vrrp_local *local)
{
	uint32_t unmet = own_link_unmet(local);

	for (size_t i = 0; i < local->ties.n_watchers; i++) {
		const struct net_link *link = local->ties.watchers[i].link;

		if (link != local->ties.link && !net_link_is_up(link))
			unmet |= VRRP_UNMET_TRACKED_LINK;
	}
	if (!has_source(local))
		unmet |= VRRP_UNMET_SOURCE;
	if (local->socket == NULL && unmet == 0) /* else it was not even tried */
		unmet |= VRRP_UNMET_SOCKET;
	return unmet;
}

/* Keeps the socket right, where what it needs is there. */
static void
fit_socket(struct vrrp_local *local)
{
	const struct net_link *link = local->ties.link;
	int err;

	if (vrrp_socket_is_right(local))
		return;
	if ((link != NULL && link->now.ifindex == 0) || !has_source(local)) {
		vrrp_socket_leave(local);
		return;
	}
	err = vrrp_socket_join(local->shell->sockets, local);
	if (err != 0 && err != local->socket_error)
		hf_log(HF_ERROR, local->inst->model->name, "cannot open its socket on %s: %s",
		       link != NULL ? link->now.name : "any interface", strerror(-err));
	local->socket_error = err;
}

void
vrrp_local_recheck(struct vrrp_local *local, hf_time now)
{
	struct vrrp_instance *inst = local->inst;
	struct hf_addr source = vrrp_local_source(local);

	if (inst->model->priority == VRRP_OWNER_PRIORITY)
		vrrp_memory_keep_addresses(local); /* which of them are the machine's own */
	/* One that is lost stays in use for the last words. */
	if (hf_addr_is_set(&source) && !hf_addr_equal(&source, &inst->source)) {
		struct vrrp_event ev = { .type = VRRP_EV_SOURCE, .source = source };

		vrrp_shell_step(local, &ev, now);
	}
	/* The last words also need the old socket: it changes only while nothing is missing. */
	if ((vrrp_local_unmet(local) & ~(uint32_t)VRRP_UNMET_SOCKET) == 0)
		fit_socket(local);
	if (!local->started || local->done)
		return;
	struct vrrp_event ev = { .type = VRRP_EV_CONDITIONS, .unmet = vrrp_local_unmet(local) };

	if (ev.unmet == (inst->unmet & ~(uint32_t)VRRP_UNMET_GROUP))
		return;
	/* An interface that was away may have kept what could not be removed from it. */
	if (ev.unmet == 0 && !local->holding)
		vrrp_local_strip(local);
	vrrp_shell_step(local, &ev, now);
}

/* Whose address is it? The first instance that holds it, for the event's subject. */
struct vrrp_local *
vrrp_shell_holder_of(struct vrrp_shell *shell, const struct net_address *address)
{
	for (size_t i = 0; shell->current != NULL && i < shell->current->router.n_instances; i++) {
		struct vrrp_local *local = vrrp_local_of(shell->current->router.instances[i]);

		for (size_t k = 0; local->holding && k < local->ties.n_addresses; k++) {
			if (local->ties.addresses[k] == address)
				return local;
		}
	}
	return NULL;
}

/* Puts back what somebody removed, and says so. */
void
vrrp_shell_restore(struct vrrp_shell *shell, hf_time now)
{
	struct net_address *address;
	enum address_drift drift;
	unsigned int n = 0;

	while (n++ < VRRP_RESTORE_BURST &&
	       (drift = address_restore(shell->table, &shell->plan, now, &address)) !=
		       ADDRESS_DRIFT_NONE) {
		char text[HF_ADDR_TEXT_MAX];
		struct vrrp_local *local = vrrp_shell_holder_of(shell, address);
		const char *subject = local != NULL ? local->inst->model->name : "-";
		bool restored = drift == ADDRESS_DRIFT_RESTORED;

		if (restored) {
			address_netlink_apply(shell->netlink, &shell->plan);
			announce_block(shell->announce, &address, 1, 1, 0, now);
		}
		hf_addr_text(&address->prefix.addr, text);
		hf_room_change(shell->room, HF_WARNING, local != NULL ? local->last_change : 0,
			       subject, "drift", restored ? "restored" : "given-up",
			       "address-removed", "address=%s/%u dev=%s%s", text,
			       address->prefix.len, address->link->now.name,
			       restored ? "" : " retry=60s");
	}
	announce_flush(shell->announce);
	if (!TAILQ_EMPTY(&shell->table->missing))
		hf_timer_set(shell->proceed, hf_time_now());
}

/* The monitor has read a batch of messages. */
void
vrrp_shell_links_changed(void *arg)
{
	struct vrrp_shell *shell = arg;
	struct net_link *link;
	hf_time now = hf_time_now();

	while ((link = net_table_next_dirty(shell->table)) != NULL) {
		struct net_watcher *watcher;

		LIST_FOREACH(watcher, &link->watchers, next)
		{
			if (watcher->arg != NULL)
				vrrp_local_recheck(watcher->arg, now);
		}
	}
	vrrp_shell_carry_out(shell, now);
	vrrp_shell_restore(shell, now);
}

void
vrrp_shell_recheck_all(struct vrrp_shell *shell, hf_time now)
{
	struct vrrp_router *router = &shell->current->router;

	for (size_t i = 0; i < router->n_instances; i++) {
		struct vrrp_local *local = vrrp_local_of(router->instances[i]);

		vrrp_local_recheck(local, now);
		for (size_t k = 0; k < local->ties.n_addresses; k++)
			address_recheck(shell->table, local->ties.addresses[k], now);
	}
	vrrp_shell_carry_out(shell, now);
	vrrp_shell_restore(shell, now);
	link_monitor_refresh(shell->monitor);
}
