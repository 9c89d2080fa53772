/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shell-like rule for script and pattern lines: both kinds of quotes, joined pieces,
 * backslashes. The text is a node's raw text, or one word of it.
 */
#ifndef CONF_SHELL_WORDS_H
#define CONF_SHELL_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"

#define CONF_SHELL_WORDS_MAX 256

enum conf_shell_mode {
	CONF_SHELL_KEEP, /* backslashes stay (they still protect quotes): first pass over a line */
	CONF_SHELL_DECODE, /* \xHH \ooo \cX \a \b \E \f \n \r \t \v are decoded, \other is other */
};

struct conf_shell_words {
	size_t n;
	const char *const *words;
	const uint32_t *at;     /* byte of the text where each begins */
	const uint32_t *length; /* bytes of the text that each takes, quotes included */
};

/* Returns NULL, or what is wrong with the text (a constant) and sets *bad_at to the byte. */
const char *conf_shell_split(struct conf_arena *arena, const char *text, enum conf_shell_mode mode,
			     struct conf_shell_words *out, uint32_t *bad_at);

#endif
