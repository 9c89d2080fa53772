/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines and words, each byte with the place it came from. Private to the reading half of config/:
 * the tree is what others see.
 */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/diag.h"
#include "config/tree.h"

#define LEX_WORDS_MAX 4096 /* words of one statement */

/* Where a byte stood in its line of the file. column 0: in the same column as in the text. */
struct lex_origin {
	uint32_t column;
	uint16_t length;
	bool expanded;
};

/* A line (or a part of one) at work: not NUL-terminated. */
struct lex_line {
	const char *text;
	size_t len;
	const struct lex_origin *origin; /* one for each byte; NULL: see below */
	struct lex_origin whole;         /* column above 0: holds for every byte */
	uint32_t first_column;           /* else byte i stood in column first_column + i */
	uint32_t file, line;
};

/* A line that can be edited. */
struct lex_buf {
	char *text;
	struct lex_origin *origin;
	size_t len, cap;
};

void lex_buf_load(struct lex_buf *buf, const struct lex_line *line);
/* Replaces bytes from..to by text; its bytes stem from where those stood. False: would be longer
 * than CONF_LINE_MAX. */
bool lex_buf_replace(struct lex_buf *buf, size_t from, size_t to, const char *text, size_t len);
void lex_buf_free(struct lex_buf *buf);
/* The buffer as a line with the file and line of the one it was loaded from. */
struct lex_line lex_buf_line(const struct lex_buf *buf, const struct lex_line *of);

struct lex_origin lex_origin_of(const struct lex_line *line, size_t at);
struct conf_place lex_place(const struct lex_line *line, size_t from, size_t to);
struct lex_line lex_part(const struct lex_line *line, size_t from, size_t to);
struct lex_line lex_trim(const struct lex_line *line);
bool lex_blank(char c);

/* Is the first word exactly this one? */
bool lex_first_word_is(const struct lex_line *line, const char *word);

/* Cuts a comment off; \# and \! become # and ! (in buf, which line then points into). */
void lex_uncomment(struct lex_line *line, struct lex_buf *buf, bool plain);

/* The next brace outside quotes at or behind `from`; line->len when there is none. */
size_t lex_find_brace(const struct lex_line *line, size_t from, bool plain);

/* Splits into at most LEX_WORDS_MAX words, copied into the arena. Returns how many there are (more
 * than LEX_WORDS_MAX: the rest was left out). */
size_t lex_words(const struct lex_line *line, bool plain, struct conf_arena *arena,
		 struct conf_word words[LEX_WORDS_MAX]);

#endif
