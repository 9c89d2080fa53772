/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one line does, in keepalived's order: "@" condition, definition, loop, substitution,
 * include, braces. Lines that definitions and loops make go through all of it again. Where lines
 * come from is read.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "config/include.h"
#include "config/loop.h"
#include "config/read_state.h"

#define LINE_DEPTH_MAX 32 /* lines made by lines: loops in loops, definitions in definitions */

/* --- definitions --- */

static void
collect(struct reader *reader, const struct lex_line *line)
{
	bool more = line->len > 0 && line->text[line->len - 1] == '\\';
	struct lex_line kept = lex_part(line, 0, line->len - more);

	kept = lex_trim(&kept);
	reader->collecting = more;
	if (reader->discarding)
		return;
	if (kept.len > 0) {
		char *wider = realloc(reader->collected, reader->collected_len + kept.len + 2);

		if (wider == NULL)
			exit(EXIT_NO_MEMORY);
		reader->collected = wider;
		if (reader->collected_len > 0)
			reader->collected[reader->collected_len++] = '\n';
		memcpy(reader->collected + reader->collected_len, kept.text, kept.len);
		reader->collected_len += kept.len;
	}
	if (!more)
		define_set(reader->defines, reader->collected_name, strlen(reader->collected_name),
			   reader->collected_len == 0 ? "" : reader->collected,
			   reader->collected_len);
}

void
read_end_definition(struct reader *reader)
{
	struct lex_line empty = { .text = "" };

	if (!reader->collecting)
		return;
	conf_diag(reader->diags, CONF_WARNING, reader->collecting_place, "definition-open", NULL,
		  "the last line of this definition ends in \\, and so does the file");
	collect(reader, &empty);
}

static void
define(struct reader *reader, const struct lex_line *line, size_t name_len, bool discard)
{
	struct lex_line text = lex_part(line, name_len + 2, line->len);

	text = lex_trim(&text);
	if (text.len == 0 || text.text[text.len - 1] != '\\') {
		if (!discard)
			define_set(reader->defines, line->text + 1, name_len, text.text, text.len);
		return;
	}
	reader->discarding = discard;
	reader->collecting_place = lex_place(line, 0, name_len + 1);
	reader->collected_name = conf_arena_strn(reader->arena, line->text + 1, name_len);
	reader->collected_len = 0;
	collect(reader, &text);
}

/* --- lines that lines make --- */

/* May so many bytes more be made? Says once when not. */
static bool
may_make(struct reader *reader, const struct lex_line *line, size_t depth)
{
	reader->made_lines++;
	reader->made_bytes += line->len;
	if (depth < LINE_DEPTH_MAX && reader->made_lines <= CONF_MADE_LINES_MAX &&
	    reader->made_bytes <= CONF_MADE_BYTES_MAX)
		return true;
	if (!reader->made_too_much)
		conf_diag(reader->diags, CONF_ERROR, lex_place(line, 0, line->len), "loop-limit",
			  NULL, "loops and definitions %s here; the rest is left out",
			  depth < LINE_DEPTH_MAX ? "make too many lines" : "are nested too deeply");
	reader->made_too_much = true;
	return false;
}

static void
process_tail(struct reader *reader, const struct lex_line *line, const char *tail, size_t depth)
{
	const char *dollar = memrchr(line->text, '$', line->len);
	size_t from = dollar == NULL ? 0 : (size_t)(dollar - line->text);
	struct conf_place place = lex_place(line, from, line->len);
	struct lex_origin origin = {
		.column = place.column,
		.length = place.length > UINT16_MAX ? UINT16_MAX : (uint16_t)place.length,
		.expanded = true,
	};

	for (const char *at = tail; at != NULL && !reader->made_too_much;) {
		const char *newline = strchr(at, '\n');
		struct lex_line made = {
			.text = at,
			.len = newline == NULL ? strlen(at) : (size_t)(newline - at),
			.whole = origin,
			.file = line->file,
			.line = line->line,
		};

		if (may_make(reader, &made, depth))
			read_process(reader, &made, depth + 1);
		at = newline == NULL ? NULL : newline + 1;
	}
}

static struct define_context
context_of(struct reader *reader)
{
	return (struct define_context){
		.directory = reader->top->pwd,
		.config_id = reader->config_id,
		.random = &reader->random,
	};
}

static void
run_loop(struct reader *reader, const struct loop *loop, const struct lex_line *body, size_t depth)
{
	char *before[LOOP_VARS_MAX] = { NULL };
	char number[32];

	for (size_t var = 0; var < loop->n_vars; var++) {
		const char *old =
			define_get(reader->defines, loop->vars[var].text, loop->vars[var].len);

		if (old != NULL && (before[var] = strdup(old)) == NULL)
			exit(EXIT_NO_MEMORY);
	}
	for (size_t turn = 0; turn < loop->count && may_make(reader, body, depth); turn++) {
		for (size_t var = 0; var < loop->n_vars; var++) {
			struct loop_text value = loop_value(loop, turn, var, number);

			define_set(reader->defines, loop->vars[var].text, loop->vars[var].len,
				   value.text, value.len);
		}
		read_process(reader, body, depth + 1);
	}
	for (size_t var = 0; var < loop->n_vars; var++) {
		define_set(reader->defines, loop->vars[var].text, loop->vars[var].len, before[var],
			   before[var] == NULL ? 0 : strlen(before[var]));
		free(before[var]);
	}
}

