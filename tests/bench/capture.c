/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a neighbour of two directors sees of an address that moves, with the kernel's time of each
 *frame.
 *
 *	capture INTERFACE ADDRESS
 *
 * Prints one line for each frame that matters, times in nanoseconds of the wall clock:
 *	TIME advert SOURCE-MAC SOURCE VRID PRIORITY     a VRRP advert
 *	TIME garp SOURCE-MAC                            an ARP frame that announces ADDRESS
 *	TIME answer SOURCE-MAC                          an ICMP echo reply from ADDRESS; only the
 *first after a change Writes "ready" to standard error when it listens; ends with TERM. Elsewhere:
 *what the times mean (failover).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FRAME_MAX     2048
#define IPPROTO_VRRP  112
#define MAC_TEXT_SIZE 18

struct capture {
	in_addr_t address;
	uint8_t answering[ETH_ALEN]; /* who sent the last answer */
	bool answered;
};

static const char *
mac_text(const uint8_t *mac, char text[MAC_TEXT_SIZE])
{
	snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return text;
}

static void
see_arp(const struct capture *cap, const uint8_t *frame, size_t len, long long at)
{
	const uint8_t *arp = frame + ETH_HLEN;
	char mac[MAC_TEXT_SIZE];

	if (len < ETH_HLEN + sizeof(struct ether_arp))
		return;
	if (memcmp(arp + 14, &cap->address, 4) == 0 && memcmp(arp + 24, &cap->address, 4) == 0)
		printf("%lld garp %s\n", at, mac_text(frame + ETH_ALEN, mac));
}

static void
see_ip(struct capture *cap, const uint8_t *frame, size_t len, long long at)
{
	struct ip head;
	char mac[MAC_TEXT_SIZE], source[INET_ADDRSTRLEN];
	const uint8_t *payload;

	if (len < ETH_HLEN + sizeof(head))
		return;
	memcpy(&head, frame + ETH_HLEN, sizeof(head));
	payload = frame + ETH_HLEN + (size_t)head.ip_hl * 4;
	if (payload + 8 > frame + len)
		return;
	if (head.ip_p == IPPROTO_VRRP) {
		inet_ntop(AF_INET, &head.ip_src, source, sizeof(source));
		printf("%lld advert %s %s %u %u\n", at, mac_text(frame + ETH_ALEN, mac), source,
		       payload[1], payload[2]);
	} else if (head.ip_p == IPPROTO_ICMP && payload[0] == ICMP_ECHOREPLY &&
		   head.ip_src.s_addr == cap->address &&
		   (!cap->answered || memcmp(cap->answering, frame + ETH_ALEN, ETH_ALEN) != 0)) {
		cap->answered = true;
		memcpy(cap->answering, frame + ETH_ALEN, ETH_ALEN);
		printf("%lld answer %s\n", at, mac_text(frame + ETH_ALEN, mac));
	}
}

static void
see_frame(struct capture *cap, int fd)
{
	uint8_t frame[FRAME_MAX];
	_Alignas(struct cmsghdr) char control[256];
	struct iovec part = { .iov_base = frame, .iov_len = sizeof(frame) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &msg, 0);
	long long at = 0;

	for (struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&msg) : NULL; c;
	     c = CMSG_NXTHDR(&msg, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		at = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	}
	if (got < ETH_HLEN)
		return;
	if (frame[12] == 0x08 && frame[13] == 0x06)
		see_arp(cap, frame, (size_t)got, at);
	else if (frame[12] == 0x08 && frame[13] == 0x00)
		see_ip(cap, frame, (size_t)got, at);
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct capture cap = { 0 };
	int fd, on = 1, buffer = 16 << 20;

	if (argc != 3 || inet_pton(AF_INET, argv[2], &cap.address) != 1) {
		fprintf(stderr, "usage: capture INTERFACE ADDRESS\n");
		return 2;
	}
	where.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (where.sll_ifindex == 0 || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
		fprintf(stderr, "capture: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	setvbuf(stdout, NULL, _IOLBF, 0);
	fprintf(stderr, "ready\n");
	for (;;)
		see_frame(&cap, fd);
}
