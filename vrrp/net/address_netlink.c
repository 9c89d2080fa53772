/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink, the half that changes addresses. No acknowledgement is asked for: only refusals come
 * back, each with the message that was refused. Elsewhere: what to change (address_plan.c),
 * what others change (link_monitor.c).
 */
#include "vrrp/net/address_netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_log.h"

#define APPLY_BUFFER  16384 /* bytes in one send; several messages */
#define APPLY_MESSAGE 256   /* the largest single message */
#define APPLY_RCVBUF  (2 << 20)
#define APPLY_BURST   256 /* refusals read in one wake-up */

struct address_netlink {
	struct hf_watch *watch;
	struct net_table *table;
	int fd;
	uint32_t seq;
	uint64_t sent;
	size_t len;
	uint8_t buffer[APPLY_BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint8_t answer[APPLY_BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static size_t
addr_bytes(const struct hf_addr *addr)
{
	return hf_addr_bits(addr->family) / 8;
}

/* Appends an attribute to the message that begins at head; the room was checked before. */
static void
put(struct nlmsghdr *head, uint16_t type, const void *bytes, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((uint8_t *)head + NLMSG_ALIGN(head->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((uint8_t *)attr + NLA_HDRLEN, bytes, len);
	head->nlmsg_len = NLMSG_ALIGN(head->nlmsg_len) + (uint32_t)NLA_ALIGN(attr->nla_len);
}

static void
put_details(struct nlmsghdr *head, const struct net_address *address)
{
	const struct net_address_form *form = &address->form;

	if (hf_addr_is_set(&form->broadcast))
		put(head, IFA_BROADCAST, form->broadcast.bytes, addr_bytes(&form->broadcast));
	if (form->label[0] != '\0')
		put(head, IFA_LABEL, form->label, strlen(form->label) + 1);
	if (address->prefix.addr.family == AF_INET6) {
		/* Usable at once, and never the source of the director's own connections. */
		struct ifa_cacheinfo life = { .ifa_prefered = 0, .ifa_valid = UINT32_MAX };

		put(head, IFA_CACHEINFO, &life, sizeof(life));
	}
}

static void
flush(struct address_netlink *netlink)
{
	if (netlink->len == 0)
		return;
	/* A blocking send: rtnetlink does the work within it and never queues requests. */
	if (send(netlink->fd, netlink->buffer, netlink->len, 0) < 0)
		hf_log(HF_ERROR, NULL, "cannot change addresses: %s", strerror(errno));
	netlink->len = 0;
}

static void
append(struct address_netlink *netlink, const struct address_step *step)
{
	const struct net_address *address = step->address;
	const struct hf_addr *addr = &address->prefix.addr;
	bool add = step->type == ADDRESS_ADD;

	if (netlink->len + APPLY_MESSAGE > sizeof(netlink->buffer))
		flush(netlink);
	struct nlmsghdr *head = (struct nlmsghdr *)(netlink->buffer + netlink->len);

	memset(head, 0, APPLY_MESSAGE);
	head->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg));
	head->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
	head->nlmsg_seq = ++netlink->seq;
	struct ifaddrmsg *body = nlmsg_data(head);

	body->ifa_family = (uint8_t)addr->family;
	body->ifa_prefixlen = address->prefix.len;
	body->ifa_flags = addr->family == AF_INET6 ? IFA_F_NODAD : 0;
	body->ifa_scope = address->form.scope;
	body->ifa_index = (uint32_t)address->link->now.ifindex;
	put(head, IFA_LOCAL, addr->bytes, addr_bytes(addr));
	const struct hf_addr *peer = add ? &address->form.peer : &step->peer;

	if (hf_addr_is_set(peer))
		put(head, IFA_ADDRESS, peer->bytes, addr_bytes(peer));
	else
		put(head, IFA_ADDRESS, addr->bytes, addr_bytes(addr));
	if (add)
		put_details(head, address);
	netlink->len += NLMSG_ALIGN(head->nlmsg_len);
	netlink->sent++;
}

void
address_netlink_apply(struct address_netlink *netlink, struct address_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		append(netlink, &plan->steps[i]);
	flush(netlink);
	plan->n = 0;
}

uint64_t
address_netlink_sent(const struct address_netlink *netlink)
{
	return netlink->sent;
}

/* The table's entry that a refused message was about, or NULL if it is gone meanwhile. */
static struct net_address *
entry_of(struct address_netlink *netlink, struct nlmsghdr *refused)
{
	struct nlattr *attrs[IFA_MAX + 1];
	const struct ifaddrmsg *body = nlmsg_data(refused);
	struct hf_prefix prefix = { 0 };

	if (nlmsg_parse(refused, sizeof(*body), attrs, IFA_MAX, NULL) < 0 ||
	    attrs[IFA_LOCAL] == NULL)
		return NULL;
	struct net_link *link = net_link_by_index(netlink->table, (int)body->ifa_index);

	prefix.addr.family = body->ifa_family;
	prefix.len = body->ifa_prefixlen;
	if (link == NULL || (size_t)nla_len(attrs[IFA_LOCAL]) != addr_bytes(&prefix.addr))
		return NULL;
	memcpy(prefix.addr.bytes, nla_data(attrs[IFA_LOCAL]), addr_bytes(&prefix.addr));
	return net_address_get(netlink->table, link, &prefix);
}

static void
take_refusal(struct address_netlink *netlink, struct nlmsghdr *head)
{
	struct nlmsgerr *err = nlmsg_data(head);
	char text[HF_ADDR_TEXT_MAX];

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*err)) || err->error == 0 ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(err->error)) + err->msg.nlmsg_len)
		return;
	bool add = err->msg.nlmsg_type == RTM_NEWADDR;
	struct net_address *address = entry_of(netlink, &err->msg);

	if (address == NULL)
		return;
	if (!(add && err->error == -EEXIST)) /* there already is as good as added */
		address_refused(netlink->table, address, add ? ADDRESS_ADD : ADDRESS_DELETE);
	/* Deleting what is not there is no loss: somebody was faster. */
	if (!(add ? err->error == -EEXIST : err->error == -EADDRNOTAVAIL))
		hf_log(HF_WARNING, NULL, "cannot %s %s/%u on %s: %s", add ? "add" : "delete",
		       hf_addr_text(&address->prefix.addr, text), address->prefix.len,
		       address->link->now.name, strerror(-err->error));
	net_address_put(netlink->table, address);
}

