/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hears gratuitous ARP of other machines for addresses that we hold. */
#ifndef ARP_WATCH_H
#define ARP_WATCH_H

#include "lib/hf_loop.h"
#include "vrrp/net/net_table.h"

#define ARP_WATCH_BURST 64 /* frames read in one wake-up */

struct arp_watch;

/*
 * heard() is called for each announcement of an address that stands on the link it came from and
 * that an instance holds. NULL with errno set when the kernel refuses the socket.
 */
struct arp_watch *arp_watch_new(struct hf_loop *loop, struct net_table *table,
				void (*heard)(void *arg, struct net_address *address,
					      const uint8_t mac[6]),
				void *arg);
void arp_watch_free(struct arp_watch *watch); /* NULL is fine */

#endif
