/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload and a restart carry over, and that nothing else is touched. */
#include "tests/unit/checker/checker_bench.h"

#include "checker/checker_memory.h"

/* Two servers; a has failed, b has passed. */
static void
start_with_a_down(struct bench *b)
{
	bench_init(b, 2);
	bench_start(b);
	bench_good(b, 'b');
	bench_bad(b, 'a');
	b->trace[0] = '\0';
}

static void
reload_without_change_does_nothing(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b);
	bench_reload(&b);
	bench_expect(&b, "");
	assert_false(b.table.reals[0].up);
	assert_int_equal(b.table.checks[0].verdict, CHECKER_DOWN);
	assert_int_equal(b.table.checks[1].verdict, CHECKER_UP);
	bench_end(&b);
}

static void
changed_weight_is_one_edit(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->reals[1].weight = 7;
	bench_reload(&b);
	bench_expect(&b, "put b 7;");
	bench_end(&b);
}

static void
changed_threshold_is_one_edit(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->reals[1].u_threshold = 100;
	bench_reload(&b);
	bench_expect(&b, "put b 1;");
	bench_end(&b);
}

static void
changed_scheduler_edits_the_service_only(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	snprintf(bench_edit(&b)->vs.scheduler, CHECK_SCHEDULER_MAX, "wrr");
	bench_reload(&b);
	bench_expect(&b, "service;");
	bench_end(&b);
}

static void
removed_server_leaves_and_is_told(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->vs.n_real = 1;
	bench_reload(&b);
	bench_expect(&b, "b up->gone; take b; notify b down; quorum up->down; "
			 "quorum notify down;");
	bench_end(&b);
}

static void
new_server_is_in_at_once_but_under_alpha_after_a_success(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->vs.n_real = 4;
	b.next.checks[3][0].alpha = true;
	bench_reload(&b);
	bench_expect(&b, "put c 1;");
	bench_good(&b, 'd');
	bench_expect(&b, "d unknown->up; put d 1; notify d up;");
	bench_end(&b);
}

static void
edited_check_does_not_bring_a_failed_server_back(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->checks[0][0].delay_loop_ns = HF_SECONDS(5);
	b.next.checks[1][0].delay_loop_ns = HF_SECONDS(5);
	bench_reload(&b);
	bench_expect(&b, "");
	bench_good(&b, 'b');
	bench_expect(&b, "");
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; put a 1; notify a up;");
	bench_end(&b);
}

static void
server_whose_failed_check_is_removed_comes_up(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->reals[0].n_checks = 0;
	bench_reload(&b);
	bench_expect(&b, "a down->up; put a 1; notify a up;");
	bench_end(&b);
}

static void
other_address_is_another_service(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->vs.port = 81;
	bench_reload(&b);
	bench_expect(&b, "a down->gone; b up->gone; notify b down; service gone; "
			 "quorum up->down; quorum notify down; "
			 "service; quorum down->up; put a 1; put b 1; quorum notify up;");
	bench_end(&b);
}

static void
new_sorry_server_takes_over_a_lost_quorum(void **state)
{
	struct bench b;

	start_with_a_down(&b);
	bench_edit(&b)->vs.quorum = 2;
	b.next.vs.has_sorry = true;
	bench_reload(&b);
	bench_expect(&b, "quorum up->down; take b; put S 1; quorum notify down;");
	bench_edit(&b)->vs.has_sorry = false;
	bench_reload(&b);
	bench_expect(&b, "take S; put b 1;");
	bench_end(&b);
}

static void
sorry_server_in_use_is_not_touched(void **state)
{
	struct bench b;

	bench_init(&b, 1);
	b.config.vs.has_sorry = true;
	bench_start(&b);
	bench_bad(&b, 'a');
	b.trace[0] = '\0';
	bench_edit(&b);
	bench_reload(&b);
	bench_expect(&b, "");
	bench_edit(&b)->vs.sorry.weight = 3;
	bench_reload(&b);
	bench_expect(&b, "put S 3;");
	bench_edit(&b)->vs.sorry.port = 81;
	bench_reload(&b);
	bench_expect(&b, "take S; put S 3;");
	bench_end(&b);
}

