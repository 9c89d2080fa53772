/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict engine as traces: what happens, in which order, and when the next check is owed. */
#include "tests/unit/checker/checker_bench.h"

static void
servers_are_in_use_before_their_first_check(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	bench_start(&b);
	bench_expect(&b, "service; quorum down->up; put a 1; put b 1; quorum notify up;");
	assert_int_equal(bench_good(&b, 'a'), HF_SECONDS(10));
	bench_expect(&b, "");
	bench_end(&b);
}

static void
first_failure_needs_no_retries(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	bench_start(&b);
	b.trace[0] = '\0';
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(10));
	bench_expect(&b, "a up->down; take a; notify a down;");
	bench_end(&b);
}

static void
later_failures_are_retried_and_one_success_is_enough(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	bench_start(&b);
	bench_good(&b, 'a');
	b.trace[0] = '\0';
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(3));
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(3));
	bench_expect(&b, "retry a 1; retry a 2;");
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(10));
	bench_expect(&b, "a up->down; take a; notify a down;");
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(10));
	bench_expect(&b, "");
	assert_int_equal(bench_good(&b, 'a'), HF_SECONDS(10));
	bench_expect(&b, "a down->up; put a 1; notify a up;");
	bench_end(&b);
}

static void
success_between_failures_restores_the_retries(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	bench_start(&b);
	bench_good(&b, 'a');
	b.trace[0] = '\0';
	for (int i = 0; i < 5; i++) {
		bench_bad(&b, 'a');
		bench_bad(&b, 'a');
		bench_good(&b, 'a');
		bench_expect(&b, "retry a 1; retry a 2;");
	}
	bench_end(&b);
}

static void
failure_of_our_own_machine_is_not_counted(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	bench_start(&b);
	b.trace[0] = '\0';
	assert_int_equal(bench_result(&b, 'a', 0, CHECKER_RESULT_BIND_FAILED), HF_SECONDS(10));
	assert_int_equal(bench_result(&b, 'a', 0, CHECKER_RESULT_SOCKET_FAILED), HF_SECONDS(10));
	bench_expect(&b, "");
	bench_end(&b);
}

static void
alpha_waits_for_the_first_success(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	b.config.checks[0][0].alpha = b.config.checks[1][0].alpha = true;
	bench_start(&b);
	bench_expect(&b, "service;");
	bench_bad(&b, 'a'); /* changes nothing in the table, but is told once */
	bench_bad(&b, 'a');
	bench_expect(&b, "a unknown->down; notify a down;");
	bench_good(&b, 'b');
	bench_expect(&b, "b unknown->up; put b 1; notify b up; "
			 "quorum down->up; quorum notify up;");
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; put a 1; notify a up;");
	bench_end(&b);
}

static void
every_check_must_pass(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	b.config.reals[0].n_checks = 2;
	bench_start(&b);
	b.trace[0] = '\0';
	bench_bad(&b, 'a');
	bench_expect(&b, "a up->down; take a; notify a down; quorum up->down; "
			 "quorum notify down;");
	bench_result(&b, 'a', 1, CHECKER_RESULT_TIMEOUT);
	bench_expect(&b, "");
	bench_good(&b, 'a');
	bench_expect(&b, "");
	bench_result(&b, 'a', 1, CHECKER_RESULT_CONNECTED);
	bench_expect(&b, "a down->up; put a 1; notify a up; quorum down->up; quorum notify up;");
	bench_end(&b);
}

static void
server_without_checks_is_up(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	b.config.reals[0].n_checks = 0;
	bench_start(&b);
	bench_expect(&b, "service; quorum down->up; put a 1; quorum notify up;");
	bench_end(&b);
}

static void
inhibit_keeps_the_entry_at_weight_0(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	b.config.reals[0].inhibit_on_failure = true;
	b.config.reals[0].weight = 5;
	bench_start(&b);
	b.trace[0] = '\0';
	bench_bad(&b, 'a');
	bench_expect(&b, "a up->down; put a 0; notify a down;");
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; put a 5; notify a up;");
	bench_end(&b);
}

static void
quorum_has_hysteresis(void **state)
{
	struct bench b;

	bench_init(&b, 4);
	b.config.vs.quorum = 2;
	b.config.vs.hysteresis = 1;
	bench_start(&b);
	b.trace[0] = '\0';
	bench_bad(&b, 'a');
	bench_bad(&b, 'b');
	bench_bad(&b, 'c'); /* 1 is not below 2 - 1 */
	bench_expect(&b, "a up->down; take a; notify a down; b up->down; take b; notify b down; "
			 "c up->down; take c; notify c down;");
	bench_bad(&b, 'd');
	bench_expect(&b, "d up->down; take d; notify d down; quorum up->down; "
			 "quorum notify down;");
	bench_good(&b, 'a');
	bench_good(&b, 'b'); /* 2 is below 2 + 1 */
	bench_expect(&b, "a down->up; put a 1; notify a up; b down->up; put b 1; notify b up;");
	bench_good(&b, 'c');
	bench_expect(&b, "c down->up; put c 1; notify c up; quorum down->up; quorum notify up;");
	bench_end(&b);
}

