/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's nbd driver by its generic netlink family: hand a socket to a device, replace a dead
 * one, end it. Needs CAP_SYS_ADMIN. What is said on the sockets is nbd_engine's matter.
 */
#ifndef NBD_NETLINK_H
#define NBD_NETLINK_H

#include <stdint.h>

#include "lib/hf_base.h"

struct nbd_netlink;

/* Loads the module where it is missing. 0 or a negative errno; -EPROTONOSUPPORT: this kernel has no
 * nbd. */
int nbd_netlink_open(struct nbd_netlink **out) HF_MUST_CHECK;
void nbd_netlink_close(struct nbd_netlink *nl); /* NULL is fine */

struct nbd_device {
	int index;               /* of /dev/nbdN; -1 for connect: a free one */
	int fd;                  /* the kernel's end of the connection */
	uint64_t size;           /* bytes */
	uint32_t block_size;     /* logical, 512 to 4096 */
	uint16_t flags;          /* transmission flags */
	uint64_t dead_timeout_s; /* how long requests wait for a new socket */
	const char *backend;     /* the same for ever: who may replace the socket */
};

/*
 * Makes a device. Its own request timer is left off: it would cut the connection of a server that
 * takes its time. Sets index.
 */
int nbd_netlink_connect(struct nbd_netlink *nl, struct nbd_device *device) HF_MUST_CHECK;

/*
 * Hands in a new socket (fd < 0: none) and tells the size. The kernel takes the socket only in
 * place of one that it has found dead; otherwise it drops it without an error, and our end sees a
 * hangup.
 */
int nbd_netlink_reconfigure(struct nbd_netlink *nl, const struct nbd_device *device) HF_MUST_CHECK;

/* Ends a device: what waits fails. */
int nbd_netlink_disconnect(struct nbd_netlink *nl, int index) HF_MUST_CHECK;

#endif
