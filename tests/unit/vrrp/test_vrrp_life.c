/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a virtual router beside the election: faults, pauses, leaving, reloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "trace.h"

#define MS(n) HF_MILLIS(n)
#define S(n)  HF_SECONDS(n)

static void
fault_resigns_and_conditions_met_listen_first(void **state)
{
	struct trace *t = trace_one(trace_model(2, 100));

	trace_resume_active(t, 0, 0);
	trace_conditions(t, 0, 0, VRRP_UNMET_LINK);
	trace_hear(t, 0, 1, "192.0.2.9", 100);
	trace_conditions(t, 0, 0, VRRP_UNMET_LINK | VRRP_UNMET_SOURCE);
	trace_conditions(t, 0, 0, VRRP_UNMET_SOURCE);
	trace_run(t, S(10));
	trace_conditions(t, 0, 0, 0);
	trace_run(t, S(14));
	assert_trace(t, "[0.000000] A: advert 100, take, STOP -> MASTER (resumed)\n"
			"[0.000000] A: advert 0, release, MASTER -> FAULT (conditions-unmet)\n"
			"[10.000000] A: FAULT -> BACKUP (conditions-met)\n"
			"[13.609375] A: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
start_with_unmet_conditions_is_fault(void **state)
{
	struct trace *t = trace_one(trace_model(2, 100));
	struct vrrp_event ev = { .type = VRRP_EV_STARTUP, .unmet = VRRP_UNMET_INTERFACE };

	assert_int_equal(vrrp_router_build(&t->nodes[0].router, &t->nodes[0].models[0], NULL), 0);
	t->nodes[0].running = true;
	trace_event(t, 0, 0, &ev);
	trace_run(t, S(100));
	trace_conditions(t, 0, 0, VRRP_UNMET_INTERFACE);
	assert_trace(t, "[0.000000] A: STOP -> FAULT (conditions-unmet)\n");
	trace_free(t);
}

static void
a_paused_router_listens_before_it_speaks(void **state)
{
	struct trace *t = trace_active_and(trace_model(3, 50));

	trace_run(t, MS(1500));
	trace_pause(t, 0);
	trace_run(t, S(10));
	trace_continue(t, 0);
	trace_run(t, S(20));
	/* A hears B after it has stepped down, and preempts by the rules. */
	assert_trace(t, "[4.804687] B: advert 50, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n"
			"[9.804687] B: advert 50, announce 5\n"
			"[10.000000] A: release, MASTER -> BACKUP (was-paused)\n"
			"[13.609375] A: advert 100, take, announce 5, BACKUP -> MASTER (preempt)\n"
			"[13.609375] B: release, MASTER -> BACKUP (higher-priority)\n"
			"[18.609375] A: advert 100, announce 5\n");
	assert_int_equal(trace_instance(t, 0, 0)->counters.paused, 1);
	trace_free(t);
}

static void
silence_after_a_pause_is_counted_from_its_end(void **state)
{
	struct trace *t = trace_one(trace_model(2, 100));

	trace_start(t, 0);
	trace_hear(t, 0, 200, "192.0.2.9", 100);
	trace_run(t, S(10));
	trace_pause(t, 0);
	trace_run(t, S(20));
	trace_continue(t, 0);
	trace_run(t, MS(23700));
	assert_int_equal(trace_instance(t, 0, 0)->why, VRRP_WHY_ACTIVE_SILENT);
	assert_int_equal(t->actions.list[t->actions.n - 1].silence_ns, 3609375000);
	trace_free(t);
}

static void
a_short_pause_costs_nothing(void **state)
{
	struct trace *t = trace_active_and(trace_model(3, 50));

	trace_run(t, MS(1500));
	trace_pause(t, 0);
	trace_run(t, S(4)); /* 3 s after its last advert; B would act after 3.8 s */
	trace_continue(t, 0);
	trace_run(t, S(20));
	assert_trace(t, "[5.000000] A: advert 100, announce 5\n");
	trace_free(t);
}

static void
leaving_keeps_the_address_until_the_successor_has_announced_it(void **state)
{
	struct trace *t = trace_active_and(trace_model(3, 50));

	trace_run(t, S(2));
	trace_shutdown(t, 0);
	assert_true(t->nodes[0].addresses[0]);
	trace_shutdown(t, 0); /* impatience changes nothing */
	trace_run(t, MS(2900));
	trace_announced(t, 0);
	trace_announced(t, 0); /* a second one changes nothing */
	trace_run(t, S(4));
	assert_trace(t, "[2.000000] A: advert 0\n"
			"[2.804687] B: advert 50, take, announce 5, "
			"BACKUP -> MASTER (active-resigned)\n"
			"[2.920000] A: release, MASTER -> STOP (successor-heard), done\n");
	trace_free(t);
}

/* Another router that gave way too late may still tell the neighbours that the address is its. */
static void
an_announcement_of_another_is_answered_now_and_once_more(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_forget(t);
	trace_run(t, MS(100));
	for (int i = 0; i < 5; i++)
		trace_announced(t, 0);
	trace_run(t, MS(900));
	assert_trace(t, "[0.100000] A: announce 5\n"
			"[0.300000] A: announce 5\n");
	trace_free(t);
}

/* Nothing is announced, or we cannot hear it: the address is kept for a while, however near the
 * end of our patience the successor came; its next adverts do not lengthen that. */
static void
leaving_gives_a_slow_successor_time_to_take_the_address(void **state)
{
	struct trace *t = trace_one(trace_model(3, 10));

	trace_resume_active(t, 0, 0);
	trace_shutdown(t, 0);
	trace_forget(t);
	trace_run(t, MS(200));
	trace_hear(t, 0, 1, "192.0.2.9", 100);
	trace_run(t, MS(300));
	trace_hear(t, 0, 1, "192.0.2.9", 100);
	trace_run(t, S(2));
	assert_trace(t, "[0.700000] A: release, MASTER -> STOP (successor-heard), done\n");
	trace_free(t);
}

static void
leaving_as_deleted_is_said_so(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_forget(t);
	trace_event(t, 0, 0,
		    &(struct vrrp_event){ .type = VRRP_EV_SHUTDOWN, .why = VRRP_WHY_DELETED });
	trace_announced(t, 0);
	trace_run(t, S(2));
	assert_trace(t, "[0.000000] A: advert 0\n"
			"[0.020000] A: release, MASTER -> STOP (deleted), done\n");
	trace_free(t);
}

static void
leaving_does_not_take_a_resigning_router_for_its_successor(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_shutdown(t, 0);
	trace_forget(t);
	trace_hear(t, 0, 0, "192.0.2.9", 100);
	trace_hear(t, 0, 200, "192.0.2.1", 100); /* our own, reflected */
	trace_run(t, S(2));
	assert_trace(t, "[1.146093] A: release, MASTER -> STOP (no-successor), done\n");
	trace_free(t);
}

static void
leaving_ends_when_nobody_takes_over(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_shutdown(t, 0);
	trace_run(t, S(10));
	assert_trace(t, "[0.000000] A: advert 100, take, STOP -> MASTER (resumed)\n"
			"[0.000000] A: advert 0\n"
			"[1.146093] A: release, MASTER -> STOP (no-successor), done\n");
	trace_free(t);
}

static void
leaving_from_backup_and_fault_is_immediate(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_start(t, 0);
	trace_shutdown(t, 0);
	trace_shutdown(t, 0);
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[0.000000] A: BACKUP -> STOP (stopped), done\n"
			"[0.000000] A: done\n");
	trace_kill(t, 0);
	trace_start(t, 0);
	trace_conditions(t, 0, 0, VRRP_UNMET_SOCKET);
	trace_shutdown(t, 0);
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[0.000000] A: BACKUP -> FAULT (conditions-unmet)\n"
			"[0.000000] A: FAULT -> STOP (stopped), done\n");
	trace_free(t);
}