static void
quorum_beyond_all_weights_is_lowered(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	b.config.vs.quorum = 100;
	b.config.vs.hysteresis = 50;
	bench_start(&b);
	assert_int_equal(b.table.virtuals[0].quorum, 2);
	assert_int_equal(b.table.virtuals[0].hysteresis, 1);
	bench_expect(&b, "service; put a 1; put b 1;"); /* 2 is below 2 + 1 */
	bench_end(&b);
}

static void
quorum_of_0_is_lost_with_the_last_server(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	b.config.vs.quorum = 0;
	bench_start(&b);
	b.trace[0] = '\0';
	bench_bad(&b, 'a');
	bench_expect(&b, "a up->down; take a; notify a down; quorum up->down; "
			 "quorum notify down;");
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; put a 1; notify a up; quorum down->up; quorum notify up;");
	bench_end(&b);
}

static void
sorry_server_stands_in_and_leaves_in_reverse_order(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	b.config.vs.quorum = 2;
	b.config.vs.has_sorry = true;
	bench_start(&b);
	bench_expect(&b, "service; quorum down->up; put a 1; put b 1; quorum notify up;");
	bench_bad(&b, 'a');
	bench_expect(&b, "a up->down; take a; notify a down; "
			 "quorum up->down; take b; put S 1; quorum notify down;");
	bench_bad(&b, 'b');
	bench_expect(&b, "b up->down; notify b down;");
	bench_good(&b, 'b'); /* not before the quorum returns */
	bench_expect(&b, "b down->up; notify b up;");
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; notify a up; "
			 "quorum down->up; take S; put a 1; put b 1; quorum notify up;");
	bench_end(&b);
}

static void
sorry_server_is_in_from_the_start_under_alpha(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	b.config.checks[0][0].alpha = true;
	b.config.vs.has_sorry = true;
	b.config.vs.sorry_inhibit = true;
	bench_start(&b);
	bench_expect(&b, "service; quorum up->down; put S 1; quorum notify down;");
	bench_good(&b, 'a');
	bench_expect(&b, "a unknown->up; notify a up; "
			 "quorum down->up; put S 0; put a 1; quorum notify up;");
	bench_end(&b);
}

static void
sorry_server_that_is_a_real_server_is_one_entry(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	b.config.vs.has_sorry = true;
	b.config.vs.sorry = b.config.reals[1];
	bench_start(&b);
	bench_expect(&b, "service; quorum down->up; put a 1; put b 1; quorum notify up;");
	bench_bad(&b, 'b');
	bench_expect(&b, "b up->down; take b; notify b down;");
	bench_bad(&b, 'a');
	bench_expect(&b, "a up->down; take a; notify a down; "
			 "quorum up->down; put b 1; quorum notify down;");
	bench_end(&b);
}

static void
set_http(struct bench *b, uint32_t n_urls, bool fast_recovery)
{
	struct check_model *check = &b->config.checks[0][0];

	check->type = CHECK_HTTP;
	check->n_urls = n_urls;
	check->fast_recovery = fast_recovery;
	check->delay_before_retry_ns = HF_SECONDS(20);
	check->retry = 1;
}

static void
failed_url_is_tried_alone_then_all(void **state)
{
	struct bench b;
	struct checker_check *check;

	bench_init(&b, 1);
	set_http(&b, 3, false);
	bench_start(&b);
	check = &b.table.checks[0];
	for (int i = 0; i < 3; i++)
		assert_int_equal(bench_good(&b, 'a'), HF_SECONDS(10));
	assert_int_equal(check->verdict, CHECKER_UP);
	bench_good(&b, 'a');
	b.trace[0] = '\0';
	assert_int_equal(check->url, 1);
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(20));
	bench_expect(&b, "retry a 1;");
	assert_int_equal(bench_bad(&b, 'a'), HF_SECONDS(20)); /* the larger of both waits */
	assert_int_equal(check->url, 1);
	bench_expect(&b, "a up->down; take a; notify a down; quorum up->down; "
			 "quorum notify down;");
	assert_int_equal(bench_good(&b, 'a'), HF_SECONDS(10)); /* the culprit */
	assert_int_equal(check->url, 0);
	bench_good(&b, 'a');
	bench_good(&b, 'a');
	bench_expect(&b, "");
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; put a 1; notify a up; quorum down->up; quorum notify up;");
	bench_end(&b);
}

