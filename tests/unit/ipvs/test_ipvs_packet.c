/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes that the kernel gets are those of linux/ip_vs.h, and its answers are read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "ipvs/ipvs_packet.h"
#include "tests/unit/ipvs/ipvs_example.h"

#define FAMILY 0x21

/* A message that can be read with the kernel's own macros. */
union message {
	struct nlmsghdr head;
	uint8_t bytes[IPVS_PACKET_MAX];
};

/* Bytes without the header, as hexadecimal digits. */
static void
assert_payload(const union message *m, int len, const char *expected)
{
	char text[2 * IPVS_PACKET_MAX + 1] = "";

	for (int i = NLMSG_HDRLEN, at = 0; i < len; i++, at += 2)
		snprintf(text + at, 3, "%02x", m->bytes[i]);
	assert_string_equal(text, expected);
}

static int
encode(enum ipvs_step_type type, const struct ipvs_service *service, const struct ipvs_dest *dest,
       union message *m)
{
	struct ipvs_step step = { .type = type, .service = *service };
	int len;

	if (dest != NULL)
		step.dest = *dest;
	len = ipvs_packet_step(FAMILY, 77, &step, m->bytes, sizeof(m->bytes));
	assert_true(len > 0);
	assert_int_equal(m->head.nlmsg_len, len);
	assert_int_equal(m->head.nlmsg_type, FAMILY);
	assert_int_equal(m->head.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(m->head.nlmsg_seq, 77);
	assert_int_equal(m->head.nlmsg_pid, 0);
	return len;
}

/* These hold on little-endian machines; the layout itself is the same everywhere. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SERVICE_KEY                                                                                \
	"0600010002000000"                         /* AF: AF_INET */                               \
	"0600020006000000"                         /* PROTOCOL: tcp */                             \
	"14000300c0000209000000000000000000000000" /* ADDR, 16 bytes */                            \
	"0600040000500000"                         /* PORT, network order */

static void
new_service_has_the_kernels_layout(void **state)
{
	struct ipvs_service service = a_service("192.0.2.9", 80);
	union message m;

	service.flags = IP_VS_SVC_F_PERSISTENT;
	service.timeout_s = 300;
	assert_payload(&m, encode(IPVS_ADD_SERVICE, &service, NULL, &m),
		       "01010000"                 /* NEW_SERVICE, version 1 */
		       "54000180"                 /* SERVICE, nested */
		       SERVICE_KEY                /* 44 bytes */
		       "0700060072720000"         /* SCHED_NAME "rr" */
		       "0c00070001000000ffffffff" /* FLAGS and mask */
		       "080008002c010000"         /* TIMEOUT */
		       "08000900ffffffff");       /* NETMASK */
}

static void
new_dest_has_the_kernels_layout(void **state)
{
	struct ipvs_service service = a_service("192.0.2.9", 80);
	struct ipvs_dest dest = a_dest("10.0.0.1", 8080, 3);
	union message m;

	dest.fwd_method = IP_VS_CONN_F_TUNNEL;
	dest.u_threshold = 100;
	dest.l_threshold = 50;
	dest.tun_type = IP_VS_CONN_F_TUNNEL_TYPE_GUE;
	dest.tun_port = 6080;
	dest.tun_flags = IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
	assert_payload(&m, encode(IPVS_ADD_DEST, &service, &dest, &m),
		       "05010000"                                 /* NEW_DEST */
		       "30000180" SERVICE_KEY "60000280"          /* DEST, nested */
		       "140001000a000001000000000000000000000000" /* ADDR */
		       "060002001f900000"                         /* PORT */
		       "06000b0002000000"                         /* ADDR_FAMILY */
		       "0800030002000000"                         /* FWD_METHOD */
		       "0800040003000000"                         /* WEIGHT */
		       "0800050064000000"                         /* U_THRESH */
		       "0800060032000000"                         /* L_THRESH */
		       "05000d0001000000"                         /* TUN_TYPE */
		       "06000e0017c00000"                         /* TUN_PORT */
		       "06000f0001000000");                       /* TUN_FLAGS */
}

static void
deleting_sends_keys_only(void **state)
{
	struct ipvs_service service = a_service("192.0.2.9", 80);
	struct ipvs_dest dest = a_dest("10.0.0.1", 8080, 3);
	union message m;

	assert_payload(&m, encode(IPVS_DEL_DEST, &service, &dest, &m),
		       "07010000"
		       "30000180" SERVICE_KEY "28000280"
		       "140001000a000001000000000000000000000000060002001f900000"
		       "06000b0002000000");
	assert_payload(&m, encode(IPVS_DEL_SERVICE, &service, NULL, &m),
		       "03010000"
		       "30000180" SERVICE_KEY);
}

static void
mark_is_named_by_family_and_mark_alone(void **state)
{
	struct ipvs_service service = { .key = { .family = AF_INET6, .fwmark = 7 } };
	union message m;

	assert_payload(&m, encode(IPVS_DEL_SERVICE, &service, NULL, &m),
		       "03010000"
		       "14000180"
		       "060001000a000000"
		       "0800050007000000");
}
#endif

/* The kernel's answers have the same layout as our requests: one is read as the other. */
static void
service_is_read_back(void **state)
{
	struct ipvs_service service = a_service("2001:db8::9", 443), back;
	union message m;

	strcpy(service.sched, "sh");
	strcpy(service.pe, "sip");
	service.flags = IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_SCHED_SH_PORT;
	service.timeout_s = 60;
	service.netmask = 64;
	encode(IPVS_ADD_SERVICE, &service, NULL, &m);
	assert_int_equal(ipvs_packet_read_service(&m.head, &back), 0);
	assert_memory_equal(&back, &service, sizeof(back));
}

static void
dest_is_read_back(void **state)
{
	struct ipvs_service service = a_service("192.0.2.9", 80);
	struct ipvs_dest dest = a_dest("10.0.0.1", 8080, 3), back;
	union message m;

	dest.fwd_method = IP_VS_CONN_F_TUNNEL;
	dest.tun_type = IP_VS_CONN_F_TUNNEL_TYPE_GRE;
	dest.u_threshold = 7;
	encode(IPVS_ADD_DEST, &service, &dest, &m);
	assert_int_equal(ipvs_packet_read_dest(&m.head, AF_INET, &back), 0);
	assert_memory_equal(&back, &dest, sizeof(back));
}

static void
answer_without_its_key_is_refused(void **state)
{
	struct ipvs_service service = a_service("192.0.2.9", 80), back;
	struct ipvs_dest dest;
	union message m;

	encode(IPVS_ADD_SERVICE, &service, NULL, &m);
	assert_int_equal(ipvs_packet_read_dest(&m.head, AF_INET, &dest), -EBADMSG);
	m.head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	assert_int_equal(ipvs_packet_read_service(&m.head, &back), -EBADMSG);
	m.head.nlmsg_len = NLMSG_LENGTH(0);
	assert_int_equal(ipvs_packet_read_service(&m.head, &back), -EBADMSG);
}

static void
message_that_does_not_fit_is_refused(void **state)
{
	struct ipvs_step step = { .type = IPVS_ADD_SERVICE, .service = a_service("192.0.2.9", 80) };
	uint8_t bytes[64];

	for (size_t cap = 0; cap < sizeof(bytes); cap++)
		assert_int_equal(ipvs_packet_step(FAMILY, 1, &step, bytes, cap), -EMSGSIZE);
}

static void
dumps_ask_for_all_services_and_for_one_services_dests(void **state)
{
	struct ipvs_service service = a_service("192.0.2.9", 80);
	union message m;
	int len = ipvs_packet_dump_services(FAMILY, 5, m.bytes, sizeof(m.bytes));

	assert_int_equal(len, NLMSG_LENGTH(GENL_HDRLEN));
	assert_int_equal(m.head.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(m.bytes[NLMSG_HDRLEN], IPVS_CMD_GET_SERVICE);
	len = ipvs_packet_dump_dests(FAMILY, 6, &service.key, m.bytes, sizeof(m.bytes));
	assert_int_equal(len, NLMSG_LENGTH(GENL_HDRLEN) + 48);
	assert_int_equal(m.bytes[NLMSG_HDRLEN], IPVS_CMD_GET_DEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		cmocka_unit_test(new_service_has_the_kernels_layout),
		cmocka_unit_test(new_dest_has_the_kernels_layout),
		cmocka_unit_test(deleting_sends_keys_only),
		cmocka_unit_test(mark_is_named_by_family_and_mark_alone),
#endif
		cmocka_unit_test(service_is_read_back),
		cmocka_unit_test(dest_is_read_back),
		cmocka_unit_test(answer_without_its_key_is_refused),
		cmocka_unit_test(message_that_does_not_fit_is_refused),
		cmocka_unit_test(dumps_ask_for_all_services_and_for_one_services_dests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
