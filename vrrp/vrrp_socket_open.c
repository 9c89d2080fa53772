/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a raw VRRP socket with all its options, for both families. Elsewhere: who shares it and
 * what is read from it (vrrp_socket.c).
 */
#include "vrrp/vrrp_socket_open.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vrrp/vrrp_packet.h"
#include "vrrp/vrrp_socket.h"

#define TOS_NETWORK_CONTROL  0xc0
#define PRIORITY_CONTROL     6 /* TC_PRIO_CONTROL of linux/pkt_sched.h */
#define CHECKSUM_OFFSET_IPV6 6

struct option {
	int level, name, value;
};

static int
set_options(int fd, const struct option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			       sizeof(options[i].value)) != 0)
			return -errno;
	}
	return 0;
}

static int
prepare_ipv4(int fd, const struct vrrp_socket_key *key)
{
	static const struct option options[] = {
		{ IPPROTO_IP, IP_HDRINCL, 1 },
		{ IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
		{ IPPROTO_IP, IP_MULTICAST_ALL, 0 },
		{ IPPROTO_IP, IP_TOS, TOS_NETWORK_CONTROL },
	};
	struct ip_mreqn group = { .imr_ifindex = key->ifindex };
	int err = set_options(fd, options, HF_COUNT_OF(options));

	if (err != 0 || !key->multicast)
		return err;
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)) != 0)
		return -errno;
	memcpy(&group.imr_multiaddr, key->addr.bytes, sizeof(group.imr_multiaddr));
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
		return -errno;
	return 0;
}

static int
prepare_ipv6(int fd, const struct vrrp_socket_key *key)
{
	static const struct option options[] = {
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
		{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
		{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, VRRP_TTL },
		{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, VRRP_TTL },
		{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
		{ IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0 },
		{ IPPROTO_IPV6, IPV6_TCLASS, TOS_NETWORK_CONTROL },
		{ IPPROTO_IPV6, IPV6_CHECKSUM, CHECKSUM_OFFSET_IPV6 },
	};
	struct ipv6_mreq group = { .ipv6mr_interface = (unsigned int)key->ifindex };
	int err = set_options(fd, options, HF_COUNT_OF(options));

	if (err != 0 || !key->multicast)
		return err;
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &key->ifindex, sizeof(key->ifindex)) !=
	    0)
		return -errno;
	memcpy(&group.ipv6mr_multiaddr, key->addr.bytes, sizeof(group.ipv6mr_multiaddr));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
		return -errno;
	return 0;
}

/* A unicast socket hears only what is sent to the source address. */
static int
bind_source(int fd, const struct vrrp_socket_key *key)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (key->multicast || !hf_addr_is_set(&key->addr))
		return 0;
	len = hf_addr_sockaddr(&key->addr, 0, &ss);
	if (key->addr.family == AF_INET6 && hf_addr_is_link_local(&key->addr))
		((struct sockaddr_in6 *)&ss)->sin6_scope_id = (uint32_t)key->ifindex;
	return bind(fd, (struct sockaddr *)&ss, len) != 0 ? -errno : 0;
}

static int
prepare(int fd, const struct vrrp_socket_key *key)
{
	struct option size = { SOL_SOCKET, SO_RCVBUFFORCE, VRRP_RX_RCVBUF };
	static const struct option options[] = {
		{ SOL_SOCKET, SO_PRIORITY, PRIORITY_CONTROL },
		{ SOL_SOCKET, SO_TIMESTAMPNS, 1 },
	};
	int err;

	if (key->ifname[0] != '\0' && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, key->ifname,
						 (socklen_t)strlen(key->ifname)) != 0)
		return -errno;
	err = set_options(fd, &size, 1);
	if (err != 0) { /* as much as the system lets us have */
		size.name = SO_RCVBUF;
		err = set_options(fd, &size, 1);
	}
	if (err == 0)
		err = set_options(fd, options, HF_COUNT_OF(options));
	if (err == 0)
		err = key->family == AF_INET ? prepare_ipv4(fd, key) : prepare_ipv6(fd, key);
	return err != 0 ? err : bind_source(fd, key);
}

/* Before everything else: nothing may be queued that was not asked for. */
static const struct vrrp_vrid_set nothing;

int
vrrp_socket_open(const struct vrrp_socket_key *key)
{
	int fd = socket(key->family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_IPPROTO);
	int err;

	if (fd < 0)
		return -errno;
	err = vrrp_socket_filter(fd, key->family, &nothing);
	if (err == 0)
		err = prepare(fd, key);
	if (err != 0) {
		close(fd);
		return err;
	}
	return fd;
}

int
vrrp_socket_filter(int fd, sa_family_t family, const struct vrrp_vrid_set *set)
{
	struct sock_filter code[VRRP_FILTER_MAX];
	struct sock_fprog program = {
		.len = (unsigned short)vrrp_filter_build(set, family, code),
		.filter = code,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
		return -errno;
	return 0;
}
