/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP as a detector of foreign owners (RFC 5227): which frames are of interest, what they say, and
 * the probe that makes an owner answer. Pure. Elsewhere: sockets and judging (conflict.c).
 */
#ifndef CONFLICT_PACKET_H
#define CONFLICT_PACKET_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_addr.h"

#define CONFLICT_ADDRESSES_MAX 1024 /* in one filter: the kernel limits a socket's programs */
#define CONFLICT_FILTER_MAX    (12 + CONFLICT_ADDRESSES_MAX + 2 * (CONFLICT_ADDRESSES_MAX / 128 + 1))
#define CONFLICT_ARP_BYTES     28

/*
 * Writes the program for a packet socket without link headers: only ARP for IPv4 on Ethernet that
 * came from outside and whose sender address is one of the n (at most CONFLICT_ADDRESSES_MAX)
 * passes. Returns the number of instructions.
 */
size_t conflict_filter_build(const struct hf_addr *addresses, size_t n,
			     struct sock_filter code[CONFLICT_FILTER_MAX]);

/* The sender of an ARP packet without link header; false: not one for IPv4 on Ethernet. */
bool conflict_arp_sender(const uint8_t *arp, size_t len, struct hf_addr *addr, uint8_t mac[6]);

/* The payload of an ARP probe (RFC 5227, 1.1): who has addr, asked by nobody. */
void conflict_probe(const struct hf_addr *addr, const uint8_t mac[6],
		    uint8_t arp[CONFLICT_ARP_BYTES]);

#endif
