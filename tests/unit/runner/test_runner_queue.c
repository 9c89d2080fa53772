/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts of one subject run in order and one at a time; what is superseded is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "runner/runner_queue.h"

struct fixture {
	struct runner_queues *queues;
	struct runner_entries dropped;
	size_t n_dropped;
};

static struct fixture
setup(void)
{
	struct fixture f = { .queues = runner_queues_new() };

	assert_non_null(f.queues);
	return f;
}

/* Adds a job; ids of dropped ones are kept in the fixture's count, the last one's reason too. */
static void
add(struct fixture *f, const char *queue, uint64_t id, uint64_t seq, uint32_t flags)
{
	const char *const argv[] = { "/bin/true" };
	struct runner_job job = {
		.id = id, .seq = seq, .queue = queue, .flags = flags, .argc = 1, .argv = argv
	};
	uint8_t bytes[512];
	struct runner_entry *entry;
	int len = runner_job_encode(&job, bytes, sizeof(bytes));

	assert_true(len > 0);
	assert_int_equal(runner_entry_new(bytes, (size_t)len, 0, &entry), 0);
	TAILQ_INIT(&f->dropped);
	runner_queues_add(f->queues, entry, &f->dropped);
}

/* The one job that the last add() dropped. */
static void
assert_dropped(struct fixture *f, uint64_t id, enum runner_drop why)
{
	struct runner_entry *entry = TAILQ_FIRST(&f->dropped);

	assert_non_null(entry);
	assert_int_equal(entry->job.id, id);
	assert_int_equal(entry->drop, why);
	TAILQ_REMOVE(&f->dropped, entry, link);
	runner_entry_free(entry);
}

static struct runner_entry *
assert_starts(struct fixture *f, uint64_t id)
{
	struct runner_entry *entry = runner_queues_next(f->queues);

	assert_non_null(entry);
	assert_int_equal(entry->job.id, id);
	return entry;
}

static void
ends(struct fixture *f, struct runner_entry *entry)
{
	runner_queues_done(f->queues, entry);
	runner_entry_free(entry);
}

static void
jobs_of_a_queue_run_in_order_and_one_at_a_time(void **state)
{
	struct fixture f = setup();
	struct runner_entry *first, *other;

	add(&f, "VI_1", 1, 1, 0);
	add(&f, "VI_1", 2, 1, 0);
	add(&f, "VI_2", 3, 1, 0);
	first = assert_starts(&f, 1);
	other = assert_starts(&f, 3);
	assert_null(runner_queues_next(f.queues));
	ends(&f, first);
	ends(&f, assert_starts(&f, 2));
	ends(&f, other);
	assert_int_equal(runner_queues_waiting(f.queues), 0);
	assert_int_equal(runner_queues_running(f.queues), 0);
	runner_queues_free(f.queues);
}

static void
waiting_job_is_superseded_by_the_next_change(void **state)
{
	struct fixture f = setup();
	struct runner_entry *running;

	add(&f, "VI_1", 1, 1, RUNNER_COLLAPSE);
	running = assert_starts(&f, 1);
	add(&f, "VI_1", 2, 2, RUNNER_COLLAPSE);
	add(&f, "VI_1", 3, 2, RUNNER_COLLAPSE); /* the same change: both stay */
	assert_true(TAILQ_EMPTY(&f.dropped));
	add(&f, "VI_1", 4, 3, 0);
	assert_dropped(&f, 2, RUNNER_DROP_SUPERSEDED);
	assert_dropped(&f, 3, RUNNER_DROP_SUPERSEDED);
	ends(&f, running); /* a running one is never stopped for it */
	ends(&f, assert_starts(&f, 4));
	runner_queues_free(f.queues);
}

static void
job_that_must_run_is_not_superseded(void **state)
{
	struct fixture f = setup();

	add(&f, "VI_1", 1, 1, 0);
	add(&f, "VI_1", 2, 2, RUNNER_COLLAPSE);
	assert_true(TAILQ_EMPTY(&f.dropped));
	ends(&f, assert_starts(&f, 1));
	ends(&f, assert_starts(&f, 2));
	runner_queues_free(f.queues);
}

static void
full_queue_drops_the_oldest_collapsible_else_the_newest(void **state)
{
	struct fixture f = setup();
	struct runner_entry *running;

	add(&f, "q", 1000, 1, 0);
	running = assert_starts(&f, 1000);
	for (uint64_t id = 0; id < RUNNER_WAITING_MAX; id++)
		add(&f, "q", id, 1, id == 5 ? RUNNER_COLLAPSE : 0);
	add(&f, "q", 500, 1, 0);
	assert_dropped(&f, 5, RUNNER_DROP_FULL);
	add(&f, "q", 501, 1, 0);
	assert_dropped(&f, 501, RUNNER_DROP_FULL);
	assert_int_equal(runner_queues_waiting(f.queues), RUNNER_WAITING_MAX);
	ends(&f, running);
	runner_queues_free(f.queues);
}

static void
no_more_than_the_cap_run_at_once(void **state)
{
	struct fixture f = setup();
	struct runner_entry *running[RUNNER_PARALLEL_MAX];
	char name[16];

	for (int i = 0; i <= RUNNER_PARALLEL_MAX; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		add(&f, name, (uint64_t)i, 1, 0);
	}
	for (int i = 0; i < RUNNER_PARALLEL_MAX; i++)
		running[i] = assert_starts(&f, (uint64_t)i);
	assert_null(runner_queues_next(f.queues));
	ends(&f, running[0]);
	running[0] = assert_starts(&f, RUNNER_PARALLEL_MAX);
	for (int i = 0; i < RUNNER_PARALLEL_MAX; i++)
		ends(&f, running[i]);
	runner_queues_free(f.queues);
}

static void
too_many_queues_are_refused(void **state)
{
	struct fixture f = setup();
	char name[16];

	for (int i = 0; i < RUNNER_QUEUES_MAX; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		add(&f, name, (uint64_t)i, 1, 0);
	}
	add(&f, "one more", 99999, 1, 0);
	assert_dropped(&f, 99999, RUNNER_DROP_QUEUES);
	runner_queues_free(f.queues);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_of_a_queue_run_in_order_and_one_at_a_time),
		cmocka_unit_test(waiting_job_is_superseded_by_the_next_change),
		cmocka_unit_test(job_that_must_run_is_not_superseded),
		cmocka_unit_test(full_queue_drops_the_oldest_collapsible_else_the_newest),
		cmocka_unit_test(no_more_than_the_cap_run_at_once),
		cmocka_unit_test(too_many_queues_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
