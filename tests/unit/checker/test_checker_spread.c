/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First checks are a smooth stream, and the heap gives due times in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checker/checker_spread.h"

#define MANY 10000

static void
ten_thousand_first_checks_are_smooth(void **state)
{
	hf_time start = { HF_SECONDS(5) };
	int buckets[100] = { 0 };

	for (size_t i = 0; i < MANY; i++) {
		hf_time at = checker_spread_first(start, HF_SECONDS(10), 777 + i);
		int64_t after_ns = hf_between(start, at) - CHECKER_FIRST_AFTER_NS;

		assert_in_range(after_ns, 0, HF_SECONDS(10) - 1);
		buckets[after_ns / HF_MILLIS(100)]++;
	}
	for (size_t i = 0; i < 100; i++)
		assert_in_range(buckets[i], 97, 103);
}

static void
without_warmup_all_begin_after_a_second(void **state)
{
	hf_time start = { HF_SECONDS(5) };

	for (size_t i = 0; i < 10; i++)
		assert_int_equal(checker_spread_first(start, 0, i).ns, HF_SECONDS(6));
}

static void
heap_is_ordered_through_moves_and_removals(void **state)
{
	static struct checker_due dues[MANY];
	struct checker_heap heap;
	unsigned int seed = 3;
	hf_time last = HF_UNSET;
	size_t left = 0;

	assert_int_equal(checker_heap_init(&heap, MANY), 0);
	assert_null(checker_heap_first(&heap));
	for (size_t i = 0; i < MANY; i++) {
		dues[i].slot = CHECKER_NO_SLOT;
		checker_heap_set(&heap, &dues[i], (hf_time){ rand_r(&seed) });
	}
	for (size_t i = 0; i < MANY; i++)
		checker_heap_set(&heap, &dues[rand_r(&seed) % MANY],
				 i % 3 ? (hf_time){ rand_r(&seed) } : HF_NEVER);
	for (size_t i = 0; i < MANY; i++)
		left += dues[i].slot != CHECKER_NO_SLOT;
	assert_int_equal(heap.n, left);
	for (; left > 0; left--) {
		struct checker_due *first = checker_heap_first(&heap);

		assert_true(first->at.ns >= last.ns);
		last = first->at;
		checker_heap_set(&heap, first, HF_NEVER);
		checker_heap_set(&heap, first, HF_NEVER); /* twice is once */
	}
	assert_null(checker_heap_first(&heap));
	checker_heap_free(&heap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_first_checks_are_smooth),
		cmocka_unit_test(without_warmup_all_begin_after_a_second),
		cmocka_unit_test(heap_is_ordered_through_moves_and_removals),
	};

	return cmocka_run_group_tests_name("checker_spread", tests, NULL, NULL);
}
