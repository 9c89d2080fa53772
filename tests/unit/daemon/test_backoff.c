/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A room that keeps dying is started ever more slowly; one that ran well, at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/backoff.h"

static int64_t
wait_s(struct backoff *backoff, int64_t ran_s)
{
	hf_time started = { HF_SECONDS(1000) };
	hf_time now = hf_after(started, HF_SECONDS(ran_s));

	return hf_between(now, backoff_after_death(backoff, started, now)) / HF_SECONDS(1);
}

static void
waits_double_up_to_a_minute(void **state)
{
	const int64_t expected[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60 };
	struct backoff backoff = { 0 };

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(wait_s(&backoff, 1), expected[i]);
}

/* What the addresses' keeper leaves behind answers beside its successor until it is back. */
static void
an_urgent_room_never_waits_longer_than_a_second(void **state)
{
	const int64_t expected_ms[] = { 0, 250, 500, 1000, 1000, 1000 };
	struct backoff backoff = { .urgent = true };
	hf_time started = { HF_SECONDS(1000) };
	hf_time now = hf_after(started, HF_MILLIS(1));

	for (size_t i = 0; i < sizeof(expected_ms) / sizeof(expected_ms[0]); i++)
		assert_int_equal(hf_between(now, backoff_after_death(&backoff, started, now)),
				 HF_MILLIS(expected_ms[i]));
}

static void
good_run_starts_the_count_anew(void **state)
{
	struct backoff backoff = { 0 };

	for (int i = 0; i < 5; i++)
		wait_s(&backoff, 59);
	assert_int_equal(wait_s(&backoff, 60), 0);
	assert_int_equal(wait_s(&backoff, 1), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_up_to_a_minute),
		cmocka_unit_test(an_urgent_room_never_waits_longer_than_a_second),
		cmocka_unit_test(good_run_starts_the_count_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
