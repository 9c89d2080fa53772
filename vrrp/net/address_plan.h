/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of our addresses have to be added to the kernel or deleted from it. Pure: it changes only
 * the table (net_table.h) and appends steps; address_netlink.h carries them out in order.
 */
#ifndef ADDRESS_PLAN_H
#define ADDRESS_PLAN_H

#include "vrrp/net/net_table.h"

enum address_step_type { ADDRESS_ADD, ADDRESS_DELETE };

struct address_step {
	enum address_step_type type;
	struct net_address *address;
	struct hf_addr peer; /* DELETE: the peer that it was added with */
};

struct address_plan {
	struct address_step *steps;
	size_t n, cap;
};

/*
 * Room for two steps for each owned address must be reserved when the model is applied; then the
 * functions below never run out of memory. Returns 0 or -ENOMEM.
 */
int address_plan_reserve(struct address_plan *plan, size_t n) HF_MUST_CHECK;
void address_plan_free(struct address_plan *plan);

/*
 * An instance has this address in its configuration. The first one decides: with priority 255 an
 * address that is there is the machine's own. NULL when out of memory.
 */
struct net_address *address_own(struct net_table *table, struct net_link *link,
				const struct hf_prefix *prefix,
				const struct net_address_form *form);
/* The reverse; the address must not be wanted by this owner any more. */
void address_disown(struct net_table *table, struct net_address *address);

/* An instance takes or releases the address. One that we added in another form is written anew. */
void address_want(struct net_table *table, struct address_plan *plan, struct net_address *address);
void address_unwant(struct net_table *table, struct address_plan *plan,
		    struct net_address *address);

/* Removes what an earlier run left behind: present, ours, wanted by nobody. Returns whether. */
bool address_strip(struct net_table *table, struct address_plan *plan, struct net_address *address);

/* The kernel refused the step: the table is put right. The refusal is for good or, when temporary,
 * the address counts as missing. */
void address_refused(struct net_table *table, struct net_address *address,
		     enum address_step_type type);

/* Putting back: at most so many times in this span, then not for a while. */
#define ADDRESS_RESTORE_MAX    10
#define ADDRESS_RESTORE_SPAN   HF_SECONDS(10)
#define ADDRESS_RESTORE_GIVEUP HF_SECONDS(60)

enum address_drift {
	ADDRESS_DRIFT_NONE,     /* nothing is missing (any more) */
	ADDRESS_DRIFT_RESTORED, /* *address was missing; a step puts it back */
	ADDRESS_DRIFT_GIVEN_UP, /* *address is missing too often: not before given_up_until */
};

/*
 * Handles the next missing address: call until it returns NONE. One whose link does not exist or is
 * down is skipped: the instance's conditions take care of that.
 */
enum address_drift address_restore(struct net_table *table, struct address_plan *plan, hf_time now,
				   struct net_address **address);

/* A wanted address that is absent counts as missing again (from a slow timer). */
void address_recheck(struct net_table *table, struct net_address *address, hf_time now);

#endif
