/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One packet socket for all interfaces hears ARP in the name of addresses that we hold, and probes
 * them. Bounded in what it costs: the kernel drops other ARP, the rest is read in small portions,
 * and each address is acted on once in a while. Elsewhere: bytes (conflict_packet.c), what to do
 * about it (vrrp_conflict.c).
 */
#include "vrrp/net/conflict.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "vrrp/net/conflict_packet.h"

/* Late enough for a predecessor that leaves in order, and is slow, to be gone. */
#define SETTLE_NS   HF_SECONDS(1)
#define PORTION     32 /* packets read, and probes sent, in one turn */
#define PORTION_GAP HF_MILLIS(20)

struct conflict {
	struct net_table *table;
	conflict_found *found;
	void *arg;
	int fd;
	struct hf_watch *watch;
	struct hf_timer *look;   /* at what is held */
	struct hf_timer *resume; /* listening, after a full portion */
	bool too_many_said;
	size_t n;
	unsigned int probes; /* sent in this turn */
	bool more;           /* probes that did not fit */
	struct hf_addr addresses[CONFLICT_ADDRESSES_MAX];
	struct sock_filter code[CONFLICT_FILTER_MAX];
};

static bool
can_probe(const struct net_link *link)
{
	return link->now.ifindex != 0 && link->now.type == ARPHRD_ETHER &&
	       link->now.hwaddr_len == ETH_ALEN && (link->now.flags & IFF_NOARP) == 0;
}

static void
probe(struct conflict *conflict, struct net_address *address)
{
	const struct net_link *link = address->link;
	uint8_t arp[CONFLICT_ARP_BYTES];
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = link->now.ifindex,
		.sll_halen = ETH_ALEN,
	};

	memset(to.sll_addr, 0xff, ETH_ALEN);
	conflict_probe(&address->prefix.addr, link->now.hwaddr, arp);
	/* Lost ones are not repeated: the listener stays. */
	(void)sendto(conflict->fd, arp, sizeof(arp), 0, (struct sockaddr *)&to, sizeof(to));
	conflict->probes++;
}

/* The held addresses of the table, in its order. */
static void
collect(const void *node, VISIT visit, void *arg)
{
	struct net_address *address = *(struct net_address *const *)node;
	struct conflict *conflict = arg;

	if ((visit != postorder && visit != leaf) || address->prefix.addr.family != AF_INET)
		return;
	if (address->wants == 0) {
		address->conflict.probed = false;
		return;
	}
	if (conflict->n < CONFLICT_ADDRESSES_MAX)
		conflict->addresses[conflict->n] = address->prefix.addr;
	conflict->n++;
}

static void
probe_new(const void *node, VISIT visit, void *arg)
{
	struct net_address *address = *(struct net_address *const *)node;
	struct conflict *conflict = arg;

	if ((visit != postorder && visit != leaf) || address->prefix.addr.family != AF_INET)
		return;
	if (address->wants == 0 || address->conflict.probed || !can_probe(address->link))
		return;
	if (conflict->probes == PORTION) {
		conflict->more = true;
		return;
	}
	address->conflict.probed = true;
	probe(conflict, address);
}

