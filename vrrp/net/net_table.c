/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror of the kernel's links and addresses. In: what netlink said. Out: which links changed,
 * which of our addresses are missing. Elsewhere: netlink itself (link_monitor.c), what to do about
 * it (address_plan.c).
 */
#include "vrrp/net/net_table.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int
by_name(const void *a, const void *b)
{
	const struct net_link *x = a, *y = b;

	return strncmp(x->now.name, y->now.name, IFNAMSIZ);
}

static int
by_index(const void *a, const void *b)
{
	const struct net_link *x = a, *y = b;

	return (x->now.ifindex > y->now.ifindex) - (x->now.ifindex < y->now.ifindex);
}

/* Address first, so that all entries of one address stand together: net_table_has(). */
static int
by_address(const void *a, const void *b)
{
	const struct net_address *x = a, *y = b;
	int order = hf_addr_cmp(&x->prefix.addr, &y->prefix.addr);

	if (order != 0)
		return order;
	if (x->prefix.len != y->prefix.len)
		return x->prefix.len < y->prefix.len ? -1 : 1;
	return strncmp(x->link->now.name, y->link->now.name, IFNAMSIZ);
}

struct net_table *
net_table_new(void)
{
	struct net_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	TAILQ_INIT(&table->dirty);
	TAILQ_INIT(&table->missing);
	return table;
}

static void
keep_node(void *node HF_UNUSED)
{
}

static void
free_link(void *node)
{
	struct net_link *link = node;
	struct net_watcher *watcher;

	while ((watcher = LIST_FIRST(&link->watchers)) != NULL)
		net_unwatch(watcher);
	free(link);
}

void
net_table_free(struct net_table *table)
{
	if (table == NULL)
		return;
	tdestroy(table->addresses, free);
	tdestroy(table->links_by_index, keep_node);
	tdestroy(table->links_by_name, free_link);
	free(table);
}

/* The node that a tree holds for a key, or NULL. */
static void *
found(void *const *root, const void *key, int (*order)(const void *, const void *))
{
	void *node = tfind(key, root, order);

	return node == NULL ? NULL : *(void **)node;
}

static void
mark_dirty(struct net_table *table, struct net_link *link)
{
	if (link->dirty)
		return;
	link->dirty = true;
	TAILQ_INSERT_TAIL(&table->dirty, link, next_dirty);
}

struct net_link *
net_table_next_dirty(struct net_table *table)
{
	struct net_link *link = TAILQ_FIRST(&table->dirty);

	if (link == NULL)
		return NULL;
	TAILQ_REMOVE(&table->dirty, link, next_dirty);
	link->dirty = false;
	return link;
}

struct net_link *
net_link_get(struct net_table *table, const char *name)
{
	struct net_link key;
	struct net_link *link;

	memset(&key, 0, sizeof(key));
	strncpy(key.now.name, name, IFNAMSIZ - 1);
	link = found(&table->links_by_name, &key, by_name);
	if (link != NULL)
		return link;
	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return NULL;
	memcpy(link->now.name, key.now.name, IFNAMSIZ);
	TAILQ_INIT(&link->addresses);
	TAILQ_INIT(&link->announce.waiting);
	LIST_INIT(&link->watchers);
	if (tsearch(link, &table->links_by_name, by_name) == NULL) {
		free(link);
		return NULL;
	}
	return link;
}

struct net_link *
net_link_by_index(struct net_table *table, int ifindex)
{
	struct net_link key;

	key.now.ifindex = ifindex;
	return found(&table->links_by_index, &key, by_index);
}

void
net_watch(struct net_link *link, struct net_watcher *watcher)
{
	watcher->link = link;
	LIST_INSERT_HEAD(&link->watchers, watcher, next);
}

void
net_unwatch(struct net_watcher *watcher)
{
	if (watcher->link == NULL)
		return;
	LIST_REMOVE(watcher, next);
	watcher->link = NULL;
}

