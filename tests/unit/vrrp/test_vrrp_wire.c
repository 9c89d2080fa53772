/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves and enters beside adverts: announcements, the VRID filter; and the heap of timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "vrrp/net/announce_packet.h"
#include "vrrp/net/conflict_packet.h"
#include "vrrp/vrrp_filter.h"
#include "vrrp/vrrp_timers.h"

static const uint8_t mac[6] = { 2, 0, 0, 0xaa, 0xbb, 0xcc };

static void
gratuitous_arp_is_a_broadcast_request(void **state)
{
	static const uint8_t expected[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,    0,    0xaa, 0xbb, 0xcc, 8,    6,
		0,    1,    8,    0,    6,    4,    0,    1,    2,    0,    0,    0xaa, 0xbb, 0xcc,
		192,  0,    2,    9,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 192,  0,    2,    9,
	};
	uint8_t frame[ANNOUNCE_FRAME_MAX];
	struct hf_addr addr;

	assert_int_equal(hf_addr_parse("192.0.2.9", &addr), 0);
	assert_int_equal(announce_frame(&addr, mac, false, frame, sizeof(frame)), 42);
	assert_memory_equal(frame, expected, sizeof(expected));
}

static void
unsolicited_na_has_a_valid_checksum_and_its_flags(void **state)
{
	uint8_t frame[ANNOUNCE_FRAME_MAX];
	struct hf_addr addr;
	uint32_t sum = 32 + 58;

	assert_int_equal(hf_addr_parse("2001:db8::9", &addr), 0);
	assert_int_equal(announce_frame(&addr, mac, true, frame, sizeof(frame)), 14 + 40 + 32);
	assert_int_equal(frame[21], 255);         /* hop limit */
	assert_int_equal(frame[54], 136);         /* neighbour advertisement */
	assert_int_equal(frame[58], 0x80 | 0x20); /* router, override */
	for (size_t i = 22; i < 86; i += 2)       /* both addresses, then the message */
		sum += (uint32_t)frame[i] << 8 | frame[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
}

static void
a_frame_that_does_not_fit_is_refused(void **state)
{
	uint8_t frame[41];
	struct hf_addr addr;

	assert_int_equal(hf_addr_parse("192.0.2.9", &addr), 0);
	assert_true(announce_frame(&addr, mac, false, frame, sizeof(frame)) < 0);
}

/* Runs the program in the kernel: a datagram that passes can be read. */
static bool
passes(int fds[2], const uint8_t *bytes, size_t len)
{
	uint8_t got[64];

	assert_int_equal(send(fds[0], bytes, len, 0), len);
	return recv(fds[1], got, sizeof(got), MSG_DONTWAIT) >= 0;
}

static void
filter_socket(int fds[2], const struct vrrp_vrid_set *set, sa_family_t family)
{
	struct sock_filter code[VRRP_FILTER_MAX];
	struct sock_fprog program = { .filter = code };

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	program.len = (unsigned short)vrrp_filter_build(set, family, code);
	assert_int_equal(
		setsockopt(fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

static void
only_our_vrids_pass_the_filter(void **state)
{
	static const uint8_t ours[] = { 1, 31, 32, 51, 200, 255 };
	struct vrrp_vrid_set set = { 0 };
	uint8_t ipv4[28] = { 0x45 }, options[32] = { 0x46 }, ipv6[8] = { 0 };
	int fds4[2], fds6[2];

	for (size_t i = 0; i < sizeof(ours); i++)
		vrrp_vrid_set_add(&set, ours[i]);
	filter_socket(fds4, &set, AF_INET);
	filter_socket(fds6, &set, AF_INET6);
	for (unsigned int vrid = 0; vrid < 256; vrid++) {
		bool expected = memchr(ours, (int)vrid, sizeof(ours)) != NULL;

		ipv4[21] = options[25] = ipv6[1] = (uint8_t)vrid;
		assert_int_equal(passes(fds4, ipv4, sizeof(ipv4)), expected);
		assert_int_equal(passes(fds4, options, sizeof(options)), expected);
		assert_int_equal(passes(fds6, ipv6, sizeof(ipv6)), expected);
	}
	assert_false(passes(fds4, ipv4, 20)); /* nothing behind the header */
	for (int i = 0; i < 2; i++) {
		close(fds4[i]);
		close(fds6[i]);
	}
}

#define WATCHED 300 /* more than one jump reaches */

static void
only_arp_in_the_name_of_our_addresses_passes(void **state)
{
	struct hf_addr ours[WATCHED];
	struct sock_filter *code = calloc(CONFLICT_FILTER_MAX, sizeof(*code));
	struct sock_fprog program = { .filter = code };
	uint8_t arp[CONFLICT_ARP_BYTES];
	int fds[2];

	assert_non_null(code);
	for (unsigned int i = 0; i < WATCHED; i++)
		ours[i] = (struct hf_addr){ .family = AF_INET,
					    .bytes = { 10, 0, (uint8_t)(i / 256), (uint8_t)i } };
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	program.len = (unsigned short)conflict_filter_build(ours, WATCHED, code);
	assert_int_equal(
		setsockopt(fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
	for (unsigned int i = 0; i < WATCHED + 20; i++) {
		conflict_probe(&ours[0], mac, arp);
		assert_false(passes(fds, arp, sizeof(arp))); /* asked by nobody */
		memcpy(arp + 14, (uint8_t[]){ 10, 0, (uint8_t)(i / 256), (uint8_t)i }, 4);
		assert_int_equal(passes(fds, arp, sizeof(arp)), i < WATCHED);
	}
	arp[14] = 10, arp[15] = arp[16] = arp[17] = 0;
	assert_true(passes(fds, arp, sizeof(arp)));
	assert_false(passes(fds, arp, 17)); /* truncated */
	arp[4] = 8;                         /* not Ethernet's */
	assert_false(passes(fds, arp, sizeof(arp)));
	close(fds[0]);
	close(fds[1]);
	free(code);
}

static void
the_sender_of_arp_is_read_only_from_whole_packets(void **state)
{
	uint8_t arp[CONFLICT_ARP_BYTES], from[6];
	struct hf_addr addr;

	assert_int_equal(hf_addr_parse("192.0.2.9", &addr), 0);
	conflict_probe(&addr, mac, arp);
	memcpy(arp + 14, addr.bytes, 4);
	addr = (struct hf_addr){ 0 };
	assert_true(conflict_arp_sender(arp, sizeof(arp), &addr, from));
	assert_memory_equal(from, mac, sizeof(from));
	assert_memory_equal(addr.bytes, arp + 24, 4);
	assert_false(conflict_arp_sender(arp, sizeof(arp) - 1, &addr, from));
	arp[1] = 6;
	assert_false(conflict_arp_sender(arp, sizeof(arp), &addr, from));
}

#define SLOTS 500

static void
the_heap_always_yields_the_earliest(void **state)
{
	struct vrrp_timers timers = { 0 };
	struct vrrp_timer_slot slots[SLOTS] = { 0 };
	unsigned int random = 12345;

	assert_int_equal(vrrp_timers_reserve(&timers, SLOTS), 0);
	for (int i = 0; i < 20000; i++) {
		random = random * 1103515245 + 12345;
		struct vrrp_timer_slot *slot = &slots[(random >> 8) % SLOTS];
		hf_time due = { (random >> 4) % 1000 + 1 };
		int64_t earliest = INT64_MAX;

		vrrp_timers_set(&timers, slot, random % 5 == 0 ? HF_NEVER : due);
		for (int k = 0; i % 50 == 0 && k < SLOTS; k++) {
			if (slots[k].place != 0 && slots[k].due.ns < earliest)
				earliest = slots[k].due.ns;
		}
		if (i % 50 == 0 && timers.n > 0)
			assert_int_equal(vrrp_timers_first(&timers)->due.ns, earliest);
	}
	while (vrrp_timers_first(&timers) != NULL)
		vrrp_timers_set(&timers, vrrp_timers_first(&timers), HF_UNSET);
	assert_int_equal(timers.n, 0);
	vrrp_timers_free(&timers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gratuitous_arp_is_a_broadcast_request),
		cmocka_unit_test(unsolicited_na_has_a_valid_checksum_and_its_flags),
		cmocka_unit_test(a_frame_that_does_not_fit_is_refused),
		cmocka_unit_test(only_our_vrids_pass_the_filter),
		cmocka_unit_test(only_arp_in_the_name_of_our_addresses_passes),
		cmocka_unit_test(the_sender_of_arp_is_read_only_from_whole_packets),
		cmocka_unit_test(the_heap_always_yields_the_earliest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