static void
real_server_that_becomes_the_sorry_server_too_stays_one_entry(void **state)
{
	struct bench b;

	bench_init(&b, 2);
	b.config.vs.has_sorry = true;
	b.config.vs.quorum = 2;
	bench_start(&b);
	bench_bad(&b, 'a');
	b.trace[0] = '\0';
	bench_edit(&b)->vs.sorry = b.config.reals[0];
	bench_reload(&b);
	bench_expect(&b, "take S; put a 1;");
	bench_end(&b);
}

/* Gives every record of the table to a memory, as the supervisor does. */
static void
remember_all(const struct checker_table *table, struct checker_memory *memory)
{
	uint8_t buf[HF_ROOM_RECORD_MAX];
	char key[HF_ROOM_KEY_MAX];
	size_t len;

	for (size_t i = 0; i < table->n_reals; i++) {
		len = checker_memory_real(&table->reals[i], key, buf);
		checker_memory_add(memory, key, buf, len);
	}
	len = checker_memory_virtual(&table->virtuals[0], key, buf);
	checker_memory_add(memory, key, buf, len);
}

static void
restart(struct bench *b, struct checker_memory *memory)
{
	checker_table_free(&b->table);
	assert_int_equal(checker_table_build(&b->table, &b->config.model), 0);
	checker_memory_apply(memory, &b->table);
	checker_memory_free(memory);
	bench_begin(b, NULL);
}

static void
restart_goes_on_with_the_same_table(void **state)
{
	struct checker_memory memory = { 0 };
	struct bench b;

	bench_init(&b, 3);
	b.config.vs.quorum = 2;
	b.config.vs.has_sorry = true;
	b.config.checks[2][0].alpha = true;
	bench_start(&b);
	bench_bad(&b, 'a');
	b.trace[0] = '\0';
	remember_all(&b.table, &memory);
	restart(&b, &memory);
	/* No change and no hook: only what the first complete table consists of. */
	bench_expect(&b, "service; put S 1;");
	assert_false(b.table.reals[0].up);
	assert_true(b.table.reals[1].up);
	assert_false(b.table.reals[2].up);
	bench_good(&b, 'a');
	bench_expect(&b, "a down->up; notify a up; quorum down->up; take S; put a 1; put b 1; "
			 "quorum notify up;");
	bench_end(&b);
}

static void
damaged_memory_is_no_memory(void **state)
{
	struct checker_memory memory = { 0 };
	uint8_t buf[HF_ROOM_RECORD_MAX];
	char key[HF_ROOM_KEY_MAX];
	struct bench b;

	start_with_a_down(&b);
	size_t len = checker_memory_real(&b.table.reals[0], key, buf);

	checker_memory_add(&memory, key, buf, len - 1);
	checker_memory_add(&memory, "V b", "?", 1);
	checker_memory_add(&memory, "V ", buf, 3);
	restart(&b, &memory);
	bench_expect(&b, "service; quorum down->up; put a 1; put b 1; quorum notify up;");
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload_without_change_does_nothing),
		cmocka_unit_test(changed_weight_is_one_edit),
		cmocka_unit_test(changed_threshold_is_one_edit),
		cmocka_unit_test(changed_scheduler_edits_the_service_only),
		cmocka_unit_test(removed_server_leaves_and_is_told),
		cmocka_unit_test(new_server_is_in_at_once_but_under_alpha_after_a_success),
		cmocka_unit_test(edited_check_does_not_bring_a_failed_server_back),
		cmocka_unit_test(server_whose_failed_check_is_removed_comes_up),
		cmocka_unit_test(other_address_is_another_service),
		cmocka_unit_test(new_sorry_server_takes_over_a_lost_quorum),
		cmocka_unit_test(sorry_server_in_use_is_not_touched),
		cmocka_unit_test(real_server_that_becomes_the_sorry_server_too_stays_one_entry),
		cmocka_unit_test(restart_goes_on_with_the_same_table),
		cmocka_unit_test(damaged_memory_is_no_memory),
	};

	return cmocka_run_group_tests_name("checker_table", tests, NULL, NULL);
}
