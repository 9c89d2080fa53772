/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rooms ask to be remembered is kept by key, bounded, and handed out in order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/memory.h"

struct seen {
	char text[128];
};

static void
note(void *arg, const char *key, const void *bytes, size_t len)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%s=%.*s ", key, (int)len,
		 (const char *)bytes);
}

static void
last_value_of_a_key_counts(void **state)
{
	struct memory *memory = memory_new(10);
	struct seen seen = { "" };

	assert_int_equal(memory_put(memory, "b", "one", 3), 0);
	assert_int_equal(memory_put(memory, "a", "two", 3), 0);
	assert_int_equal(memory_put(memory, "b", "three", 5), 0);
	memory_each(memory, note, &seen);
	assert_string_equal(seen.text, "a=two b=three ");
	memory_free(memory);
}

static void
empty_value_forgets(void **state)
{
	struct memory *memory = memory_new(10);

	assert_int_equal(memory_put(memory, "a", "1", 1), 0);
	assert_int_equal(memory_put(memory, "a", NULL, 0), 0);
	assert_int_equal(memory_put(memory, "never", NULL, 0), 0);
	assert_int_equal(memory_count(memory), 0);
	memory_free(memory);
}

static void
full_memory_refuses_new_keys_but_not_new_values(void **state)
{
	struct memory *memory = memory_new(2);

	assert_int_equal(memory_put(memory, "a", "1", 1), 0);
	assert_int_equal(memory_put(memory, "b", "1", 1), 0);
	assert_int_equal(memory_put(memory, "c", "1", 1), -ENOSPC);
	assert_int_equal(memory_put(memory, "b", "2", 1), 0);
	assert_int_equal(memory_put(memory, "a", NULL, 0), 0);
	assert_int_equal(memory_put(memory, "c", "1", 1), 0);
	memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_value_of_a_key_counts),
		cmocka_unit_test(empty_value_forgets),
		cmocka_unit_test(full_memory_refuses_new_keys_but_not_new_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
