/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a successor of this process has to know when this one dies: the state of each instance, and
 * which addresses are ours, so that those which nobody configures any more leave the kernel too.
 * Elsewhere: whether it is still time to go on (vrrp_apply.c).
 */
#include <stdlib.h>
#include <string.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

static const char state_prefix[] = "state/";
static const char address_prefix[] = "address/"; /* then INTERFACE/ADDRESS/BITS */

static bool
names_equal(const char *a, const char *b)
{
	return strncmp(a, b, VRRP_NAME_MAX) == 0;
}

/* States */

void
vrrp_memory_keep_state(struct vrrp_shell *shell, const char *name, enum vrrp_state now)
{
	char key[HF_ROOM_KEY_MAX];
	uint8_t state = (uint8_t)now;

	snprintf(key, sizeof(key), "%s%s", state_prefix, name);
	hf_room_remember(shell->room, key, &state, sizeof(state));
}

void
vrrp_memory_forget_state(struct vrrp_shell *shell, const char *name)
{
	char key[HF_ROOM_KEY_MAX];

	snprintf(key, sizeof(key), "%s%s", state_prefix, name);
	hf_room_remember(shell->room, key, NULL, 0);
}

enum vrrp_state
vrrp_memory_take_state(struct vrrp_shell *shell, const char *name)
{
	struct vrrp_recalled *recalled;
	enum vrrp_state state = VRRP_INITIALIZE;

	SLIST_FOREACH (recalled, &shell->recalled, next) {
		if (!names_equal(recalled->name, name))
			continue;
		state = (enum vrrp_state)recalled->state;
		SLIST_REMOVE(&shell->recalled, recalled, vrrp_recalled, next);
		free(recalled);
		break;
	}
	return state;
}

static void
recall_state(struct vrrp_shell *shell, const char *name, uint8_t state)
{
	struct vrrp_recalled *recalled = calloc(1, sizeof(*recalled));

	if (recalled == NULL)
		return;
	strncpy(recalled->name, name, sizeof(recalled->name) - 1);
	recalled->state = state;
	SLIST_INSERT_HEAD(&shell->recalled, recalled, next);
}

/* Addresses */

static void
address_key(const struct net_address *address, char key[HF_ROOM_KEY_MAX])
{
	char text[HF_ADDR_TEXT_MAX];

	snprintf(key, HF_ROOM_KEY_MAX, "%s%s/%s/%u", address_prefix, address->link->now.name,
		 hf_addr_text(&address->prefix.addr, text), address->prefix.len);
}

void
vrrp_memory_keep_addresses(struct vrrp_local *local)
{
	for (size_t i = 0; i < local->ties.n_addresses; i++) {
		struct net_address *address = local->ties.addresses[i];
		uint8_t machines = address->machines;
		char key[HF_ROOM_KEY_MAX];

		if (address->is_remembered && address->remembered_machines == address->machines)
			continue;
		address->is_remembered = true;
		address->remembered_machines = address->machines;
		address_key(address, key);
		hf_room_remember(local->shell->room, key, &machines, sizeof(machines));
	}
}

void
vrrp_memory_forget_address(struct vrrp_shell *shell, struct net_address *address)
{
	char key[HF_ROOM_KEY_MAX];

	if (!address->is_remembered)
		return;
	address->is_remembered = false;
	address_key(address, key);
	hf_room_remember(shell->room, key, NULL, 0);
}

/* The memory owns the address until the first configuration has said whose it is. */
static void
recall_address(struct vrrp_shell *shell, const char *where, bool machines)
{
	static const struct net_address_form unknown = { .scope = 0 };
	const char *slash = strchr(where, '/');
	struct vrrp_recalled_address *recalled;
	char ifname[IFNAMSIZ] = "";
	struct hf_prefix prefix;

	if (slash == NULL || (size_t)(slash - where) >= sizeof(ifname) ||
	    hf_prefix_parse(slash + 1, &prefix) != 0)
		return;
	memcpy(ifname, where, (size_t)(slash - where));
	struct net_link *link = net_link_get(shell->table, ifname);

	recalled = calloc(1, sizeof(*recalled));
	if (recalled != NULL && link != NULL)
		recalled->address = address_own(shell->table, link, &prefix, &unknown);
	if (recalled == NULL || recalled->address == NULL) {
		free(recalled);
		return;
	}
	recalled->address->machines = machines && recalled->address->present;
	recalled->address->is_remembered = true;
	recalled->address->remembered_machines = machines;
	SLIST_INSERT_HEAD(&shell->recalled_addresses, recalled, next);
}

/* Deletions name their entries: all are carried out before an entry may go. */
void
vrrp_memory_sweep(struct vrrp_shell *shell)
{
	struct vrrp_recalled_address *recalled;
	char text[HF_ADDR_TEXT_MAX];

	SLIST_FOREACH (recalled, &shell->recalled_addresses, next) {
		struct net_address *address = recalled->address;

		if (shell->plan.n == shell->plan.cap)
			address_netlink_apply(shell->netlink, &shell->plan);
		if (address->owners == 1 && address_strip(shell->table, &shell->plan, address))
			hf_log(HF_INFO, NULL,
			       "removing %s/%u from %s: the configuration has it no longer",
			       hf_addr_text(&address->prefix.addr, text), address->prefix.len,
			       address->link->now.name);
	}
	address_netlink_apply(shell->netlink, &shell->plan);
	while ((recalled = SLIST_FIRST(&shell->recalled_addresses)) != NULL) {
		SLIST_REMOVE_HEAD(&shell->recalled_addresses, next);
		if (recalled->address->owners == 1)
			vrrp_memory_forget_address(shell, recalled->address);
		address_disown(shell->table, recalled->address);
		free(recalled);
	}
}

void
vrrp_memory_recall(void *state, const char *key, const void *bytes, size_t len)
{
	struct vrrp_shell *shell = state;
	uint8_t value;

	if (len != sizeof(value))
		return;
	memcpy(&value, bytes, sizeof(value));
	if (strncmp(key, state_prefix, sizeof(state_prefix) - 1) == 0)
		recall_state(shell, key + sizeof(state_prefix) - 1, value);
	else if (strncmp(key, address_prefix, sizeof(address_prefix) - 1) == 0)
		recall_address(shell, key + sizeof(address_prefix) - 1, value != 0);
}

void
vrrp_memory_free(struct vrrp_shell *shell)
{
	struct vrrp_recalled *recalled;
	struct vrrp_recalled_address *address;

	while ((recalled = SLIST_FIRST(&shell->recalled)) != NULL) {
		SLIST_REMOVE_HEAD(&shell->recalled, next);
		free(recalled);
	}
	while ((address = SLIST_FIRST(&shell->recalled_addresses)) != NULL) {
		SLIST_REMOVE_HEAD(&shell->recalled_addresses, next);
		free(address);
	}
}
