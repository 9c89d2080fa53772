/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The election: one virtual router, or two that compete. Each test is a sentence with its trace;
 * faults, pauses, leaving and reloads are in test_vrrp_life.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "trace.h"

#define MS(n) HF_MILLIS(n)
#define S(n)  HF_SECONDS(n)

static void
backup_takes_over_after_silence(void **state)
{
	struct trace *t = trace_one(trace_model(2, 100));

	trace_start(t, 0);
	trace_run(t, S(4));
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[3.609375] A: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
silence_is_measured_from_the_last_advert(void **state)
{
	struct trace *t = trace_one(trace_model(2, 100));

	trace_start(t, 0);
	trace_run(t, S(1));
	trace_hear(t, 0, 200, "192.0.2.9", 100);
	trace_run(t, MS(4609));
	assert_int_equal(trace_instance(t, 0, 0)->state, VRRP_BACKUP);
	trace_forget(t);
	trace_run(t, S(5));
	assert_trace(t, "[4.609375] A: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");

	const struct vrrp_action *change = &t->actions.list[t->actions.n - 1];

	assert_int_equal(change->type, VRRP_DO_CHANGE);
	assert_int_equal(change->silence_ns, 3609375000);
	assert_int_equal(change->peer_priority, 200);
	assert_int_equal(trace_instance(t, 0, 0)->counters.become_master, 1);
	trace_free(t);
}

/* Skew_Time of RFC 3768 6.1 is in seconds, that of RFC 9568 6.1 in intervals; to the nanosecond. */
static void
skew_and_down_interval_follow_the_rfcs(void **state)
{
	static const struct {
		uint8_t version, priority;
		uint16_t advert_cs;
		int64_t skew_ns, down_ns;
	} rows[] = {
		{ 2, 100, 100, 609375000, 3609375000 },    { 2, 254, 100, 7812500, 3007812500 },
		{ 2, 1, 1000, 996093750, 30996093750 },    { 3, 100, 100, 609375000, 3609375000 },
		{ 3, 100, 10, 60937500, 360937500 },       { 3, 100, 1, 6093750, 36093750 },
		{ 3, 1, 4095, 40790039062, 163640039062 }, { 3, 255, 1, 39062, 30039062 },
	};

	for (size_t i = 0; i < HF_COUNT_OF(rows); i++) {
		struct vrrp_instance_model model = trace_model(rows[i].version, rows[i].priority);
		struct vrrp_instance inst;

		model.advert_cs = rows[i].advert_cs;
		vrrp_instance_init(&inst, &model);
		assert_int_equal(vrrp_skew_ns(&inst), rows[i].skew_ns);
		assert_int_equal(vrrp_active_down_interval_ns(&inst), rows[i].down_ns);
	}
}

static void
limits_lie_on_the_safe_side_of_every_peer(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 100);

	assert_int_equal(vrrp_resume_limit_ns(&model), 3007812500);
	assert_int_equal(vrrp_leave_wait_ns(&model), 996093750 + VRRP_LEAVE_SLACK_NS);
	model.down_timer_adverts = 9; /* the peers' may be 3 */
	assert_int_equal(vrrp_resume_limit_ns(&model), 3007812500);
	model.down_timer_adverts = 1;
	assert_int_equal(vrrp_resume_limit_ns(&model), 1007812500);
}

static void
owner_is_active_at_once(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 255);
	struct trace *t;

	model.start_as_active = true;
	t = trace_one(model);
	trace_start(t, 0);
	assert_trace(t, "[0.000000] A: advert 255, take, announce 5, "
			"STOP -> MASTER (address-owner)\n");
	trace_free(t);
}

static void
state_master_waits_one_interval(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 100);
	struct trace *t;

	model.start_as_active = true;
	t = trace_one(model);
	trace_start(t, 0);
	trace_run(t, S(2));
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[1.003906] A: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
resignation_is_followed_within_skew(void **state)
{
	struct trace *t = trace_one(trace_model(2, 100));

	trace_start(t, 0);
	trace_hear(t, 0, 200, "192.0.2.9", 100);
	trace_run(t, S(1));
	trace_hear(t, 0, 0, "192.0.2.9", 100);
	trace_run(t, MS(1300));
	trace_hear(t, 0, 0, "192.0.2.9", 100); /* said twice: no longer wait */
	trace_run(t, S(2));
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[1.609375] A: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-resigned)\n");
	assert_int_equal(trace_instance(t, 0, 0)->counters.pri_zero_rcvd, 2);
	trace_free(t);
}

