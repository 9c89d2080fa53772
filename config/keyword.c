/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker: statements meet rows. It looks keywords up, sees to arguments and blocks, remembers
 * what was set, and reports what has no row. Values are value.c's.
 */
#include "config/keyword.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/known.h"
#include "config/suggest.h"
#include "config/value.h"

#define EXIT_NO_MEMORY 204
#define INDEX_SLOTS    512 /* a power of two, at least twice CONF_ROWS_MAX */

static_assert(INDEX_SLOTS >= 2 * CONF_ROWS_MAX, "the index stays half empty");
static_assert(CONF_ROWS_MAX < UINT8_MAX, "row numbers fit a byte");

/* Rows of a block by the hash of their name: 0 is free, else row number + 1. */
struct block_index {
	const struct conf_block *block;
	uint8_t slots[INDEX_SLOTS];
};

/* One block while it is being walked. */
struct scope {
	const struct conf_block *block;
	const struct block_index *index;
	void *target;
	size_t n_seen;
	uint8_t seen_at[CONF_ROWS_MAX]; /* 0: not seen, else position in seen + 1 */
	struct conf_seen seen[CONF_ROWS_MAX];
};

struct conf_walk_state {
	struct scope root;
	size_t n_indexes;
	struct block_index indexes[CONF_BLOCKS_MAX];
	struct conf_arena *told; /* names of what was said once */
	uint64_t *told_known;    /* a bit for each of conf_known_keywords */
};

static uint32_t
hash_of(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash ^ (hash >> 15);
}

static void
fill_index(struct block_index *index, const struct conf_block *block)
{
	assert(block->n_rows <= CONF_ROWS_MAX);
	index->block = block;
	for (size_t i = 0; i < block->n_rows; i++) {
		size_t slot = hash_of(block->rows[i].name) & (INDEX_SLOTS - 1);

		while (index->slots[slot] != 0)
			slot = (slot + 1) & (INDEX_SLOTS - 1);
		index->slots[slot] = (uint8_t)(i + 1);
	}
}

static const struct block_index *
index_of(struct conf_walk_state *state, const struct conf_block *block)
{
	for (size_t i = 0; i < state->n_indexes; i++) {
		if (state->indexes[i].block == block)
			return &state->indexes[i];
	}
	assert(state->n_indexes < CONF_BLOCKS_MAX);
	fill_index(&state->indexes[state->n_indexes], block);
	return &state->indexes[state->n_indexes++];
}

