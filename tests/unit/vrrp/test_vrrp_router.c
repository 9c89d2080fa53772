/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sync groups: what moves together, in which order, and what a reload keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "trace.h"

#define MS(n) HF_MILLIS(n)
#define S(n)  HF_SECONDS(n)

/* Two virtual routers with these priorities in one group, quiet announcements. */
static size_t
add_pair(struct trace *t, uint8_t first, uint8_t second)
{
	struct vrrp_instance_model models[2] = { trace_model(3, first), trace_model(3, second) };

	models[0].garp.master_delay_ms = 0;
	models[1].garp.master_delay_ms = 0;
	return trace_add(t, models, 2, true);
}

static void
a_group_waits_for_its_slowest_member(void **state)
{
	struct trace *t = trace_new();

	add_pair(t, 200, 100);
	trace_start(t, 0);
	trace_run(t, S(5));
	assert_trace(t, "[0.000000] A1: STOP -> BACKUP (startup)\n"
			"[0.000000] A2: STOP -> BACKUP (startup)\n"
			"           group STOP -> BACKUP\n"
			"[3.609375] A2: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n"
			"[3.609375] A1: advert 200, take, announce 5, "
			"BACKUP -> MASTER (sync-group)\n"
			"           group BACKUP -> MASTER\n");
	trace_free(t);
}

static void
a_member_that_hears_an_active_router_holds_the_group_back(void **state)
{
	struct trace *t = trace_new();
	struct vrrp_instance_model other = trace_model(3, 250);

	add_pair(t, 200, 100);
	trace_add(t, &other, 1, false); /* competes for the first one only */
	trace_resume_active(t, 1, 0);
	trace_start(t, 0);
	trace_forget(t);
	trace_run(t, S(60));
	assert_int_equal(trace_instance(t, 0, 0)->state, VRRP_BACKUP);
	assert_int_equal(trace_instance(t, 0, 1)->state, VRRP_BACKUP);
	assert_true(trace_instance(t, 0, 1)->wants_active);
	trace_forget(t);
	trace_kill(t, 1);
	trace_run(t, S(70));
	assert_trace(t, "[63.218750] A1: advert 200, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n"
			"[63.218750] A2: advert 100, take, announce 5, "
			"BACKUP -> MASTER (sync-group)\n"
			"           group BACKUP -> MASTER\n");
	trace_free(t);
}

static void
a_member_that_hears_an_advert_no_longer_wants_it(void **state)
{
	struct trace *t = trace_new();

	add_pair(t, 200, 100);
	trace_start(t, 0);
	trace_forget(t);
	trace_run(t, MS(3300));
	assert_true(trace_instance(t, 0, 0)->wants_active);
	trace_hear(t, 0, 250, "192.0.2.9", 100);
	assert_false(trace_instance(t, 0, 0)->wants_active);
	trace_run(t, S(4)); /* A2's timer has run out as well */
	assert_trace(t, "");
	trace_free(t);
}

/* A pair of directors; A's group is active. */
static struct trace *
two_directors(uint8_t a, uint8_t b)
{
	struct trace *t = trace_new();

	add_pair(t, a, a);
	add_pair(t, b, b);
	trace_start(t, 0);
	trace_start(t, 1);
	trace_run(t, S(10));
	assert_int_equal(trace_instance(t, 0, 0)->state, VRRP_ACTIVE);
	assert_int_equal(trace_instance(t, 0, 1)->state, VRRP_ACTIVE);
	trace_forget(t);
	return t;
}

static void
fault_of_one_takes_all_and_ends_for_all(void **state)
{
	struct trace *t = two_directors(150, 100);

	trace_conditions(t, 0, 1, VRRP_UNMET_TRACKED_LINK);
	trace_run(t, S(20));
	trace_conditions(t, 0, 1, 0);
	assert_trace(t, "[10.000000] A2: advert 0, release, MASTER -> FAULT (conditions-unmet)\n"
			"[10.000000] A1: advert 0, release, MASTER -> FAULT (sync-group)\n"
			"           group MASTER -> FAULT\n"
			"[10.609375] B2: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-resigned)\n"
			"[10.609375] B1: advert 100, take, announce 5, "
			"BACKUP -> MASTER (sync-group)\n"
			"           group BACKUP -> MASTER\n"
			"[20.000000] A2: FAULT -> BACKUP (conditions-met)\n"
			"[20.000000] A1: FAULT -> BACKUP (sync-group)\n"
			"           group FAULT -> BACKUP\n");
	trace_free(t);
}

