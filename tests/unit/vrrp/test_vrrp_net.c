/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mirror of the kernel's addresses, and the steps that make it what we want. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/net/address_plan.h"
#include "vrrp/net/net_table.h"

struct world {
	struct net_table *table;
	struct address_plan plan;
	struct net_link *eth0;
};

static struct hf_prefix
prefix(const char *text)
{
	struct hf_prefix out;

	assert_int_equal(hf_prefix_parse(text, &out), 0);
	return out;
}

static void
link_up(struct world *w, const char *name, int ifindex)
{
	struct net_link_facts facts = { .ifindex = ifindex, .flags = IFF_UP | IFF_RUNNING };

	strncpy(facts.name, name, sizeof(facts.name) - 1);
	assert_int_equal(net_table_link_seen(w->table, &facts), 0);
}

static void
seen(struct world *w, int ifindex, const char *text)
{
	struct hf_prefix p = prefix(text);

	assert_int_equal(net_table_address_seen(w->table, ifindex, &p, true), 0);
}

static void
gone(struct world *w, int ifindex, const char *text)
{
	struct hf_prefix p = prefix(text);

	net_table_address_gone(w->table, ifindex, &p);
}

static struct net_address *
own_in_form(struct world *w, const char *text, const struct net_address_form *form)
{
	struct hf_prefix p = prefix(text);
	struct net_address *address = address_own(w->table, w->eth0, &p, form);

	assert_non_null(address);
	return address;
}

static struct net_address *
own(struct world *w, const char *text)
{
	return own_in_form(w, text, &(struct net_address_form){ .scope = 0 });
}

static struct net_address *
own_as_address_owner(struct world *w, const char *text)
{
	return own_in_form(w, text, &(struct net_address_form){ .address_owner = true });
}

static int
setup(void **state)
{
	static struct world world;

	world = (struct world){ .table = net_table_new() };
	assert_non_null(world.table);
	assert_int_equal(address_plan_reserve(&world.plan, 16), 0);
	link_up(&world, "eth0", 2);
	world.eth0 = net_link_get(world.table, "eth0");
	*state = &world;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	address_plan_free(&w->plan);
	net_table_free(w->table);
	return 0;
}

/* The steps as text, and the plan empty again. */
static void
assert_steps(struct world *w, const char *expected)
{
	char text[512] = "", addr[HF_ADDR_TEXT_MAX];

	for (size_t i = 0; i < w->plan.n; i++) {
		const struct address_step *step = &w->plan.steps[i];
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%s/%u %s\n",
			 step->type == ADDRESS_ADD ? "+" : "-",
			 hf_addr_text(&step->address->prefix.addr, addr), step->address->prefix.len,
			 step->address->link->now.name);
	}
	assert_string_equal(text, expected);
	w->plan.n = 0;
}

static const hf_time start = { HF_SECONDS(100) };

static enum address_drift
restore(struct world *w, hf_time now)
{
	struct net_address *address;

	return address_restore(w->table, &w->plan, now, &address);
}

static void
an_address_is_added_once_and_deleted_by_the_last_who_wants_it(void **state)
{
	struct world *w = *state;
	struct net_address *first = own(w, "192.0.2.9/24");
	struct net_address *second = own(w, "192.0.2.9/24");

	assert_ptr_equal(first, second);
	address_want(w->table, &w->plan, first);
	address_want(w->table, &w->plan, second);
	assert_steps(w, "+192.0.2.9/24 eth0\n");
	address_unwant(w->table, &w->plan, first);
	assert_steps(w, "");
	address_unwant(w->table, &w->plan, second);
	assert_steps(w, "-192.0.2.9/24 eth0\n");
}

static void
an_address_that_is_there_already_is_not_added(void **state)
{
	struct world *w = *state;

	seen(w, 2, "192.0.2.9/32");
	address_want(w->table, &w->plan, own(w, "192.0.2.9/32"));
	assert_steps(w, "");
}

static void
left_overs_are_removed_but_not_what_is_wanted(void **state)
{
	struct world *w = *state;
	struct net_address *stale, *held;

	seen(w, 2, "192.0.2.8/32");
	seen(w, 2, "192.0.2.9/32");
	stale = own(w, "192.0.2.8/32");
	held = own(w, "192.0.2.9/32");
	address_want(w->table, &w->plan, held);
	assert_true(address_strip(w->table, &w->plan, stale));
	assert_false(address_strip(w->table, &w->plan, held));
	assert_steps(w, "-192.0.2.8/32 eth0\n");
}