static void
higher_priority_preempts_after_the_rest_of_its_timer(void **state)
{
	struct trace *t = trace_active_and(trace_model(3, 150));

	trace_run(t, S(10));
	assert_trace(t, "[3.414062] B: advert 150, take, announce 5, BACKUP -> MASTER (preempt)\n"
			"[3.414062] A: release, MASTER -> BACKUP (higher-priority)\n"
			"[8.414062] B: advert 150, announce 5\n");
	trace_free(t);
}

static void
nopreempt_stays_backup_until_silence(void **state)
{
	struct vrrp_instance_model b = trace_model(3, 150);
	struct trace *t;

	b.preempt = false;
	t = trace_active_and(b);
	trace_run(t, MS(60500));
	assert_trace(t, "[5.000000] A: advert 100, announce 5\n");
	trace_kill(t, 0);
	trace_run(t, S(65));
	assert_trace(t, "[63.414062] B: advert 150, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
preempt_delay_starts_with_the_first_lower_advert(void **state)
{
	struct vrrp_instance_model b = trace_model(3, 150);
	struct trace *t;

	b.preempt_delay_ns = S(20);
	t = trace_active_and(b);
	trace_run(t, S(30));
	/* Heard first after 1 s. What comes after 21 s is discarded: the timer began at 20 s. */
	assert_trace(t, "[5.000000] A: advert 100, announce 5\n"
			"[23.414062] B: advert 150, take, announce 5, BACKUP -> MASTER (preempt)\n"
			"[23.414062] A: release, MASTER -> BACKUP (higher-priority)\n"
			"[28.414062] B: advert 150, announce 5\n");
	trace_free(t);
}

static void
preempt_delay_does_not_matter_when_nobody_advertises(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 150);
	struct trace *t;

	model.preempt_delay_ns = S(100);
	t = trace_one(model);
	trace_start(t, 0);
	trace_run(t, S(4));
	assert_trace(t, "[0.000000] A: STOP -> BACKUP (startup)\n"
			"[3.414062] A: advert 150, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	trace_free(t);
}

static void
an_advert_of_higher_priority_cancels_the_preempt_delay(void **state)
{
	struct vrrp_instance_model model = trace_model(3, 150);
	struct trace *t;

	model.preempt_delay_ns = S(10);
	t = trace_one(model);
	trace_start(t, 0);
	trace_hear(t, 0, 100, "192.0.2.9", 100);
	assert_true(hf_is_set(trace_instance(t, 0, 0)->preempt_ok));
	trace_hear(t, 0, 200, "192.0.2.9", 100);
	assert_false(hf_is_set(trace_instance(t, 0, 0)->preempt_ok));
	trace_free(t);
}

static void
equal_priority_is_decided_by_address(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100)); /* is 192.0.2.1 */

	trace_resume_active(t, 0, 0);
	trace_hear(t, 0, 100, "192.0.2.0", 100);
	trace_hear(t, 0, 100, "192.0.2.2", 100);
	assert_trace(t, "[0.000000] A: advert 100, take, STOP -> MASTER (resumed)\n"
			"[0.000000] A: advert 100, announce 5, heard lower, two active\n"
			"[0.000000] A: one active, release, MASTER -> BACKUP (higher-address)\n");
	trace_free(t);
}

static void
backup_follows_an_equal_priority(void **state)
{
	struct trace *t = trace_active_and(trace_model(3, 100)); /* B's address is the higher one */

	trace_run(t, S(20));
	assert_trace(t, "[5.000000] A: advert 100, announce 5\n");
	trace_free(t);
}

static void
two_active_routers_begin_end_and_heal(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_run(t, MS(500));
	trace_hear(t, 0, 50, "192.0.2.9", 100);
	trace_run(t, MS(1400));
	trace_hear(t, 0, 50, "192.0.2.9", 100);
	trace_run(t, S(6));
	/* 3 intervals and the skew of priority 50 after the last one heard. */
	assert_trace(t, "[0.000000] A: advert 100, take, STOP -> MASTER (resumed)\n"
			"[0.500000] A: advert 100, announce 5, heard lower, two active\n"
			"[1.400000] A: advert 100, announce 5, heard lower\n"
			"[5.000000] A: announce 5\n"
			"[5.204687] A: one active, announce 5\n");
	assert_int_equal(trace_instance(t, 0, 0)->counters.two_active, 1);
	trace_free(t);
}

static void
a_resigning_rival_ends_two_active_at_once(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_hear(t, 0, 50, "192.0.2.9", 100);
	trace_forget(t);
	trace_hear(t, 0, 0, "192.0.2.9", 100);
	assert_trace(t, "[0.000000] A: advert 100, one active, announce 5\n");
	trace_free(t);
}

