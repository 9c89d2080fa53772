/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of definitions. Substituting them is expand.c's. */
#include "config/define.h"

#include <stdlib.h>
#include <string.h>

#define EXIT_NO_MEMORY 204
#define SLOTS_MIN      64 /* a power of two */

struct define {
	const char *name; /* NULL: free slot */
	size_t name_len;
	char *text; /* NULL: removed */
	size_t cap; /* bytes at text: a loop's variable changes often */
};

struct define_table {
	struct conf_arena *arena;
	struct define *slots;
	size_t n_slots, used;
};

static struct define *
new_slots(size_t n)
{
	struct define *slots = calloc(n, sizeof(*slots));

	if (slots == NULL)
		exit(EXIT_NO_MEMORY);
	return slots;
}

struct define_table *
define_table_new(void)
{
	struct conf_arena *arena = conf_arena_new();
	struct define_table *table = conf_arena_alloc(arena, sizeof(*table));

	*table = (struct define_table){ arena, new_slots(SLOTS_MIN), SLOTS_MIN, 0 };
	return table;
}

void
define_table_free(struct define_table *table)
{
	free(table->slots);
	conf_arena_free(table->arena); /* the table itself too */
}

static struct define *
find(struct define *slots, size_t n_slots, const char *name, size_t len)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
	for (size_t slot = (hash ^ (hash >> 32)) & (n_slots - 1);;
	     slot = (slot + 1) & (n_slots - 1)) {
		struct define *define = &slots[slot];

		if (define->name == NULL ||
		    (define->name_len == len && memcmp(define->name, name, len) == 0))
			return define;
	}
}

static void
widen(struct define_table *table)
{
	size_t n_slots = table->n_slots * 2;
	struct define *slots = new_slots(n_slots);

	for (size_t i = 0; i < table->n_slots; i++) {
		const struct define *old = &table->slots[i];

		if (old->name != NULL)
			*find(slots, n_slots, old->name, old->name_len) = *old;
	}
	free(table->slots);
	table->slots = slots;
	table->n_slots = n_slots;
}

void
define_set(struct define_table *table, const char *name, size_t name_len, const char *text,
	   size_t text_len)
{
	if (table->used * 2 >= table->n_slots)
		widen(table);
	struct define *define = find(table->slots, table->n_slots, name, name_len);

	if (define->name == NULL) {
		define->name = conf_arena_strn(table->arena, name, name_len);
		define->name_len = name_len;
		table->used++;
	}
	if (text == NULL) {
		define->text = NULL;
		define->cap = 0;
		return;
	}
	if (define->cap < text_len + 1) {
		define->cap = text_len + 1;
		define->text = conf_arena_alloc(table->arena, define->cap);
	}
	memcpy(define->text, text, text_len);
	define->text[text_len] = '\0';
}

const char *
define_get(const struct define_table *table, const char *name, size_t name_len)
{
	return find(table->slots, table->n_slots, name, name_len)->text;
}

size_t
define_name_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len &&
	       ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
		(text[n] >= '0' && text[n] <= '9') || text[n] == '_'))
		n++;
	return n;
}

bool
define_is_definition(const struct lex_line *line, size_t *name_len)
{
	if (line->len < 2 || line->text[0] != '$')
		return false;
	*name_len = define_name_len(line->text + 1, line->len - 1);
	return *name_len > 0 && 1 + *name_len < line->len && line->text[1 + *name_len] == '=';
}