static void
an_address_removed_by_somebody_is_put_back(void **state)
{
	struct world *w = *state;

	address_want(w->table, &w->plan, own(w, "192.0.2.9/32"));
	seen(w, 2, "192.0.2.9/32");
	assert_steps(w, "+192.0.2.9/32 eth0\n");
	gone(w, 2, "192.0.2.9/32");
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_RESTORED);
	assert_steps(w, "+192.0.2.9/32 eth0\n");
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_NONE);
}

static void
the_echo_of_our_own_deletion_is_no_drift(void **state)
{
	struct world *w = *state;
	struct net_address *address = own(w, "192.0.2.9/32");

	address_want(w->table, &w->plan, address);
	seen(w, 2, "192.0.2.9/32");
	address_unwant(w->table, &w->plan, address);
	address_want(w->table, &w->plan, address); /* back before the echo has come */
	assert_steps(w, "+192.0.2.9/32 eth0\n-192.0.2.9/32 eth0\n+192.0.2.9/32 eth0\n");
	gone(w, 2, "192.0.2.9/32");
	seen(w, 2, "192.0.2.9/32");
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_NONE);
	gone(w, 2, "192.0.2.9/32"); /* but this was somebody else */
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_RESTORED);
}

static void
putting_back_has_a_cap_and_is_tried_again_after_a_minute(void **state)
{
	struct world *w = *state;
	struct net_address *address = own(w, "192.0.2.9/32");
	hf_time now = start;

	address_want(w->table, &w->plan, address);
	for (int i = 0; i < ADDRESS_RESTORE_MAX; i++) {
		gone(w, 2, "192.0.2.9/32");
		assert_int_equal(restore(w, now), ADDRESS_DRIFT_RESTORED);
		w->plan.n = 0;
	}
	gone(w, 2, "192.0.2.9/32");
	assert_int_equal(restore(w, now), ADDRESS_DRIFT_GIVEN_UP);
	address_recheck(w->table, address, hf_after(now, HF_SECONDS(30)));
	assert_int_equal(restore(w, hf_after(now, HF_SECONDS(30))), ADDRESS_DRIFT_NONE);
	address_recheck(w->table, address, hf_after(now, HF_SECONDS(61)));
	assert_int_equal(restore(w, hf_after(now, HF_SECONDS(61))), ADDRESS_DRIFT_RESTORED);
}

static void
nothing_is_put_back_on_a_link_that_is_down(void **state)
{
	struct world *w = *state;
	struct net_link_facts down = { .name = "eth0", .ifindex = 2 };

	address_want(w->table, &w->plan, own(w, "192.0.2.9/32"));
	w->plan.n = 0;
	assert_int_equal(net_table_link_seen(w->table, &down), 0);
	gone(w, 2, "192.0.2.9/32");
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_NONE);
	assert_steps(w, "");
}

static void
virtual_addresses_are_never_the_source(void **state)
{
	struct world *w = *state;
	struct hf_prefix real = prefix("192.0.2.1/24");
	struct hf_addr source;

	seen(w, 2, "192.0.2.9/24"); /* left over from a crash, and first in the list */
	seen(w, 2, "192.0.2.1/24");
	own(w, "192.0.2.9/24");
	source = net_link_source(w->eth0, AF_INET);
	assert_true(hf_addr_equal(&source, &real.addr));
}

static void
an_address_owner_uses_the_machines_own_address_and_leaves_it(void **state)
{
	struct world *w = *state;
	struct hf_prefix real = prefix("192.0.2.1/24");
	struct net_address *address;
	struct hf_addr source;

	seen(w, 2, "192.0.2.1/24");
	address = own_as_address_owner(w, "192.0.2.1/24");
	source = net_link_source(w->eth0, AF_INET);
	assert_true(hf_addr_equal(&source, &real.addr));
	assert_false(address_strip(w->table, &w->plan, address));
	address_want(w->table, &w->plan, address);
	address_unwant(w->table, &w->plan, address);
	assert_steps(w, "");
}