static void
a_flood_of_lower_adverts_is_not_answered_with_one(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));
	uint64_t sent;

	trace_resume_active(t, 0, 0);
	sent = trace_instance(t, 0, 0)->counters.advert_sent;
	for (int ms = 1; ms <= 900; ms++) {
		trace_run(t, MS(ms));
		trace_hear(t, 0, ms % 2 ? 50 : 0, "192.0.2.9", 100);
	}
	assert_int_equal(trace_instance(t, 0, 0)->counters.advert_sent - sent, VRRP_ANSWERS_MAX);
	assert_int_equal(trace_instance(t, 0, 0)->state, VRRP_ACTIVE);
	/* The regular advert comes on time, and then a rival is answered again. */
	trace_run(t, MS(2100));
	trace_forget(t);
	trace_hear(t, 0, 50, "192.0.2.9", 100);
	assert_trace(t, "[2.100000] A: advert 100, announce 5, heard lower, two active\n");
	trace_free(t);
}

static void
lower_prio_no_advert_is_quiet(void **state)
{
	struct vrrp_instance_model model = trace_model(2, 100);
	struct trace *t;

	model.lower_prio_no_advert = true;
	model.garp.lower_prio_repeat = 0;
	t = trace_one(model);
	trace_resume_active(t, 0, 0);
	trace_forget(t);
	trace_hear(t, 0, 50, "192.0.2.9", 100);
	assert_trace(t, "[0.000000] A: heard lower, two active\n");
	trace_free(t);
}

static void
higher_prio_send_advert_speaks_before_it_yields(void **state)
{
	struct vrrp_instance_model model = trace_model(2, 100);
	struct trace *t;

	model.higher_prio_send_advert = true;
	t = trace_one(model);
	trace_resume_active(t, 0, 0);
	trace_forget(t);
	trace_hear(t, 0, 200, "192.0.2.9", 100);
	assert_trace(t, "[0.000000] A: advert 100, release, MASTER -> BACKUP (higher-priority)\n");
	trace_free(t);
}

static void
own_adverts_reflected_change_nothing(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_resume_active(t, 0, 0);
	trace_forget(t);
	for (int i = 0; i < 3; i++) {
		trace_hear(t, 0, 255, "192.0.2.1", 100);
		trace_hear(t, 0, 0, "192.0.2.1", 100);
	}
	assert_trace(t, "[0.000000] A: same address\n");
	assert_int_equal(trace_instance(t, 0, 0)->counters.drops[VRRP_DROP_OWN], 6);
	assert_int_equal(trace_instance(t, 0, 0)->counters.advert_rcvd, 0);
	trace_free(t);
}

static void
differences_are_noted_once(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));
	struct vrrp_event ev = { .type = VRRP_EV_ADVERT,
				 .advert = { .version = 3,
					     .priority = 200,
					     .max_advertise_cs = 50,
					     .source = { AF_INET, { 192, 0, 2, 9 } } } };

	trace_start(t, 0);
	trace_forget(t);
	trace_event(t, 0, 0, &ev);
	trace_event(t, 0, 0, &ev);
	assert_trace(t, "[0.000000] A: addresses differ, interval differs\n");
	trace_free(t);
}

/* RFC 9568 6.4.2: the interval of the active router counts; 6.4.1: ours again once we are. */
static void
learned_interval_ends_with_becoming_active(void **state)
{
	struct trace *t = trace_one(trace_model(3, 100));

	trace_start(t, 0);
	trace_hear(t, 0, 200, "192.0.2.9", 10);
	assert_int_equal(trace_instance(t, 0, 0)->active_adver_cs, 10);
	trace_forget(t);
	trace_run(t, S(1));
	assert_trace(t, "[0.360937] A: advert 100, take, announce 5, "
			"BACKUP -> MASTER (active-silent)\n");
	assert_int_equal(trace_instance(t, 0, 0)->active_adver_cs, 100);
	assert_int_equal(hf_between(t->zero, trace_instance(t, 0, 0)->adver_due), 1360937500);
	trace_free(t);
}

/* Every state meets every event: the invariants of vrrp_instance_check() hold, the bound of
 * actions is kept, and there is a timer exactly where something is waited for. */
