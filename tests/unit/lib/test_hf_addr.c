/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "lib/hf_addr.h"

static struct hf_addr
addr(const char *text)
{
	struct hf_addr out = { 0 };

	assert_int_equal(hf_addr_parse(text, &out), 0);
	return out;
}

static void
text_survives_the_round_trip(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "192.0.2.1", "255.255.255.255",
					     "::",      "fe80::1",   "2001:db8::8:800:200c:417a" };
	char buf[HF_ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < HF_COUNT_OF(texts); i++) {
		struct hf_addr a = addr(texts[i]);

		assert_string_equal(hf_addr_text(&a, buf), texts[i]);
	}
}

static void
nonsense_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "",    "192.0.2",   "192.0.2.256", "192.0.2.1 ",
					     "::g", "localhost", "1.2.3.4/5" };

	(void)state;
	for (size_t i = 0; i < HF_COUNT_OF(texts); i++) {
		struct hf_addr a = { .family = 99 };

		assert_int_equal(hf_addr_parse(texts[i], &a), -EINVAL);
		assert_int_equal(a.family, 99);
	}
}

static void
prefix_lengths_are_checked(void **state)
{
	struct hf_prefix p;

	(void)state;
	assert_int_equal(hf_prefix_parse("192.0.2.1", &p), 0);
	assert_int_equal(p.len, 32);
	assert_int_equal(hf_prefix_parse("192.0.2.1/24", &p), 0);
	assert_int_equal(p.len, 24);
	assert_int_equal(hf_prefix_parse("fe80::1/64", &p), 0);
	assert_int_equal(p.len, 64);
	assert_int_equal(hf_prefix_parse("192.0.2.1/33", &p), -ERANGE);
	assert_int_equal(hf_prefix_parse("fe80::1/1000", &p), -ERANGE);
	assert_int_equal(hf_prefix_parse("192.0.2.1/", &p), -EINVAL);
	assert_int_equal(hf_prefix_parse("192.0.2.1/-1", &p), -EINVAL);
}

static void
order_is_that_of_the_wire(void **state)
{
	struct hf_addr a = addr("192.0.2.9"), b = addr("192.0.2.10"), c = addr("10.255.255.255");
	struct hf_addr none = { 0 }, other = { .bytes = { 1 } };

	(void)state;
	assert_true(hf_addr_cmp(&a, &b) < 0);
	assert_true(hf_addr_cmp(&c, &a) < 0);
	assert_int_equal(hf_addr_cmp(&a, &a), 0);
	assert_true(hf_addr_equal(&none, &other));
}

static void
socket_addresses_survive_the_round_trip(void **state)
{
	static const char *const texts[] = { "198.51.100.7", "2001:db8::7" };

	(void)state;
	for (size_t i = 0; i < HF_COUNT_OF(texts); i++) {
		struct hf_addr in = addr(texts[i]), out;
		struct sockaddr_storage ss;
		uint16_t port;

		assert_true(hf_addr_sockaddr(&in, 8080, &ss) > 0);
		assert_int_equal(hf_addr_from_sockaddr(&ss, &out, &port), 0);
		assert_true(hf_addr_equal(&in, &out));
		assert_int_equal(port, 8080);
	}
}

static void
kinds_are_told_apart(void **state)
{
	struct hf_addr vrrp4 = addr("224.0.0.18"), vrrp6 = addr("ff02::12"),
		       local = addr("fe80::1");
	struct hf_addr plain = addr("10.0.0.1"), zeroconf = addr("169.254.1.1");

	(void)state;
	assert_true(hf_addr_is_multicast(&vrrp4));
	assert_true(hf_addr_is_multicast(&vrrp6));
	assert_false(hf_addr_is_multicast(&plain));
	assert_true(hf_addr_is_link_local(&local));
	assert_true(hf_addr_is_link_local(&zeroconf));
	assert_false(hf_addr_is_link_local(&plain));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_survives_the_round_trip),
		cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
		cmocka_unit_test(prefix_lengths_are_checked),
		cmocka_unit_test(order_is_that_of_the_wire),
		cmocka_unit_test(socket_addresses_survive_the_round_trip),
		cmocka_unit_test(kinds_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
