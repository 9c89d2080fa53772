/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ~SEQ and ~LST: their heads, read into values. Private to the reading half of config/. */
#ifndef CONF_LOOP_H
#define CONF_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/lex.h"

#define LOOP_VARS_MAX 32

struct loop_text {
	const char *text; /* not NUL-terminated */
	size_t len;
};

struct loop {
	size_t n_vars;
	struct loop_text vars[LOOP_VARS_MAX];
	size_t count; /* turns */
	/* ~SEQ */
	bool is_list, hex;
	int64_t start, step;
	/* ~LST: count rows of n_vars values */
	const struct loop_text *values;
};

/* Is the line a loop? Sets the length of its head, "~SEQ(...)"; 0: the head is never closed. */
bool loop_is(const struct lex_line *line, size_t *head_len);

/* Reads the head, after its definitions were filled in. False after a diagnostic. The texts point
 * into the head and the arena. */
bool loop_parse(struct conf_arena *arena, struct conf_diags *diags, const struct lex_line *head,
		struct loop *loop);

/* The value of a variable in a turn; buf is used for numbers. */
struct loop_text loop_value(const struct loop *loop, size_t turn, size_t var, char buf[32]);

#endif
