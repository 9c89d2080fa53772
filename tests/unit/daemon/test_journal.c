/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal keeps the last changes and finds what a reader has not seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/event_json.h"
#include "daemon/journal.h"

static void
add(struct journal *journal, uint64_t id)
{
	struct hf_change change = { .id = id, .level = HF_NOTICE };

	snprintf(change.subject, sizeof(change.subject), "VI_%d", (int)id);
	journal_add(journal, &change);
}

static void
oldest_leave_when_full(void **state)
{
	struct journal *journal = journal_new(3);

	for (uint64_t id = 1; id <= 5; id++)
		add(journal, id);
	assert_int_equal(journal_count(journal), 3);
	assert_int_equal(journal_at(journal, 0)->id, 3);
	assert_int_equal(journal_at(journal, 2)->id, 5);
	journal_free(journal);
}

/* Ids of different rooms arrive out of order: what counts is the place, not the number. */
static void
reader_continues_behind_the_change_it_saw(void **state)
{
	struct journal *journal = journal_new(8);

	add(journal, 10);
	add(journal, 30);
	add(journal, 20);
	assert_int_equal(journal_after(journal, 0), 0);
	assert_int_equal(journal_after(journal, 30), 2);
	assert_int_equal(journal_after(journal, 20), 3);
	journal_free(journal);
}

static void
reader_that_was_away_too_long_gets_what_is_left(void **state)
{
	struct journal *journal = journal_new(2);

	for (uint64_t id = 1; id <= 5; id++)
		add(journal, id);
	assert_int_equal(journal_after(journal, 1), 0);
	assert_int_equal(journal_after(journal, 99), 2);
	journal_free(journal);
}

static void
change_without_final_nul_is_cut(void **state)
{
	struct journal *journal = journal_new(1);
	struct hf_change change;

	memset(&change, 'x', sizeof(change));
	journal_add(journal, &change);
	assert_int_equal(strlen(journal_at(journal, 0)->reason), sizeof(change.reason) - 1);
	journal_free(journal);
}

static void
text_that_is_not_utf8_still_makes_json(void **state)
{
	struct hf_change change = { .id = 8, .level = HF_NOTICE, .subject = "a\xff" };
	json_t *json = event_json(&change);

	assert_string_equal(json_string_value(json_object_get(json, "subject")), "a?");
	json_decref(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oldest_leave_when_full),
		cmocka_unit_test(reader_continues_behind_the_change_it_saw),
		cmocka_unit_test(reader_that_was_away_too_long_gets_what_is_left),
		cmocka_unit_test(change_without_final_nul_is_cut),
		cmocka_unit_test(text_that_is_not_utf8_still_makes_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
