/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vrrp/: who holds the addresses. */
#ifndef VRRP_H
#define VRRP_H

struct hf_room_ops;
const struct hf_room_ops *vrrp_room(void);

#endif
