/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One packet socket for ARP on all interfaces. The kernel lets only announcements pass, in which
 * sender and target address are the same: ordinary questions, however many, do not wake us.
 * Elsewhere: what it means that somebody else has our address (vrrp_others.c).
 */
#include "vrrp/net/arp_watch.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct arp_watch {
	struct net_table *table;
	void (*heard)(void *arg, struct net_address *address, const uint8_t mac[6]);
	void *arg;
	int fd;
	struct hf_watch *watch;
};

/* The address of ours that the frame announces, or NULL. */
static struct net_address *
announced(const struct arp_watch *watch, const struct ether_arp *arp, int ifindex)
{
	struct net_link *link = net_link_by_index(watch->table, ifindex);
	struct net_address *address;
	struct in_addr in;

	if (link == NULL)
		return NULL;
	/* Our own words, reflected. */
	if (link->now.hwaddr_len == ETH_ALEN &&
	    memcmp(link->now.hwaddr, arp->arp_sha, ETH_ALEN) == 0)
		return NULL;
	memcpy(&in, arp->arp_spa, sizeof(in));
	const struct hf_addr addr = hf_addr_from_in(in);

	TAILQ_FOREACH (address, &link->addresses, of_link) {
		if (address->wants > 0 && hf_addr_equal(&address->prefix.addr, &addr))
			return address;
	}
	return NULL;
}

static void
readable(void *arg, int fd)
{
	struct arp_watch *watch = arg;

	for (unsigned int n = 0; n < ARP_WATCH_BURST; n++) {
		struct ether_arp arp;
		struct sockaddr_ll from = { .sll_ifindex = 0 };
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(fd, &arp, sizeof(arp), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &from_len);

		if (len < 0)
			return;
		if (len < (ssize_t)sizeof(arp))
			continue;
		struct net_address *address = announced(watch, &arp, from.sll_ifindex);

		if (address != NULL)
			watch->heard(watch->arg, address, arp.arp_sha);
	}
}

static int
filter(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct arphdr, ar_hrd)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_ETHER, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct arphdr, ar_pro)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct ether_arp, arp_spa)),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct ether_arp, arp_tpa)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = HF_COUNT_OF(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Bound only when the filter stands: nothing is queued that was not asked for. */
static int
open_socket(void)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (filter(fd) == 0 && bind(fd, (struct sockaddr *)&where, sizeof(where)) == 0)
		return fd;
	int err = errno;

	close(fd);
	errno = err;
	return -1;
}

struct arp_watch *
arp_watch_new(struct hf_loop *loop, struct net_table *table,
	      void (*heard)(void *arg, struct net_address *address, const uint8_t mac[6]),
	      void *arg)
{
	struct arp_watch *watch = calloc(1, sizeof(*watch));
	int err = ENOMEM;

	if (watch == NULL)
		return NULL;
	watch->table = table;
	watch->heard = heard;
	watch->arg = arg;
	watch->fd = open_socket();
	if (watch->fd < 0)
		err = errno;
	else
		watch->watch = hf_watch_read(loop, HF_PRIO_NORMAL, watch->fd, readable, watch);
	if (watch->watch != NULL)
		return watch;
	arp_watch_free(watch);
	errno = err;
	return NULL;
}

void
arp_watch_free(struct arp_watch *watch)
{
	if (watch == NULL)
		return;
	hf_watch_free(watch->watch);
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch);
}
