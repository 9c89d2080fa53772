/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which instances share a socket, and the way of a packet from there to its instance and back.
 * Elsewhere: options (vrrp_socket_open.c), bytes (vrrp_packet.c), judging adverts (vrrp_engine.c).
 */
#include "vrrp/vrrp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/hf_buf.h"
#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"
#include "vrrp/vrrp_socket_open.h"

#define IPV4_HEADER    20
#define RX_BYTES       (IPV4_HEADER + 40 + VRRP_PACKET_MAX)
#define RX_CONTROL     128
#define TOS_OF_ADVERTS 0xc0

struct vrrp_socket {
	TAILQ_ENTRY(vrrp_socket) next;
	struct vrrp_sockets *sockets;
	struct vrrp_socket_key key;
	int fd;
	struct hf_watch *watch;
	size_t n_users;
	SLIST_HEAD(, vrrp_local) users[256]; /* by VRID */
};

struct vrrp_sockets {
	struct hf_loop *loop;
	const struct vrrp_socket_ops *ops;
	void *arg;
	TAILQ_HEAD(, vrrp_socket) list;
	uint64_t strays[VRRP_DROP_KINDS];
	struct mmsghdr messages[VRRP_RX_BURST];
	struct iovec iov[VRRP_RX_BURST];
	struct sockaddr_storage from[VRRP_RX_BURST];
	uint8_t control[VRRP_RX_BURST][RX_CONTROL] __attribute__((aligned(8)));
	uint8_t bytes[VRRP_RX_BURST][RX_BYTES];
};

struct vrrp_sockets *
vrrp_sockets_new(struct hf_loop *loop, const struct vrrp_socket_ops *ops, void *arg)
{
	struct vrrp_sockets *sockets = calloc(1, sizeof(*sockets));

	if (sockets == NULL)
		return NULL;
	sockets->loop = loop;
	sockets->ops = ops;
	sockets->arg = arg;
	TAILQ_INIT(&sockets->list);
	for (size_t i = 0; i < VRRP_RX_BURST; i++)
		sockets->iov[i] = (struct iovec){ sockets->bytes[i], RX_BYTES };
	return sockets;
}

static void
socket_free(struct vrrp_socket *sock)
{
	TAILQ_REMOVE(&sock->sockets->list, sock, next);
	hf_watch_free(sock->watch);
	close(sock->fd);
	free(sock);
}

void
vrrp_sockets_free(struct vrrp_sockets *sockets)
{
	struct vrrp_socket *sock, *next;

	if (sockets == NULL)
		return;
	for (sock = TAILQ_FIRST(&sockets->list); sock != NULL; sock = next) {
		next = TAILQ_NEXT(sock, next);
		socket_free(sock);
	}
	free(sockets);
}

const uint64_t *
vrrp_sockets_strays(const struct vrrp_sockets *sockets)
{
	return sockets->strays;
}

/* Receiving */

/* What the packet was received with, and its VRRP part. */
struct arrival {
	struct vrrp_rx rx;
	hf_time when;
	const uint8_t *payload;
	size_t len;
};

/* The kernel's stamp is of the wall clock: only the packet's age is taken from it. */
static hf_time
time_of(struct msghdr *head)
{
	hf_time now = hf_time_now();
	struct timespec stamp, wall;
	int64_t age_ns = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		clock_gettime(CLOCK_REALTIME, &wall);
		age_ns = HF_SECONDS(wall.tv_sec - stamp.tv_sec) + wall.tv_nsec - stamp.tv_nsec;
	}
	return age_ns > 0 && age_ns <= VRRP_RX_AGE_NS ? hf_after(now, -age_ns) : now;
}

/* IPv6: hop limit and destination come beside the packet. */
static enum vrrp_drop
split_ipv6(struct msghdr *head, const uint8_t *bytes, size_t len, struct arrival *out)
{
	out->rx.ttl = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&out->rx.ttl, CMSG_DATA(c), sizeof(out->rx.ttl));
		if (c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			out->rx.destination = hf_addr_from_in6(&info.ipi6_addr);
		}
	}
	if (hf_addr_from_sockaddr(head->msg_name, &out->rx.source, NULL) != 0)
		return VRRP_DROP_IP_HEADER;
	out->rx.checksum_done = true;
	out->payload = bytes;
	out->len = len;
	return VRRP_DROP_NONE;
}

