/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services and dests in order and by key, and when two of them are the same. Elsewhere: the
 * difference of two tables (ipvs_plan.c), the kernel (ipvs_netlink.c).
 */
#include "ipvs/ipvs_table.h"

#include <assert.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an order decides; IP_VS_SVC_F_HASHED is the kernel's own. */
#define SERVICE_FLAGS                                                                              \
	(IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET | IP_VS_SVC_F_SCHED1 |                     \
	 IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3)

static int
compare_services(const void *a, const void *b)
{
	const struct ipvs_table_service *x = a, *y = b;

	return memcmp(&x->service.key, &y->service.key, sizeof(x->service.key));
}

static int
compare_dests(const void *a, const void *b)
{
	const struct ipvs_table_dest *x = a, *y = b;

	return memcmp(&x->dest.key, &y->dest.key, sizeof(x->dest.key));
}

struct ipvs_table *
ipvs_table_new(void)
{
	struct ipvs_table *table = calloc(1, sizeof(*table));

	if (table != NULL)
		TAILQ_INIT(&table->services);
	return table;
}

void
ipvs_table_clear(struct ipvs_table *table)
{
	struct ipvs_table_service *service;

	while ((service = TAILQ_FIRST(&table->services)) != NULL)
		ipvs_table_remove(table, service);
	assert(table->n_services == 0);
	assert(table->n_dests == 0);
}

void
ipvs_table_free(struct ipvs_table *table)
{
	if (table == NULL)
		return;
	ipvs_table_clear(table);
	free(table);
}

struct ipvs_table_service *
ipvs_table_find(const struct ipvs_table *table, const struct ipvs_service_key *key)
{
	struct ipvs_table_service wanted = { .service.key = *key };
	struct ipvs_table_service **node = tfind(&wanted, &table->by_key, compare_services);

	return node == NULL ? NULL : *node;
}

struct ipvs_table_dest *
ipvs_table_find_dest(const struct ipvs_table_service *service, const struct ipvs_dest_key *key)
{
	struct ipvs_table_dest wanted = { .dest.key = *key };
	struct ipvs_table_dest **node = tfind(&wanted, &service->by_key, compare_dests);

	return node == NULL ? NULL : *node;
}

static void
set_label(char label[IPVS_LABEL_MAX], const char *text)
{
	if (text != NULL)
		snprintf(label, IPVS_LABEL_MAX, "%s", text);
}