static void
leaving_with_a_new_fault_lets_go_at_once(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_shutdown(t, 0);
	trace_forget(t);
	trace_conditions(t, 0, 0, VRRP_UNMET_LINK);
	assert_trace(t, "[0.000000] A: release, MASTER -> STOP (conditions-unmet), done\n");
	trace_free(t);
}

static void
announcements_repeat_and_refresh(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 100);
	struct trace *t;

	model.garp.master_delay_ms = 2000;
	model.garp.master_refresh_ms = 10000;
	t = trace_one(model);
	trace_resume_active(t, 0, 0);
	trace_run(t, S(33));
	assert_trace(t, "[0.000000] A: advert 100, take, STOP -> MASTER (resumed)\n"
			"[2.000000] A: advert 100, announce 5\n"
			"[12.000000] A: advert 100, announce 1\n"
			"[22.000000] A: advert 100, announce 1\n"
			"[32.000000] A: advert 100, announce 1\n");
	trace_free(t);
}

static void
reload_without_a_change_says_nothing(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 100);
	struct trace *t = trace_one(model);

	trace_resume_active(t, 0, 0);
	trace_forget(t);
	trace_reload(t, 0, &model, 1);
	trace_run(t, MS(900));
	assert_trace(t, "");
	trace_free(t);
}