static void
fast_recovery_does_not_wait_between_urls(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	set_http(&b, 2, true);
	bench_start(&b);
	bench_bad(&b, 'a');
	assert_int_equal(bench_good(&b, 'a'), 0);
	assert_int_equal(bench_good(&b, 'a'), 0);
	assert_int_equal(bench_good(&b, 'a'), HF_SECONDS(10));
	assert_true(b.table.reals[0].up);
	assert_int_equal(bench_good(&b, 'a'), HF_SECONDS(10)); /* up: no hurry */
	bench_end(&b);
}

static void
init_notifies_tells_servers_up_from_the_start(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	b.config.model.rs_init_notifies = true;
	bench_start(&b);
	bench_expect(&b, "service; notify a up; quorum down->up; put a 1; quorum notify up;");
	bench_end(&b);
}

static void
omega_tells_at_stop(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	bench_start(&b);
	bench_bad(&b, 'b');
	b.trace[0] = '\0';
	checker_virtual_stop(&b.table.virtuals[0], &b.actions);
	bench_drain(&b);
	bench_expect(&b, "");
	b.config.vs.omega = true;
	checker_virtual_stop(&b.table.virtuals[0], &b.actions);
	bench_drain(&b);
	bench_expect(&b, "notify a down; quorum notify down;");
	bench_end(&b);
}

/* Whatever happens, what the table was told is what the verdicts want. */
static void
assert_settled(const struct checker_virtual *vs)
{
	int64_t alive = 0;

	for (size_t i = 0; i < vs->model->n_real; i++) {
		const struct checker_real *real = &vs->reals[i];
		struct checker_want want = checker_real_want(real);

		assert_int_equal(real->in_table, want.present);
		if (want.present)
			assert_int_equal(real->table_weight, want.weight);
		if (real->up)
			alive += real->model->weight;
	}
	assert_int_equal(vs->alive_weight, alive);
	assert_int_equal(vs->sorry_active, !vs->quorum_up);
}

static void
random_results_keep_table_and_verdicts_together(void **state)
{
	struct bench b;
	unsigned int seed = 7;

	bench_init(&b, 4);
	b.config.vs.has_sorry = true;
	b.config.vs.quorum = 4;
	b.config.vs.hysteresis = 1;
	for (int i = 0; i < 4; i++) {
		b.config.reals[i].weight = i;
		b.config.reals[i].n_checks = (size_t)(1 + i % 2);
		b.config.reals[i].inhibit_on_failure = i == 3;
		b.config.checks[i][0].alpha = i == 2;
	}
	bench_start(&b);
	for (int step = 0; step < 20000; step++) {
		unsigned int r = (unsigned int)rand_r(&seed);
		char real = (char)('a' + r % 4);

		bench_result(&b, real, r / 4 % b.config.reals[r % 4].n_checks,
			     r / 16 % 3 ? CHECKER_RESULT_CONNECTED : CHECKER_RESULT_TIMEOUT);
		b.trace[0] = '\0';
		assert_settled(&b.table.virtuals[0]);
	}
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_in_use_before_their_first_check),
		cmocka_unit_test(first_failure_needs_no_retries),
		cmocka_unit_test(later_failures_are_retried_and_one_success_is_enough),
		cmocka_unit_test(success_between_failures_restores_the_retries),
		cmocka_unit_test(failure_of_our_own_machine_is_not_counted),
		cmocka_unit_test(alpha_waits_for_the_first_success),
		cmocka_unit_test(every_check_must_pass),
		cmocka_unit_test(server_without_checks_is_up),
		cmocka_unit_test(inhibit_keeps_the_entry_at_weight_0),
		cmocka_unit_test(quorum_has_hysteresis),
		cmocka_unit_test(quorum_beyond_all_weights_is_lowered),
		cmocka_unit_test(quorum_of_0_is_lost_with_the_last_server),
		cmocka_unit_test(sorry_server_stands_in_and_leaves_in_reverse_order),
		cmocka_unit_test(sorry_server_is_in_from_the_start_under_alpha),
		cmocka_unit_test(sorry_server_that_is_a_real_server_is_one_entry),
		cmocka_unit_test(failed_url_is_tried_alone_then_all),
		cmocka_unit_test(fast_recovery_does_not_wait_between_urls),
		cmocka_unit_test(init_notifies_tells_servers_up_from_the_start),
		cmocka_unit_test(omega_tells_at_stop),
		cmocka_unit_test(random_results_keep_table_and_verdicts_together),
	};

	return cmocka_run_group_tests_name("checker_verdict", tests, NULL, NULL);
}