static void
one_that_loses_takes_all_along(void **state)
{
	struct trace *t = two_directors(150, 100);

	trace_hear(t, 0, 200, "192.0.2.9", 100);
	assert_trace(t, "[10.000000] A1: release, MASTER -> BACKUP (higher-priority)\n"
			"[10.000000] A2: advert 0, release, MASTER -> BACKUP (sync-group)\n"
			"           group MASTER -> BACKUP\n");
	trace_free(t);
}

static void
a_lower_advert_makes_every_member_speak_up(void **state)
{
	struct trace *t = two_directors(150, 100);

	trace_hear(t, 0, 100, "192.0.2.9", 100);
	assert_trace(t, "[10.000000] A1: advert 150, announce 5, heard lower, two active\n"
			"[10.000000] A2: advert 150, announce 5\n");
	trace_free(t);
}

static void
owners_in_a_group_start_together(void **state)
{
	struct vrrp_instance_model models[2] = { trace_model(3, 255), trace_model(3, 255) };
	struct trace *t = trace_new();

	models[0].start_as_active = true;
	models[1].start_as_active = true;
	trace_add(t, models, 2, true);
	trace_start(t, 0);
	trace_run(t, MS(1));
	assert_trace(t, "[0.000000] A1: STOP -> BACKUP (startup)\n"
			"[0.000000] A2: STOP -> BACKUP (startup)\n"
			"           group STOP -> BACKUP\n"
			"[0.000001] A2: advert 255, take, announce 5, "
			"BACKUP -> MASTER (address-owner)\n"
			"[0.000001] A1: advert 255, take, announce 5, "
			"BACKUP -> MASTER (sync-group)\n"
			"           group BACKUP -> MASTER\n");
	trace_free(t);
}

static void
a_group_resumes_as_one_or_not_at_all(void **state)
{
	struct trace *t = trace_new();

	add_pair(t, 150, 150);
	trace_resume_active(t, 0, 0);
	assert_trace(t, "[0.000000] A1: advert 150, take, STOP -> MASTER (resumed)\n"
			"[0.000000] A2: STOP -> BACKUP (startup)\n"
			"[0.000000] A1: advert 0, release, MASTER -> BACKUP (sync-group)\n"
			"           group STOP -> BACKUP\n");
	trace_free(t);
}

static void
a_paused_group_listens_as_one(void **state)
{
	struct trace *t = two_directors(150, 100);

	trace_pause(t, 0);
	trace_run(t, S(20));
	trace_forget(t);
	trace_continue(t, 0);
	trace_run(t, S(21));
	assert_trace(t, "[20.000000] A1: release, MASTER -> BACKUP (was-paused)\n"
			"[20.000000] A2: release, MASTER -> BACKUP (was-paused)\n"
			"           group MASTER -> BACKUP\n");
	trace_free(t);
}

static void
a_group_leaves_without_anybody_recovering(void **state)
{
	struct trace *t = two_directors(150, 100);

	trace_kill(t, 1);
	trace_conditions(t, 0, 0, VRRP_UNMET_LINK);
	trace_forget(t);
	trace_shutdown(t, 0);
	assert_trace(t, "[10.000000] A1: FAULT -> STOP (stopped), done\n"
			"           group FAULT -> STOP\n"
			"[10.000000] A2: FAULT -> STOP (stopped), done\n");
	trace_free(t);
}

