/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VRRP packets: what we send to the byte, and every way to be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "config/vrrp_model.h"
#include "vrrp/vrrp_packet.h"

static const struct vrrp_address_model two_addresses[2] = {
	{ .prefix = { .addr = { AF_INET, { 192, 0, 2, 100 } }, .len = 32 } },
	{ .prefix = { .addr = { AF_INET, { 192, 0, 2, 101 } }, .len = 32 } },
};
static const struct vrrp_address_model one_ipv6[1] = {
	{ .prefix = { .addr = { AF_INET6, { 0xfe, 0x80, [15] = 1 } }, .len = 64 } },
};
static const struct hf_addr alpha = { AF_INET, { 192, 0, 2, 1 } };
static const struct hf_addr beta = { AF_INET, { 192, 0, 2, 2 } };
static const struct hf_addr multicast = { AF_INET, { 224, 0, 0, 18 } };
static const struct hf_addr alpha6 = { AF_INET6, { 0xfe, 0x80, [15] = 0xa } };
static const struct hf_addr multicast6 = { AF_INET6, { 0xff, 0x02, [15] = 0x12 } };

static struct vrrp_tx
tx_of(uint8_t version)
{
	return (struct vrrp_tx){
		.version = version,
		.vrid = 51,
		.priority = 100,
		.advert_cs = 100,
		.family = AF_INET,
		.source = alpha,
		.destination = multicast,
		.n_addresses = 1,
		.addresses = two_addresses,
	};
}

static struct vrrp_rx
rx_of(uint8_t version)
{
	return (struct vrrp_rx){
		.source = alpha,
		.destination = multicast,
		.ttl = 255,
		.version = version,
		.multicast = true,
		.advert_cs = 100,
		.n_addresses = 1,
		.addresses = two_addresses,
	};
}

/* Corrects the checksum after a test has changed a field, with arithmetic of its own. */
static void
seal(uint8_t *buf, size_t len)
{
	static const uint8_t pseudo[12] = { 192, 0, 2, 1, 224, 0, 0, 18, 0, 112, 0, 0 };
	uint32_t sum = buf[0] >> 4 == 3 ? (uint32_t)len : 0;

	buf[6] = 0;
	buf[7] = 0;
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)buf[i] << (i % 2 ? 0 : 8);
	for (size_t i = 0; buf[0] >> 4 == 3 && i < sizeof(pseudo); i++)
		sum += (uint32_t)pseudo[i] << (i % 2 ? 0 : 8);
	while (sum > 0xffff)
		sum = sum % 0x10000 + sum / 0x10000;
	sum = 0xffff - sum;
	buf[6] = (uint8_t)(sum / 256);
	buf[7] = (uint8_t)(sum % 256);
}

