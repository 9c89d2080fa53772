/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds other machines that use our IPv4 addresses without VRRP (RFC 5227): every address that we
 * hold is probed soon after it was taken, and ARP from others in its name is noticed from then on.
 */
#ifndef CONFLICT_H
#define CONFLICT_H

#include "lib/hf_loop.h"
#include "vrrp/net/net_table.h"

struct conflict;

/*
 * An address that we hold is used at `mac`. Called at once, then at most every
 * CONFLICT_DEFEND_NS for an address; tell: it is new, or was not told for CONFLICT_TELL_NS.
 * Returns false when there is nobody to care: then it does not count.
 */
typedef bool conflict_found(void *arg, struct net_address *address, const uint8_t mac[6], bool tell,
			    hf_time now);

#define CONFLICT_DEFEND_NS HF_SECONDS(10) /* DEFEND_INTERVAL of RFC 5227 */
#define CONFLICT_TELL_NS   HF_SECONDS(60)

/* NULL with errno set when the kernel refuses the socket. */
struct conflict *conflict_new(struct hf_loop *loop, struct net_table *table, conflict_found *found,
			      void *arg);
void conflict_free(struct conflict *conflict); /* NULL is fine */

/* Some addresses are held now, or no longer: looked at a little later, all at once. */
void conflict_held_changed(struct conflict *conflict, hf_time now);

#endif
