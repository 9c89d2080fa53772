/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends VRRP adverts over IPv4, sound or with one flaw, from any source address: what a hostile or
 *broken neighbour does.
 *
 *	vrrp_send [-n COUNT] [-v VERSION] [-i VRID] [-p PRIORITY] [-a ADVERT] [-t TTL] [-k
 *ADDRESS-COUNT] [-l BYTES]
 *	          [-y TYPE] [-x] INTERFACE SOURCE ADDRESS
 *
 * ADVERT is in the unit of the version (centiseconds or seconds). -k lies about the number of
 *addresses, -l cuts the packet, -x damages the checksum. One advert each 2 ms. Written apart from
 *vrrp/vrrp_packet.c on purpose.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX     100000
#define IPPROTO_VRRP  112
#define VRRP_HEADER   8
#define PASSWORD_SIZE 8
#define PACKET_MAX    (sizeof(struct ip) + VRRP_HEADER + 4 + PASSWORD_SIZE)

struct recipe {
	long count, version, vrid, priority, advert, ttl, addresses, bytes, type;
	bool bad_checksum;
	in_addr_t source, address;
};

static uint32_t
sum16(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static size_t
cook(const struct recipe *r, uint8_t packet[PACKET_MAX])
{
	struct ip head = { .ip_v = 4, .ip_hl = 5, .ip_tos = 0xc0, .ip_p = IPPROTO_VRRP };
	uint8_t *vrrp = packet + sizeof(head);
	size_t len = VRRP_HEADER + 4 + (r->version == 2 ? PASSWORD_SIZE : 0);
	uint32_t sum;

	memset(packet, 0, PACKET_MAX);
	vrrp[0] = (uint8_t)(r->version << 4 | r->type);
	vrrp[1] = (uint8_t)r->vrid;
	vrrp[2] = (uint8_t)r->priority;
	vrrp[3] = (uint8_t)r->addresses;
	vrrp[4] = (uint8_t)(r->version == 3 ? r->advert >> 8 & 0xf : 0);
	vrrp[5] = (uint8_t)r->advert;
	memcpy(vrrp + VRRP_HEADER, &r->address, 4);
	head.ip_src.s_addr = r->source;
	head.ip_dst.s_addr = inet_addr("224.0.0.18");
	head.ip_ttl = (uint8_t)r->ttl;
	sum = sum16(0, vrrp, len);
	if (r->version == 3) { /* the pseudo-header */
		sum = sum16(sum, (const uint8_t *)&head.ip_src, 8);
		sum += IPPROTO_VRRP + (uint32_t)len;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	if (r->bad_checksum)
		sum ^= 0x0101;
	vrrp[6] = (uint8_t)(sum >> 8);
	vrrp[7] = (uint8_t)sum;
	if (r->bytes >= 0 && (size_t)r->bytes < len)
		len = (size_t)r->bytes;
	head.ip_len = htons((uint16_t)(sizeof(head) + len));
	memcpy(packet, &head, sizeof(head));
	return sizeof(head) + len;
}

static bool
read_options(int argc, char **argv, struct recipe *r)
{
	static const char letters[] = "nviptakly";
	long *values[] = { &r->count,  &r->version,   &r->vrid,  &r->priority, &r->ttl,
			   &r->advert, &r->addresses, &r->bytes, &r->type };
	int option;

	while ((option = getopt(argc, argv, "n:v:i:p:t:a:k:l:y:x")) >= 0) {
		const char *at = strchr(letters, option);

		if (option == 'x')
			r->bad_checksum = true;
		else if (at)
			*values[at - letters] = strtol(optarg, NULL, 10);
		else
			return false;
	}
	return argc - optind == 3 && r->count > 0 && r->count <= COUNT_MAX &&
	       inet_pton(AF_INET, argv[optind + 1], &r->source) == 1 &&
	       inet_pton(AF_INET, argv[optind + 2], &r->address) == 1;
}

int
main(int argc, char **argv)
{
	struct recipe r = { .count = 1,
			    .version = 3,
			    .vrid = 51,
			    .priority = 255,
			    .advert = 10,
			    .ttl = 255,
			    .addresses = 1,
			    .bytes = -1,
			    .type = 1 };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = inet_addr("224.0.0.18") };
	struct timespec pause = { .tv_nsec = 2000000 };
	uint8_t packet[PACKET_MAX];
	size_t len;
	int fd;

	if (!read_options(argc, argv, &r)) {
		fprintf(stderr, "usage: vrrp_send [OPTION...] INTERFACE SOURCE ADDRESS\n");
		return 2;
	}
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, argv[optind],
				 (socklen_t)strlen(argv[optind])) < 0) {
		fprintf(stderr, "vrrp_send: %s: %s\n", argv[optind], strerror(errno));
		return 1;
	}
	len = cook(&r, packet);
	for (long i = 0; i < r.count; i++) {
		if (sendto(fd, packet, len, 0, (const struct sockaddr *)&to, sizeof(to)) < 0) {
			fprintf(stderr, "vrrp_send: %s\n", strerror(errno));
			return 1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}