/* Judges the packet as this instance sees it, and hands it on. */
static void
deliver(struct vrrp_sockets *sockets, struct vrrp_local *local, struct arrival *in)
{
	const struct vrrp_instance_model *model = local->inst->model;
	struct vrrp_advert advert;

	in->rx.version = model->version;
	in->rx.multicast = model->n_peers == 0;
	in->rx.advert_cs = model->advert_cs;
	in->rx.n_peers = model->n_peers;
	in->rx.peers = model->peers;
	in->rx.n_addresses = model->n_addresses;
	in->rx.addresses = model->addresses;
	enum vrrp_drop drop = vrrp_packet_decode(in->payload, in->len, &in->rx, &advert);

	if (drop == VRRP_DROP_NONE)
		sockets->ops->advert(sockets->arg, local, &advert, in->when);
	else
		sockets->ops->dropped(sockets->arg, local, drop, &in->rx.source);
}

static bool
is_peer(const struct vrrp_instance_model *model, const struct hf_addr *source)
{
	for (size_t i = 0; i < model->n_peers; i++) {
		if (hf_addr_equal(&model->peers[i], source))
			return true;
	}
	return false;
}

/* Unicast instances may share a VRID: then the sender tells whose it is. */
static struct vrrp_local *
recipient(const struct vrrp_socket *sock, uint8_t vrid, const struct hf_addr *source)
{
	struct vrrp_local *first = SLIST_FIRST(&sock->users[vrid]);
	struct vrrp_local *local;

	SLIST_FOREACH (local, &sock->users[vrid], same_socket) {
		if (is_peer(local->inst->model, source))
			return local;
	}
	return first;
}

static void
take_packet(struct vrrp_socket *sock, struct mmsghdr *message, const uint8_t *bytes)
{
	struct vrrp_sockets *sockets = sock->sockets;
	struct arrival in = { .when = time_of(&message->msg_hdr) };
	enum vrrp_drop drop;

	if (sock->key.family == AF_INET)
		drop = vrrp_packet_split_ipv4(bytes, message->msg_len, &in.rx, &in.payload,
					      &in.len);
	else
		drop = split_ipv6(&message->msg_hdr, bytes, message->msg_len, &in);
	if (drop == VRRP_DROP_NONE && (message->msg_hdr.msg_flags & MSG_TRUNC) != 0)
		drop = VRRP_DROP_TRUNCATED;
	if (drop == VRRP_DROP_NONE && in.len <= VRRP_VRID_OFFSET)
		drop = VRRP_DROP_TRUNCATED;
	if (drop != VRRP_DROP_NONE) {
		sockets->strays[drop]++;
		return;
	}
	/* Also one that is cut behind its VRID shows whose counter it belongs to. */
	struct vrrp_local *local = recipient(sock, in.payload[VRRP_VRID_OFFSET], &in.rx.source);

	if (local == NULL)
		sockets->strays[VRRP_DROP_VRID]++;
	else
		deliver(sockets, local, &in);
}

static void
readable(void *arg, int fd)
{
	struct vrrp_socket *sock = arg;
	struct vrrp_sockets *sockets = sock->sockets;

	for (size_t i = 0; i < VRRP_RX_BURST; i++) {
		sockets->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &sockets->from[i],
			.msg_namelen = sizeof(sockets->from[i]),
			.msg_iov = &sockets->iov[i],
			.msg_iovlen = 1,
			.msg_control = sockets->control[i],
			.msg_controllen = RX_CONTROL,
		};
	}
	int n = recvmmsg(fd, sockets->messages, VRRP_RX_BURST, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++)
		take_packet(sock, &sockets->messages[i], sockets->bytes[i]);
}

void
vrrp_socket_read_now(struct vrrp_local *local)
{
	if (local->socket != NULL)
		readable(local->socket, local->socket->fd);
}

