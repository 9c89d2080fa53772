/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second ear for an instance. An address owner (priority 255) sends its adverts from the virtual
 * address; while we hold that one, our kernel takes such packets for forged and no raw socket gets
 * them. A packet socket does. It costs every packet on the interface a little, so it is open only
 * while somebody else announces an address that we hold.
 */
#ifndef VRRP_EAR_H
#define VRRP_EAR_H

#define VRRP_EAR_BURST 16 /* packets read in one wake-up */

struct vrrp_local;
struct vrrp_ear;

/* Opens it; twice is fine. Without an interface or with IPv6 there is none and no need. */
void vrrp_ear_open(struct vrrp_local *local);
void vrrp_ear_close(struct vrrp_local *local); /* twice is fine */

#endif
