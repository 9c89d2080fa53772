/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When announcements leave, and leaving: one packet socket for all interfaces, many frames in one
 * system call. Elsewhere: the frames (announce_packet.c), how many rounds (vrrp_engine.c).
 */
#include "vrrp/net/announce.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "vrrp/net/announce_packet.h"

#define ANNOUNCE_BATCH      64     /* frames in one system call */
#define ANNOUNCE_REPEAT_MAX 100000 /* rounds that can wait for one address */

struct announce {
	int fd;
	struct hf_timer *timer;
	TAILQ_HEAD(, net_link) paced; /* links with messages waiting */
	unsigned int n;
	struct mmsghdr messages[ANNOUNCE_BATCH];
	struct iovec iov[ANNOUNCE_BATCH];
	struct sockaddr_ll to[ANNOUNCE_BATCH];
	uint8_t frames[ANNOUNCE_BATCH][ANNOUNCE_FRAME_MAX];
};

void
announce_flush(struct announce *announce)
{
	unsigned int sent = 0;

	while (sent < announce->n) {
		int n = sendmmsg(announce->fd, announce->messages + sent, announce->n - sent, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) { /* the first of the rest is refused: the others still get their turn */
			if (errno != ENETDOWN && errno != ENXIO && errno != ENODEV)
				hf_log(HF_WARNING, NULL, "cannot send an announcement: %s",
				       strerror(errno));
			n = 1;
		}
		sent += (unsigned int)n;
	}
	announce->n = 0;
}

/* Does the kernel forward for others there? Then its NA must say so (RFC 4861, 4.4). */
static bool
is_router(const struct net_link *link)
{
	char path[96];
	int flag;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", link->now.name);
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	flag = fgetc(file);
	fclose(file);
	return flag == '1';
}

static bool
can_announce(const struct net_link *link)
{
	return link->now.ifindex != 0 && link->now.type == ARPHRD_ETHER &&
	       link->now.hwaddr_len == ETH_ALEN && (link->now.flags & IFF_NOARP) == 0;
}

static void
queue_one(struct announce *announce, const struct net_address *address)
{
	const struct net_link *link = address->link;
	const struct hf_addr *addr = &address->prefix.addr;

	if (!can_announce(link))
		return;
	if (announce->n == ANNOUNCE_BATCH)
		announce_flush(announce);
	unsigned int i = announce->n;
	bool router = addr->family == AF_INET6 && is_router(link);
	int len = announce_frame(addr, link->now.hwaddr, router, announce->frames[i],
				 ANNOUNCE_FRAME_MAX);

	if (len < 0)
		return;
	announce->to[i] = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(addr->family == AF_INET ? ETH_P_ARP : ETH_P_IPV6),
		.sll_ifindex = link->now.ifindex,
		.sll_halen = ETH_ALEN,
	};
	memcpy(announce->to[i].sll_addr, announce->frames[i], ETH_ALEN);
	announce->iov[i] = (struct iovec){ announce->frames[i], (size_t)len };
	announce->messages[i] = (struct mmsghdr){ .msg_hdr = {
							  .msg_name = &announce->to[i],
							  .msg_namelen = sizeof(announce->to[i]),
							  .msg_iov = &announce->iov[i],
							  .msg_iovlen = 1,
						  } };
	announce->n++;
}

static void
rearm(struct announce *announce)
{
	hf_time due = HF_NEVER;
	struct net_link *link;

	TAILQ_FOREACH (link, &announce->paced, announce.next)
		due = hf_earlier(due, link->announce.due);
	hf_timer_set(announce->timer, due);
}

/* The next of the link's addresses has its turn; it goes to the end while it has more to say. */
static void
take_turn(struct announce *announce, struct net_link *link, hf_time now)
{
	struct net_address *address = TAILQ_FIRST(&link->announce.waiting);

	if (address == NULL) {
		TAILQ_REMOVE(&announce->paced, link, announce.next);
		link->announce.queued = false;
		return;
	}
	TAILQ_REMOVE(&link->announce.waiting, address, next_waiting);
	queue_one(announce, address);
	address->announce_left--;
	if (address->announce_left > 0)
		TAILQ_INSERT_TAIL(&link->announce.waiting, address, next_waiting);
	link->announce.due = hf_after(now, link->announce.interval_ns);
}

static void
fire(void *arg)
{
	struct announce *announce = arg;
	struct net_link *link, *next;
	hf_time now = hf_time_now();

	for (link = TAILQ_FIRST(&announce->paced); link != NULL; link = next) {
		next = TAILQ_NEXT(link, announce.next);
		if (hf_reached(now, link->announce.due))
			take_turn(announce, link, now);
	}
	announce_flush(announce);
	rearm(announce);
}

static void
pace(struct announce *announce, struct net_address *address, uint32_t repeat, int64_t interval_ns,
     hf_time now)
{
	struct net_link *link = address->link;

	link->announce.interval_ns = interval_ns;
	if (address->announce_left == 0)
		TAILQ_INSERT_TAIL(&link->announce.waiting, address, next_waiting);
	address->announce_left += repeat;
	if (address->announce_left > ANNOUNCE_REPEAT_MAX)
		address->announce_left = ANNOUNCE_REPEAT_MAX;
	if (link->announce.queued)
		return;
	link->announce.queued = true;
	TAILQ_INSERT_TAIL(&announce->paced, link, announce.next);
	if (!hf_is_set(link->announce.due) || hf_reached(now, link->announce.due))
		take_turn(announce, link, now);
}

void
announce_block(struct announce *announce, struct net_address *const *addresses, size_t n,
	       uint32_t repeat, int64_t interval_ns, hf_time now)
{
	if (repeat == 0)
		return;
	if (interval_ns > 0) {
		for (size_t i = 0; i < n; i++)
			pace(announce, addresses[i], repeat, interval_ns, now);
		rearm(announce);
		return;
	}
	for (uint32_t round = 0; round < repeat; round++) {
		for (size_t i = 0; i < n; i++)
			queue_one(announce, addresses[i]);
	}
}

void
announce_drop(struct net_address *address)
{
	if (address->announce_left == 0)
		return;
	address->announce_left = 0;
	TAILQ_REMOVE(&address->link->announce.waiting, address, next_waiting);
}

struct announce *
announce_new(struct hf_loop *loop)
{
	struct announce *announce = calloc(1, sizeof(*announce));

	if (announce == NULL)
		return NULL;
	TAILQ_INIT(&announce->paced);
	/* Protocol 0: it only sends, nothing is ever delivered to it. */
	announce->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (announce->fd < 0)
		goto refused;
	announce->timer = hf_timer_new(loop, HF_PRIO_NORMAL, fire, announce);
	if (announce->timer == NULL) {
		errno = ENOMEM;
		goto refused;
	}
	return announce;
refused:;
	int err = errno;

	announce_free(announce);
	errno = err;
	return NULL;
}

void
announce_free(struct announce *announce)
{
	if (announce == NULL)
		return;
	hf_timer_free(announce->timer);
	if (announce->fd >= 0)
		close(announce->fd);
	free(announce);
}
