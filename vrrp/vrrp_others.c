/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else announces an address that we hold. While we leave, that is our successor telling
 * the neighbours where to go from now on. Else it is one that gave way too late, and the neighbours
 * have to hear us again; or the address's owner, whom we can only hear with a second ear.
 * Elsewhere: hearing it (net/arp_watch.c).
 */
#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

static bool
has_address(const struct vrrp_local *local, const struct net_address *address)
{
	for (size_t i = 0; i < local->ties.n_addresses; i++) {
		if (local->ties.addresses[i] == address)
			return true;
	}
	return false;
}

void
vrrp_local_await_successor(struct vrrp_local *local)
{
	for (size_t i = 0; i < local->ties.n_addresses; i++)
		local->ties.addresses[i]->others_announce = false;
}

/* Every address that neighbours may have learned from us is the successor's. */
static bool
all_announced(const struct vrrp_local *local)
{
	for (size_t i = 0; i < local->ties.n_addresses; i++) {
		const struct net_address *address = local->ties.addresses[i];

		if (address->present && !address->others_announce)
			return false;
	}
	return true;
}

static void
tell(struct vrrp_local *local, hf_time now)
{
	struct vrrp_event ev = { .type = VRRP_EV_ANNOUNCED };

	if (!local->inst->leaving)
		vrrp_ear_open(local);
	else if (!all_announced(local))
		return;
	vrrp_shell_step(local, &ev, now);
}

static void
tell_holders(const struct vrrp_generation *generation, const struct net_address *address,
	     hf_time now)
{
	for (size_t i = 0; i < generation->router.n_instances; i++) {
		struct vrrp_local *local = vrrp_local_of(generation->router.instances[i]);

		if (local->holding && has_address(local, address))
			tell(local, now);
	}
}

static void
say(const struct net_address *address, const uint8_t mac[6])
{
	char text[HF_ADDR_TEXT_MAX];

	hf_log(HF_DEBUG, NULL,
	       "%s on %s is announced by %02x:%02x:%02x:%02x:%02x:%02x (said once until it is "
	       "taken again)",
	       hf_addr_text(&address->prefix.addr, text), address->link->now.name, mac[0], mac[1],
	       mac[2], mac[3], mac[4], mac[5]);
}

void
vrrp_shell_announced_by_other(void *arg, struct net_address *address, const uint8_t mac[6])
{
	struct vrrp_shell *shell = arg;
	const struct vrrp_generation *generation;
	hf_time now = hf_time_now();

	if (!address->others_announce)
		say(address, mac);
	address->others_announce = true;
	if (shell->current != NULL)
		tell_holders(shell->current, address, now);
	TAILQ_FOREACH (generation, &shell->retired, next)
		tell_holders(generation, address, now);
	vrrp_shell_carry_out(shell, now);
}