static void
readable(void *arg, int fd)
{
	struct address_netlink *netlink = arg;

	for (unsigned int n = 0; n < APPLY_BURST; n++) {
		ssize_t len = recv(fd, netlink->answer, sizeof(netlink->answer), MSG_DONTWAIT);
		struct nlmsghdr *head = (struct nlmsghdr *)netlink->answer;

		if (len < 0 && (errno == EINTR || errno == ENOBUFS))
			continue; /* lost refusals are found by the next dump */
		if (len <= 0)
			return;
		for (int left = (int)len; nlmsg_ok(head, left); head = nlmsg_next(head, &left)) {
			if (head->nlmsg_type == NLMSG_ERROR)
				take_refusal(netlink, head);
		}
	}
}

static int
open_socket(void)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int size = APPLY_RCVBUF;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0)
		return fd;
	int err = errno;

	close(fd);
	errno = err;
	return -1;
}

struct address_netlink *
address_netlink_new(struct hf_loop *loop, struct net_table *table)
{
	struct address_netlink *netlink = calloc(1, sizeof(*netlink));

	if (netlink == NULL)
		return NULL;
	netlink->table = table;
	netlink->fd = open_socket();
	if (netlink->fd < 0)
		goto refused;
	netlink->watch = hf_watch_read(loop, HF_PRIO_NORMAL, netlink->fd, readable, netlink);
	if (netlink->watch == NULL) {
		errno = ENOMEM;
		goto refused;
	}
	return netlink;
refused:;
	int err = errno;

	address_netlink_free(netlink);
	errno = err;
	return NULL;
}

void
address_netlink_free(struct address_netlink *netlink)
{
	if (netlink == NULL)
		return;
	hf_watch_free(netlink->watch);
	if (netlink->fd >= 0)
		close(netlink->fd);
	free(netlink);
}