static const struct conf_keyword *
find_row(const struct block_index *index, const char *name)
{
	for (size_t slot = hash_of(name) & (INDEX_SLOTS - 1); index->slots[slot] != 0;
	     slot = (slot + 1) & (INDEX_SLOTS - 1)) {
		const struct conf_keyword *row = &index->block->rows[index->slots[slot] - 1];

		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static void
scope_begin(struct conf_walk_state *state, struct scope *scope, const struct conf_block *block,
	    void *target)
{
	scope->block = block;
	scope->index = index_of(state, block);
	scope->target = target;
	scope->n_seen = 0;
	memset(scope->seen_at, 0, sizeof(scope->seen_at));
}

static void
scope_end(struct conf_walk *walk, struct scope *scope)
{
	if (!scope->block->has_seen)
		return;
	struct conf_seen *items =
		conf_arena_alloc(walk->arena, scope->n_seen * sizeof(*scope->seen));

	memcpy(items, scope->seen, scope->n_seen * sizeof(*scope->seen));
	*(struct conf_seen_list *)((char *)scope->target + scope->block->seen_offset) =
		(struct conf_seen_list){ scope->n_seen, items };
}

/* --- keywords without a row --- */

/* Is this the first time? */
static bool
tell_known(struct conf_walk_state *state, long index)
{
	uint64_t bit = UINT64_C(1) << (index % 64);
	bool told = (state->told_known[index / 64] & bit) != 0;

	state->told_known[index / 64] |= bit;
	return !told;
}

static bool
tell_name(struct conf_walk_state *state, const char *context, const char *name)
{
	long index = conf_known_find(context, name);

	if (index >= 0)
		return tell_known(state, index);
	const char *key = conf_arena_printf(state->told, "%s %s", context, name);

	return conf_arena_intern_new(state->told, key);
}

static void
warn_unsupported(struct conf_walk *walk, const struct conf_node *node, size_t word, const char *why)
{
	conf_diag(walk->diags, CONF_WARNING, conf_node_place(node, word), "keyword-unsupported",
		  NULL, "%s is not supported yet and has no effect%s%s%s", node->words[word].text,
		  why == NULL ? "" : ": ", why == NULL ? "" : why,
		  node->has_block ? " (nor has its block)" : "");
}

/* The nearest surrounding block where the keyword may stand, else any. */
static const char *
context_for(const char *context, const char *keyword)
{
	char around[128];
	size_t len = strlen(context);

	while (len > 0 && len < sizeof(around)) {
		memcpy(around, context, len);
		around[len] = '\0';
		char *slash = strrchr(around, '/');

		len = slash == NULL ? 0 : (size_t)(slash - around);
		around[len] = '\0';
		long index = conf_known_find(around, keyword);

		if (index >= 0)
			return conf_known_keywords[index].context;
	}
	return conf_known_elsewhere(keyword);
}

static void
suggest(struct conf_walk *walk, const struct scope *scope, const struct conf_node *node, bool shown)
{
	struct conf_suggestion guess = { .word = node->words[0].text };
	char expected[CONF_SUGGEST_WORD_MAX + 32];

	for (size_t i = 0; shown && i < scope->block->n_rows; i++) {
		if (!(scope->block->rows[i].flags & CONF_INTERNAL))
			conf_suggest_offer(&guess, scope->block->rows[i].name);
	}
	for (size_t i = 0; shown && i < conf_known_count; i++) {
		if (strcmp(conf_known_keywords[i].context, scope->block->context) == 0)
			conf_suggest_offer(&guess, conf_known_keywords[i].keyword);
	}
	if (guess.best != NULL)
		snprintf(expected, sizeof(expected), "did you mean %s?", guess.best);
	conf_diag(walk->diags, CONF_WARNING, conf_keyword_place(node), "keyword-unknown",
		  guess.best == NULL ? NULL : expected, "unknown keyword %s%s", node->words[0].text,
		  node->has_block ? "; its block is skipped" : "");
}

static void
no_row(struct conf_walk *walk, const struct scope *scope, const struct conf_node *node)
{
	const char *name = node->words[0].text, *context = scope->block->context;
	long index = conf_known_find(context, name);

	if (index >= 0) {
		if (tell_known(walk->state, index))
			warn_unsupported(walk, node, 0, NULL);
		return;
	}
	/* Looking for the best advice is only worth it while somebody gets to read it. */
	bool shown = conf_diags_count(walk->diags, CONF_WARNING) < CONF_DIAGS_MAX;
	const char *right = shown ? context_for(context, name) : NULL;

	if (right == NULL) {
		suggest(walk, scope, node, shown);
		return;
	}
	conf_diag(walk->diags, CONF_WARNING, conf_keyword_place(node), "keyword-misplaced", NULL,
		  "%s is out of place and ignored: it belongs %s%s%s", name,
		  right[0] == '\0' ? "outside of all blocks" : "into ", right,
		  node->has_block ? "; its block is skipped" : "");
}

void
conf_not_supported(struct conf_walk *walk, const struct conf_node *node, size_t word)
{
	if (tell_name(walk->state, "word", node->words[word].text))
		warn_unsupported(walk, node, word, NULL);
}

/* --- statements --- */

void
conf_extra_words(struct conf_walk *walk, const struct conf_node *node, size_t n)
{
	if (n >= node->n_words)
		return;
	struct conf_place place = conf_node_place(node, n);
	struct conf_place last = conf_node_place(node, node->n_words - 1);

	if (last.column + last.length > place.column)
		place.length = last.column + last.length - place.column;
	if (n == 1)
		conf_diag(walk->diags, CONF_WARNING, place, "argument-extra", "ignored",
			  "%s takes no argument", node->words[0].text);
	else
		conf_diag(walk->diags, CONF_WARNING, place, "argument-extra", "ignored",
			  "%s takes only %zu argument%s", node->words[0].text, n - 1,
			  n == 2 ? "" : "s");
}

/* An unclosed quote is the business of scripts themselves. */
static bool
quotes_close(struct conf_walk *walk, const struct conf_node *node)
{
	size_t last = node->n_words - 1;

	if (!(node->words[last].flags & CONF_WORD_UNCLOSED))
		return true;
	conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, last), "quote-missing",
		  "expected a \" at its end", "this quoted text is never closed");
	return false;
}