static void
set_filter(struct conflict *conflict)
{
	size_t n = conflict->n;

	if (n > CONFLICT_ADDRESSES_MAX) {
		n = CONFLICT_ADDRESSES_MAX;
		if (!conflict->too_many_said)
			hf_log(HF_INFO, NULL,
			       "foreign owners are noticed for the first %zu of %zu addresses", n,
			       conflict->n);
		conflict->too_many_said = true;
	}
	struct sock_fprog program = {
		.len = (unsigned short)conflict_filter_build(conflict->addresses, n,
							     conflict->code),
		.filter = conflict->code,
	};

	if (setsockopt(conflict->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
		hf_log(HF_WARNING, NULL, "foreign owners of %zu addresses go unnoticed: %s", n,
		       strerror(errno));
}

static void
look(void *arg)
{
	struct conflict *conflict = arg;

	conflict->n = 0;
	conflict->probes = 0;
	conflict->more = false;
	twalk_r(conflict->table->addresses, collect, conflict);
	set_filter(conflict);
	twalk_r(conflict->table->addresses, probe_new, conflict);
	hf_timer_set(conflict->look,
		     conflict->more ? hf_after(hf_time_now(), PORTION_GAP) : HF_UNSET);
}

void
conflict_held_changed(struct conflict *conflict, hf_time now)
{
	hf_timer_set(conflict->look, hf_after(now, SETTLE_NS));
}

struct sender {
	struct hf_addr addr;
	uint8_t mac[6];
	int ifindex;
	bool is_ours;
	struct net_address *held;
};

static void
compare_mac(const void *node, VISIT visit, void *arg)
{
	const struct net_link *link = *(struct net_link *const *)node;
	struct sender *sender = arg;

	if ((visit == postorder || visit == leaf) && link->now.hwaddr_len == ETH_ALEN &&
	    memcmp(link->now.hwaddr, sender->mac, ETH_ALEN) == 0)
		sender->is_ours = true;
}

static void
compare_address(const void *node, VISIT visit, void *arg)
{
	struct net_address *address = *(struct net_address *const *)node;
	struct sender *sender = arg;

	if ((visit == postorder || visit == leaf) && address->wants > 0 &&
	    address->link->now.ifindex == sender->ifindex &&
	    hf_addr_equal(&address->prefix.addr, &sender->addr))
		sender->held = address;
}

static void
judge(struct conflict *conflict, struct sender *sender, hf_time now)
{
	twalk_r(conflict->table->links_by_index, compare_mac, sender);
	if (sender->is_ours)
		return;
	twalk_r(conflict->table->addresses, compare_address, sender);
	if (sender->held == NULL)
		return;

	struct net_address *address = sender->held;

	if (hf_is_set(address->conflict.handled) &&
	    hf_between(address->conflict.handled, now) < CONFLICT_DEFEND_NS)
		return;

	bool tell = !hf_is_set(address->conflict.told) ||
		    hf_between(address->conflict.told, now) >= CONFLICT_TELL_NS ||
		    memcmp(address->conflict.mac, sender->mac, ETH_ALEN) != 0;

	if (!conflict->found(conflict->arg, address, sender->mac, tell, now))
		return;
	address->conflict.handled = now;
	if (tell)
		address->conflict.told = now;
	memcpy(address->conflict.mac, sender->mac, ETH_ALEN);
}

static void
readable(void *arg, int fd)
{
	struct conflict *conflict = arg;
	hf_time now = hf_time_now();

	for (unsigned int n = 0; n < PORTION; n++) {
		uint8_t arp[64];
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t len =
			recvfrom(fd, arp, sizeof(arp), 0, (struct sockaddr *)&from, &from_len);
		struct sender sender = { .ifindex = from.sll_ifindex };

		if (len < 0) /* an interface that went down says so here once */
			return;
		if (conflict_arp_sender(arp, (size_t)len, &sender.addr, sender.mac))
			judge(conflict, &sender, now);
	}
	hf_watch_enable(conflict->watch, false);
	hf_timer_set(conflict->resume, hf_after(now, PORTION_GAP));
}

static void
resume(void *arg)
{
	struct conflict *conflict = arg;

	hf_watch_enable(conflict->watch, true);
}

/* Nothing passes until the first filter with addresses. */
static int
open_socket(struct conflict *conflict)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP) };
	struct sock_fprog program = {
		.len = (unsigned short)conflict_filter_build(NULL, 0, conflict->code),
		.filter = conflict->code,
	};

	conflict->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (conflict->fd < 0)
		return -1;
	if (setsockopt(conflict->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
		return -1;
	return bind(conflict->fd, (struct sockaddr *)&all, sizeof(all));
}

struct conflict *
conflict_new(struct hf_loop *loop, struct net_table *table, conflict_found *found, void *arg)
{
	struct conflict *conflict = calloc(1, sizeof(*conflict));

	if (conflict == NULL)
		return NULL;
	conflict->table = table;
	conflict->found = found;
	conflict->arg = arg;
	if (open_socket(conflict) != 0)
		goto refused;
	conflict->look = hf_timer_new(loop, HF_PRIO_BULK, look, conflict);
	conflict->resume = hf_timer_new(loop, HF_PRIO_BULK, resume, conflict);
	conflict->watch = hf_watch_read(loop, HF_PRIO_BULK, conflict->fd, readable, conflict);
	if (conflict->look == NULL || conflict->resume == NULL || conflict->watch == NULL) {
		errno = ENOMEM;
		goto refused;
	}
	return conflict;
refused:;
	int err = errno;

	conflict_free(conflict);
	errno = err;
	return NULL;
}

void
conflict_free(struct conflict *conflict)
{
	if (conflict == NULL)
		return;
	hf_watch_free(conflict->watch);
	hf_timer_free(conflict->look);
	hf_timer_free(conflict->resume);
	if (conflict->fd >= 0)
		close(conflict->fd);
	free(conflict);
}
