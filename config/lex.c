/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comments, quotes, braces and words of one line. What lines there are is read.c's. */
#include "config/lex.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_NO_MEMORY 204

bool
lex_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

struct lex_origin
lex_origin_of(const struct lex_line *line, size_t at)
{
	if (line->origin != NULL)
		return line->origin[at];
	if (line->whole.column != 0)
		return line->whole;
	return (struct lex_origin){ .column = line->first_column + (uint32_t)at, .length = 1 };
}

struct conf_place
lex_place(const struct lex_line *line, size_t from, size_t to)
{
	struct conf_place place = { .file = line->file, .line = line->line };

	if (from >= line->len) { /* behind the end */
		struct lex_origin last = { .column = line->first_column };

		if (line->len > 0)
			last = lex_origin_of(line, line->len - 1);
		place.column = last.column + last.length;
		place.length = 1;
		return place;
	}
	struct lex_origin first = lex_origin_of(line, from);
	struct lex_origin last = lex_origin_of(line, to > from ? to - 1 : from);
	uint32_t end = last.column + last.length;

	place.column = first.column;
	place.length = end > first.column ? end - first.column : first.length;
	return place;
}

struct lex_line
lex_part(const struct lex_line *line, size_t from, size_t to)
{
	struct lex_line part = *line;

	assert(from <= to && to <= line->len);
	part.text += from;
	part.len = to - from;
	if (part.origin != NULL)
		part.origin += from;
	part.first_column += (uint32_t)from;
	return part;
}

struct lex_line
lex_trim(const struct lex_line *line)
{
	size_t from = 0, to = line->len;

	while (from < to && lex_blank(line->text[from]))
		from++;
	while (to > from && lex_blank(line->text[to - 1]))
		to--;
	return lex_part(line, from, to);
}

bool
lex_first_word_is(const struct lex_line *line, const char *word)
{
	size_t len = strlen(word);

	return line->len >= len && memcmp(line->text, word, len) == 0 &&
	       (line->len == len || lex_blank(line->text[len]) || line->text[len] == '"');
}

static void
reserve(struct lex_buf *buf, size_t len)
{
	if (len <= buf->cap)
		return;
	size_t cap = buf->cap == 0 ? 256 : buf->cap;

	while (cap < len)
		cap *= 2;
	buf->text = realloc(buf->text, cap);
	buf->origin = realloc(buf->origin, cap * sizeof(*buf->origin));
	if (buf->text == NULL || buf->origin == NULL)
		exit(EXIT_NO_MEMORY);
	buf->cap = cap;
}

void
lex_buf_load(struct lex_buf *buf, const struct lex_line *line)
{
	reserve(buf, line->len + 1);
	memcpy(buf->text, line->text, line->len);
	for (size_t i = 0; i < line->len; i++)
		buf->origin[i] = lex_origin_of(line, i);
	buf->len = line->len;
}

bool
lex_buf_replace(struct lex_buf *buf, size_t from, size_t to, const char *text, size_t len)
{
	assert(from <= to && to <= buf->len);
	size_t behind = buf->len - to, result = from + len + behind;

	if (result > CONF_LINE_MAX)
		return false;
	reserve(buf, result + 1);
	struct lex_origin origin = { 0 };

	if (to > from) {
		struct lex_origin last = buf->origin[to - 1];
		uint32_t end = last.column + last.length;

		origin = buf->origin[from];
		if (end > origin.column && end - origin.column <= UINT16_MAX)
			origin.length = (uint16_t)(end - origin.column);
		origin.expanded = true;
	}
	memmove(buf->text + from + len, buf->text + to, behind);
	memmove(buf->origin + from + len, buf->origin + to, behind * sizeof(*buf->origin));
	if (len > 0)
		memcpy(buf->text + from, text, len);
	for (size_t i = 0; i < len; i++)
		buf->origin[from + i] = origin;
	buf->len = result;
	return true;
}

void
lex_buf_free(struct lex_buf *buf)
{
	free(buf->text);
	free(buf->origin);
	*buf = (struct lex_buf){ 0 };
}

struct lex_line
lex_buf_line(const struct lex_buf *buf, const struct lex_line *of)
{
	struct lex_line line = *of;

	line.text = buf->text;
	line.len = buf->len;
	line.origin = buf->origin;
	return line;
}

