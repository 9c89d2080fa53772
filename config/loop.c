/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heads of loops. Running them is read.c's. */
#include "config/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/define.h"

#define SEQ_NUMBERS_MAX 3
#define NUMBER_TEXT_MAX 32
#define NUMBER_MAX      (INT64_C(1) << 53) /* far from overflow in every sum below */

static size_t
keyword_len(const struct lex_line *line)
{
	static const char *const keywords[] = { "~SEQx", "~SEQ", "~LST" };

	for (size_t i = 0; i < HF_COUNT_OF(keywords); i++) {
		size_t len = strlen(keywords[i]);

		if (line->len > len && memcmp(line->text, keywords[i], len) == 0 &&
		    line->text[len] == '(')
			return len;
	}
	return 0;
}

bool
loop_is(const struct lex_line *line, size_t *head_len)
{
	if (line->len == 0 || line->text[0] != '~' || keyword_len(line) == 0)
		return false;
	const char *close = memchr(line->text, ')', line->len);

	*head_len = close == NULL ? 0 : (size_t)(close - line->text) + 1;
	return true;
}

static struct loop_text
trimmed(struct loop_text text)
{
	while (text.len > 0 && lex_blank(text.text[0])) {
		text.text++;
		text.len--;
	}
	while (text.len > 0 && lex_blank(text.text[text.len - 1]))
		text.len--;
	return text;
}

/* Cuts the next item off *rest at a comma outside braces. False: nothing is left. */
static bool
next_item(struct loop_text *rest, struct loop_text *item)
{
	size_t depth = 0, at = 0;

	if (rest->text == NULL)
		return false;
	for (; at < rest->len; at++) {
		char c = rest->text[at];

		if (c == ',' && depth == 0)
			break;
		if (c == '{')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
	}
	*item = trimmed((struct loop_text){ rest->text, at });
	if (at == rest->len)
		rest->text = NULL;
	else
		*rest = (struct loop_text){ rest->text + at + 1, rest->len - at - 1 };
	return true;
}

/* The inside of "{..}", or the text itself. */
static struct loop_text
unbraced(struct loop_text text)
{
	if (text.len >= 2 && text.text[0] == '{' && text.text[text.len - 1] == '}')
		return (struct loop_text){ text.text + 1, text.len - 2 };
	return text;
}

static bool
bad(struct conf_diags *diags, const struct lex_line *head, struct loop_text where, const char *what,
    const char *expected)
{
	size_t from = where.text == NULL ? 0 : (size_t)(where.text - head->text);
	size_t to = where.text == NULL ? head->len : from + where.len;

	conf_diag(diags, CONF_ERROR, lex_place(head, from, to), "loop-syntax", expected, "%s",
		  what);
	return false;
}

static bool
parse_number(struct loop_text item, int64_t *out)
{
	char text[NUMBER_TEXT_MAX], *end;

	if (item.len == 0 || item.len >= sizeof(text))
		return false;
	memcpy(text, item.text, item.len);
	text[item.len] = '\0';
	errno = 0;
	*out = strtoll(text, &end, 0);
	return errno == 0 && *end == '\0' && *out<NUMBER_MAX && * out> - NUMBER_MAX;
}

static bool
parse_vars(struct conf_diags *diags, const struct lex_line *head, struct loop_text vars,
	   struct loop *loop)
{
	struct loop_text rest = unbraced(vars), item;

	while (next_item(&rest, &item)) {
		if (item.len == 0 || define_name_len(item.text, item.len) != item.len)
			return bad(diags, head, item, "this cannot be the name of a variable",
				   "expected letters, digits or _");
		if (loop->n_vars == LOOP_VARS_MAX)
			return bad(diags, head, item, "too many variables in a loop",
				   "expected at most " HF_STRINGIFY(LOOP_VARS_MAX));
		loop->vars[loop->n_vars++] = item;
	}
	return loop->n_vars > 0;
}