static void
process_loop(struct reader *reader, const struct lex_line *line, size_t head_len, size_t depth)
{
	struct define_context context = context_of(reader);
	struct lex_line head = lex_part(line, 0, head_len);
	struct lex_line body = lex_part(line, head_len, line->len);
	struct conf_arena *arena = conf_arena_new();
	struct lex_buf buf = { 0 };
	struct loop loop;

	if (head_len == 0) {
		conf_diag(reader->diags, CONF_ERROR, lex_place(line, 0, line->len), "loop-syntax",
			  "expected a ) behind its values",
			  "the head of this loop is never closed");
		goto out;
	}
	lex_buf_load(&buf, &head);
	if (!define_expand(reader->defines, &context, reader->diags, &head, &buf, NULL))
		goto out;
	head = lex_buf_line(&buf, line);
	body = lex_trim(&body);
	if (loop_parse(arena, reader->diags, &head, &loop))
		run_loop(reader, &loop, &body, depth);
out:
	lex_buf_free(&buf);
	conf_arena_free(arena);
}

/* --- one line --- */

/* A part of a line between braces. */
static void
feed_statement(struct reader *reader, const struct lex_line *part)
{
	struct lex_line line = lex_trim(part);
	unsigned checks;
	size_t len;

	if (!reader->options->plain && line.len > 0 && line.text[0] == 'i') {
		if (include_is(&line, &checks, &len)) {
			read_include(reader, &line, checks, len);
			return;
		}
		if (lex_first_word_is(&line, "include_check")) {
			read_include_check(reader, &line);
			return;
		}
	}
	tree_statement(reader->builder, &line);
}

void
read_feed(struct reader *reader, const struct lex_line *line)
{
	bool plain = reader->options->plain;
	size_t from = 0;

	for (;;) {
		size_t brace = lex_find_brace(line, from, plain);
		struct lex_line part = lex_part(line, from, brace);

		feed_statement(reader, &part);
		if (brace == line->len)
			return;
		if (line->text[brace] == '{')
			tree_open(reader->builder, lex_place(line, brace, brace + 1));
		else
			tree_close(reader->builder, lex_place(line, brace, brace + 1));
		from = brace + 1;
	}
}

/* "@id text" and "@^id text": leaves the text in *line. False: there is none for us. */
static bool
apply_condition(struct reader *reader, struct lex_line *line, bool *holds)
{
	bool negated = line->len > 1 && line->text[1] == '^';
	size_t from = negated ? 2 : 1, to = from;

	*holds = true;
	while (to < line->len && !lex_blank(line->text[to]))
		to++;
	if (to == from) {
		conf_diag(reader->diags, CONF_ERROR, lex_place(line, 0, from), "condition-id",
			  "expected @ID or @^ID directly followed by a blank",
			  "a condition without a name");
		return false;
	}
	bool same = strlen(reader->config_id) == to - from &&
		    memcmp(reader->config_id, line->text + from, to - from) == 0;

	*holds = same != negated;
	*line = lex_part(line, to, line->len);
	*line = lex_trim(line);
	return true;
}

static void
process_substituted(struct reader *reader, const struct lex_line *line, size_t depth)
{
	struct define_context context = context_of(reader);
	struct lex_buf buf = { 0 };
	char *tail = NULL;

	lex_buf_load(&buf, line);
	if (define_expand(reader->defines, &context, reader->diags, line, &buf, &tail)) {
		struct lex_line made = lex_buf_line(&buf, line);
		unsigned checks;
		size_t len;

		made = lex_trim(&made);
		if (made.len > 0 && (made.text[0] == '~' || made.text[0] == '@') &&
		    line->text[0] == '$') {
			if (may_make(reader, &made, depth))
				read_process(reader, &made, depth + 1);
		} else if (include_is(&made, &checks, &len)) {
			read_include(reader, &made, checks, len);
		} else {
			read_feed(reader, &made);
		}
		if (tail != NULL)
			process_tail(reader, line, tail, depth);
	}
	free(tail);
	lex_buf_free(&buf);
}

void
read_process(struct reader *reader, const struct lex_line *raw, size_t depth)
{
	struct lex_line line = lex_trim(raw);
	bool holds = true;
	unsigned checks;
	size_t len;

	if (reader->collecting) {
		collect(reader, &line);
		return;
	}
	if (line.len > 0 && line.text[0] == '@' && !apply_condition(reader, &line, &holds))
		return;
	if (line.len == 0)
		return;
	if (define_is_definition(&line, &len)) {
		define(reader, &line, len, !holds);
	} else if (!holds) {
		return;
	} else if (loop_is(&line, &len)) {
		process_loop(reader, &line, len, depth);
	} else if (memchr(line.text, '$', line.len) != NULL) {
		process_substituted(reader, &line, depth);
	} else if (include_is(&line, &checks, &len)) {
		read_include(reader, &line, checks, len);
	} else {
		read_feed(reader, &line);
	}
}
