/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan touches only what differs, adds before it deletes, and leaves other people's services.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ipvs/ipvs_example.h"

struct world {
	struct ipvs_table *have, *want, *owned;
	struct ipvs_plan plan;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return -1;
	w->have = ipvs_table_new();
	w->want = ipvs_table_new();
	w->owned = ipvs_table_new();
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ipvs_table_free(w->have);
	ipvs_table_free(w->want);
	ipvs_table_free(w->owned);
	ipvs_plan_free(&w->plan);
	free(w);
	return 0;
}

/* A service with the dests .1 to .n of weight 1. */
static struct ipvs_table_service *
fill(struct ipvs_table *table, const char *address, int n)
{
	struct ipvs_service service = a_service(address, 80);
	struct ipvs_table_service *entry = ipvs_table_put(table, &service, NULL);
	char text[32];

	assert_non_null(entry);
	for (int i = 1; i <= n; i++) {
		struct ipvs_dest dest;

		snprintf(text, sizeof(text), "10.0.0.%d", i);
		dest = a_dest(text, 80, 1);
		assert_non_null(ipvs_table_put_dest(table, entry, &dest, NULL));
	}
	return entry;
}

static void
assert_plan(struct world *w, enum ipvs_strangers strangers, const char *expected)
{
	char text[2000] = "", step[IPVS_STEP_TEXT_MAX];

	ipvs_plan_clear(&w->plan);
	assert_int_equal(ipvs_plan_difference(w->have, w->want, w->owned, strangers, &w->plan), 0);
	for (size_t i = 0; i < w->plan.n; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "%s\n",
			 ipvs_step_text(&w->plan.steps[i], step));
	}
	assert_string_equal(text, expected);
}

/* Carrying the plan out leads to a table without a difference. */
static void
assert_plan_settles(struct world *w)
{
	for (size_t i = 0; i < w->plan.n; i++)
		assert_int_equal(ipvs_table_step(w->have, &w->plan.steps[i]), 0);
	assert_plan(w, IPVS_STRANGERS_STAY, "");
}

static void
equal_tables_need_no_step(void **state)
{
	struct world *w = *state;

	fill(w->have, "192.0.2.9", 3);
	fill(w->want, "192.0.2.9", 3);
	assert_plan(w, IPVS_STRANGERS_GO, "");
}

static void
new_service_comes_with_its_dests(void **state)
{
	struct world *w = *state;

	fill(w->want, "192.0.2.9", 2);
	assert_plan(w, IPVS_STRANGERS_STAY,
		    "add service tcp 192.0.2.9:80\n"
		    "add dest 10.0.0.1:80 of tcp 192.0.2.9:80\n"
		    "add dest 10.0.0.2:80 of tcp 192.0.2.9:80\n");
	assert_plan_settles(w);
}

static void
edits_name_what_was_there(void **state)
{
	struct world *w = *state;
	struct ipvs_table_service *want = fill(w->want, "192.0.2.9", 2);

	fill(w->have, "192.0.2.9", 2);
	strcpy(want->service.sched, "wrr");
	TAILQ_FIRST(&want->dests)->dest.weight = 5;
	assert_plan(w, IPVS_STRANGERS_STAY,
		    "edit service tcp 192.0.2.9:80\n"
		    "edit dest 10.0.0.1:80 of tcp 192.0.2.9:80\n");
	assert_string_equal(w->plan.steps[0].service_was.sched, "rr");
	assert_int_equal(w->plan.steps[1].dest_was.weight, 1);
	assert_plan_settles(w);
}

static void
what_comes_is_added_before_what_goes_is_deleted(void **state)
{
	struct world *w = *state;

	fill(w->have, "192.0.2.8", 1);
	fill(w->owned, "192.0.2.8", 0);
	fill(w->want, "192.0.2.9", 1);
	assert_plan(w, IPVS_STRANGERS_STAY,
		    "add service tcp 192.0.2.9:80\n"
		    "add dest 10.0.0.1:80 of tcp 192.0.2.9:80\n"
		    "delete dest 10.0.0.1:80 of tcp 192.0.2.8:80\n"
		    "delete service tcp 192.0.2.8:80\n");
	assert_plan_settles(w);
}

static void
services_of_others_stay_unless_told(void **state)
{
	struct world *w = *state;

	fill(w->have, "192.0.2.8", 0);
	assert_plan(w, IPVS_STRANGERS_STAY, "");
	assert_plan(w, IPVS_STRANGERS_GO, "delete service tcp 192.0.2.8:80\n");
}

static void
unwanted_dest_of_our_service_goes(void **state)
{
	struct world *w = *state;

	fill(w->have, "192.0.2.9", 3);
	fill(w->want, "192.0.2.9", 2);
	assert_plan(w, IPVS_STRANGERS_STAY, "delete dest 10.0.0.3:80 of tcp 192.0.2.9:80\n");
}

static void
refused_entries_are_left_out(void **state)
{
	struct world *w = *state;

	fill(w->want, "192.0.2.8", 2)->held = true;
	TAILQ_FIRST(&fill(w->want, "192.0.2.9", 2)->dests)->held = true;
	fill(w->have, "192.0.2.9", 0);
	assert_plan(w, IPVS_STRANGERS_STAY, "add dest 10.0.0.2:80 of tcp 192.0.2.9:80\n");
	ipvs_table_release_held(w->want);
	ipvs_plan_clear(&w->plan);
	assert_int_equal(
		ipvs_plan_difference(w->have, w->want, w->owned, IPVS_STRANGERS_STAY, &w->plan), 0);
	assert_int_equal(w->plan.n, 5);
}

static void
plan_of_some_looks_at_nothing_else(void **state)
{
	struct world *w = *state;
	struct ipvs_table *which = ipvs_table_new();
	char text[IPVS_STEP_TEXT_MAX];

	fill(w->want, "192.0.2.7", 0);
	fill(w->want, "192.0.2.8", 0);
	fill(which, "192.0.2.8", 0);
	assert_int_equal(ipvs_plan_some(which, w->have, w->want, w->owned, &w->plan), 0);
	assert_int_equal(w->plan.n, 1);
	assert_string_equal(ipvs_step_text(&w->plan.steps[0], text),
			    "add service tcp 192.0.2.8:80");
	ipvs_table_free(which);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(equal_tables_need_no_step),
		WITH_WORLD(new_service_comes_with_its_dests),
		WITH_WORLD(edits_name_what_was_there),
		WITH_WORLD(what_comes_is_added_before_what_goes_is_deleted),
		WITH_WORLD(services_of_others_stay_unless_told),
		WITH_WORLD(unwanted_dest_of_our_service_goes),
		WITH_WORLD(refused_entries_are_left_out),
		WITH_WORLD(plan_of_some_looks_at_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
