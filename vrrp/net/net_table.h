/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine's links and addresses are, and which of the addresses are ours: the kernel's
 * truth beside what we want. Pure: netlink (link_monitor.h) tells it what was seen, address_plan.h
 * computes what has to be done.
 */
#ifndef NET_TABLE_H
#define NET_TABLE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/hf_addr.h"
#include "lib/hf_base.h"
#include "lib/hf_time.h"

#define NET_HWADDR_MAX 20 /* InfiniBand's */

struct net_table;
struct net_link;
struct net_address;

/* Somebody who wants to know when a link or its addresses change. */
struct net_watcher {
	LIST_ENTRY(net_watcher) next;
	struct net_link *link; /* NULL: not tied */
	void *arg;
};

/* What the kernel says of a link. */
struct net_link_facts {
	char name[IFNAMSIZ];
	int ifindex;
	unsigned int flags; /* IFF_* */
	uint16_t type;      /* ARPHRD_* */
	uint8_t hwaddr[NET_HWADDR_MAX];
	uint8_t hwaddr_len;
};

/* An interface name; lives as long as the table, whether the interface exists or not. */
struct net_link {
	struct net_link_facts now; /* ifindex 0: it does not exist at present */
	TAILQ_HEAD(net_address_list, net_address) addresses; /* present ones, in kernel order */
	LIST_HEAD(, net_watcher) watchers;
	bool dirty;
	TAILQ_ENTRY(net_link) next_dirty;
	uint64_t seen; /* number of the dump that it was last in */
	struct {       /* announce.c: messages that wait for their turn */
		TAILQ_HEAD(, net_address) waiting;
		int64_t interval_ns;
		hf_time due;
		bool queued;
		TAILQ_ENTRY(net_link) next;
	} announce;
};

/* How one of our addresses is to be added. */
struct net_address_form {
	struct hf_addr peer, broadcast;
	char label[IFNAMSIZ];
	uint8_t scope;
	bool address_owner; /* priority 255: where it is there already, it is the machine's own */
};

struct net_address {
	struct net_link *link;
	struct hf_prefix prefix;
	bool present;
	bool usable; /* not tentative, not a failed duplicate */
	uint64_t seen;
	TAILQ_ENTRY(net_address) of_link;
	/* Ours: */
	uint32_t owners; /* instances that have it in their configuration: never used as a source */
	uint32_t wants;  /* those that hold it now */
	struct net_address_form form;
	struct net_address_form added; /* the form that we added it in */
	bool is_added;                 /* it is there because we added it */
	bool machines;        /* an address owner's, and there before us: a source, never deleted */
	bool others_announce; /* another machine says that it is its address */
	bool is_remembered;   /* by the room, for its successor: */
	bool remembered_machines;
	uint32_t own_deletes; /* deletions of ours whose echo has not come yet */
	bool missing;         /* wanted, and somebody removed it */
	TAILQ_ENTRY(net_address) next_missing;
	hf_time drift_window; /* since when drift_n counts */
	uint32_t drift_n;
	hf_time given_up_until;
	uint32_t announce_left; /* announce.c */
	TAILQ_ENTRY(net_address) next_waiting;
	struct { /* conflict.c: another machine that uses it */
		bool probed;
		hf_time handled, told;
		uint8_t mac[6];
	} conflict;
};

TAILQ_HEAD(net_missing_list, net_address);
TAILQ_HEAD(net_dirty_list, net_link);

struct net_table {
	void *links_by_name, *links_by_index, *addresses; /* tsearch(3) trees */
	struct net_dirty_list dirty;
	struct net_missing_list missing;
	uint64_t dump; /* number of the present or last dump */
};

/* NULL when out of memory. */
struct net_table *net_table_new(void);
void net_table_free(struct net_table *table); /* NULL is fine; watchers are untied */

/* The link of that name, made when there is none; NULL when out of memory. */
struct net_link *net_link_get(struct net_table *table, const char *name);
struct net_link *net_link_by_index(struct net_table *table, int ifindex);

void net_watch(struct net_link *link, struct net_watcher *watcher);
void net_unwatch(struct net_watcher *watcher); /* twice is fine */

/* The next link that changed since it was last asked for; NULL: none. */
struct net_link *net_table_next_dirty(struct net_table *table);

/* Everything that netlink tells. They return 0 or -ENOMEM: then only a new dump helps. */
int net_table_link_seen(struct net_table *table, const struct net_link_facts *facts) HF_MUST_CHECK;
void net_table_link_gone(struct net_table *table, int ifindex);
int net_table_address_seen(struct net_table *table, int ifindex, const struct hf_prefix *prefix,
			   bool usable) HF_MUST_CHECK;
void net_table_address_gone(struct net_table *table, int ifindex, const struct hf_prefix *prefix);

/* Between these two everything that exists is seen again; the second one drops what was not. */
void net_table_dump_begin(struct net_table *table);
void net_table_dump_end(struct net_table *table);

/* The entry for an address on a link, made when there is none; NULL when out of memory. */
struct net_address *net_address_get(struct net_table *table, struct net_link *link,
				    const struct hf_prefix *prefix);
/* Frees an entry that is neither present nor owned. */
void net_address_put(struct net_table *table, struct net_address *address);
/* Marks presence and keeps the link's list and dirtiness right. */
void net_address_set_present(struct net_table *table, struct net_address *address, bool present);

bool net_link_is_up(const struct net_link *link); /* exists, up, and has a carrier */

/*
 * The address that adverts are sent from by default: the first of the family that is not one of our
 * virtual addresses, or is one as the machine's own (address owner); IPv6: the first link-local
 * one. AF_UNSPEC: none.
 */
struct hf_addr net_link_source(const struct net_link *link, sa_family_t family);

/* Is this address on any link, usable? */
bool net_table_has(const struct net_table *table, const struct hf_addr *addr);

#endif