/* Remembers that the row was set. False: it is a repetition to be ignored. */
static bool
note_seen(struct conf_walk *walk, struct scope *scope, const struct conf_keyword *row,
	  const struct conf_node *node)
{
	size_t number = (size_t)(row - scope->block->rows);
	struct conf_seen seen = { row, conf_node_place(node, node->n_words > 1 ? 1 : 0) };

	if (scope->seen_at[number] == 0) {
		scope->seen[scope->n_seen++] = seen;
		scope->seen_at[number] = (uint8_t)scope->n_seen;
		return true;
	}
	struct conf_seen *before = &scope->seen[scope->seen_at[number] - 1];
	bool first_wins = (row->flags & CONF_FIRST_WINS) != 0;

	if (!(row->flags & CONF_REPEATABLE)) {
		conf_diag(walk->diags, CONF_WARNING, conf_keyword_place(node), "keyword-repeated",
			  NULL, "%s stands here again: %s", row->name,
			  first_wins ? "this one is ignored" : "this one counts");
		conf_diag(walk->diags, CONF_NOTE, before->place, NULL, NULL, "it was set here");
	}
	if (!first_wins)
		*before = seen;
	return !first_wins;
}

/* How many arguments may the row have? */
static void
argument_range(const struct conf_keyword *row, size_t *least, size_t *most)
{
	*least = *most = 1;
	switch (row->type) {
	case CONF_FLAG:
		*least = *most = 0;
		return;
	case CONF_SWITCH:
		*least = 0;
		return;
	case CONF_BLOCK:
	case CONF_CUSTOM:
		*least = (size_t)row->min;
		*most = row->flags & CONF_EXTRA_ARGS ? SIZE_MAX : (size_t)row->max;
		return;
	case CONF_SCRIPT: /* looks at its text itself */
	case CONF_NOT_YET:
		*least = 0;
		*most = SIZE_MAX;
		return;
	case CONF_UINT:
	case CONF_INT:
	case CONF_TIME:
	case CONF_STRING:
	case CONF_TEXT:
	case CONF_IFNAME:
	case CONF_ADDR:
	case CONF_PREFIX:
	case CONF_CHOICE:
		*least = row->flags & CONF_OPTIONAL ? 0 : 1;
		return;
	}
}

static bool
check_arguments(struct conf_walk *walk, const struct conf_keyword *row,
		const struct conf_node *node)
{
	char expected[VALUE_EXPECTED_MAX];
	size_t least, most, n = node->n_words - 1;

	argument_range(row, &least, &most);
	if (n < least) {
		conf_diag(walk->diags, CONF_ERROR, conf_keyword_place(node), "argument-missing",
			  value_expected(row, expected), "%s needs %s", row->name,
			  least == 1 ? "a value" : "more values");
		return false;
	}
	if (n > most)
		conf_extra_words(walk, node, most + 1);
	return true;
}

static bool
check_block(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node)
{
	if (row->type == CONF_BLOCK && !node->has_block) {
		conf_diag(walk->diags, CONF_ERROR, conf_keyword_place(node), "block-missing",
			  "expected { and its block", "%s has no block", row->name);
		return false;
	}
	if (node->has_block && row->type != CONF_BLOCK && !(row->flags & CONF_BLOCK_OPTIONAL)) {
		conf_diag(walk->diags, CONF_ERROR, conf_keyword_place(node), "block-unexpected",
			  NULL, "%s takes no { }", row->name);
		return false;
	}
	return true;
}