static enum vrrp_drop
judge(const uint8_t *buf, size_t len, const struct vrrp_rx *rx)
{
	struct vrrp_advert out;
	/* A copy of exactly that length: the sanitizer sees each byte read beyond it. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum vrrp_drop drop;

	assert_non_null(copy);
	memcpy(copy, buf, len);
	drop = vrrp_packet_decode(copy, len, rx, &out);
	free(copy);
	return drop;
}

static void
version_2_is_sent_as_rfc_3768_says(void **state)
{
	static const uint8_t expected[] = { 0x21, 51,  100, 1, 0, 1, 0xb7, 0x34, 192, 0,
					    2,    100, 0,   0, 0, 0, 0,    0,    0,   0 };
	struct vrrp_tx tx = tx_of(2);
	uint8_t buf[VRRP_PACKET_MAX], sealed[sizeof(expected)];

	assert_int_equal(vrrp_packet_encode(&tx, buf, sizeof(buf)), sizeof(expected));
	memcpy(sealed, expected, sizeof(expected));
	seal(sealed, sizeof(sealed));
	assert_memory_equal(buf, sealed, sizeof(sealed));
}

static void
version_3_is_sent_as_rfc_9568_says(void **state)
{
	static const uint8_t expected[] = { 0x31, 51, 100, 1, 0x0f, 0xff, 0, 0, 192, 0, 2, 100 };
	struct vrrp_tx tx = tx_of(3);
	uint8_t buf[VRRP_PACKET_MAX], sealed[sizeof(expected)];

	tx.advert_cs = 4095;
	assert_int_equal(vrrp_packet_encode(&tx, buf, sizeof(buf)), sizeof(expected));
	memcpy(sealed, expected, sizeof(expected));
	seal(sealed, sizeof(sealed));
	assert_memory_equal(buf, sealed, sizeof(sealed));
}

static void
what_is_sent_is_received(void **state)
{
	for (uint8_t version = 2; version <= 3; version++) {
		struct vrrp_tx tx = tx_of(version);
		struct vrrp_rx rx = rx_of(version);
		struct vrrp_advert out = { 0 };
		uint8_t buf[VRRP_PACKET_MAX];
		uint8_t vrid, peeked;

		tx.n_addresses = 2;
		rx.n_addresses = 2;

		int len = vrrp_packet_encode(&tx, buf, sizeof(buf));

		assert_true(len > 0);
		assert_true(vrrp_packet_peek(buf, (size_t)len, &vrid, &peeked));
		assert_int_equal(vrid, 51);
		assert_int_equal(peeked, version);
		assert_int_equal(vrrp_packet_decode(buf, (size_t)len, &rx, &out), VRRP_DROP_NONE);
		assert_int_equal(out.version, version);
		assert_int_equal(out.vrid, 51);
		assert_int_equal(out.priority, 100);
		assert_int_equal(out.max_advertise_cs, 100);
		assert_int_equal(out.count, 2);
		assert_true(out.addresses_match);
		assert_true(hf_addr_equal(&out.source, &alpha));
	}
}

static void
ipv6_leaves_the_checksum_to_the_kernel(void **state)
{
	struct vrrp_tx tx = { .version = 3,
			      .vrid = 51,
			      .priority = 100,
			      .advert_cs = 100,
			      .family = AF_INET6,
			      .source = alpha6,
			      .destination = multicast6,
			      .n_addresses = 1,
			      .addresses = one_ipv6 };
	struct vrrp_rx rx = { .source = alpha6,
			      .destination = multicast6,
			      .ttl = 255,
			      .version = 3,
			      .multicast = true,
			      .n_addresses = 1,
			      .addresses = one_ipv6,
			      .checksum_done = true };
	struct vrrp_advert out;
	uint8_t buf[VRRP_PACKET_MAX];

	assert_int_equal(vrrp_packet_encode(&tx, buf, sizeof(buf)), 24);
	assert_int_equal(buf[6] << 8 | buf[7], 0);
	assert_int_equal(vrrp_packet_decode(buf, 24, &rx, &out), VRRP_DROP_NONE);
	assert_true(out.addresses_match);
	rx.checksum_done = false;
	assert_int_equal(vrrp_packet_decode(buf, 24, &rx, &out), VRRP_DROP_CHECKSUM);
}

static void
more_than_255_addresses_are_not_sent(void **state)
{
	static struct vrrp_address_model many[256];
	struct vrrp_tx tx = tx_of(2);
	uint8_t buf[VRRP_PACKET_MAX];

	for (size_t i = 0; i < 256; i++)
		many[i] = two_addresses[0];
	tx.addresses = many;
	tx.n_addresses = 256;
	assert_int_equal(vrrp_packet_encode(&tx, buf, sizeof(buf)), -EMSGSIZE);
	tx.n_addresses = 255;
	assert_int_equal(vrrp_packet_encode(&tx, buf, sizeof(buf)), 8 + 255 * 4 + 8);
	assert_int_equal(vrrp_packet_encode(&tx, buf, 8 + 255 * 4 + 7), -EMSGSIZE);
}

static void
a_packet_cut_at_any_length_is_refused(void **state)
{
	for (uint8_t version = 2; version <= 3; version++) {
		struct vrrp_tx tx = tx_of(version);
		struct vrrp_rx rx = rx_of(version);
		uint8_t buf[VRRP_PACKET_MAX];
		int len = vrrp_packet_encode(&tx, buf, sizeof(buf));

		for (int cut = 0; cut < len; cut++) {
			uint8_t vrid, peeked;

			assert_int_equal(judge(buf, (size_t)cut, &rx), VRRP_DROP_TRUNCATED);
			assert_int_equal(vrrp_packet_peek(buf, (size_t)cut, &vrid, &peeked),
					 cut >= 8);
		}
		assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_NONE);
	}
}

/* Ethernet pads to 46 bytes of payload: 26 behind the IP header. */
static void
padding_of_short_frames_is_accepted_and_no_more(void **state)
{
	struct vrrp_tx tx = tx_of(3);
	struct vrrp_rx rx = rx_of(3);
	uint8_t buf[VRRP_PACKET_MAX] = { 0 };
	size_t len = (size_t)vrrp_packet_encode(&tx, buf, sizeof(buf));

	assert_int_equal(len, 12);
	for (size_t extra = 0; extra < 40; extra++) {
		bool fine = extra % 4 == 0 && len + extra <= 26;

		assert_int_equal(judge(buf, len + extra, &rx),
				 fine ? VRRP_DROP_NONE : VRRP_DROP_TRUNCATED);
	}
}

static void
each_wrong_field_has_its_reason(void **state)
{
	static const struct {
		uint8_t version, at, value;
		enum vrrp_drop drop;
	} rows[] = {
		{ 2, 0, 0x11, VRRP_DROP_VERSION },  { 2, 0, 0xf1, VRRP_DROP_VERSION },
		{ 2, 0, 0x22, VRRP_DROP_TYPE },     { 3, 0, 0x30, VRRP_DROP_TYPE },
		{ 2, 4, 1, VRRP_DROP_AUTH_TYPE },   { 2, 4, 2, VRRP_DROP_AUTH_TYPE },
		{ 2, 5, 2, VRRP_DROP_INTERVAL },    { 2, 5, 0, VRRP_DROP_INTERVAL },
		{ 3, 5, 0, VRRP_DROP_INTERVAL },    { 3, 3, 2, VRRP_DROP_TRUNCATED },
		{ 2, 3, 255, VRRP_DROP_TRUNCATED }, { 3, 3, 255, VRRP_DROP_TRUNCATED },
		{ 2, 3, 0, VRRP_DROP_NONE }, /* no_virtual_ipaddress, the rest looks as padding */
		{ 3, 3, 0, VRRP_DROP_COUNT },       { 3, 2, 0, VRRP_DROP_NONE },
		{ 3, 5, 200, VRRP_DROP_NONE },      { 3, 4, 0xf0, VRRP_DROP_NONE },
	};

	for (size_t i = 0; i < HF_COUNT_OF(rows); i++) {
		struct vrrp_tx tx = tx_of(rows[i].version);
		struct vrrp_rx rx = rx_of(rows[i].version);
		uint8_t buf[VRRP_PACKET_MAX];
		int len = vrrp_packet_encode(&tx, buf, sizeof(buf));
		size_t sum_len = (size_t)len;

		assert_true(len > 0);
		buf[rows[i].at] = rows[i].value;
		if (rows[i].at == 3 && rows[i].value == 0)
			sum_len -= 4;
		seal(buf, sum_len);
		assert_int_equal(judge(buf, (size_t)len, &rx), rows[i].drop);
	}
}

static void
the_other_version_is_refused(void **state)
{
	struct vrrp_tx tx = tx_of(3);
	struct vrrp_rx rx = rx_of(2);
	uint8_t buf[VRRP_PACKET_MAX];
	int len = vrrp_packet_encode(&tx, buf, sizeof(buf));

	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_VERSION);
	rx.version = 0; /* not known yet */
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_NONE);
}

