/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of services with their dests: what should be, what is, or what was found. Pure. Entries
 * keep the order in which they came and are found by key.
 */
#ifndef IPVS_TABLE_H
#define IPVS_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ipvs/ipvs.h"
#include "lib/hf_base.h"

#define IPVS_SERVICES_MAX 65536
#define IPVS_DESTS_MAX    1048576 /* of all services */

struct ipvs_table_dest {
	TAILQ_ENTRY(ipvs_table_dest) link;
	struct ipvs_dest dest;
	char label[IPVS_LABEL_MAX];
	bool held; /* the kernel refused it: not asked again until this is cleared */
};

struct ipvs_table_service {
	TAILQ_ENTRY(ipvs_table_service) link;
	struct ipvs_service service;
	char label[IPVS_LABEL_MAX];
	bool held;
	uint64_t stamp; /* the owner's: when it was last changed */
	size_t n_dests;
	TAILQ_HEAD(, ipvs_table_dest) dests;
	void *by_key; /* private: index of dests */
};

struct ipvs_table {
	size_t n_services, n_dests;
	TAILQ_HEAD(, ipvs_table_service) services;
	void *by_key; /* private: index of services */
};

struct ipvs_table *ipvs_table_new(void);        /* NULL: no memory */
void ipvs_table_free(struct ipvs_table *table); /* NULL is fine */
void ipvs_table_clear(struct ipvs_table *table);

/*
 * Adds the service, or makes the one with its key like it; a change clears `held`. label NULL keeps
 * what is there. NULL: no memory, or IPVS_SERVICES_MAX reached.
 */
struct ipvs_table_service *ipvs_table_put(struct ipvs_table *table,
					  const struct ipvs_service *service, const char *label);
struct ipvs_table_dest *ipvs_table_put_dest(struct ipvs_table *table,
					    struct ipvs_table_service *service,
					    const struct ipvs_dest *dest, const char *label);

struct ipvs_table_service *ipvs_table_find(const struct ipvs_table *table,
					   const struct ipvs_service_key *key);
struct ipvs_table_dest *ipvs_table_find_dest(const struct ipvs_table_service *service,
					     const struct ipvs_dest_key *key);

void ipvs_table_remove(struct ipvs_table *table, struct ipvs_table_service *service);
void ipvs_table_remove_dest(struct ipvs_table *table, struct ipvs_table_service *service,
			    struct ipvs_table_dest *dest);

/* Asks for everything held once more. */
void ipvs_table_release_held(struct ipvs_table *table);

/*
 * Brings an order into the one form that compares equal with what the kernel shows: what a mark or
 * an IPv4 address leaves unused is zero, texts end, the netmask is never 0.
 */
void ipvs_service_normalise(struct ipvs_service *service);
void ipvs_dest_normalise(struct ipvs_dest *dest);

/*
 * Would the kernel's table look the same? Flags that the kernel keeps for itself, persistence
 * settings of a service without persistence, tunnel settings of a dest without tunnel, and a dest
 * that the kernel recognised as local do not count.
 */
bool ipvs_service_same(const struct ipvs_service *a, const struct ipvs_service *b);
bool ipvs_dest_same(const struct ipvs_dest *a, const struct ipvs_dest *b);

/* "masq", "tunnel", "droute", "localnode". */
const char *ipvs_forwarding_word(uint32_t fwd_method);

/* "tcp 192.0.2.9:80", "udp [2001:db8::9]:53", "fwmark 7 ipv6". Returns buf. */
#define IPVS_KEY_TEXT_MAX 80
const char *ipvs_service_key_text(const struct ipvs_service_key *key, char buf[IPVS_KEY_TEXT_MAX]);
const char *ipvs_dest_key_text(const struct ipvs_dest_key *key, char buf[IPVS_KEY_TEXT_MAX]);

#endif
