/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Substituting $NAME, ${NAME} and the built-in ${_NAME}. The table is define.c's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/define.h"

#define EXIT_NO_MEMORY   204
#define RANDOM_LIMIT_MAX UINT32_MAX

/* One reference in a line. */
struct reference {
	size_t from, to;
	const char *name;
	size_t name_len;
	const char *args; /* in braces behind the name */
	size_t args_len;
};

/* One line while it is being expanded. */
struct expansion {
	const struct define_table *table;
	const struct define_context *context;
	struct conf_diags *diags;
	const struct lex_line *line;
	struct lex_buf *buf;
	char **tail;
};

/* "$NAME" counts only before a blank, a comma, ")" or the end. */
static bool
parse_bare(const struct lex_buf *buf, size_t at, struct reference *ref)
{
	size_t len = define_name_len(buf->text + at + 1, buf->len - at - 1), end = at + 1 + len;

	if (len == 0 || (end < buf->len && !lex_blank(buf->text[end]) && buf->text[end] != ',' &&
			 buf->text[end] != ')'))
		return false;
	*ref = (struct reference){ at, end, buf->text + at + 1, len, NULL, 0 };
	return true;
}

static bool
parse_braced(const struct lex_buf *buf, size_t at, struct reference *ref)
{
	size_t name_at = at + 2, len = define_name_len(buf->text + name_at, buf->len - name_at);
	size_t args = name_at + len;

	if (len == 0)
		return false;
	const char *close = memchr(buf->text + args, '}', buf->len - args);

	/* Only built-in names take arguments. */
	if (close == NULL || (close != buf->text + args &&
			      (buf->text[name_at] != '_' || !lex_blank(buf->text[args]))))
		return false;
	*ref = (struct reference){ at,
				   (size_t)(close - buf->text) + 1,
				   buf->text + name_at,
				   len,
				   buf->text + args,
				   (size_t)(close - buf->text) - args };
	return memchr(ref->args, '$', ref->args_len) == NULL; /* the inner one first */
}

