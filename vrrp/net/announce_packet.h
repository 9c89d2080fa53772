/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames that tell neighbours where an address is: gratuitous ARP and unsolicited NA. Pure. */
#ifndef ANNOUNCE_PACKET_H
#define ANNOUNCE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_addr.h"

#define ANNOUNCE_FRAME_MAX 96

/*
 * Writes an Ethernet frame. IPv4: a broadcast ARP request with sender and target address addr and
 * all ones as target hardware address. IPv6: a neighbour advertisement to all nodes, override set
 * (RFC 4861, 4.4); router: the router flag. Returns its length, or -EMSGSIZE.
 */
int announce_frame(const struct hf_addr *addr, const uint8_t mac[6], bool router, uint8_t *buf,
		   size_t cap);

#endif
