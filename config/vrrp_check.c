/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contradictions between instances, and of instances with the machine they are to run on. */
#include <net/if.h>
#include <string.h>

#include "config/draft.h"
#include "config/name_index.h"

static bool
same_multicast(const struct vrrp_instance_draft *a, const struct vrrp_instance_draft *b)
{
	return a->n_peers == 0 && b->n_peers == 0 &&
	       hf_addr_equal(&a->model.group, &b->model.group);
}

static bool
same_unicast(const struct vrrp_instance_draft *a, const struct vrrp_instance_draft *b)
{
	if (a->n_peers == 0 || b->n_peers == 0 ||
	    !hf_addr_equal(&a->model.source, &b->model.source))
		return false;
	for (size_t i = 0; i < a->n_peers; i++) {
		for (size_t k = 0; k < b->n_peers; k++) {
			if (hf_addr_equal(&a->peers[i].addr, &b->peers[k].addr))
				return true;
		}
	}
	return false;
}

static struct conf_place
vrid_place(const struct vrrp_instance_draft *inst)
{
	struct conf_place place = inst->place;

	(void)conf_was_set(&inst->seen, "virtual_router_id", &place);
	return place;
}

/* Adverts of such instances could not be told apart. */
static bool
collide(struct conf_completion *c, const struct vrrp_instance_draft *inst,
	const struct vrrp_instance_draft *first)
{
	if (!same_multicast(inst, first) && !same_unicast(inst, first))
		return false;
	conf_diag(c->diags, CONF_ERROR, vrid_place(inst), "vrid-twice", "choose another number",
		  "%s and %s both have virtual_router_id %u on %s", first->model.name,
		  inst->model.name, (unsigned int)inst->model.vrid, inst->model.ifname);
	conf_diag(c->diags, CONF_NOTE, vrid_place(first), "vrid-twice", NULL, "first used here");
	return true;
}

/* Instances of one interface, family and VRID form a chain, newest first. */
static void
check_vrids(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;
	struct name_index *chains = name_index_new(c->arena, draft->n_instances);
	size_t *newest = conf_arena_alloc(c->arena, (draft->n_instances + 1) * sizeof(*newest));
	size_t *older = conf_arena_alloc(c->arena, (draft->n_instances + 1) * sizeof(*older));

	for (size_t i = 0; i < draft->n_instances; i++) {
		const struct vrrp_instance_draft *inst = draft->instances[i];

		older[i] = SIZE_MAX;
		if (inst->model.vrid == 0 || !inst->model.ifname[0])
			continue;
		const char *key =
			conf_arena_printf(c->arena, "%u/%u/%s", (unsigned int)inst->model.family,
					  (unsigned int)inst->model.vrid, inst->model.ifname);
		size_t chain = name_index_add(chains, key, i);

		if (chain != i)
			older[i] = newest[chain];
		newest[chain] = i;
		for (size_t k = older[i]; k != SIZE_MAX; k = older[k]) {
			if (collide(c, inst, draft->instances[k]))
				break;
		}
	}
}

/* Two instances with one address work until both are MASTER. */
static void
check_addresses(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;
	size_t total = 0, number = 0;

	for (size_t i = 0; i < draft->n_instances; i++)
		total += draft->instances[i]->addresses.n + draft->instances[i]->excluded.n;
	struct name_index *index = name_index_new(c->arena, total);
	const struct vrrp_address_draft **all =
		conf_arena_alloc(c->arena, (total + 1) * sizeof(const struct vrrp_address_draft *));

	for (size_t i = 0; i < draft->n_instances; i++) {
		struct vrrp_instance_draft *inst = draft->instances[i];

		for (size_t k = 0; k < inst->addresses.n + inst->excluded.n; k++) {
			const struct vrrp_address_draft *address =
				k < inst->addresses.n
					? &inst->addresses.items[k]
					: &inst->excluded.items[k - inst->addresses.n];
			char text[HF_ADDR_TEXT_MAX];
			const char *key =
				conf_arena_printf(c->arena, "%s/%s", address->model.ifname,
						  hf_addr_text(&address->model.prefix.addr, text));
			size_t first = name_index_add(index, key, number);

			all[number++] = address;
			if (first == number - 1)
				continue;
			conf_diag(c->diags, CONF_WARNING, address->place, "address-twice", NULL,
				  "another instance has the address %s too", text);
			conf_diag(c->diags, CONF_NOTE, all[first]->place, "address-twice", NULL,
				  "first used here");
		}
	}
}

static void
require_interface(struct conf_completion *c, struct conf_place place, const char *name)
{
	if (name[0] && if_nametoindex(name) == 0)
		conf_diag(c->diags, CONF_ERROR, place, "interface-unknown",
			  "expected an interface that exists", "there is no interface %s here",
			  name);
}

/* The own interface, those of the addresses, and the tracked ones. */
static void
check_interfaces(struct conf_completion *c, const struct vrrp_instance_draft *inst)
{
	struct conf_place place = inst->place;

	(void)conf_was_set(&inst->seen, "interface", &place);
	require_interface(c, place, inst->model.ifname);
	for (size_t i = 0; i < inst->addresses.n + inst->excluded.n; i++) {
		const struct vrrp_address_draft *address =
			i < inst->addresses.n ? &inst->addresses.items[i]
					      : &inst->excluded.items[i - inst->addresses.n];

		if (strcmp(address->model.ifname, inst->model.ifname) != 0)
			require_interface(c, address->place, address->model.ifname);
	}
	for (size_t i = 0; i < inst->n_tracked; i++)
		require_interface(c, inst->tracked[i].place, inst->tracked[i].name);
}

void
vrrp_check(struct conf_completion *c)
{
	check_vrids(c);
	check_addresses(c);
	/* With a namespace the interfaces are those of another place than here. */
	if (!c->check_system || c->draft->global.model.net_namespace)
		return;
	for (size_t i = 0; i < c->draft->n_instances; i++)
		check_interfaces(c, c->draft->instances[i]);
}