static bool
named(const struct reference *ref, const char *name)
{
	return ref->name_len == strlen(name) && memcmp(ref->name, name, ref->name_len) == 0;
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13; /* xorshift: no secret depends on it */
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static const char *
random_text(const struct expansion *x, const struct reference *ref, char text[32])
{
	char args[64] = "";
	uint64_t low = 0, high = 32767;

	if (ref->args_len < sizeof(args))
		memcpy(args, ref->args, ref->args_len);
	char *end = args;
	uint64_t first = strtoull(args, &end, 10);

	if (end != args) {
		char *second = end;
		uint64_t value = strtoull(second, &end, 10);

		low = first;
		if (end != second)
			high = value;
	}
	if (low > high || high > RANDOM_LIMIT_MAX) {
		low = 0;
		high = 32767;
	}
	snprintf(text, 32, "%" PRIu64, low + next_random(x->context->random) % (high - low + 1));
	return text;
}

static const char *
environment_text(const struct reference *ref)
{
	char name[256];
	size_t from = 0, to = ref->args_len;

	while (from < to && lex_blank(ref->args[from]))
		from++;
	while (to > from && lex_blank(ref->args[to - 1]))
		to--;
	if (to - from >= sizeof(name))
		return "";
	memcpy(name, ref->args + from, to - from);
	name[to - from] = '\0';
	const char *value = getenv(name);

	return value == NULL ? "" : value;
}

/* NULL: there is no such built-in. */
static const char *
built_in(const struct expansion *x, const struct reference *ref, char text[32])
{
	if (named(ref, "_PWD"))
		return x->context->directory;
	if (named(ref, "_INSTANCE"))
		return x->context->config_id;
	if (named(ref, "_RANDOM"))
		return random_text(x, ref, text);
	if (named(ref, "_ENV"))
		return environment_text(ref);
	if (named(ref, "_HASH"))
		return "#";
	if (named(ref, "_BANG"))
		return "!";
	return NULL;
}

static struct conf_place
place_of(const struct expansion *x, const struct reference *ref)
{
	struct lex_line line = lex_buf_line(x->buf, x->line);

	return lex_place(&line, ref->from, ref->to);
}

/* Lines behind the first one of a definition come before those that wait already. */
static void
push_tail(const struct expansion *x, const char *rest)
{
	char *joined = NULL;

	if (*x->tail == NULL)
		joined = strdup(rest);
	else if (asprintf(&joined, "%s\n%s", rest, *x->tail) < 0)
		joined = NULL;
	if (joined == NULL)
		exit(EXIT_NO_MEMORY);
	free(*x->tail);
	*x->tail = joined;
}

static bool
substitute(const struct expansion *x, const struct reference *ref, const char *text)
{
	const char *newline = strchr(text, '\n');
	size_t len = newline == NULL ? strlen(text) : (size_t)(newline - text);
	struct conf_place place = place_of(x, ref);

	if (newline != NULL) {
		if (x->tail == NULL || ref->to != x->buf->len) {
			conf_diag(x->diags, CONF_ERROR, place, "definition-place",
				  "has to be the last thing on its line", "%.*s has several lines",
				  (int)ref->name_len, ref->name);
			return false;
		}
		push_tail(x, newline + 1);
	}
	if (lex_buf_replace(x->buf, ref->from, ref->to, text, len))
		return true;
	conf_diag(x->diags, CONF_ERROR, place, "line-length", NULL,
		  "the line is longer than %d bytes with its definitions filled in", CONF_LINE_MAX);
	return false;
}

/* The first reference at or behind `at` that has a value. */
static const char *
find_reference(const struct expansion *x, size_t at, struct reference *ref, char text[32])
{
	const struct lex_buf *buf = x->buf;

	while (at < buf->len) {
		const char *dollar = memchr(buf->text + at, '$', buf->len - at);

		if (dollar == NULL)
			return NULL;
		at = (size_t)(dollar - buf->text);
		bool braced = at + 1 < buf->len && buf->text[at + 1] == '{';

		if (braced ? parse_braced(buf, at, ref) : parse_bare(buf, at, ref)) {
			const char *value = NULL;

			if (ref->args_len == 0)
				value = define_get(x->table, ref->name, ref->name_len);
			if (value == NULL && braced && ref->name[0] == '_')
				value = built_in(x, ref, text);
			if (value != NULL)
				return value;
		}
		at++;
	}
	return NULL;
}

static void
warn_unknown(const struct expansion *x)
{
	struct reference ref;

	for (size_t at = 0; at + 1 < x->buf->len; at++) {
		if (x->buf->text[at] == '$' && x->buf->text[at + 1] == '{' &&
		    parse_braced(x->buf, at, &ref))
			conf_diag(x->diags, CONF_WARNING, place_of(x, &ref), "definition-unknown",
				  "stays as it is", "there is no definition of %.*s",
				  (int)ref.name_len, ref.name);
	}
}

bool
define_expand(const struct define_table *table, const struct define_context *context,
	      struct conf_diags *diags, const struct lex_line *line, struct lex_buf *buf,
	      char **tail)
{
	struct expansion x = { table, context, diags, line, buf, tail };
	struct reference ref;
	char text[32];
	const char *value;

	for (size_t done = 0; (value = find_reference(&x, 0, &ref, text)) != NULL; done++) {
		if (done == CONF_EXPANSIONS_MAX) {
			conf_diag(diags, CONF_ERROR, place_of(&x, &ref), "definition-loop", NULL,
				  "more than %d substitutions on a line: does %.*s use itself?",
				  CONF_EXPANSIONS_MAX, (int)ref.name_len, ref.name);
			return false;
		}
		if (!substitute(&x, &ref, value))
			return false;
	}
	warn_unknown(&x);
	return true;
}
