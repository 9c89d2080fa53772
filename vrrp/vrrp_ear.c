/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet socket that hears adverts sent from our own addresses. Elsewhere: when it is needed
 * (vrrp_others.c), the way of a packet from here on (vrrp_socket.c).
 */
#include "vrrp/vrrp_ear.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_filter.h"
#include "vrrp/vrrp_shell.h"

#define EAR_BYTES        2048
#define IPV4_FRAGMENT    6 /* offsets in the IPv4 header */
#define IPV4_PROTOCOL    9
#define IPV4_OFFSET_MASK 0x1fff

struct vrrp_ear {
	int fd;
	struct hf_watch *watch;
};

/* Adverts of this VRID; fragments have none. */
static int
filter(int fd, uint8_t vrid)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IPV4_PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VRRP_IPPROTO, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IPV4_FRAGMENT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPV4_OFFSET_MASK, 4, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, VRRP_VRID_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, vrid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = HF_COUNT_OF(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int
open_socket(int ifindex, uint8_t vrid)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET,
				     .sll_protocol = htons(ETH_P_IP),
				     .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (filter(fd, vrid) == 0 && bind(fd, (struct sockaddr *)&where, sizeof(where)) == 0)
		return fd;
	int err = -errno;

	close(fd);
	return err;
}

/* An advert that is heard may end our being active and with it the ear. */
static void
readable(void *arg, int fd)
{
	struct vrrp_local *local = arg;
	uint8_t bytes[EAR_BYTES];

	for (unsigned int n = 0; n < VRRP_EAR_BURST && local->ear != NULL; n++) {
		ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (len < 0)
			return;
		vrrp_socket_overheard(local, bytes, (size_t)len);
	}
}

void
vrrp_ear_open(struct vrrp_local *local)
{
	const struct net_link *link = local->ties.link;
	struct vrrp_ear *ear;

	if (local->ear != NULL || link == NULL || link->now.ifindex == 0 ||
	    local->inst->model->family != AF_INET)
		return;
	ear = calloc(1, sizeof(*ear));
	if (ear == NULL)
		return;
	ear->fd = open_socket(link->now.ifindex, local->inst->model->vrid);
	if (ear->fd >= 0)
		ear->watch =
			hf_watch_read(local->shell->loop, HF_PRIO_URGENT, ear->fd, readable, local);
	local->ear = ear;
	if (ear->watch == NULL) {
		hf_log(HF_WARNING, local->inst->model->name,
		       "cannot listen to an address owner on %s: %s", link->now.name,
		       strerror(ear->fd < 0 ? -ear->fd : ENOMEM));
		vrrp_ear_close(local);
	}
}

void
vrrp_ear_close(struct vrrp_local *local)
{
	struct vrrp_ear *ear = local->ear;

	if (ear == NULL)
		return;
	local->ear = NULL;
	hf_watch_free(ear->watch);
	if (ear->fd >= 0)
		close(ear->fd);
	free(ear);
}
