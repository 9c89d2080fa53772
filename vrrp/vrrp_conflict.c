/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do about somebody who uses an address of ours without VRRP: say who, and make the
 * neighbours look here again. Elsewhere: noticing it (net/conflict.c); two directors that are both
 * active (vrrp_engine.c).
 */
#include "vrrp/vrrp_shell.h"

bool
vrrp_shell_conflict(void *arg, struct net_address *address, const uint8_t mac[6], bool tell,
		    hf_time now)
{
	struct vrrp_shell *shell = arg;
	struct vrrp_local *local = vrrp_shell_holder_of(shell, address);
	char text[HF_ADDR_TEXT_MAX];

	/* Whoever leaves is about to have a successor, which may announce the address already. */
	if (local == NULL || local->inst->state != VRRP_ACTIVE || local->inst->leaving)
		return false;
	announce_block(shell->announce, &address, 1, 1, 0, now);
	announce_flush(shell->announce);
	if (tell)
		hf_room_change(shell->room, HF_WARNING, local->last_change,
			       local->inst->model->name, "MASTER", "MASTER", "address-in-use",
			       "address=%s dev=%s mac=%02x:%02x:%02x:%02x:%02x:%02x",
			       hf_addr_text(&address->prefix.addr, text), address->link->now.name,
			       mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return true;
}