/* The link loses its interface: with it go all addresses. */
static void
link_lost(struct net_table *table, struct net_link *link)
{
	struct net_address *address, *next;

	for (address = TAILQ_FIRST(&link->addresses); address != NULL; address = next) {
		next = TAILQ_NEXT(address, of_link);
		net_address_set_present(table, address, false);
		address->own_deletes = 0;
		net_address_put(table, address);
	}
	tdelete(link, &table->links_by_index, by_index);
	link->now.ifindex = 0;
	link->now.flags = 0;
	mark_dirty(table, link);
}

static bool
same_facts(const struct net_link_facts *a, const struct net_link_facts *b)
{
	return a->ifindex == b->ifindex && a->flags == b->flags && a->type == b->type &&
	       a->hwaddr_len == b->hwaddr_len && memcmp(a->hwaddr, b->hwaddr, a->hwaddr_len) == 0;
}

int
net_table_link_seen(struct net_table *table, const struct net_link_facts *facts)
{
	struct net_link *link = net_link_get(table, facts->name);
	struct net_link *holder = net_link_by_index(table, facts->ifindex);

	if (link == NULL)
		return -ENOMEM;
	if (holder != NULL && holder != link) /* it was renamed */
		link_lost(table, holder);
	if (link->now.ifindex != 0 && link->now.ifindex != facts->ifindex) /* deleted, made again */
		link_lost(table, link);
	link->seen = table->dump;
	if (same_facts(&link->now, facts))
		return 0;
	bool is_new = link->now.ifindex == 0;

	link->now = *facts;
	mark_dirty(table, link);
	if (is_new && tsearch(link, &table->links_by_index, by_index) == NULL) {
		link->now.ifindex = 0;
		return -ENOMEM;
	}
	return 0;
}

void
net_table_link_gone(struct net_table *table, int ifindex)
{
	struct net_link *link = net_link_by_index(table, ifindex);

	if (link != NULL)
		link_lost(table, link);
}

struct net_address *
net_address_get(struct net_table *table, struct net_link *link, const struct hf_prefix *prefix)
{
	struct net_address key;
	struct net_address *address;

	key.link = link;
	key.prefix = *prefix;
	address = found(&table->addresses, &key, by_address);
	if (address != NULL)
		return address;
	address = calloc(1, sizeof(*address));
	if (address == NULL)
		return NULL;
	address->link = link;
	address->prefix = *prefix;
	if (tsearch(address, &table->addresses, by_address) == NULL) {
		free(address);
		return NULL;
	}
	return address;
}

void
net_address_put(struct net_table *table, struct net_address *address)
{
	if (address->present || address->owners > 0)
		return;
	tdelete(address, &table->addresses, by_address);
	free(address);
}

/* An address owner's virtual address may be the machine's own. */
static bool
may_be_machines(const struct net_address *address)
{
	return address->owners > 0 && address->form.address_owner;
}

static bool
may_be_source(const struct net_address *address)
{
	return address->owners == 0 || may_be_machines(address);
}

void
net_address_set_present(struct net_table *table, struct net_address *address, bool present)
{
	if (address->present == present)
		return;
	address->present = present;
	if (!present)
		address->machines = address->is_added = false;
	if (present)
		TAILQ_INSERT_TAIL(&address->link->addresses, address, of_link);
	else
		TAILQ_REMOVE(&address->link->addresses, address, of_link);
	if (may_be_source(address))
		mark_dirty(table, address->link);
}

int
net_table_address_seen(struct net_table *table, int ifindex, const struct hf_prefix *prefix,
		       bool usable)
{
	struct net_link *link = net_link_by_index(table, ifindex);
	struct net_address *address;

	if (link == NULL) /* its link message was lost or is still to come with the next dump */
		return 0;
	address = net_address_get(table, link, prefix);
	if (address == NULL)
		return -ENOMEM;
	address->seen = table->dump;
	if (address->usable != usable) {
		address->usable = usable;
		if (may_be_source(address))
			mark_dirty(table, link);
	}
	/* Not our doing: the machine has got its own address (back). */
	if (!address->present && address->own_deletes == 0 && may_be_machines(address))
		address->machines = true;
	net_address_set_present(table, address, true);
	return 0;
}

/* Somebody else removed it: remembered if it is wanted. */
static void
address_lost(struct net_table *table, struct net_address *address)
{
	net_address_set_present(table, address, false);
	if (address->wants > 0 && !address->missing) {
		address->missing = true;
		TAILQ_INSERT_TAIL(&table->missing, address, next_missing);
	}
	net_address_put(table, address);
}

