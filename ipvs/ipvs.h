/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipvs/: the kernel's IPVS table, desired and actual. The checker sends what should be; this room
 * makes it so, notices drift and puts it back. Names and values follow linux/ip_vs.h.
 */
#ifndef IPVS_H
#define IPVS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_addr.h"

#define IPVS_SCHED_MAX 16
#define IPVS_PE_MAX    16
#define IPVS_LABEL_MAX 96

/* Identity of a service: either mark, or protocol, address and port. Padding bytes are zero:
 * compare with memcmp. */
struct ipvs_service_key {
	uint16_t family;
	uint16_t protocol; /* 0 with a mark */
	uint32_t fwmark;   /* 0: none */
	uint8_t addr[16];
	uint16_t port; /* host order */
	uint16_t pad;
};

struct ipvs_service {
	struct ipvs_service_key key;
	char sched[IPVS_SCHED_MAX];
	char pe[IPVS_PE_MAX]; /* persistence engine, "" none */
	uint32_t flags;       /* IP_VS_SVC_F_PERSISTENT, _ONEPACKET, _SCHED1.. */
	uint32_t timeout_s;   /* persistence */
	uint32_t netmask;     /* IPv4: network order mask; IPv6: prefix bits; as in the kernel's
				 attribute */
};

struct ipvs_dest_key {
	uint16_t family;
	uint16_t port; /* host order */
	uint8_t addr[16];
};

struct ipvs_dest {
	struct ipvs_dest_key key;
	uint32_t fwd_method; /* IP_VS_CONN_F_MASQ, _TUNNEL, _DROUTE, _LOCALNODE */
	int32_t weight;
	uint32_t u_threshold, l_threshold;
	uint8_t tun_type;
	uint8_t pad;
	uint16_t tun_port; /* host order */
	uint16_t tun_flags;
	uint16_t pad2;
};

/*
 * Messages that the room accepts on its link with the checker. A link starts with BEGIN, then every
 * service, each followed by its dests, then END: the complete desired table. Until the first END
 * nothing in the kernel is touched. Afterwards single edits, each effective at once; a new BEGIN
 * ... END replaces everything by difference. Each is a struct ipvs_order.
 */
enum ipvs_msg {
	IPVS_MSG_BEGIN = 1,
	IPVS_MSG_SERVICE,      /* make the service like this (its dests stay) */
	IPVS_MSG_DEST,         /* make this dest of the service like this */
	IPVS_MSG_SERVICE_GONE, /* with its dests */
	IPVS_MSG_DEST_GONE,
	IPVS_MSG_END,
};

/* BEGIN flags. */
#define IPVS_ORDER_FLUSH_FOREIGN                                                                   \
	1u /* lvs_flush: services that nobody ordered are removed at this END */
#define IPVS_ORDER_FLUSH_ON_STOP 2u /* lvs_flush_on_stop */

struct ipvs_order {
	uint64_t cause; /* change id */
	uint32_t flags;
	struct ipvs_service service; /* its key in every message but BEGIN and END */
	struct ipvs_dest dest;
	char label[IPVS_LABEL_MAX]; /* subject for events: the virtual or real server's name in
				       configuration */
};

struct hf_room_ops;
const struct hf_room_ops *ipvs_room(void);

#endif