static bool
parse_sequence(struct conf_diags *diags, const struct lex_line *head, struct loop_text rest,
	       struct loop *loop)
{
	static const char expected[] = "expected ~SEQ(VAR, [START, [STEP,]] END)";
	int64_t numbers[SEQ_NUMBERS_MAX] = { 0 };
	struct loop_text item;
	size_t n = 0;

	while (next_item(&rest, &item)) {
		if (n == SEQ_NUMBERS_MAX || !parse_number(item, &numbers[n]))
			return bad(diags, head, item, "a sequence takes one to three whole numbers",
				   expected);
		n++;
	}
	if (n == 0)
		return bad(diags, head, (struct loop_text){ 0 }, "a sequence without an end",
			   expected);
	int64_t end = numbers[n - 1];

	loop->start = n > 1 ? numbers[0] : (end < 0 ? -1 : 1);
	loop->step = n > 2 ? numbers[1] : (end < loop->start ? -1 : 1);
	if (n == 1 && end == 0)
		loop->step = 1; /* nothing to count */
	if (loop->step == 0)
		return bad(diags, head, (struct loop_text){ 0 }, "a step of 0 never ends", NULL);
	int64_t distance = loop->step > 0 ? end - loop->start : loop->start - end;
	int64_t step = loop->step > 0 ? loop->step : -loop->step;

	loop->count = distance < 0 ? 0 : (size_t)(distance / step) + 1;
	return true;
}

static bool
parse_list(struct conf_arena *arena, struct conf_diags *diags, const struct lex_line *head,
	   struct loop_text rest, struct loop *loop)
{
	struct loop_text *values = NULL, item;
	size_t n = 0;

	while (next_item(&rest, &item)) {
		struct loop_text members = loop->n_vars > 1 ? unbraced(item) : item, member;
		size_t got = 0;

		for (; next_item(&members, &member); got++) {
			if (got == loop->n_vars)
				return bad(diags, head, item, "more values than variables", NULL);
			values = conf_arena_grow(arena, values, n, sizeof(*values));
			values[n++] = member;
		}
		for (; got < loop->n_vars; got++) {
			values = conf_arena_grow(arena, values, n, sizeof(*values));
			values[n++] = (struct loop_text){ "", 0 };
		}
		loop->count++;
	}
	loop->values = values;
	return true;
}

bool
loop_parse(struct conf_arena *arena, struct conf_diags *diags, const struct lex_line *head,
	   struct loop *loop)
{
	size_t len = keyword_len(head);
	struct loop_text rest, vars;

	*loop = (struct loop){ 0 };
	if (len == 0 || head->text[head->len - 1] != ')')
		return bad(diags, head, (struct loop_text){ 0 }, "the head of this loop is broken",
			   NULL);
	loop->is_list = head->text[1] == 'L';
	loop->hex = head->text[len - 1] == 'x';
	rest = (struct loop_text){ head->text + len + 1, head->len - len - 2 };
	next_item(&rest, &vars);
	if (!parse_vars(diags, head, vars, loop))
		return false;
	if (loop->is_list)
		return parse_list(arena, diags, head, rest, loop);
	if (loop->n_vars != 1)
		return bad(diags, head, vars, "a sequence counts one variable", NULL);
	return parse_sequence(diags, head, rest, loop);
}

struct loop_text
loop_value(const struct loop *loop, size_t turn, size_t var, char buf[32])
{
	if (loop->is_list)
		return loop->values[turn * loop->n_vars + var];
	int64_t number = loop->start + (int64_t)turn * loop->step;
	int len = loop->hex ? snprintf(buf, 32, "%s%" PRIx64, number < 0 ? "-" : "",
				       (uint64_t)(number < 0 ? -number : number))
			    : snprintf(buf, 32, "%" PRId64, number);

	return (struct loop_text){ buf, (size_t)len };
}
