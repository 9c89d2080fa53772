/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink, the listening half. Dumps and notifications come over one socket, so that they are in
 * the kernel's order. Elsewhere: what is remembered (net_table.c), changing addresses
 * (address_netlink.c).
 */
#include "vrrp/net/link_monitor.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_log.h"

#define MONITOR_RCVBUF       (4 << 20)
#define MONITOR_BUFFER       32768
#define MONITOR_BURST        256 /* datagrams read in one wake-up */
#define MONITOR_DUMP_RETRIES 8   /* interrupted or overflowing dumps in a row */

enum dump_phase { DUMP_NONE, DUMP_LINKS, DUMP_ADDRESSES };

struct link_monitor {
	struct hf_loop *loop;
	struct hf_watch *watch;
	struct net_table *table;
	void (*changed)(void *arg);
	void *arg;
	int fd;
	enum dump_phase phase;
	uint32_t seq;
	unsigned int retries;
	bool again; /* the dump under way is not consistent: once more when it ends */
	uint8_t buffer[MONITOR_BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int
ask(struct link_monitor *monitor, uint16_t type, enum dump_phase phase)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
	} request = {
		.head = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			.nlmsg_seq = ++monitor->seq,
		},
		.body = { .rtgen_family = AF_UNSPEC },
	};

	if (send(monitor->fd, &request, sizeof(request), 0) < 0)
		return -errno;
	monitor->phase = phase;
	return 0;
}

static void
start_dump(struct link_monitor *monitor)
{
	monitor->again = false;
	net_table_dump_begin(monitor->table);
	int err = ask(monitor, RTM_GETLINK, DUMP_LINKS);

	if (err != 0) {
		monitor->phase = DUMP_NONE;
		hf_log(HF_WARNING, NULL, "cannot ask the kernel for its links: %s", strerror(-err));
	}
}

static void
take_link(struct link_monitor *monitor, struct nlmsghdr *head)
{
	struct nlattr *attrs[IFLA_MAX + 1];
	struct net_link_facts facts = { 0 };
	const struct ifinfomsg *info = nlmsg_data(head);

	if (nlmsg_parse(head, sizeof(*info), attrs, IFLA_MAX, NULL) < 0)
		return;
	if (head->nlmsg_type == RTM_DELLINK) {
		/* A bridge port that leaves its bridge says so with the bridge's family. */
		if (info->ifi_family == AF_UNSPEC)
			net_table_link_gone(monitor->table, info->ifi_index);
		return;
	}
	if (attrs[IFLA_IFNAME] == NULL || info->ifi_family != AF_UNSPEC)
		return;
	nla_strlcpy(facts.name, attrs[IFLA_IFNAME], sizeof(facts.name));
	facts.ifindex = info->ifi_index;
	facts.flags = info->ifi_flags;
	facts.type = info->ifi_type;
	if (attrs[IFLA_ADDRESS] != NULL && nla_len(attrs[IFLA_ADDRESS]) <= NET_HWADDR_MAX) {
		facts.hwaddr_len = (uint8_t)nla_len(attrs[IFLA_ADDRESS]);
		memcpy(facts.hwaddr, nla_data(attrs[IFLA_ADDRESS]), facts.hwaddr_len);
	}
	const struct net_link *holder = net_link_by_index(monitor->table, facts.ifindex);
	bool renamed = holder != NULL && strcmp(holder->now.name, facts.name) != 0;

	/* Nobody repeats the addresses of a renamed interface unless asked. */
	if (net_table_link_seen(monitor->table, &facts) != 0 || renamed) {
		monitor->again = true;
		link_monitor_refresh(monitor);
	}
}

static void
take_address(struct link_monitor *monitor, struct nlmsghdr *head)
{
	struct nlattr *attrs[IFA_MAX + 1];
	const struct ifaddrmsg *info = nlmsg_data(head);
	struct hf_prefix prefix = { 0 };

	if (nlmsg_parse(head, sizeof(*info), attrs, IFA_MAX, NULL) < 0)
		return;
	/* With a peer, IFA_ADDRESS is the peer's; without, IPv6 has IFA_ADDRESS only. */
	const struct nlattr *addr =
		attrs[IFA_LOCAL] != NULL ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	if (addr == NULL)
		return;
	if (info->ifa_family == AF_INET && nla_len(addr) == sizeof(struct in_addr)) {
		struct in_addr in;

		memcpy(&in, nla_data(addr), sizeof(in));
		prefix.addr = hf_addr_from_in(in);
	} else if (info->ifa_family == AF_INET6 && nla_len(addr) == sizeof(struct in6_addr)) {
		struct in6_addr in6;

		memcpy(&in6, nla_data(addr), sizeof(in6));
		prefix.addr = hf_addr_from_in6(&in6);
	} else {
		return;
	}
	prefix.len = info->ifa_prefixlen;
	if (head->nlmsg_type == RTM_DELADDR) {
		net_table_address_gone(monitor->table, (int)info->ifa_index, &prefix);
		return;
	}
	uint32_t flags = attrs[IFA_FLAGS] != NULL ? nla_get_u32(attrs[IFA_FLAGS]) : info->ifa_flags;
	bool usable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;

	if (net_table_address_seen(monitor->table, (int)info->ifa_index, &prefix, usable) != 0)
		monitor->again = true;
}

