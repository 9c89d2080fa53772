/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The classic BPF program that lets only packets with our VRIDs wake us. Pure. */
#ifndef VRRP_FILTER_H
#define VRRP_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define VRRP_FILTER_MAX  40 /* instructions */
#define VRRP_VRID_OFFSET 1  /* in the VRRP header: RFC 9568, 5.1 */

struct vrrp_vrid_set {
	uint32_t words[8]; /* bit n % 32 of word n / 32: VRID n */
};

static inline void
vrrp_vrid_set_add(struct vrrp_vrid_set *set, uint8_t vrid)
{
	set->words[vrid / 32] |= 1u << (vrid % 32);
}

/*
 * Writes the program for a raw socket of the family: IPv4 packets come with their IP header, IPv6
 * ones without. Its length does not depend on the set. Returns the number of instructions.
 */
size_t vrrp_filter_build(const struct vrrp_vrid_set *set, sa_family_t family,
			 struct sock_filter code[VRRP_FILTER_MAX]);

#endif