static void
an_address_owner_without_its_address_adds_and_removes_it(void **state)
{
	struct world *w = *state;
	struct net_address *address = own_as_address_owner(w, "192.0.2.1/24");
	struct hf_addr source;

	address_want(w->table, &w->plan, address);
	seen(w, 2, "192.0.2.1/24");
	source = net_link_source(w->eth0, AF_INET);
	assert_false(hf_addr_is_set(&source));
	address_unwant(w->table, &w->plan, address);
	assert_steps(w, "+192.0.2.1/24 eth0\n-192.0.2.1/24 eth0\n");
}

static void
an_address_owner_does_not_add_its_address_in_another_length(void **state)
{
	struct world *w = *state;
	struct net_address *address = own_as_address_owner(w, "192.0.2.1/32");
	struct hf_addr source;

	seen(w, 2, "192.0.2.1/24");
	address_want(w->table, &w->plan, address);
	address_recheck(w->table, address, start);
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_NONE);
	assert_steps(w, "");
	source = net_link_source(w->eth0, AF_INET);
	assert_true(hf_addr_is_set(&source));
}

static void
the_machines_own_address_that_comes_back_is_a_source_again(void **state)
{
	struct world *w = *state;
	struct hf_addr source;

	seen(w, 2, "192.0.2.1/24");
	own_as_address_owner(w, "192.0.2.1/24");
	gone(w, 2, "192.0.2.1/24");
	source = net_link_source(w->eth0, AF_INET);
	assert_false(hf_addr_is_set(&source));
	while (net_table_next_dirty(w->table) != NULL) {
	}
	seen(w, 2, "192.0.2.1/24");
	assert_ptr_equal(net_table_next_dirty(w->table), w->eth0);
	source = net_link_source(w->eth0, AF_INET);
	assert_true(hf_addr_is_set(&source));
}

static void
an_address_whose_form_alone_changed_is_written_anew(void **state)
{
	struct world *w = *state;
	struct net_address_form plain = { .scope = 0 }, labelled = { .label = "eth0:vip" };
	struct net_address *address = own_in_form(w, "192.0.2.9/32", &plain);

	address_want(w->table, &w->plan, address);
	assert_steps(w, "+192.0.2.9/32 eth0\n");
	/* As a reload does: the new ties are taken before the old ones are let go. */
	assert_ptr_equal(own_in_form(w, "192.0.2.9/32", &labelled), address);
	address_want(w->table, &w->plan, address);
	address_unwant(w->table, &w->plan, address);
	address_disown(w->table, address);
	assert_steps(w, "-192.0.2.9/32 eth0\n+192.0.2.9/32 eth0\n");
	gone(w, 2, "192.0.2.9/32");
	seen(w, 2, "192.0.2.9/32");
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_NONE);
}

static void
the_old_form_is_deleted_with_its_own_peer(void **state)
{
	struct world *w = *state;
	struct net_address_form first = { .scope = 0 }, second = { .scope = 0 };
	struct net_address *address;

	first.peer = prefix("192.0.2.50").addr;
	second.peer = prefix("192.0.2.60").addr;
	address = own_in_form(w, "192.0.2.9/32", &first);
	address_want(w->table, &w->plan, address);
	own_in_form(w, "192.0.2.9/32", &second);
	w->plan.n = 0;
	address_want(w->table, &w->plan, address);
	assert_int_equal(w->plan.n, 2);
	assert_true(hf_addr_equal(&w->plan.steps[0].peer, &first.peer));
}

static void
an_ipv6_source_is_link_local(void **state)
{
	struct world *w = *state;
	struct hf_prefix local = prefix("fe80::1/64");
	struct hf_addr source;

	seen(w, 2, "2001:db8::1/64");
	source = net_link_source(w->eth0, AF_INET6);
	assert_false(hf_addr_is_set(&source));
	seen(w, 2, "fe80::1/64");
	source = net_link_source(w->eth0, AF_INET6);
	assert_true(hf_addr_equal(&source, &local.addr));
}

static void
an_interface_made_again_is_the_same_link(void **state)
{
	struct world *w = *state;

	seen(w, 2, "192.0.2.1/24");
	net_table_link_gone(w->table, 2);
	assert_false(net_link_is_up(w->eth0));
	assert_true(TAILQ_EMPTY(&w->eth0->addresses));
	link_up(w, "eth0", 7);
	assert_true(net_link_is_up(w->eth0));
	assert_ptr_equal(net_link_by_index(w->table, 7), w->eth0);
	assert_null(net_link_by_index(w->table, 2));
}

