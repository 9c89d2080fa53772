/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the vrrp room is told to be: immutable, complete (every default filled in, every rule of
 * "completing an instance" applied), owned by the model.
 */
#ifndef VRRP_MODEL_H
#define VRRP_MODEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/script_model.h"
#include "lib/hf_addr.h"

#define VRRP_NAME_MAX  64       /* bytes of an instance's or group's name, NUL included */
#define VRRP_LABEL_MAX IFNAMSIZ /* of an address label, NUL included */

enum vrrp_preempt { VRRP_PREEMPT, VRRP_NOPREEMPT };

/* One virtual address; also one that moves along without being advertised (excluded). */
struct vrrp_address_model {
	struct hf_prefix prefix;
	struct hf_addr peer;        /* AF_UNSPEC: none */
	struct hf_addr broadcast;   /* AF_UNSPEC: none */
	char ifname[IFNAMSIZ];      /* never empty: the instance's interface by default */
	char label[VRRP_LABEL_MAX]; /* "" : none */
	uint8_t scope;              /* RT_SCOPE_* */
	bool track_interface;       /* a down interface is a fault (not for no_track) */
};

struct vrrp_notify_model {
	struct script_model master, backup, fault, stop, deleted, any, master_rx_lower_pri;
};

/* Gratuitous ARP (IPv6: unsolicited NA), section 14.1 of keepalived's behaviour. */
struct vrrp_garp_model {
	uint32_t master_delay_ms;   /* second block; 0: none */
	uint32_t master_repeat;     /* rounds in a block */
	uint32_t master_refresh_ms; /* 0: never */
	uint32_t master_refresh_repeat;
	uint32_t lower_prio_delay_ms;
	uint32_t lower_prio_repeat;
	uint64_t interval_us; /* least gap between two messages on an interface; 0: none */
};

struct vrrp_instance_model {
	char name[VRRP_NAME_MAX];
	char ifname[IFNAMSIZ];
	sa_family_t family;
	uint8_t version; /* 2 or 3 */
	uint8_t vrid;
	uint8_t priority;     /* 1..255; 255 owns the addresses */
	bool start_as_active; /* state MASTER */
	bool preempt;
	bool strict;
	bool accept;
	bool dont_track_primary;
	bool lower_prio_no_advert;
	bool higher_prio_send_advert;
	bool notify_priority_changes;
	uint16_t advert_cs; /* Advertisement_Interval in centiseconds: v2 100..25500 in whole
			       seconds, v3 1..4095 */
	uint8_t down_timer_adverts; /* 3 unless configured */
	int64_t preempt_delay_ns;   /* 0: none */
	struct hf_addr
		source;       /* mcast_src_ip or unicast_src_ip; AF_UNSPEC: the interface's first */
	struct hf_addr group; /* multicast destination */
	size_t n_peers;       /* unicast when above 0 */
	const struct hf_addr *peers;
	size_t n_addresses; /* advertised, in configuration order */
	const struct vrrp_address_model *addresses;
	size_t n_excluded;
	const struct vrrp_address_model *excluded;
	size_t n_track_interfaces; /* without weight; the own interface is implied */
	const char (*track_interfaces)[IFNAMSIZ];
	struct vrrp_garp_model garp;
	struct vrrp_notify_model notify;
	size_t group_index; /* into sync_groups; SIZE_MAX: in none */
};

struct vrrp_group_model {
	char name[VRRP_NAME_MAX];
	size_t n_members;
	const size_t *members; /* into instances */
	struct vrrp_notify_model notify;
};

struct vrrp_model {
	char router_id[256];
	int64_t startup_delay_ns;
	size_t n_instances;
	const struct vrrp_instance_model *instances;
	size_t n_groups;
	const struct vrrp_group_model *groups;
	bool fifo;   /* any FIFO wants our lines: the runner has them */
	void *arena; /* owns all of the above */
};

/*
 * Reads the text that vrrp_model_print() wrote (a configuration in keepalived's own syntax,
 * complete). Returns NULL with *why filled when it is not acceptable.
 */
struct vrrp_model *vrrp_model_read(const char *text, size_t len, char why[512]);
void vrrp_model_print(const struct vrrp_model *model, FILE *out);
void vrrp_model_free(struct vrrp_model *model); /* NULL is fine */

/* Same meaning in every field? For the difference at a reload. */
bool vrrp_instance_model_equal(const struct vrrp_instance_model *a,
			       const struct vrrp_instance_model *b);

#endif