static void
every_flipped_bit_is_noticed(void **state)
{
	for (uint8_t version = 2; version <= 3; version++) {
		struct vrrp_tx tx = tx_of(version);
		struct vrrp_rx rx = rx_of(version);
		uint8_t buf[VRRP_PACKET_MAX];
		int len = vrrp_packet_encode(&tx, buf, sizeof(buf));

		for (int bit = 0; bit < len * 8; bit++) {
			buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_NONE);
			buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

static void
version_3_without_pseudo_header_is_a_wrong_checksum(void **state)
{
	struct vrrp_tx tx = tx_of(3);
	struct vrrp_rx rx = rx_of(3);
	uint8_t buf[VRRP_PACKET_MAX];
	int len = vrrp_packet_encode(&tx, buf, sizeof(buf));
	uint32_t sum = 0;

	buf[6] = 0;
	buf[7] = 0;
	for (int i = 0; i < len; i += 2)
		sum += (uint32_t)(buf[i] << 8 | buf[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	buf[6] = (uint8_t)(sum >> 8);
	buf[7] = (uint8_t)sum;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_CHECKSUM);
}

static void
multicast_needs_ttl_255_and_unicast_a_known_peer(void **state)
{
	struct vrrp_tx tx = tx_of(2);
	struct vrrp_rx rx = rx_of(2);
	uint8_t buf[VRRP_PACKET_MAX];
	int len = vrrp_packet_encode(&tx, buf, sizeof(buf));

	rx.ttl = 254;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_TTL);
	rx.ttl = -1;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_TTL);
	rx.ttl = 255;
	rx.destination = beta;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_DESTINATION);
	rx.multicast = false;
	rx.ttl = 3;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_SENDER);
	rx.peers = &beta;
	rx.n_peers = 1;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_SENDER);
	rx.peers = &alpha;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_NONE);
	rx.destination = multicast;
	assert_int_equal(judge(buf, (size_t)len, &rx), VRRP_DROP_DESTINATION);
}