static void
walk_row(struct conf_walk *walk, const struct conf_keyword *row, const struct conf_node *node,
	 struct scope *scope)
{
	void *target = (char *)scope->target + row->offset;

	if (row->type == CONF_BLOCK) {
		if (row->block->open != NULL)
			target = row->block->open(walk, node, scope->target);
		if (target != NULL)
			conf_walk_block(walk, row->block, node, target);
		return;
	}
	if (row->type != CONF_CUSTOM && !value_store(walk, row, node, target))
		return;
	if (row->set != NULL)
		row->set(walk, node, target);
}

static void
walk_statement(struct conf_walk *walk, struct scope *scope, const struct conf_node *node)
{
	const struct conf_keyword *row = find_row(scope->index, node->words[0].text);

	if (row == NULL || ((row->flags & CONF_INTERNAL) && !walk->plain)) {
		no_row(walk, scope, node);
		return;
	}
	if (row->type == CONF_NOT_YET) {
		if (tell_name(walk->state, scope->block->context, row->name))
			warn_unsupported(walk, node, 0, row->doc);
		return;
	}
	if (row->type != CONF_SCRIPT && !(row->flags & CONF_RAW) && !quotes_close(walk, node))
		return;
	if (note_seen(walk, scope, row, node) && check_block(walk, row, node) &&
	    check_arguments(walk, row, node))
		walk_row(walk, row, node, scope);
}

static void
walk_list(struct conf_walk *walk, const struct conf_block *block, const struct conf_node *node,
	  void *target)
{
	for (const struct conf_node *line = node->first; line != NULL; line = line->next) {
		if (line->has_block)
			conf_diag(walk->diags, CONF_ERROR, conf_keyword_place(line),
				  "block-unexpected", NULL, "%s takes no { } inside of %s",
				  line->words[0].text, node->words[0].text);
		else if (quotes_close(walk, line))
			block->line(walk, line, target);
	}
}

void
conf_walk_block(struct conf_walk *walk, const struct conf_block *block,
		const struct conf_node *node, void *target)
{
	if (block->line != NULL) {
		walk_list(walk, block, node, target);
	} else {
		struct scope scope;

		scope_begin(walk->state, &scope, block, target);
		for (const struct conf_node *child = node->first; child != NULL;
		     child = child->next)
			walk_statement(walk, &scope, child);
		scope_end(walk, &scope);
	}
	if (block->close != NULL)
		block->close(walk, node, target);
}

/* --- the walk as a whole --- */

struct conf_walk *
conf_walk_new(struct conf_diags *diags, struct conf_arena *arena, void *user,
	      const struct conf_block *root, void *target)
{
	struct conf_walk *walk = calloc(1, sizeof(*walk));
	struct conf_walk_state *state = calloc(1, sizeof(*state));
	uint64_t *told = calloc(conf_known_count / 64 + 1, sizeof(*told));

	if (walk == NULL || state == NULL || told == NULL)
		exit(EXIT_NO_MEMORY);
	state->told = conf_arena_new();
	state->told_known = told;
	*walk = (struct conf_walk){ .diags = diags, .arena = arena, .user = user, .state = state };
	scope_begin(state, &state->root, root, target);
	return walk;
}

void
conf_walk_root(void *arg, const struct conf_node *node)
{
	struct conf_walk *walk = arg;

	walk_statement(walk, &walk->state->root, node);
}

void
conf_walk_end(struct conf_walk *walk)
{
	struct scope *root = &walk->state->root;

	scope_end(walk, root);
	if (root->block->close != NULL)
		root->block->close(walk, NULL, root->target);
	conf_arena_free(walk->state->told);
	free(walk->state->told_known);
	free(walk->state);
	free(walk);
}

bool
conf_was_set(const struct conf_seen_list *seen, const char *name, struct conf_place *where)
{
	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->items[i].row->name, name) == 0) {
			if (where != NULL)
				*where = seen->items[i].place;
			return true;
		}
	}
	return false;
}
