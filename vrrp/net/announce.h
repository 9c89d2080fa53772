/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends gratuitous ARP and unsolicited NA: at once, or paced where an interface asks for a gap. */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "lib/hf_loop.h"
#include "vrrp/net/net_table.h"

struct announce;

/* NULL with errno set when the kernel refuses the socket. */
struct announce *announce_new(struct hf_loop *loop);
void announce_free(struct announce *announce); /* NULL is fine */

/*
 * `repeat` rounds of one message for each of the addresses. interval_ns: least gap between two
 * messages on an interface (0: none); then addresses take turns and announce_drop() can stop what
 * is left. Sent at the latest by the next announce_flush().
 */
void announce_block(struct announce *announce, struct net_address *const *addresses, size_t n,
		    uint32_t repeat, int64_t interval_ns, hf_time now);
void announce_flush(struct announce *announce);

/* Nothing more is to be said about this address. */
void announce_drop(struct net_address *address);

#endif