static void
addresses_are_compared_as_a_set(void **state)
{
	struct vrrp_address_model swapped[2] = { two_addresses[1], two_addresses[0] };
	struct vrrp_tx tx = tx_of(2);
	struct vrrp_rx rx = rx_of(2);
	struct vrrp_advert out;
	uint8_t buf[VRRP_PACKET_MAX];

	tx.n_addresses = 2;
	tx.addresses = swapped;

	size_t len = (size_t)vrrp_packet_encode(&tx, buf, sizeof(buf));

	assert_int_equal(vrrp_packet_decode(buf, len, &rx, &out), VRRP_DROP_NONE);
	assert_false(out.addresses_match); /* one more than ours */
	rx.n_addresses = 2;
	assert_int_equal(vrrp_packet_decode(buf, len, &rx, &out), VRRP_DROP_NONE);
	assert_true(out.addresses_match);
	swapped[0] = two_addresses[0];
	len = (size_t)vrrp_packet_encode(&tx, buf, sizeof(buf));
	assert_int_equal(vrrp_packet_decode(buf, len, &rx, &out), VRRP_DROP_NONE);
	assert_false(out.addresses_match); /* twice the same, one of ours is missing */
}

static void
the_ip_header_is_judged_first(void **state)
{
	uint8_t good[32] = { 0x45, 0xc0, 0,   32, 0, 1, 0,   0, 255, 112,
			     0,    0,    192, 0,  2, 1, 224, 0, 0,   18 };
	static const struct {
		size_t at;
		uint8_t value;
		enum vrrp_drop drop;
	} rows[] = {
		{ 0, 0x65, VRRP_DROP_IP_HEADER }, { 0, 0x44, VRRP_DROP_IP_HEADER },
		{ 6, 0x20, VRRP_DROP_IP_HEADER }, { 7, 1, VRRP_DROP_IP_HEADER },
		{ 6, 0x40, VRRP_DROP_NONE },      { 9, 51, VRRP_DROP_IP_HEADER },
		{ 3, 33, VRRP_DROP_TRUNCATED },   { 3, 19, VRRP_DROP_TRUNCATED },
		{ 0, 0x4f, VRRP_DROP_TRUNCATED }, { 8, 254, VRRP_DROP_NONE },
	};
	struct vrrp_rx rx = { 0 };
	const uint8_t *payload;
	size_t payload_len;

	assert_int_equal(vrrp_packet_split_ipv4(good, 32, &rx, &payload, &payload_len),
			 VRRP_DROP_NONE);
	assert_ptr_equal(payload, good + 20);
	assert_int_equal(payload_len, 12);
	assert_int_equal(rx.ttl, 255);
	assert_true(hf_addr_equal(&rx.source, &alpha));
	assert_true(hf_addr_equal(&rx.destination, &multicast));
	for (size_t len = 0; len < 32; len++)
		assert_int_equal(vrrp_packet_split_ipv4(good, len, &rx, &payload, &payload_len),
				 VRRP_DROP_TRUNCATED);
	for (size_t i = 0; i < HF_COUNT_OF(rows); i++) {
		uint8_t bad[32];

		memcpy(bad, good, sizeof(bad));
		bad[rows[i].at] = rows[i].value;
		assert_int_equal(vrrp_packet_split_ipv4(bad, 32, &rx, &payload, &payload_len),
				 rows[i].drop);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_is_sent_as_rfc_3768_says),
		cmocka_unit_test(version_3_is_sent_as_rfc_9568_says),
		cmocka_unit_test(what_is_sent_is_received),
		cmocka_unit_test(ipv6_leaves_the_checksum_to_the_kernel),
		cmocka_unit_test(more_than_255_addresses_are_not_sent),
		cmocka_unit_test(a_packet_cut_at_any_length_is_refused),
		cmocka_unit_test(padding_of_short_frames_is_accepted_and_no_more),
		cmocka_unit_test(each_wrong_field_has_its_reason),
		cmocka_unit_test(the_other_version_is_refused),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(version_3_without_pseudo_header_is_a_wrong_checksum),
		cmocka_unit_test(multicast_needs_ttl_255_and_unicast_a_known_peer),
		cmocka_unit_test(addresses_are_compared_as_a_set),
		cmocka_unit_test(the_ip_header_is_judged_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
