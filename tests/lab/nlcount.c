/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the netlink requests that change something, on an nlmon interface: addresses, links,
 *routes, rules, neighbours, and IPVS services and destinations. Questions (dumps and gets) are not
 *counted.
 *
 *	nlcount INTERFACE MILLISECONDS
 *
 * Prints a line for each such request ("route 20" or "generic 6": the type, or the command) and
 *last "N changes".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_packet.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MESSAGE_MAX 65536

static bool
changes_routes(uint16_t type)
{
	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_SETLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return true;
	default:
		return false;
	}
}

static bool
changes_ipvs(uint8_t command)
{
	switch (command) {
	case IPVS_CMD_NEW_SERVICE:
	case IPVS_CMD_SET_SERVICE:
	case IPVS_CMD_DEL_SERVICE:
	case IPVS_CMD_NEW_DEST:
	case IPVS_CMD_SET_DEST:
	case IPVS_CMD_DEL_DEST:
	case IPVS_CMD_NEW_DAEMON:
	case IPVS_CMD_DEL_DAEMON:
	case IPVS_CMD_SET_CONFIG:
	case IPVS_CMD_ZERO:
	case IPVS_CMD_FLUSH:
		return true;
	default:
		return false;
	}
}

/* One socket write may hold several messages. Notifications carry no request flag. */
static unsigned int
count_in(const uint8_t *bytes, size_t len, int family)
{
	unsigned int changes = 0;

	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;
		uint8_t command = 0;
		size_t step;

		memcpy(&head, bytes, sizeof(head));
		step = NLMSG_ALIGN(head.nlmsg_len);
		if (head.nlmsg_len < sizeof(head) || step > NLMSG_ALIGN(len))
			break;
		if (head.nlmsg_len > sizeof(head))
			command = bytes[sizeof(head)];
		if (!(head.nlmsg_flags & NLM_F_REQUEST)) {
			/* an answer or a notification */
		} else if (family == NETLINK_ROUTE && changes_routes(head.nlmsg_type)) {
			printf("route %u\n", head.nlmsg_type);
			changes++;
		} else if (family == NETLINK_GENERIC && head.nlmsg_type != GENL_ID_CTRL &&
			   changes_ipvs(command)) {
			printf("generic %u\n", command);
			changes++;
		}
		if (step >= len)
			break;
		bytes += step;
		len -= step;
	}
	return changes;
}

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int
main(int argc, char **argv)
{
	static uint8_t bytes[MESSAGE_MAX];
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	unsigned int changes = 0;
	long long end;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: nlcount INTERFACE MILLISECONDS\n");
		return 2;
	}
	where.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (where.sll_ifindex == 0 || fd < 0 ||
	    bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
		fprintf(stderr, "nlcount: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	fprintf(stderr, "ready\n");
	end = now_ms() + strtoll(argv[2], NULL, 10);
	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		long long left = end - now_ms();
		ssize_t got;

		if (left <= 0 || poll(&poller, 1, (int)left) <= 0)
			break;
		got = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
		if (got > 0)
			changes += count_in(bytes, (size_t)got, ntohs(from.sll_protocol));
	}
	printf("%u changes\n", changes);
	return 0;
}