/* From an opening quote to behind its closing one, or to the end; *closed says which. */
static size_t
skip_quoted(const struct lex_line *line, size_t at, bool plain, bool *closed)
{
	*closed = true;
	for (at++; at < line->len; at++) {
		if (line->text[at] == '"')
			return at + 1;
		if (plain && line->text[at] == '\\')
			at++;
	}
	*closed = false;
	return line->len;
}

void
lex_uncomment(struct lex_line *line, struct lex_buf *buf, bool plain)
{
	bool closed, edited = false;

	for (size_t i = 0; i < line->len;) {
		char c = line->text[i];

		if (c == '"') {
			i = skip_quoted(line, i, plain, &closed);
			continue;
		}
		if (c == '#' || c == '!') {
			*line = lex_part(line, 0, i);
			return;
		}
		if (c == '\\' && i + 1 < line->len &&
		    (line->text[i + 1] == '#' || line->text[i + 1] == '!')) {
			if (!edited)
				lex_buf_load(buf, line);
			edited = true;
			lex_buf_replace(buf, i, i + 1, "", 0);
			*line = lex_buf_line(buf, line);
		}
		i++;
	}
}

/* The byte behind "${NAME}" at `at`, or `at` when nothing like it stands there. A definition that
 * does not exist (it was complained about) leaves it; cut in pieces it would only confuse. */
static size_t
skip_reference(const struct lex_line *line, size_t at)
{
	if (line->text[at] != '$' || at + 1 == line->len || line->text[at + 1] != '{')
		return at;
	for (size_t i = at + 2; i < line->len && line->text[i] != '{'; i++) {
		if (line->text[i] == '}')
			return i + 1;
		if (lex_blank(line->text[i]) || line->text[i] == '"')
			break;
	}
	return at;
}

size_t
lex_find_brace(const struct lex_line *line, size_t from, bool plain)
{
	bool closed;

	for (size_t i = from; i < line->len;) {
		char c = line->text[i];

		if (c == '{' || c == '}')
			return i;
		size_t behind = c == '"'   ? skip_quoted(line, i, plain, &closed)
				: c == '$' ? skip_reference(line, i)
					   : i;

		i = behind > i ? behind : i + 1;
	}
	return line->len;
}

/* In plain text a backslash in quotes protects the next byte; \n is a new line. */
static const char *
unescaped(struct conf_arena *arena, const char *text, size_t len)
{
	char *out = conf_arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\\' && i + 1 < len) {
			c = text[++i];
			if (c == 'n')
				c = '\n';
		}
		out[n++] = c;
	}
	return out;
}

static bool
any_expanded(const struct lex_line *line, size_t from, size_t to)
{
	if (line->origin == NULL)
		return line->whole.expanded;
	for (size_t i = from; i < to; i++) {
		if (line->origin[i].expanded)
			return true;
	}
	return false;
}

static size_t
find_word_end(const struct lex_line *line, size_t at)
{
	while (at < line->len && !lex_blank(line->text[at]) && line->text[at] != '"')
		at++;
	return at;
}

static struct conf_word
make_word(const struct lex_line *line, size_t from, size_t to)
{
	struct conf_place place = lex_place(line, from, to);

	return (struct conf_word){
		.column = place.column,
		.length = place.length > UINT16_MAX ? UINT16_MAX : (uint16_t)place.length,
		.flags = any_expanded(line, from, to) ? CONF_WORD_EXPANDED : 0,
	};
}

size_t
lex_words(const struct lex_line *line, bool plain, struct conf_arena *arena,
	  struct conf_word words[LEX_WORDS_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at < line->len;) {
		if (lex_blank(line->text[at])) {
			at++;
			continue;
		}
		bool quoted = line->text[at] == '"', closed = true;
		size_t end =
			quoted ? skip_quoted(line, at, plain, &closed) : find_word_end(line, at);

		if (n < LEX_WORDS_MAX) {
			size_t from = at + quoted, to = end - (quoted && closed);
			struct conf_word word = make_word(line, at, end);

			if (quoted)
				word.flags |= CONF_WORD_QUOTED;
			if (!closed)
				word.flags |= CONF_WORD_UNCLOSED;
			word.text =
				quoted && plain &&
						memchr(line->text + from, '\\', to - from) != NULL
					? unescaped(arena, line->text + from, to - from)
					: conf_arena_strn(arena, line->text + from, to - from);
			words[n] = word;
		}
		n++;
		at = end;
	}
	return n;
}
