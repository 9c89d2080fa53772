/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gratuitous ARP and unsolicited NA as bytes. Elsewhere: when and how often (announce.c). */
#include "vrrp/net/announce_packet.h"

#include <errno.h>

#include "lib/hf_buf.h"

#define ETHERTYPE_OF_ARP  0x0806
#define ETHERTYPE_OF_IPV6 0x86dd
#define ICMPV6_PROTOCOL   58
#define NA_TYPE           136
#define NA_BYTES          32 /* ICMPv6 header, target, one link-layer option */
#define NA_ROUTER         0x80000000u
#define NA_OVERRIDE       0x20000000u

static const uint8_t all_ones[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };

static void
put_ethernet(struct hf_writer *w, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
	hf_put_bytes(w, to, 6);
	hf_put_bytes(w, from, 6);
	hf_put_be16(w, type);
}

static void
put_arp(struct hf_writer *w, const struct hf_addr *addr, const uint8_t mac[6])
{
	put_ethernet(w, all_ones, mac, ETHERTYPE_OF_ARP);
	hf_put_be16(w, 1);      /* Ethernet */
	hf_put_be16(w, 0x0800); /* IPv4 */
	hf_put_u8(w, 6);
	hf_put_u8(w, 4);
	hf_put_be16(w, 1); /* request: more neighbours listen to it than to a reply */
	hf_put_bytes(w, mac, 6);
	hf_put_bytes(w, addr->bytes, 4);
	hf_put_bytes(w, all_ones, 6);
	hf_put_bytes(w, addr->bytes, 4);
}

static uint32_t
sum_words(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

/* RFC 8200, 8.1: the pseudo header, then the message with its checksum field zero. */
static uint16_t
icmpv6_checksum(const struct hf_addr *from, const uint8_t *message)
{
	uint32_t sum = NA_BYTES + ICMPV6_PROTOCOL;

	sum = sum_words(from->bytes, 16, sum);
	sum = sum_words(all_nodes, 16, sum);
	sum = sum_words(message, NA_BYTES, sum);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
put_na(struct hf_writer *w, const struct hf_addr *addr, const uint8_t mac[6], bool router)
{
	uint8_t message[NA_BYTES];
	struct hf_writer na = hf_writer_to(message, sizeof(message));

	hf_put_u8(&na, NA_TYPE);
	hf_put_u8(&na, 0);
	hf_put_be16(&na, 0);
	hf_put_be32(&na, NA_OVERRIDE | (router ? NA_ROUTER : 0));
	hf_put_bytes(&na, addr->bytes, 16);
	hf_put_u8(&na, 2); /* target link-layer address, one unit of 8 bytes */
	hf_put_u8(&na, 1);
	hf_put_bytes(&na, mac, 6);
	uint16_t sum = icmpv6_checksum(addr, message);

	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
	put_ethernet(w, all_nodes_mac, mac, ETHERTYPE_OF_IPV6);
	hf_put_be32(w, 0x60000000);
	hf_put_be16(w, NA_BYTES);
	hf_put_u8(w, ICMPV6_PROTOCOL);
	hf_put_u8(w, 255);
	hf_put_bytes(w, addr->bytes, 16);
	hf_put_bytes(w, all_nodes, 16);
	hf_put_bytes(w, message, sizeof(message));
}

int
announce_frame(const struct hf_addr *addr, const uint8_t mac[6], bool router, uint8_t *buf,
	       size_t cap)
{
	struct hf_writer w = hf_writer_to(buf, cap);

	if (addr->family == AF_INET)
		put_arp(&w, addr, mac);
	else
		put_na(&w, addr, mac, router);
	return w.bad ? -EMSGSIZE : (int)w.len;
}
