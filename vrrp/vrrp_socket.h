/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw sockets of the room: one for each interface, family and multicast group (or unicast source
 * address), shared by the instances there for receiving and sending, filtered in the kernel to
 * their VRIDs.
 */
#ifndef VRRP_SOCKET_H
#define VRRP_SOCKET_H

#include <stdint.h>

#include "lib/hf_base.h"
#include "lib/hf_loop.h"
#include "vrrp/vrrp_packet.h"

#define VRRP_RX_BURST  64        /* packets read in one wake-up; the others get their turn */
#define VRRP_RX_RCVBUF (1 << 20) /* bytes the kernel keeps for us while we are busy */

/*
 * Up to this age a packet counts from when the kernel received it, so that the time until we got
 * to read it is not added to what the protocol waits. An older one says nothing about the present.
 */
#define VRRP_RX_AGE_NS HF_MILLIS(5)

struct vrrp_local;
struct vrrp_socket;
struct vrrp_sockets;

struct vrrp_socket_ops {
	/* A valid advert for this instance, and when it arrived. */
	void (*advert)(void *arg, struct vrrp_local *local, const struct vrrp_advert *advert,
		       hf_time now);
	/* A packet with its VRID that is not acceptable. */
	void (*dropped)(void *arg, struct vrrp_local *local, enum vrrp_drop drop,
			const struct hf_addr *source);
};

/* NULL when out of memory. */
struct vrrp_sockets *vrrp_sockets_new(struct hf_loop *loop, const struct vrrp_socket_ops *ops,
				      void *arg);
void vrrp_sockets_free(struct vrrp_sockets *sockets); /* NULL is fine */

/*
 * Ties the instance to the socket that its model and its source ask for, opening or re-opening it
 * where needed; leaves the one before. Returns 0, or -errno with the instance tied to none.
 */
int vrrp_socket_join(struct vrrp_sockets *sockets, struct vrrp_local *local);
void vrrp_socket_leave(struct vrrp_local *local); /* twice is fine */

/* Is the instance tied to the socket that it should be tied to now? */
bool vrrp_socket_is_right(const struct vrrp_local *local);

/* Sends an advert with this priority to the group or every peer. Returns 0 or the first -errno. */
int vrrp_socket_send(struct vrrp_local *local, uint8_t priority);

/* Reads what waits on the instance's socket now. */
void vrrp_socket_read_now(struct vrrp_local *local);

/* An IPv4 packet that came another way (vrrp_ear.h). It counts only when its sender's address is
 * one that the instance holds: every other one comes through the socket too. */
void vrrp_socket_overheard(struct vrrp_local *local, const uint8_t *bytes, size_t len);

/* Counts by reason of packets that belong to no instance. */
const uint64_t *vrrp_sockets_strays(const struct vrrp_sockets *sockets);

#endif