static struct ipvs_table_service *
add_service(struct ipvs_table *table, const struct ipvs_service *service)
{
	struct ipvs_table_service *entry;

	if (table->n_services == IPVS_SERVICES_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->service = *service;
	TAILQ_INIT(&entry->dests);
	if (tsearch(entry, &table->by_key, compare_services) == NULL) {
		free(entry);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&table->services, entry, link);
	table->n_services++;
	return entry;
}

struct ipvs_table_service *
ipvs_table_put(struct ipvs_table *table, const struct ipvs_service *service, const char *label)
{
	struct ipvs_table_service *entry = ipvs_table_find(table, &service->key);

	if (entry == NULL)
		entry = add_service(table, service);
	if (entry == NULL)
		return NULL;
	if (!ipvs_service_same(&entry->service, service))
		entry->held = false;
	entry->service = *service;
	set_label(entry->label, label);
	return entry;
}

static struct ipvs_table_dest *
add_dest(struct ipvs_table *table, struct ipvs_table_service *service, const struct ipvs_dest *dest)
{
	struct ipvs_table_dest *entry;

	if (table->n_dests == IPVS_DESTS_MAX)
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->dest = *dest;
	if (tsearch(entry, &service->by_key, compare_dests) == NULL) {
		free(entry);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&service->dests, entry, link);
	service->n_dests++;
	table->n_dests++;
	return entry;
}

struct ipvs_table_dest *
ipvs_table_put_dest(struct ipvs_table *table, struct ipvs_table_service *service,
		    const struct ipvs_dest *dest, const char *label)
{
	struct ipvs_table_dest *entry = ipvs_table_find_dest(service, &dest->key);

	if (entry == NULL)
		entry = add_dest(table, service, dest);
	if (entry == NULL)
		return NULL;
	if (!ipvs_dest_same(&entry->dest, dest))
		entry->held = false;
	entry->dest = *dest;
	set_label(entry->label, label);
	return entry;
}

void
ipvs_table_remove_dest(struct ipvs_table *table, struct ipvs_table_service *service,
		       struct ipvs_table_dest *dest)
{
	tdelete(dest, &service->by_key, compare_dests);
	TAILQ_REMOVE(&service->dests, dest, link);
	assert(service->n_dests > 0);
	service->n_dests--;
	table->n_dests--;
	free(dest);
}

void
ipvs_table_remove(struct ipvs_table *table, struct ipvs_table_service *service)
{
	struct ipvs_table_dest *dest;

	while ((dest = TAILQ_FIRST(&service->dests)) != NULL)
		ipvs_table_remove_dest(table, service, dest);
	tdelete(service, &table->by_key, compare_services);
	TAILQ_REMOVE(&table->services, service, link);
	table->n_services--;
	free(service);
}

void
ipvs_table_release_held(struct ipvs_table *table)
{
	struct ipvs_table_service *service;
	struct ipvs_table_dest *dest;

	TAILQ_FOREACH (service, &table->services, link) {
		service->held = false;
		TAILQ_FOREACH (dest, &service->dests, link)
			dest->held = false;
	}
}

void
ipvs_service_normalise(struct ipvs_service *service)
{
	struct ipvs_service_key *key = &service->key;

	if (key->fwmark != 0)
		*key = (struct ipvs_service_key){ .family = key->family, .fwmark = key->fwmark };
	if (key->family == AF_INET)
		memset(key->addr + 4, 0, sizeof(key->addr) - 4);
	key->pad = 0;
	service->sched[IPVS_SCHED_MAX - 1] = '\0';
	service->pe[IPVS_PE_MAX - 1] = '\0';
	/* The kernel wants a mask or a prefix length even where it means nothing. */
	if (service->netmask == 0)
		service->netmask = key->family == AF_INET6 ? 128 : 0xffffffff;
}

void
ipvs_dest_normalise(struct ipvs_dest *dest)
{
	if (dest->key.family == AF_INET)
		memset(dest->key.addr + 4, 0, sizeof(dest->key.addr) - 4);
	dest->pad = 0;
	dest->pad2 = 0;
}

bool
ipvs_service_same(const struct ipvs_service *a, const struct ipvs_service *b)
{
	if ((a->flags & SERVICE_FLAGS) != (b->flags & SERVICE_FLAGS))
		return false;
	if (strncmp(a->sched, b->sched, IPVS_SCHED_MAX) != 0 ||
	    strncmp(a->pe, b->pe, IPVS_PE_MAX) != 0)
		return false;
	if (!(a->flags & IP_VS_SVC_F_PERSISTENT))
		return true;
	return a->timeout_s == b->timeout_s && a->netmask == b->netmask;
}

static bool
forwarding_same(uint32_t a, uint32_t b)
{
	a &= IP_VS_CONN_F_FWD_MASK;
	b &= IP_VS_CONN_F_FWD_MASK;
	return a == b || a == IP_VS_CONN_F_LOCALNODE || b == IP_VS_CONN_F_LOCALNODE;
}

bool
ipvs_dest_same(const struct ipvs_dest *a, const struct ipvs_dest *b)
{
	if (a->weight != b->weight || a->u_threshold != b->u_threshold ||
	    a->l_threshold != b->l_threshold || !forwarding_same(a->fwd_method, b->fwd_method))
		return false;
	if ((a->fwd_method & IP_VS_CONN_F_FWD_MASK) != IP_VS_CONN_F_TUNNEL ||
	    (b->fwd_method & IP_VS_CONN_F_FWD_MASK) != IP_VS_CONN_F_TUNNEL)
		return true;
	return a->tun_type == b->tun_type && a->tun_port == b->tun_port &&
	       a->tun_flags == b->tun_flags;
}

const char *
ipvs_forwarding_word(uint32_t fwd_method)
{
	switch (fwd_method & IP_VS_CONN_F_FWD_MASK) {
	case IP_VS_CONN_F_MASQ:
		return "masq";
	case IP_VS_CONN_F_LOCALNODE:
		return "localnode";
	case IP_VS_CONN_F_TUNNEL:
		return "tunnel";
	case IP_VS_CONN_F_DROUTE:
		return "droute";
	case IP_VS_CONN_F_BYPASS:
		return "bypass";
	default: /* two bits are free: not an enum */
		return "unknown";
	}
}

static const char *
endpoint_text(uint16_t family, const uint8_t bytes[16], uint16_t port, char *buf, size_t cap)
{
	struct hf_addr addr = { .family = family };
	char text[HF_ADDR_TEXT_MAX];

	memcpy(addr.bytes, bytes, family == AF_INET ? 4 : 16);
	snprintf(buf, cap, family == AF_INET6 ? "[%s]:%u" : "%s:%u", hf_addr_text(&addr, text),
		 port);
	return buf;
}

const char *
ipvs_service_key_text(const struct ipvs_service_key *key, char buf[IPVS_KEY_TEXT_MAX])
{
	const char *protocol = key->protocol == IPPROTO_TCP    ? "tcp"
			       : key->protocol == IPPROTO_UDP  ? "udp"
			       : key->protocol == IPPROTO_SCTP ? "sctp"
							       : "protocol?";
	char endpoint[IPVS_KEY_TEXT_MAX - 12];

	if (key->fwmark != 0)
		snprintf(buf, IPVS_KEY_TEXT_MAX, "fwmark %u%s", key->fwmark,
			 key->family == AF_INET6 ? " ipv6" : "");
	else
		snprintf(buf, IPVS_KEY_TEXT_MAX, "%s %s", protocol,
			 endpoint_text(key->family, key->addr, key->port, endpoint,
				       sizeof(endpoint)));
	return buf;
}

const char *
ipvs_dest_key_text(const struct ipvs_dest_key *key, char buf[IPVS_KEY_TEXT_MAX])
{
	return endpoint_text(key->family, key->addr, key->port, buf, IPVS_KEY_TEXT_MAX);
}