static void
every_state_takes_every_event(void **state)
{
	struct vrrp_instance_model other = trace_model(3, 120);

	for (int st = 0; st < 5; st++) {
		for (int e = VRRP_EV_STARTUP; e <= VRRP_EV_GROUP; e++) {
			for (int variant = 0; variant < 4; variant++) {
				static const uint8_t priorities[] = { 0, 50, 100, 255 };
				static const enum vrrp_state orders[] = { VRRP_INITIALIZE,
									  VRRP_BACKUP, VRRP_ACTIVE,
									  VRRP_FAULT };
				struct trace *t = trace_one(trace_model(3, 100));
				struct vrrp_event ev = {
					.type = (enum vrrp_event_type)e,
					.advert = { .version = 3,
						    .vrid = 51,
						    .priority = priorities[variant],
						    .max_advertise_cs = 100,
						    .source = { AF_INET, { 192, 0, 2, 9 } } },
					.unmet = variant & 1 ? VRRP_UNMET_LINK : 0,
					.resume_active = variant & 2,
					.model = &other,
					.order = orders[variant],
					.why = VRRP_WHY_STOPPED,
				};

				t->silent = true;
				if (st == 3 || st == 4)
					trace_resume_active(t, 0, 0);
				else if (st != 0)
					trace_start(t, 0);
				else
					assert_int_equal(vrrp_router_build(&t->nodes[0].router,
									   &t->nodes[0].models[0],
									   NULL),
							 0);
				if (st == 2)
					trace_conditions(t, 0, 0, VRRP_UNMET_LINK);
				if (st == 4)
					trace_shutdown(t, 0);

				struct vrrp_instance *inst = trace_instance(t, 0, 0);

				vrrp_actions_reset(&t->actions);
				vrrp_handle(inst, &ev, t->now, &t->actions);
				assert_true(t->actions.n <= VRRP_ACTIONS_PER_STEP);
				vrrp_actions_reset(&t->actions);
				vrrp_handle(inst, &ev, hf_after(t->now, S(100)), &t->actions);
				assert_true(t->actions.n <= VRRP_ACTIONS_PER_STEP);
				assert_int_equal(vrrp_next_due(inst).ns != INT64_MAX,
						 inst->state == VRRP_BACKUP ||
							 inst->state == VRRP_ACTIVE);
				trace_free(t);
			}
		}
	}
}

static void
words_are_those_of_keepalived(void **state)
{
	assert_string_equal(vrrp_state_word(VRRP_INITIALIZE), "STOP");
	assert_string_equal(vrrp_state_word(VRRP_BACKUP), "BACKUP");
	assert_string_equal(vrrp_state_word(VRRP_ACTIVE), "MASTER");
	assert_string_equal(vrrp_state_word(VRRP_FAULT), "FAULT");
	for (int i = 0; i < VRRP_UNMET_KINDS; i++)
		assert_non_null(vrrp_unmet_word((enum vrrp_unmet)(1u << i)));
	for (int i = 0; i < VRRP_WHY_KINDS; i++)
		assert_non_null(vrrp_why_code((enum vrrp_why)i));
	for (int i = 0; i < VRRP_DROP_KINDS; i++)
		assert_non_null(vrrp_drop_code((enum vrrp_drop)i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backup_takes_over_after_silence),
		cmocka_unit_test(silence_is_measured_from_the_last_advert),
		cmocka_unit_test(skew_and_down_interval_follow_the_rfcs),
		cmocka_unit_test(limits_lie_on_the_safe_side_of_every_peer),
		cmocka_unit_test(owner_is_active_at_once),
		cmocka_unit_test(state_master_waits_one_interval),
		cmocka_unit_test(resignation_is_followed_within_skew),
		cmocka_unit_test(higher_priority_preempts_after_the_rest_of_its_timer),
		cmocka_unit_test(nopreempt_stays_backup_until_silence),
		cmocka_unit_test(preempt_delay_starts_with_the_first_lower_advert),
		cmocka_unit_test(preempt_delay_does_not_matter_when_nobody_advertises),
		cmocka_unit_test(an_advert_of_higher_priority_cancels_the_preempt_delay),
		cmocka_unit_test(equal_priority_is_decided_by_address),
		cmocka_unit_test(backup_follows_an_equal_priority),
		cmocka_unit_test(two_active_routers_begin_end_and_heal),
		cmocka_unit_test(a_resigning_rival_ends_two_active_at_once),
		cmocka_unit_test(a_flood_of_lower_adverts_is_not_answered_with_one),
		cmocka_unit_test(lower_prio_no_advert_is_quiet),
		cmocka_unit_test(higher_prio_send_advert_speaks_before_it_yields),
		cmocka_unit_test(own_adverts_reflected_change_nothing),
		cmocka_unit_test(differences_are_noted_once),
		cmocka_unit_test(learned_interval_ends_with_becoming_active),
		cmocka_unit_test(every_state_takes_every_event),
		cmocka_unit_test(words_are_those_of_keepalived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
