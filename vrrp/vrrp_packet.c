/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VRRP ADVERTISEMENT packets, bytes to struct and back (RFC 9568 section 5, RFC 3768 section 5).
 * Pure: what is to be expected comes in as struct vrrp_rx. Who sends or receives is vrrp_socket.c's
 * matter, what an advert leads to vrrp_engine.c's.
 *
 *   byte 0  version (4 bits), type (4 bits)      4  v2: authentication type, interval in s
 *        1  VRID                                    v3: 4 zero bits, interval in cs (12 bits)
 *        2  priority                             6  checksum
 *        3  count of addresses                   8  the addresses; v2 over IPv4: 8 bytes of
 *                                                   authentication data behind them
 */
#include "vrrp/vrrp_packet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "config/vrrp_model.h"

#define HEADER_LEN         8
#define V2_AUTH_LEN        8
#define TYPE_ADVERTISEMENT 1
#define ETHERNET_PAYLOAD   46 /* least payload of a frame: shorter packets are padded up to it */
#define IPV4_HEADER_MIN    20
#define IPV6_HEADER_LEN    40
#define V3_INTERVAL_MAX    0x0fff

static_assert(VRRP_PACKET_MAX == HEADER_LEN + VRRP_ADDRESSES_MAX * 16 + V2_AUTH_LEN,
	      "VRRP_PACKET_MAX holds the longest packet of either family");

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static size_t
address_len(sa_family_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

/* Length of a packet with this many addresses, without padding. */
static size_t
packet_len(uint8_t version, sa_family_t family, size_t count)
{
	size_t auth = version == 2 && family == AF_INET ? V2_AUTH_LEN : 0;

	return HEADER_LEN + count * address_len(family) + auth;
}

/* The Internet checksum's sum (RFC 1071) of big-endian words, carried on from `sum`. */
static uint32_t
sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len >= 2; p += 2, len -= 2)
		sum += get16(p);
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

/*
 * Checksum of a packet whose checksum field is part of the sum: 0 when the packet is intact,
 * otherwise what belongs into a field that was zero. Version 2 over IPv4 leaves the pseudo header
 * out; there its sum is at most 520 words, so 32 bits cannot overflow.
 */
static uint16_t
checksum(const uint8_t *buf, size_t len, uint8_t version, const struct hf_addr *source,
	 const struct hf_addr *destination)
{
	uint32_t sum = sum_words(0, buf, len);

	if (version != 2 || source->family == AF_INET6) {
		sum = sum_words(sum, source->bytes, address_len(source->family));
		sum = sum_words(sum, destination->bytes, address_len(source->family));
		sum += VRRP_IPPROTO + (uint32_t)len;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool
vrrp_packet_peek(const uint8_t *buf, size_t len, uint8_t *vrid, uint8_t *version)
{
	if (len < HEADER_LEN)
		return false;
	*version = buf[0] >> 4;
	*vrid = buf[1];
	return true;
}

/* Surplus bytes are padding if they are whole words within Ethernet's least payload. */
static bool
is_padding(size_t ip_len, size_t surplus)
{
	return surplus == 0 || (surplus % 4 == 0 && ip_len <= ETHERNET_PAYLOAD);
}

enum vrrp_drop
vrrp_packet_split_ipv4(const uint8_t *buf, size_t len, struct vrrp_rx *rx, const uint8_t **payload,
		       size_t *payload_len)
{
	if (len < IPV4_HEADER_MIN)
		return VRRP_DROP_TRUNCATED;

	size_t header_len = (size_t)(buf[0] & 0x0f) * 4;
	size_t total = get16(buf + 2);
	bool fragment = (get16(buf + 6) & 0x3fff) != 0; /* more fragments, or an offset */

	if (buf[0] >> 4 != 4 || header_len < IPV4_HEADER_MIN || fragment || buf[9] != VRRP_IPPROTO)
		return VRRP_DROP_IP_HEADER;
	if (total < header_len || total > len)
		return VRRP_DROP_TRUNCATED;
	rx->ttl = buf[8];
	rx->source = (struct hf_addr){ .family = AF_INET };
	memcpy(rx->source.bytes, buf + 12, 4);
	rx->destination = (struct hf_addr){ .family = AF_INET };
	memcpy(rx->destination.bytes, buf + 16, 4);
	*payload = buf + header_len;
	*payload_len = total - header_len;
	return VRRP_DROP_NONE;
}

/* Steps 2 to 4 of the checks: length, TTL, version. */
static enum vrrp_drop
check_frame(const uint8_t *buf, size_t len, const struct vrrp_rx *rx)
{
	if (len < HEADER_LEN)
		return VRRP_DROP_TRUNCATED;

	uint8_t version = buf[0] >> 4;
	size_t expected = packet_len(version, rx->source.family, buf[3]);
	size_t ip_header = rx->source.family == AF_INET6 ? IPV6_HEADER_LEN : IPV4_HEADER_MIN;

	if (version != 2 && version != 3) /* how long it should be is not known */
		return VRRP_DROP_VERSION;
	if (len < expected || !is_padding(ip_header + len, len - expected))
		return VRRP_DROP_TRUNCATED;
	if (rx->multicast && rx->ttl != VRRP_TTL)
		return VRRP_DROP_TTL;
	if (rx->version != 0 && version != rx->version)
		return VRRP_DROP_VERSION;
	return VRRP_DROP_NONE;
}

/* Steps 6 to 12: authentication type, interval, type, count, checksum. */
static enum vrrp_drop
check_header(const uint8_t *buf, const struct vrrp_rx *rx)
{
	uint8_t version = buf[0] >> 4;

	if (version == 2) {
		if (buf[4] != 0)
			return VRRP_DROP_AUTH_TYPE;
		if (rx->version != 0 && buf[5] * 100 != rx->advert_cs)
			return VRRP_DROP_INTERVAL;
	} else if ((get16(buf + 4) & V3_INTERVAL_MAX) == 0) {
		return VRRP_DROP_INTERVAL; /* following it would mean not waiting at all */
	}
	if ((buf[0] & 0x0f) != TYPE_ADVERTISEMENT)
		return VRRP_DROP_TYPE;
	if (version == 3 && buf[3] == 0) /* version 2: somebody's no_virtual_ipaddress */
		return VRRP_DROP_COUNT;
	if (!rx->checksum_done && checksum(buf, packet_len(version, rx->source.family, buf[3]),
					   version, &rx->source, &rx->destination) != 0)
		return VRRP_DROP_CHECKSUM;
	return VRRP_DROP_NONE;
}

/* Steps 13 and 18: was it meant for us, by somebody who may? */
static enum vrrp_drop
check_parties(const struct vrrp_rx *rx)
{
	if (hf_addr_is_multicast(&rx->destination) != rx->multicast)
		return VRRP_DROP_DESTINATION;
	if (rx->multicast)
		return VRRP_DROP_NONE;
	for (size_t i = 0; i < rx->n_peers; i++) {
		if (hf_addr_equal(&rx->peers[i], &rx->source))
			return VRRP_DROP_NONE;
	}
	return VRRP_DROP_SENDER;
}

static bool
lists_address(const uint8_t *list, size_t count, size_t each, const uint8_t *bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(list + i * each, bytes, each) == 0)
			return true;
	}
	return false;
}

