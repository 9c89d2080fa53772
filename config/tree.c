/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the tree of one root statement at a time, and the small questions asked of its nodes.
 * Where the statements come from is read.c's. */
#include "config/tree.h"

#include <stdlib.h>
#include <string.h>

#include "config/tree_build.h"

#define EXIT_NO_MEMORY 204

/* An open block. */
struct level {
	struct conf_node *node;
	struct conf_node *last; /* the latest statement in it */
};

struct tree_builder {
	struct conf_diags *diags;
	struct conf_arena *arena; /* one root statement */
	bool plain;
	conf_root_fn *each;
	void *arg;
	struct conf_node *root; /* waits for its block, or for the next statement */
	struct level levels[CONF_BLOCK_DEPTH_MAX];
	size_t depth;
	size_t skipped; /* open braces of a block that has no place in the tree */
	bool mismatched;
	struct conf_word words[LEX_WORDS_MAX];
};

struct tree_builder *
tree_builder_new(struct conf_diags *diags, bool plain, conf_root_fn *each, void *arg)
{
	struct tree_builder *builder = calloc(1, sizeof(*builder));

	if (builder == NULL)
		exit(EXIT_NO_MEMORY);
	builder->diags = diags;
	builder->arena = conf_arena_new();
	builder->plain = plain;
	builder->each = each;
	builder->arg = arg;
	return builder;
}

void
tree_builder_free(struct tree_builder *builder)
{
	conf_arena_free(builder->arena);
	free(builder);
}

static void
deliver(struct tree_builder *builder)
{
	if (builder->root == NULL)
		return;
	builder->each(builder->arg, builder->root);
	builder->root = NULL;
	conf_arena_reset(builder->arena);
}

/* The text behind the keyword, trimmed. */
static void
set_raw(struct tree_builder *builder, struct conf_node *node, const struct lex_line *line)
{
	size_t keyword = strlen(node->words[0].text);

	if (node->words[0].flags & CONF_WORD_QUOTED)
		keyword += node->words[0].flags & CONF_WORD_UNCLOSED ? 1 : 2;
	if (keyword > line->len) /* escapes of plain text */
		keyword = line->len;
	struct lex_line rest = lex_part(line, keyword, line->len);

	rest = lex_trim(&rest);
	node->raw = conf_arena_strn(builder->arena, rest.text, rest.len);
	node->raw_column = lex_place(&rest, 0, rest.len).column;
}

static struct conf_node *
make_node(struct tree_builder *builder, const struct lex_line *line)
{
	size_t n = lex_words(line, builder->plain, builder->arena, builder->words);

	if (n > LEX_WORDS_MAX) {
		conf_diag(builder->diags, CONF_ERROR, lex_place(line, 0, line->len), "line-words",
			  NULL, "%zu words on one line, at most %d are possible", n, LEX_WORDS_MAX);
		n = LEX_WORDS_MAX;
	}
	struct conf_node *node = conf_arena_alloc(builder->arena, sizeof(*node));
	struct conf_word *words = conf_arena_alloc(builder->arena, n * sizeof(*words));

	memcpy(words, builder->words, n * sizeof(*words));
	node->words = words;
	node->n_words = n;
	node->file = line->file;
	node->line = line->line;
	set_raw(builder, node, line);
	return node;
}

void
tree_statement(struct tree_builder *builder, const struct lex_line *line)
{
	struct lex_line trimmed = lex_trim(line);

	if (trimmed.len == 0 || builder->skipped > 0)
		return;
	if (builder->depth == 0) {
		deliver(builder);
		builder->root = make_node(builder, &trimmed);
		return;
	}
	struct level *level = &builder->levels[builder->depth - 1];
	struct conf_node *node = make_node(builder, &trimmed);

	if (level->last == NULL)
		level->node->first = node;
	else
		level->last->next = node;
	level->last = node;
}

void
tree_open(struct tree_builder *builder, struct conf_place place)
{
	struct conf_node *node =
		builder->depth == 0 ? builder->root : builder->levels[builder->depth - 1].last;

	if (builder->skipped > 0) {
		builder->skipped++;
	} else if (node == NULL || node->has_block) {
		conf_diag(builder->diags, CONF_ERROR, place, "brace-unexpected",
			  "expected a keyword before it",
			  "this { belongs to no keyword; its block is skipped");
		builder->skipped = 1;
	} else if (builder->depth == CONF_BLOCK_DEPTH_MAX) {
		conf_diag(builder->diags, CONF_ERROR, place, "brace-depth", NULL,
			  "blocks are nested more than %d deep", CONF_BLOCK_DEPTH_MAX);
		builder->skipped = 1;
	} else {
		node->has_block = true;
		builder->levels[builder->depth++] = (struct level){ .node = node };
	}
}

void
tree_close(struct tree_builder *builder, struct conf_place place)
{
	if (builder->skipped > 0) {
		builder->skipped--;
		return;
	}
	if (builder->depth == 0) {
		conf_diag(builder->diags, CONF_ERROR, place, "brace-extra", NULL,
			  "this } closes nothing");
		builder->mismatched = true;
		return;
	}
	builder->levels[--builder->depth].node->end_line = place.line;
	if (builder->depth == 0)
		deliver(builder);
}

bool
tree_end(struct tree_builder *builder)
{
	if (builder->depth > 0) {
		const struct conf_node *inner = builder->levels[builder->depth - 1].node;

		conf_diag(builder->diags, CONF_ERROR, conf_keyword_place(inner), "brace-missing",
			  "expected a } for it", "the block of %s is never closed",
			  inner->words[0].text);
		for (size_t i = builder->depth - 1; i > 0; i--)
			conf_diag(builder->diags, CONF_NOTE,
				  conf_keyword_place(builder->levels[i - 1].node), NULL, NULL,
				  "nor is the one around it");
		builder->mismatched = true;
	} else if (builder->skipped > 0) {
		builder->mismatched = true;
	}
	builder->depth = 0;
	builder->skipped = 0;
	deliver(builder);
	return !builder->mismatched;
}

struct conf_place
conf_node_place(const struct conf_node *node, size_t word)
{
	struct conf_place place = { .file = node->file, .line = node->line };

	if (word >= node->n_words) { /* behind the last one */
		const struct conf_word *last = &node->words[node->n_words - 1];

		place.column = last->column + last->length;
		place.length = 1;
	} else {
		place.column = node->words[word].column;
		place.length = node->words[word].length;
	}
	return place;
}

struct conf_place
conf_keyword_place(const struct conf_node *node)
{
	return conf_node_place(node, 0);
}

struct conf_place
conf_raw_place(const struct conf_node *node)
{
	struct conf_place place = { node->file, node->line, node->raw_column, 1 };
	const struct conf_word *last = &node->words[node->n_words - 1];

	if (last->column + last->length > place.column)
		place.length = last->column + last->length - place.column;
	return place;
}

const char *
conf_node_arg(const struct conf_node *node, size_t n)
{
	return n < node->n_words ? node->words[n].text : NULL;
}

void
conf_print_word(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
