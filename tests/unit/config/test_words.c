/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small helpers: shell-like words, suggestions, the inventory, the arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/arena.h"
#include "config/known.h"
#include "config/shell_words.h"
#include "config/suggest.h"

/* The words with "|" between them, or the complaint. */
static const char *
split(struct conf_arena *arena, const char *text, enum conf_shell_mode mode)
{
	struct conf_shell_words words;
	const char *joined = "";
	uint32_t bad_at;
	const char *why = conf_shell_split(arena, text, mode, &words, &bad_at);

	if (why != NULL)
		return conf_arena_printf(arena, "%u: %s", bad_at, why);
	for (size_t i = 0; i < words.n; i++)
		joined = conf_arena_printf(arena, "%s%s%s", joined, i > 0 ? "|" : "",
					   words.words[i]);
	return joined;
}

static void
scripts_split_as_a_shell_would(void **state)
{
	static const struct {
		const char *text, *kept, *decoded;
	} cases[] = {
		{ "a b\tc", "a|b|c", "a|b|c" },
		{ "\"a b\" 'c d'", "a b|c d", "a b|c d" },
		{ "a\"b c\"d'e f'", "ab cde f", "ab cde f" },
		{ "a\\ b \\\"c", "a\\ b|\\\"c", "a b|\"c" },
		{ "\"x \\\"y\\\"\"", "x \\\"y\\\"", "x \"y\"" },
		{ "'\\n' \"\\n\"", "\\n|\\n", "\\n|\n" },
		{ "\\x41\\102\\t\\cA\\q", "\\x41\\102\\t\\cA\\q", "AB\t\001q" },
		{ "\"\" ''", "|", "|" },
		{ "a\\", "a\\", "a\\" },
		{ "", "", "" },
		{ "a 'b", "2: missing closing quote", "2: missing closing quote" },
		{ "\\0", "\\0", "0: a NUL byte cannot be part of an argument" },
	};
	struct conf_arena *arena = conf_arena_new();

	(void)state;
	for (size_t i = 0; i < HF_COUNT_OF(cases); i++) {
		assert_string_equal(split(arena, cases[i].text, CONF_SHELL_KEEP), cases[i].kept);
		assert_string_equal(split(arena, cases[i].text, CONF_SHELL_DECODE),
				    cases[i].decoded);
	}
	conf_arena_free(arena);
}

static const char *
nearest(const char *word, const char *const *candidates, size_t n)
{
	struct conf_suggestion guess = { .word = word };

	for (size_t i = 0; i < n; i++)
		conf_suggest_offer(&guess, candidates[i]);
	return guess.best == NULL ? "-" : guess.best;
}

static void
the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = { "priority", "preempt", "interface", "state", "wrr" };
	size_t n = HF_COUNT_OF(words);

	(void)state;
	assert_string_equal(nearest("prioirty", words, n), "priority");
	assert_string_equal(nearest("prioritty", words, n), "priority");
	assert_string_equal(nearest("PRIORITY", words, n), "priority");
	assert_string_equal(nearest("interfce", words, n), "interface");
	assert_string_equal(nearest("wr", words, n), "wrr");
	assert_string_equal(nearest("banana", words, n), "-");
	assert_string_equal(nearest("", words, n), "-");
}

static void
the_inventory_is_sorted_and_found(void **state)
{
	(void)state;
	assert_true(conf_known_count > 600);
	for (size_t i = 0; i < conf_known_count; i++) {
		const struct conf_known *row = &conf_known_keywords[i];

		assert_int_equal(conf_known_find(row->context, row->keyword), i);
	}
	assert_int_equal(conf_known_find("vrrp_instance", "delay_loop"), -1);
	assert_string_equal(conf_known_elsewhere("quorum"), "virtual_server");
	assert_string_equal(conf_known_elsewhere("vrrp_instance"), "");
	assert_null(conf_known_elsewhere("nodad"));
}

static void
arrays_grow_and_texts_are_shared(void **state)
{
	struct conf_arena *arena = conf_arena_new();
	uint64_t *numbers = NULL;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		numbers = conf_arena_grow(arena, numbers, i, sizeof(*numbers));
		numbers[i] = i;
		if (i % 1000 == 0)
			conf_arena_str(arena, "in between");
	}
	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(numbers[i], i);
	const char *first = conf_arena_intern(arena, "eth0");

	for (int i = 0; i < 1000; i++)
		conf_arena_intern(arena, conf_arena_printf(arena, "eth%d", i));
	assert_ptr_equal(conf_arena_intern(arena, "eth0"), first);
	assert_false(conf_arena_intern_new(arena, "eth999"));
	assert_true(conf_arena_intern_new(arena, "eth1000"));
	size_t bytes = conf_arena_bytes(arena);

	conf_arena_reset(arena);
	assert_true(conf_arena_intern_new(arena, "eth0"));
	assert_int_equal(*(char *)conf_arena_alloc(arena, 100), 0);
	assert_int_equal(conf_arena_bytes(arena), bytes);
	conf_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_split_as_a_shell_would),
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(the_inventory_is_sorted_and_found),
		cmocka_unit_test(arrays_grow_and_texts_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
