/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splitting as a shell would, without any expansion. */
#include "config/shell_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct splitter {
	const char *text;
	size_t at;
	enum conf_shell_mode mode;
	char *out; /* as long as the text is enough: nothing gets longer */
	size_t len;
};

static void
put(struct splitter *s, char c)
{
	s->out[s->len++] = c;
}

static unsigned
hex_digit(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0')
					 : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

/* "\xHH": one or two digits; without any it is an x. */
static void
decode_hex(struct splitter *s)
{
	unsigned value = 0, digits = 0;

	while (digits < 2 && isxdigit((unsigned char)s->text[s->at])) {
		value = value * 16 + hex_digit(s->text[s->at++]);
		digits++;
	}
	if (digits == 0)
		put(s, 'x');
	else
		put(s, (char)value);
}

static void
decode_octal(struct splitter *s)
{
	unsigned value = 0;

	for (int digits = 0; digits < 3; digits++) {
		char c = s->text[s->at];

		if (c < '0' || c > '7')
			break;
		value = value * 8 + (unsigned)(c - '0');
		s->at++;
	}
	put(s, (char)(value & 0xff));
}

/* s->at is behind the backslash, at a byte that is not the end. */
static void
decode_escape(struct splitter *s)
{
	static const char letters[] = "abEfnrtv", values[] = "\a\b\033\f\n\r\t\v";
	char c = s->text[s->at];
	const char *letter = strchr(letters, c);

	if (c >= '0' && c <= '7') {
		decode_octal(s);
		return;
	}
	s->at++;
	if (c == 'x') {
		decode_hex(s);
	} else if (c == 'c' && s->text[s->at] != '\0') {
		put(s, (char)(toupper((unsigned char)s->text[s->at++]) ^ 0x40));
	} else if (letter == NULL) {
		put(s, c);
	} else {
		put(s, values[letter - letters]);
	}
}

static void
take_escape(struct splitter *s)
{
	if (s->text[s->at + 1] == '\0') {
		put(s, '\\');
		s->at++;
		return;
	}
	if (s->mode == CONF_SHELL_DECODE) {
		s->at++;
		decode_escape(s);
		return;
	}
	put(s, s->text[s->at++]);
	put(s, s->text[s->at++]);
}

/* From an opening quote to behind the closing one; false when there is none. */
static bool
take_quoted(struct splitter *s)
{
	char quote = s->text[s->at++];

	while (s->text[s->at] != quote) {
		if (s->text[s->at] == '\0')
			return false;
		if (s->text[s->at] == '\\' && quote == '"')
			take_escape(s);
		else
			put(s, s->text[s->at++]);
	}
	s->at++;
	return true;
}

static bool
take_word(struct splitter *s)
{
	for (;;) {
		char c = s->text[s->at];

		if (c == '\0' || isspace((unsigned char)c))
			return true;
		if (c == '"' || c == '\'') {
			if (!take_quoted(s))
				return false;
		} else if (c == '\\') {
			take_escape(s);
		} else {
			put(s, c);
			s->at++;
		}
	}
}

const char *
conf_shell_split(struct conf_arena *arena, const char *text, enum conf_shell_mode mode,
		 struct conf_shell_words *out, uint32_t *bad_at)
{
	struct splitter s = { .text = text, .mode = mode };
	const char **words = NULL;
	uint32_t *at = NULL, *length = NULL;
	size_t n = 0;

	s.out = conf_arena_alloc(arena, strlen(text) + 1);
	for (;;) {
		while (isspace((unsigned char)text[s.at]))
			s.at++;
		size_t start = s.at;

		*bad_at = (uint32_t)start;
		if (text[start] == '\0')
			break;
		if (n == CONF_SHELL_WORDS_MAX)
			return "too many words";
		s.len = 0;
		if (!take_word(&s))
			return "missing closing quote";
		if (memchr(s.out, '\0', s.len) != NULL)
			return "a NUL byte cannot be part of an argument";
		words = conf_arena_grow(arena, words, n, sizeof(*words));
		at = conf_arena_grow(arena, at, n, sizeof(*at));
		length = conf_arena_grow(arena, length, n, sizeof(*length));
		words[n] = conf_arena_strn(arena, s.out, s.len);
		at[n] = (uint32_t)start;
		length[n] = (uint32_t)(s.at - start);
		n++;
	}
	*out = (struct conf_shell_words){ .n = n, .words = words, .at = at, .length = length };
	return NULL;
}