static bool
is_held(const struct vrrp_local *local, const struct hf_addr *addr)
{
	for (size_t i = 0; local->holding && i < local->ties.n_addresses; i++) {
		if (hf_addr_equal(&local->ties.addresses[i]->prefix.addr, addr))
			return true;
	}
	return false;
}

void
vrrp_socket_overheard(struct vrrp_local *local, const uint8_t *bytes, size_t len)
{
	struct arrival in = { .when = hf_time_now() };

	if (local->socket == NULL ||
	    vrrp_packet_split_ipv4(bytes, len, &in.rx, &in.payload, &in.len) != VRRP_DROP_NONE)
		return;
	if (in.len > VRRP_VRID_OFFSET && is_held(local, &in.rx.source))
		deliver(local->socket->sockets, local, &in);
}

/* Sharing */

static struct vrrp_socket_key
key_of(const struct vrrp_local *local)
{
	const struct vrrp_instance_model *model = local->inst->model;
	struct vrrp_socket_key key = { .family = model->family, .multicast = model->n_peers == 0 };

	memcpy(key.ifname, model->ifname, sizeof(key.ifname));
	if (local->ties.link != NULL)
		key.ifindex = local->ties.link->now.ifindex;
	key.addr = key.multicast ? model->group : local->inst->source;
	return key;
}

static bool
same_key(const struct vrrp_socket_key *a, const struct vrrp_socket_key *b)
{
	return a->ifindex == b->ifindex && a->family == b->family && a->multicast == b->multicast &&
	       hf_addr_equal(&a->addr, &b->addr) && strcmp(a->ifname, b->ifname) == 0;
}

bool
vrrp_socket_is_right(const struct vrrp_local *local)
{
	struct vrrp_socket_key key = key_of(local);

	return local->socket != NULL && same_key(&local->socket->key, &key);
}

static int
refilter(struct vrrp_socket *sock)
{
	struct vrrp_vrid_set set = { 0 };

	for (unsigned int vrid = 0; vrid < 256; vrid++) {
		if (!SLIST_EMPTY(&sock->users[vrid]))
			vrrp_vrid_set_add(&set, (uint8_t)vrid);
	}
	return vrrp_socket_filter(sock->fd, sock->key.family, &set);
}

static int
socket_new(struct vrrp_sockets *sockets, const struct vrrp_socket_key *key,
	   struct vrrp_socket **out)
{
	struct vrrp_socket *sock = calloc(1, sizeof(*sock));

	if (sock == NULL)
		return -ENOMEM;
	sock->sockets = sockets;
	sock->key = *key;
	sock->fd = vrrp_socket_open(key);
	if (sock->fd < 0) {
		int err = sock->fd;

		free(sock);
		return err;
	}
	TAILQ_INSERT_TAIL(&sockets->list, sock, next);
	sock->watch = hf_watch_read(sockets->loop, HF_PRIO_URGENT, sock->fd, readable, sock);
	if (sock->watch == NULL) {
		socket_free(sock);
		return -ENOMEM;
	}
	*out = sock;
	return 0;
}

int
vrrp_socket_join(struct vrrp_sockets *sockets, struct vrrp_local *local)
{
	struct vrrp_socket_key key = key_of(local);
	struct vrrp_socket *sock;
	int err = 0;

	TAILQ_FOREACH (sock, &sockets->list, next) {
		if (same_key(&sock->key, &key))
			break;
	}
	if (sock == NULL)
		err = socket_new(sockets, &key, &sock);
	if (err == 0 && sock == local->socket)
		return 0;
	vrrp_socket_leave(local);
	if (err != 0)
		return err;
	uint8_t vrid = local->inst->model->vrid;

	SLIST_INSERT_HEAD(&sock->users[vrid], local, same_socket);
	sock->n_users++;
	local->socket = sock;
	err = refilter(sock);
	if (err != 0)
		vrrp_socket_leave(local);
	return err;
}