void
net_table_address_gone(struct net_table *table, int ifindex, const struct hf_prefix *prefix)
{
	struct net_link *link = net_link_by_index(table, ifindex);
	struct net_address key;
	struct net_address *address;

	if (link == NULL)
		return;
	key.link = link;
	key.prefix = *prefix;
	address = found(&table->addresses, &key, by_address);
	if (address == NULL)
		return;
	if (address->own_deletes > 0) { /* the echo of our own deletion */
		address->own_deletes--;
		/* A dump under way may have shown it once more before. */
		if (address->own_deletes == 0 && address->wants == 0) {
			net_address_set_present(table, address, false);
			net_address_put(table, address);
		}
		return;
	}
	address_lost(table, address);
}

void
net_table_dump_begin(struct net_table *table)
{
	table->dump++;
}

/* tsearch(3) trees cannot be changed while they are walked: what is to go is collected first. */
struct sweep {
	struct net_table *table;
	TAILQ_HEAD(, net_link) gone;
};

static void
sweep_link(const void *node, VISIT when, void *closure)
{
	struct sweep *sweep = closure;
	struct net_link *link = *(struct net_link *const *)node;
	struct net_address *address, *next;

	if (when != postorder && when != leaf)
		return;
	if (link->now.ifindex == 0)
		return;
	if (link->seen != sweep->table->dump) {
		if (link->dirty)
			TAILQ_REMOVE(&sweep->table->dirty, link, next_dirty);
		link->dirty = true;
		TAILQ_INSERT_TAIL(&sweep->gone, link, next_dirty);
		return;
	}
	for (address = TAILQ_FIRST(&link->addresses); address != NULL; address = next) {
		next = TAILQ_NEXT(address, of_link);
		if (address->seen != sweep->table->dump)
			address_lost(sweep->table, address);
	}
}

void
net_table_dump_end(struct net_table *table)
{
	struct sweep sweep = { .table = table };
	struct net_link *link;

	TAILQ_INIT(&sweep.gone);
	twalk_r(table->links_by_name, sweep_link, &sweep);
	while ((link = TAILQ_FIRST(&sweep.gone)) != NULL) {
		TAILQ_REMOVE(&sweep.gone, link, next_dirty);
		link->dirty = false;
		link_lost(table, link);
	}
}

bool
net_link_is_up(const struct net_link *link)
{
	unsigned int needed = IFF_UP | IFF_RUNNING;

	return link->now.ifindex != 0 && (link->now.flags & needed) == needed;
}

struct hf_addr
net_link_source(const struct net_link *link, sa_family_t family)
{
	const struct net_address *address;

	TAILQ_FOREACH (address, &link->addresses, of_link) {
		if ((address->owners > 0 && !address->machines) || !address->usable ||
		    address->prefix.addr.family != family)
			continue;
		if (family == AF_INET6 && !hf_addr_is_link_local(&address->prefix.addr))
			continue;
		return address->prefix.addr;
	}
	return (struct hf_addr){ .family = AF_UNSPEC };
}

/* Finds any entry of an address, whatever its link and length. */
static int
by_value(const void *key, const void *node)
{
	const struct net_address *address = node;

	return hf_addr_cmp(key, &address->prefix.addr);
}

struct has {
	const struct hf_addr *addr;
	bool yes;
};

static void
look_at(const void *node, VISIT when, void *closure)
{
	const struct net_address *address = *(const struct net_address *const *)node;
	struct has *has = closure;

	if (when != postorder && when != leaf)
		return;
	if (address->present && address->usable && hf_addr_equal(&address->prefix.addr, has->addr))
		has->yes = true;
}

bool
net_table_has(const struct net_table *table, const struct hf_addr *addr)
{
	const struct net_address *address = found(&table->addresses, addr, by_value);
	struct has has = { .addr = addr };

	if (address == NULL)
		return false;
	if (address->present && address->usable)
		return true;
	/* Rare: the same address stands on several links, and not on the one found. */
	twalk_r(table->addresses, look_at, &has);
	return has.yes;
}