/* The end of one of our dumps: the next, or all is known. */
static void
dump_done(struct link_monitor *monitor)
{
	if (monitor->again && monitor->retries < MONITOR_DUMP_RETRIES) {
		monitor->retries++;
		start_dump(monitor);
		return;
	}
	if (monitor->phase == DUMP_LINKS) {
		if (ask(monitor, RTM_GETADDR, DUMP_ADDRESSES) == 0)
			return;
		hf_log(HF_WARNING, NULL, "cannot ask the kernel for its addresses");
	} else {
		net_table_dump_end(monitor->table);
	}
	monitor->phase = DUMP_NONE;
	monitor->retries = 0;
}

static void
take_message(struct link_monitor *monitor, struct nlmsghdr *head)
{
	if ((head->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
		monitor->again = true;
	switch (head->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(monitor, head);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_address(monitor, head);
		break;
	case NLMSG_DONE:
	case NLMSG_ERROR:
		if (monitor->phase != DUMP_NONE && head->nlmsg_seq == monitor->seq)
			dump_done(monitor);
		break;
	default: /* not an enum: the kernel's list is open */
		break;
	}
}

/* Reads what is there. Returns the number of datagrams. */
static unsigned int
take_all(struct link_monitor *monitor)
{
	unsigned int n = 0;

	while (n < MONITOR_BURST) {
		ssize_t len =
			recv(monitor->fd, monitor->buffer, sizeof(monitor->buffer), MSG_TRUNC);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == ENOBUFS) {
			/* Messages were lost: only a new dump shows the truth. */
			monitor->again = true;
			if (monitor->phase == DUMP_NONE)
				start_dump(monitor);
			n++;
			continue;
		}
		if (len <= 0)
			break;
		n++;
		if (len > (ssize_t)sizeof(monitor->buffer)) {
			monitor->again = true;
			len = sizeof(monitor->buffer);
		}
		struct nlmsghdr *head = (struct nlmsghdr *)monitor->buffer;

		for (int left = (int)len; nlmsg_ok(head, left); head = nlmsg_next(head, &left))
			take_message(monitor, head);
	}
	return n;
}

static void
readable(void *arg, int fd HF_UNUSED)
{
	struct link_monitor *monitor = arg;

	if (take_all(monitor) > 0)
		monitor->changed(monitor->arg);
}

static int
open_socket(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int size = MONITOR_RCVBUF;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0)
		goto refused;
	for (size_t i = 0; i < HF_COUNT_OF(groups); i++) {
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) != 0)
			goto refused;
	}
	return fd;
refused:;
	int err = errno;

	close(fd);
	errno = err;
	return -1;
}

struct link_monitor *
link_monitor_new(struct hf_loop *loop, struct net_table *table, void (*changed)(void *arg),
		 void *arg)
{
	struct link_monitor *monitor = calloc(1, sizeof(*monitor));

	if (monitor == NULL)
		return NULL;
	monitor->loop = loop;
	monitor->table = table;
	monitor->changed = changed;
	monitor->arg = arg;
	monitor->fd = open_socket();
	if (monitor->fd < 0)
		goto refused;
	monitor->watch = hf_watch_read(loop, HF_PRIO_NORMAL, monitor->fd, readable, monitor);
	if (monitor->watch == NULL) {
		errno = ENOMEM;
		goto refused;
	}
	return monitor;
refused:;
	int err = errno;

	link_monitor_free(monitor);
	errno = err;
	return NULL;
}

void
link_monitor_free(struct link_monitor *monitor)
{
	if (monitor == NULL)
		return;
	hf_watch_free(monitor->watch);
	if (monitor->fd >= 0)
		close(monitor->fd);
	free(monitor);
}

int
link_monitor_read_all(struct link_monitor *monitor, int64_t limit_ns)
{
	hf_time limit = hf_after(hf_time_now(), limit_ns);

	link_monitor_refresh(monitor);
	while (monitor->phase != DUMP_NONE) {
		int64_t left = hf_between(hf_time_now(), limit);
		struct pollfd ready = { .fd = monitor->fd, .events = POLLIN };

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&ready, 1, (int)(left / HF_MILLIS(1)) + 1) < 0 && errno != EINTR)
			return -errno;
		(void)take_all(monitor);
	}
	return 0;
}

void
link_monitor_refresh(struct link_monitor *monitor)
{
	if (monitor->phase == DUMP_NONE)
		start_dump(monitor);
}