static void
reload_keeps_the_role_and_says_the_new_priority(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 100);
	struct trace *t = trace_one(model);

	trace_resume_active(t, 0, 0);
	trace_forget(t);
	model.priority = 50;
	trace_reload(t, 0, &model, 1);
	assert_trace(t, "[0.000000] A: advert 50\n");
	trace_free(t);
}

static void
reload_takes_and_announces_new_addresses(void **state)
{
	struct vrrp_address_model two[2];
	struct vrrp_instance_model model = trace_model(3, 100);
	struct trace *t = trace_one(model);

	two[0] = model.addresses[0];
	two[1] = model.addresses[0];
	two[1].prefix.addr.bytes[3] = 101;
	trace_resume_active(t, 0, 0);
	trace_forget(t);
	model.addresses = two;
	model.n_addresses = 2;
	trace_reload(t, 0, &model, 1);
	model.n_addresses = 1;
	trace_reload(t, 0, &model, 1);
	assert_trace(t, "[0.000000] A: advert 100, take, announce 5\n"
			"[0.000000] A: advert 100, take\n");
	trace_free(t);
}

static void
reload_moves_the_running_timer_by_the_difference(void **state)
{
	struct vrrp_instance_model model = trace_model(2, 100);
	struct trace *t = trace_one(model);

	trace_start(t, 0);
	trace_run(t, S(1));
	model.priority = 228; /* half a second less */
	trace_reload(t, 0, &model, 1);
	trace_run(t, S(4));
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[3.109375] A: advert 228, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
another_vrid_is_another_virtual_router(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 100);
	struct trace *t = trace_one(model);

	trace_resume_active(t, 0, 0);
	trace_forget(t);
	model.vrid = 99;
	trace_reload(t, 0, &model, 1);
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n");
	trace_free(t);
}

static void
a_new_source_address_decides_ties(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));
	struct vrrp_event ev = { .type = VRRP_EV_SOURCE,
				 .source = { AF_INET, { 192, 0, 2, 200 } } };

	trace_resume_active(t, 0, 0);
	trace_event(t, 0, 0, &ev);
	trace_forget(t);
	trace_hear(t, 0, 100, "192.0.2.9", 100);
	assert_trace(t, "[0.000000] A: advert 100, announce 5, heard lower, two active\n");
	trace_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_resigns_and_conditions_met_listen_first),
		cmocka_unit_test(start_with_unmet_conditions_is_fault),
		cmocka_unit_test(a_paused_router_listens_before_it_speaks),
		cmocka_unit_test(silence_after_a_pause_is_counted_from_its_end),
		cmocka_unit_test(a_short_pause_costs_nothing),
		cmocka_unit_test(leaving_keeps_the_address_until_the_successor_has_announced_it),
		cmocka_unit_test(leaving_gives_a_slow_successor_time_to_take_the_address),
		cmocka_unit_test(leaving_as_deleted_is_said_so),
		cmocka_unit_test(an_announcement_of_another_is_answered_now_and_once_more),
		cmocka_unit_test(leaving_does_not_take_a_resigning_router_for_its_successor),
		cmocka_unit_test(leaving_ends_when_nobody_takes_over),
		cmocka_unit_test(leaving_from_backup_and_fault_is_immediate),
		cmocka_unit_test(leaving_with_a_new_fault_lets_go_at_once),
		cmocka_unit_test(announcements_repeat_and_refresh),
		cmocka_unit_test(reload_without_a_change_says_nothing),
		cmocka_unit_test(reload_keeps_the_role_and_says_the_new_priority),
		cmocka_unit_test(reload_takes_and_announces_new_addresses),
		cmocka_unit_test(reload_moves_the_running_timer_by_the_difference),
		cmocka_unit_test(another_vrid_is_another_virtual_router),
		cmocka_unit_test(a_new_source_address_decides_ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