/* Peers normally list the same addresses in the same order: only others are searched for. */
static bool
addresses_match(const uint8_t *buf, const struct vrrp_rx *rx)
{
	const uint8_t *list = buf + HEADER_LEN;
	size_t each = address_len(rx->source.family);
	size_t count = buf[3];

	if (count != rx->n_addresses)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct hf_addr *ours = &rx->addresses[i].prefix.addr;

		if (ours->family != rx->source.family)
			return false;
		if (memcmp(list + i * each, ours->bytes, each) != 0 &&
		    !lists_address(list, count, each, ours->bytes))
			return false;
	}
	return true;
}

enum vrrp_drop
vrrp_packet_decode(const uint8_t *buf, size_t len, const struct vrrp_rx *rx,
		   struct vrrp_advert *out)
{
	enum vrrp_drop drop = check_frame(buf, len, rx);

	if (drop == VRRP_DROP_NONE)
		drop = check_header(buf, rx);
	if (drop == VRRP_DROP_NONE)
		drop = check_parties(rx);
	if (drop != VRRP_DROP_NONE)
		return drop;

	uint8_t version = buf[0] >> 4;

	*out = (struct vrrp_advert){
		.version = version,
		.vrid = buf[1],
		.priority = buf[2],
		.max_advertise_cs =
			version == 2 ? (uint16_t)(buf[5] * 100) : get16(buf + 4) & V3_INTERVAL_MAX,
		.count = buf[3],
		.addresses_match = addresses_match(buf, rx),
		.source = rx->source,
	};
	return VRRP_DROP_NONE;
}

int
vrrp_packet_encode(const struct vrrp_tx *tx, uint8_t *buf, size_t cap)
{
	assert(tx->version == 2 || tx->version == 3);
	assert(tx->family == AF_INET || tx->family == AF_INET6);

	size_t each = address_len(tx->family);
	size_t len = packet_len(tx->version, tx->family, tx->n_addresses);

	if (tx->n_addresses > VRRP_ADDRESSES_MAX || len > cap)
		return -EMSGSIZE;
	memset(buf, 0, len);
	buf[0] = (uint8_t)(tx->version << 4 | TYPE_ADVERTISEMENT);
	buf[1] = tx->vrid;
	buf[2] = tx->priority;
	buf[3] = (uint8_t)tx->n_addresses;
	if (tx->version == 2) {
		assert(tx->advert_cs / 100 <= UINT8_MAX);
		buf[5] = (uint8_t)(tx->advert_cs / 100);
	} else {
		assert(tx->advert_cs <= V3_INTERVAL_MAX);
		put16(buf + 4, tx->advert_cs);
	}
	for (size_t i = 0; i < tx->n_addresses; i++)
		memcpy(buf + HEADER_LEN + i * each, tx->addresses[i].prefix.addr.bytes, each);
	if (tx->family == AF_INET)
		put16(buf + 6, checksum(buf, len, tx->version, &tx->source, &tx->destination));
	return (int)len;
}
