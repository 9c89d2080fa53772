/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries are found by key and keep their order; what the kernel adds by itself is no difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/ipvs/ipvs_example.h"

static void
services_are_found_by_key_and_keep_their_order(void **state)
{
	struct ipvs_table *table = ipvs_table_new();
	struct ipvs_service b = a_service("192.0.2.2", 80), a = a_service("192.0.2.1", 80);
	struct ipvs_service other_port = a_service("192.0.2.1", 81);
	struct ipvs_table_service *entry;

	assert_non_null(ipvs_table_put(table, &b, "b"));
	assert_non_null(ipvs_table_put(table, &a, "a"));
	entry = ipvs_table_find(table, &a.key);
	assert_non_null(entry);
	assert_string_equal(entry->label, "a");
	assert_null(ipvs_table_find(table, &other_port.key));
	assert_string_equal(TAILQ_FIRST(&table->services)->label, "b");

	assert_ptr_equal(ipvs_table_put(table, &a, "again"), entry);
	assert_int_equal(table->n_services, 2);
	ipvs_table_remove(table, entry);
	assert_null(ipvs_table_find(table, &a.key));
	ipvs_table_free(table);
}

static void
removing_a_service_removes_its_dests(void **state)
{
	struct ipvs_table *table = ipvs_table_new();
	struct ipvs_service service = a_service("2001:db8::9", 80);
	struct ipvs_dest one = a_dest("2001:db8::1", 80, 1), two = a_dest("2001:db8::2", 80, 2);
	struct ipvs_table_service *entry = ipvs_table_put(table, &service, NULL);

	assert_non_null(ipvs_table_put_dest(table, entry, &one, "one"));
	assert_non_null(ipvs_table_put_dest(table, entry, &two, "two"));
	assert_int_equal(table->n_dests, 2);
	assert_int_equal(ipvs_table_find_dest(entry, &two.key)->dest.weight, 2);
	ipvs_table_remove(table, entry);
	assert_int_equal(table->n_dests, 0);
	ipvs_table_free(table);
}

static void
changed_order_is_asked_again_after_a_refusal(void **state)
{
	struct ipvs_table *table = ipvs_table_new();
	struct ipvs_service service = a_service("192.0.2.1", 80);
	struct ipvs_table_service *entry = ipvs_table_put(table, &service, NULL);

	entry->held = true;
	ipvs_table_put(table, &service, NULL);
	assert_true(entry->held);
	strcpy(service.sched, "wrr");
	ipvs_table_put(table, &service, NULL);
	assert_false(entry->held);
	ipvs_table_free(table);
}

static void
flags_that_the_kernel_keeps_for_itself_do_not_count(void **state)
{
	struct ipvs_service a = a_service("192.0.2.1", 80), b = a;

	b.flags |= IP_VS_SVC_F_HASHED;
	b.timeout_s = 300; /* means nothing without persistence */
	assert_true(ipvs_service_same(&a, &b));
	b.flags |= IP_VS_SVC_F_ONEPACKET;
	assert_false(ipvs_service_same(&a, &b));
	b = a;
	strcpy(b.sched, "wlc");
	assert_false(ipvs_service_same(&a, &b));
}

static void
persistence_is_compared_where_it_is_on(void **state)
{
	struct ipvs_service a = a_service("192.0.2.1", 80), b;

	a.flags = IP_VS_SVC_F_PERSISTENT;
	a.timeout_s = 300;
	b = a;
	assert_true(ipvs_service_same(&a, &b));
	b.timeout_s = 301;
	assert_false(ipvs_service_same(&a, &b));
	b = a;
	b.netmask = htonl(0xffffff00);
	assert_false(ipvs_service_same(&a, &b));
}

static void
dest_that_the_kernel_calls_local_is_the_same(void **state)
{
	struct ipvs_dest a = a_dest("192.0.2.1", 80, 1), b = a;

	b.fwd_method = IP_VS_CONN_F_LOCALNODE;
	assert_true(ipvs_dest_same(&a, &b));
	b.fwd_method = IP_VS_CONN_F_DROUTE;
	assert_false(ipvs_dest_same(&a, &b));
	b.fwd_method = a.fwd_method;
	b.tun_port = 6080; /* means nothing without a tunnel */
	assert_true(ipvs_dest_same(&a, &b));
	a.fwd_method = b.fwd_method = IP_VS_CONN_F_TUNNEL;
	assert_false(ipvs_dest_same(&a, &b));
}

static void
order_is_normalised_to_what_the_kernel_shows(void **state)
{
	struct ipvs_service service = a_service("192.0.2.1", 80);

	assert_int_equal(service.netmask, 0xffffffff);
	service.key.fwmark = 7;
	ipvs_service_normalise(&service);
	assert_int_equal(service.key.protocol, 0);
	assert_int_equal(service.key.port, 0);
	assert_int_equal(service.key.addr[0], 0);
	assert_int_equal(a_service("2001:db8::1", 80).netmask, 128);
}

static void
keys_read_well(void **state)
{
	struct ipvs_service v4 = a_service("192.0.2.1", 80), v6 = a_service("2001:db8::1", 443);
	struct ipvs_service_key mark = { .family = AF_INET6, .fwmark = 7 };
	char text[IPVS_KEY_TEXT_MAX];

	assert_string_equal(ipvs_service_key_text(&v4.key, text), "tcp 192.0.2.1:80");
	assert_string_equal(ipvs_service_key_text(&v6.key, text), "tcp [2001:db8::1]:443");
	assert_string_equal(ipvs_service_key_text(&mark, text), "fwmark 7 ipv6");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_found_by_key_and_keep_their_order),
		cmocka_unit_test(removing_a_service_removes_its_dests),
		cmocka_unit_test(changed_order_is_asked_again_after_a_refusal),
		cmocka_unit_test(flags_that_the_kernel_keeps_for_itself_do_not_count),
		cmocka_unit_test(persistence_is_compared_where_it_is_on),
		cmocka_unit_test(dest_that_the_kernel_calls_local_is_the_same),
		cmocka_unit_test(order_is_normalised_to_what_the_kernel_shows),
		cmocka_unit_test(keys_read_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