void
vrrp_socket_leave(struct vrrp_local *local)
{
	struct vrrp_socket *sock = local->socket;

	if (sock == NULL)
		return;
	SLIST_REMOVE(&sock->users[local->inst->model->vrid], local, vrrp_local, same_socket);
	local->socket = NULL;
	sock->n_users--;
	if (sock->n_users == 0)
		socket_free(sock);
	else
		(void)refilter(sock); /* what passes in vain is counted as a stray */
}

/* Sending */

static void
put_ipv4_header(struct hf_writer *w, const struct vrrp_tx *tx, uint16_t id)
{
	hf_put_u8(w, 0x45);
	hf_put_u8(w, TOS_OF_ADVERTS);
	hf_put_be16(w, 0); /* the kernel fills in length and checksum */
	hf_put_be16(w, id);
	hf_put_be16(w, 0);
	hf_put_u8(w, VRRP_TTL);
	hf_put_u8(w, VRRP_IPPROTO);
	hf_put_be16(w, 0);
	hf_put_bytes(w, tx->source.bytes, 4);
	hf_put_bytes(w, tx->destination.bytes, 4);
}

static int
send_ipv4(struct vrrp_local *local, const struct vrrp_tx *tx)
{
	uint8_t bytes[IPV4_HEADER + VRRP_PACKET_MAX];
	struct sockaddr_storage to;
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	if (++local->ip_id == 0) /* 0 lets the kernel choose */
		local->ip_id = 1;
	put_ipv4_header(&w, tx, local->ip_id);
	int len = vrrp_packet_encode(tx, bytes + IPV4_HEADER, sizeof(bytes) - IPV4_HEADER);

	if (len < 0)
		return len;
	socklen_t to_len = hf_addr_sockaddr(&tx->destination, 0, &to);

	if (sendto(local->socket->fd, bytes, (size_t)len + IPV4_HEADER, 0, (struct sockaddr *)&to,
		   to_len) < 0)
		return -errno;
	return 0;
}

static int
send_ipv6(struct vrrp_local *local, const struct vrrp_tx *tx)
{
	uint8_t bytes[VRRP_PACKET_MAX];
	uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8))) = { 0 };
	struct sockaddr_storage to;
	int ifindex = local->socket->key.ifindex;
	struct in6_pktinfo info = { .ipi6_ifindex = (unsigned int)ifindex };
	int len = vrrp_packet_encode(tx, bytes, sizeof(bytes));

	if (len < 0)
		return len;
	struct iovec iov = { bytes, (size_t)len };
	struct msghdr head = {
		.msg_name = &to,
		.msg_namelen = hf_addr_sockaddr(&tx->destination, 0, &to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);

	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(&info.ipi6_addr, tx->source.bytes, sizeof(info.ipi6_addr));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	if (local->socket->key.multicast || hf_addr_is_link_local(&tx->destination))
		((struct sockaddr_in6 *)&to)->sin6_scope_id = (uint32_t)ifindex;
	return sendmsg(local->socket->fd, &head, 0) < 0 ? -errno : 0;
}

static int
send_to(struct vrrp_local *local, struct vrrp_tx *tx, const struct hf_addr *destination)
{
	tx->destination = *destination;
	return tx->family == AF_INET ? send_ipv4(local, tx) : send_ipv6(local, tx);
}

int
vrrp_socket_send(struct vrrp_local *local, uint8_t priority)
{
	const struct vrrp_instance_model *model = local->inst->model;
	struct vrrp_tx tx = {
		.version = model->version,
		.vrid = model->vrid,
		.priority = priority,
		.advert_cs = model->advert_cs,
		.family = model->family,
		.source = local->inst->source,
		.n_addresses = model->n_addresses,
		.addresses = model->addresses,
	};
	int first_err = 0;

	if (local->socket == NULL)
		return -ENOTCONN;
	if (model->n_peers == 0)
		return send_to(local, &tx, &model->group);
	for (size_t i = 0; i < model->n_peers; i++) {
		int err = send_to(local, &tx, &model->peers[i]);

		if (first_err == 0)
			first_err = err;
	}
	return first_err;
}
