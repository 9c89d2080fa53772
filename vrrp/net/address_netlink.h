/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out an address_plan: few system calls, refusals are told afterwards. */
#ifndef ADDRESS_NETLINK_H
#define ADDRESS_NETLINK_H

#include "lib/hf_loop.h"
#include "vrrp/net/address_plan.h"

struct address_netlink;

/* NULL with errno set when the kernel refuses the socket. */
struct address_netlink *address_netlink_new(struct hf_loop *loop, struct net_table *table);
void address_netlink_free(struct address_netlink *netlink); /* NULL is fine */

/*
 * Sends all steps and empties the plan. The kernel works while it is sent to: on return the
 * addresses are there. What it refused is logged from the loop, and the table put right.
 */
void address_netlink_apply(struct address_netlink *netlink, struct address_plan *plan);

/* Messages sent so far (a reload without a change must send none). */
uint64_t address_netlink_sent(const struct address_netlink *netlink);

#endif