static void
a_renamed_interface_leaves_its_old_name(void **state)
{
	struct world *w = *state;

	link_up(w, "wan0", 2);
	assert_false(net_link_is_up(w->eth0));
	assert_ptr_equal(net_link_by_index(w->table, 2), net_link_get(w->table, "wan0"));
}

static void
a_dump_drops_what_it_does_not_show(void **state)
{
	struct world *w = *state;
	struct hf_prefix lost = prefix("192.0.2.2/24");

	link_up(w, "eth1", 3);
	seen(w, 2, "192.0.2.1/24");
	seen(w, 2, "192.0.2.2/24");
	net_table_dump_begin(w->table);
	link_up(w, "eth0", 2);
	seen(w, 2, "192.0.2.1/24");
	net_table_dump_end(w->table);
	assert_false(net_table_has(w->table, &lost.addr));
	assert_null(net_link_by_index(w->table, 3));
	assert_true(net_link_is_up(w->eth0));
}

static void
an_address_added_during_a_dump_is_not_lost(void **state)
{
	struct world *w = *state;
	struct net_address *address = own(w, "192.0.2.9/32");

	net_table_dump_begin(w->table);
	link_up(w, "eth0", 2);
	address_want(w->table, &w->plan, address);
	net_table_dump_end(w->table);
	assert_int_equal(restore(w, start), ADDRESS_DRIFT_NONE);
}

static void
an_address_is_found_on_whatever_link_has_it(void **state)
{
	struct world *w = *state;
	struct hf_prefix p = prefix("198.51.100.1/24");

	assert_false(net_table_has(w->table, &p.addr));
	link_up(w, "eth1", 3);
	seen(w, 2, "198.51.100.1/32");
	seen(w, 3, "198.51.100.1/24");
	gone(w, 2, "198.51.100.1/32");
	assert_true(net_table_has(w->table, &p.addr));
	gone(w, 3, "198.51.100.1/24");
	assert_false(net_table_has(w->table, &p.addr));
}

static void
only_changes_make_a_link_dirty(void **state)
{
	struct world *w = *state;

	assert_ptr_equal(net_table_next_dirty(w->table), w->eth0);
	assert_null(net_table_next_dirty(w->table));
	link_up(w, "eth0", 2);
	assert_null(net_table_next_dirty(w->table));
	seen(w, 2, "192.0.2.1/24");
	assert_ptr_equal(net_table_next_dirty(w->table), w->eth0);
	address_want(w->table, &w->plan, own(w, "192.0.2.9/24")); /* ours: no news */
	seen(w, 2, "192.0.2.9/24");
	assert_null(net_table_next_dirty(w->table));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_is_added_once_and_deleted_by_the_last_who_wants_it),
		TEST(an_address_that_is_there_already_is_not_added),
		TEST(left_overs_are_removed_but_not_what_is_wanted),
		TEST(an_address_removed_by_somebody_is_put_back),
		TEST(the_echo_of_our_own_deletion_is_no_drift),
		TEST(putting_back_has_a_cap_and_is_tried_again_after_a_minute),
		TEST(nothing_is_put_back_on_a_link_that_is_down),
		TEST(virtual_addresses_are_never_the_source),
		TEST(an_address_owner_uses_the_machines_own_address_and_leaves_it),
		TEST(an_address_owner_without_its_address_adds_and_removes_it),
		TEST(an_address_owner_does_not_add_its_address_in_another_length),
		TEST(the_machines_own_address_that_comes_back_is_a_source_again),
		TEST(an_address_whose_form_alone_changed_is_written_anew),
		TEST(the_old_form_is_deleted_with_its_own_peer),
		TEST(an_ipv6_source_is_link_local),
		TEST(an_interface_made_again_is_the_same_link),
		TEST(a_renamed_interface_leaves_its_old_name),
		TEST(a_dump_drops_what_it_does_not_show),
		TEST(an_address_added_during_a_dump_is_not_lost),
		TEST(an_address_is_found_on_whatever_link_has_it),
		TEST(only_changes_make_a_link_dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
