/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference between the addresses that we want and those that are there, as steps. Elsewhere:
 * what is there (net_table.c), doing it (address_netlink.c).
 */
#include "vrrp/net/address_plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
address_plan_reserve(struct address_plan *plan, size_t n)
{
	struct address_step *steps;

	if (n <= plan->cap)
		return 0;
	steps = reallocarray(plan->steps, n, sizeof(*steps));
	if (steps == NULL)
		return -ENOMEM;
	plan->steps = steps;
	plan->cap = n;
	return 0;
}

void
address_plan_free(struct address_plan *plan)
{
	free(plan->steps);
	*plan = (struct address_plan){ 0 };
}

/* The table shows the step's effect at once: netlink carries it out before anybody looks. */
static void
add_step(struct net_table *table, struct address_plan *plan, struct net_address *address,
	 enum address_step_type type)
{
	assert(plan->n < plan->cap);
	plan->steps[plan->n++] = (struct address_step){ type, address,
							address->is_added ? address->added.peer
									  : address->form.peer };
	net_address_set_present(table, address, type == ADDRESS_ADD);
	if (type == ADDRESS_DELETE) {
		address->own_deletes++;
		return;
	}
	address->seen = table->dump; /* a dump under way may have passed it already */
	address->added = address->form;
	address->is_added = true;
}

static bool
same_form(const struct net_address_form *a, const struct net_address_form *b)
{
	return hf_addr_equal(&a->peer, &b->peer) && hf_addr_equal(&a->broadcast, &b->broadcast) &&
	       strcmp(a->label, b->label) == 0 && a->scope == b->scope;
}

/* Has the machine the address of an address owner by itself, with another prefix length? */
static bool
stands_otherwise(const struct net_address *address)
{
	const struct net_address *other;

	if (!address->form.address_owner)
		return false;
	TAILQ_FOREACH (other, &address->link->addresses, of_link) {
		if (other != address && (other->owners == 0 || other->machines) &&
		    hf_addr_equal(&other->prefix.addr, &address->prefix.addr))
			return true;
	}
	return false;
}

static void
not_missing(struct net_table *table, struct net_address *address)
{
	if (!address->missing)
		return;
	address->missing = false;
	TAILQ_REMOVE(&table->missing, address, next_missing);
}

struct net_address *
address_own(struct net_table *table, struct net_link *link, const struct hf_prefix *prefix,
	    const struct net_address_form *form)
{
	struct net_address *address = net_address_get(table, link, prefix);

	if (address == NULL)
		return NULL;
	address->form = *form;
	if (address->owners == 0 && address->present && form->address_owner)
		address->machines = true;
	address->owners++;
	return address;
}

void
address_disown(struct net_table *table, struct net_address *address)
{
	assert(address->owners > 0);
	assert(address->wants < address->owners);
	address->owners--;
	if (address->owners == 0) {
		not_missing(table, address);
		address->machines = address->is_added = false;
	}
	net_address_put(table, address);
}

void
address_want(struct net_table *table, struct address_plan *plan, struct net_address *address)
{
	assert(address->wants < address->owners);
	address->wants++;
	address->given_up_until = HF_UNSET;
	if (address->wants == 1)
		address->others_announce = false;
	if (address->link->now.ifindex == 0 || stands_otherwise(address))
		return;
	if (address->present && address->is_added && !same_form(&address->added, &address->form))
		add_step(table, plan, address, ADDRESS_DELETE);
	if (!address->present)
		add_step(table, plan, address, ADDRESS_ADD);
}

void
address_unwant(struct net_table *table, struct address_plan *plan, struct net_address *address)
{
	assert(address->wants > 0);
	address->wants--;
	if (address->wants > 0)
		return;
	not_missing(table, address);
	if (address->present && !address->machines)
		add_step(table, plan, address, ADDRESS_DELETE);
}

bool
address_strip(struct net_table *table, struct address_plan *plan, struct net_address *address)
{
	if (!address->present || address->machines || address->wants > 0)
		return false;
	add_step(table, plan, address, ADDRESS_DELETE);
	return true;
}

void
address_refused(struct net_table *table, struct net_address *address, enum address_step_type type)
{
	if (type == ADDRESS_ADD) {
		net_address_set_present(table, address, false);
		return;
	}
	if (address->own_deletes > 0)
		address->own_deletes--;
}

/* May it be put back once more? Counts it. */
static bool
restore_allowed(struct net_address *address, hf_time now)
{
	if (!hf_is_set(address->drift_window) ||
	    hf_between(address->drift_window, now) > ADDRESS_RESTORE_SPAN) {
		address->drift_window = now;
		address->drift_n = 0;
	}
	address->drift_n++;
	return address->drift_n <= ADDRESS_RESTORE_MAX;
}

enum address_drift
address_restore(struct net_table *table, struct address_plan *plan, hf_time now,
		struct net_address **out)
{
	struct net_address *address;

	while ((address = TAILQ_FIRST(&table->missing)) != NULL) {
		not_missing(table, address);
		if (address->present || address->wants == 0 ||
		    (address->link->now.flags & IFF_UP) == 0 || stands_otherwise(address))
			continue;
		if (hf_is_set(address->given_up_until) && !hf_reached(now, address->given_up_until))
			continue;
		*out = address;
		if (!restore_allowed(address, now)) {
			address->given_up_until = hf_after(now, ADDRESS_RESTORE_GIVEUP);
			return ADDRESS_DRIFT_GIVEN_UP;
		}
		address->given_up_until = HF_UNSET;
		add_step(table, plan, address, ADDRESS_ADD);
		return ADDRESS_DRIFT_RESTORED;
	}
	return ADDRESS_DRIFT_NONE;
}

void
address_recheck(struct net_table *table, struct net_address *address, hf_time now)
{
	if (address->present || address->wants == 0 || address->missing ||
	    stands_otherwise(address))
		return;
	if (hf_is_set(address->given_up_until) && !hf_reached(now, address->given_up_until))
		return;
	address->missing = true;
	TAILQ_INSERT_TAIL(&table->missing, address, next_missing);
}