static void
reload_keeps_the_group_active(void **state)
{
	struct vrrp_instance_model models[3] = { trace_model(3, 150), trace_model(3, 150),
						 trace_model(3, 150) };
	struct trace *t = trace_new();

	for (int i = 0; i < 3; i++)
		models[i].garp.master_delay_ms = 0;
	trace_add(t, models, 2, true);
	trace_start(t, 0);
	trace_run(t, S(10));
	trace_forget(t);
	trace_reload(t, 0, models, 2);
	assert_trace(t, "");
	/* A new member joins: nobody loses the role, the new one comes after its timer. */
	trace_reload(t, 0, models, 3);
	trace_run(t, S(20));
	assert_trace(t, "[10.000000] A3: STOP -> BACKUP (startup)\n"
			"[13.414062] A3: advert 150, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
a_new_member_that_hears_an_active_router_takes_the_group_back(void **state)
{
	struct vrrp_instance_model models[2] = { trace_model(3, 150), trace_model(3, 150) };
	struct vrrp_instance_model other = trace_model(3, 200);
	struct trace *t = trace_new();

	other.vrid = 52; /* that of A2 */
	trace_add(t, models, 1, true);
	trace_add(t, &other, 1, false);
	trace_start(t, 0);
	trace_start(t, 1);
	trace_run(t, S(10));
	trace_forget(t);
	trace_reload(t, 0, models, 2);
	trace_run(t, S(11));
	assert_trace(t, "[10.000000] A2: STOP -> BACKUP (startup)\n"
			"[10.218750] A1: advert 0, release, MASTER -> BACKUP (sync-group)\n"
			"           group MASTER -> BACKUP\n");
	trace_free(t);
}

static void
a_faulty_member_that_is_removed_frees_the_others(void **state)
{
	struct vrrp_instance_model models[3] = { trace_model(3, 150), trace_model(3, 150),
						 trace_model(3, 150) };
	struct trace *t = trace_new();

	trace_add(t, models, 3, true);
	trace_start(t, 0);
	trace_conditions(t, 0, 2, VRRP_UNMET_LINK);
	assert_int_equal(trace_instance(t, 0, 0)->unmet, VRRP_UNMET_GROUP);
	trace_forget(t);
	trace_reload(t, 0, models, 2);
	assert_trace(t, "[0.000000] A1: FAULT -> BACKUP (sync-group)\n"
			"[0.000000] A2: FAULT -> BACKUP (sync-group)\n"
			"           group FAULT -> BACKUP\n");
	trace_free(t);
}

/* Instances are found again by VRID, family and interface; by name among equals. */
static void
reload_moves_instances_and_leaves_the_deleted(void **state)
{
	struct vrrp_instance_model before[3] = { trace_model(3, 100), trace_model(3, 100),
						 trace_model(3, 100) };
	struct vrrp_instance_model after[2];
	struct vrrp_model old_model = { .n_instances = 3, .instances = before };
	struct vrrp_model new_model = { .n_instances = 2, .instances = after };
	struct vrrp_router old = { 0 }, router = { 0 };
	struct vrrp_instance *x, *y, *gone;

	before[0].name[2] = 'x'; /* x and y: the same VRID, other peers */
	before[1].name[2] = 'y';
	before[2].vrid = 77;
	assert_int_equal(vrrp_router_build(&old, &old_model, NULL), 0);
	x = old.instances[0];
	y = old.instances[1];
	gone = old.instances[2];
	after[0] = before[1];
	after[1] = before[0];
	after[1].name[2] = 'z'; /* renamed */
	assert_int_equal(vrrp_router_build(&router, &new_model, &old), 0);
	assert_ptr_equal(router.instances[0], y);
	assert_ptr_equal(router.instances[1], x);
	assert_int_equal(old.n_instances, 1);
	assert_ptr_equal(old.instances[0], gone);
	vrrp_router_drop(&old, gone);
	assert_int_equal(old.n_instances, 0);
	vrrp_router_free(&old);
	vrrp_router_free(&router);
}

static void
an_empty_model_is_a_router_too(void **state)
{
	struct vrrp_model model = { 0 };
	struct vrrp_router router = { 0 };

	assert_int_equal(vrrp_router_build(&router, &model, NULL), 0);
	assert_int_equal(router.n_instances, 0);
	vrrp_router_free(&router);
	vrrp_router_free(&router);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_waits_for_its_slowest_member),
		cmocka_unit_test(a_member_that_hears_an_active_router_holds_the_group_back),
		cmocka_unit_test(a_member_that_hears_an_advert_no_longer_wants_it),
		cmocka_unit_test(fault_of_one_takes_all_and_ends_for_all),
		cmocka_unit_test(one_that_loses_takes_all_along),
		cmocka_unit_test(a_lower_advert_makes_every_member_speak_up),
		cmocka_unit_test(owners_in_a_group_start_together),
		cmocka_unit_test(a_group_resumes_as_one_or_not_at_all),
		cmocka_unit_test(a_paused_group_listens_as_one),
		cmocka_unit_test(a_group_leaves_without_anybody_recovering),
		cmocka_unit_test(reload_keeps_the_group_active),
		cmocka_unit_test(a_new_member_that_hears_an_active_router_takes_the_group_back),
		cmocka_unit_test(a_faulty_member_that_is_removed_frees_the_others),
		cmocka_unit_test(reload_moves_instances_and_leaves_the_deleted),
		cmocka_unit_test(an_empty_model_is_a_router_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
