/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to vrrp_socket.c: making a socket with all its options. */
#ifndef VRRP_SOCKET_OPEN_H
#define VRRP_SOCKET_OPEN_H

#include <net/if.h>
#include <stdbool.h>

#include "lib/hf_addr.h"
#include "vrrp/vrrp_filter.h"

/* What instances must have in common to share a socket. */
struct vrrp_socket_key {
	char ifname[IFNAMSIZ]; /* "": any */
	int ifindex;           /* 0: any */
	sa_family_t family;
	bool multicast;
	struct hf_addr addr; /* the group, or the unicast source (AF_UNSPEC: any) */
};

/* Returns the descriptor, which lets nothing pass yet, or -errno. */
int vrrp_socket_open(const struct vrrp_socket_key *key);

/* Lets packets with these VRIDs pass, and no others. Returns 0 or -errno. */
int vrrp_socket_filter(int fd, sa_family_t family, const struct vrrp_vrid_set *set);

#endif
