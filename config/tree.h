/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text to tree. conf_read() does all of keepalived's preprocessing (comments, quotes, braces
 * anywhere, "@id" conditions, $definitions, ~SEQ and ~LST loops, includes) and hands over one root
 * statement at a time, so that memory grows with the largest block and not with the file. What a
 * statement means is not known here: see keyword.h.
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/arena.h"
#include "config/diag.h"

#define CONF_LINE_MAX          65536      /* bytes of a line, before and after expansion */
#define CONF_FILE_MAX          (1u << 28) /* bytes of a file */
#define CONF_INCLUDE_DEPTH_MAX 64
#define CONF_BLOCK_DEPTH_MAX   16
#define CONF_FILES_MAX         65536 /* files read, repetitions counted */
#define CONF_EXPANSIONS_MAX    1000  /* substitutions on one line: a definition that uses itself */
#define CONF_MADE_LINES_MAX    1000000    /* lines that loops and definitions may make */
#define CONF_MADE_BYTES_MAX    (1u << 26) /* and their bytes */

enum conf_word_flags {
	CONF_WORD_QUOTED = 1,   /* stood in double quotes */
	CONF_WORD_EXPANDED = 2, /* came from a definition, at least in part */
	CONF_WORD_UNCLOSED = 4, /* its closing quote is missing */
};

struct conf_word {
	const char *text; /* without quotes, ends with NUL */
	uint32_t column;  /* of its first byte (the quote, or the "$" it came from) */
	uint16_t length;  /* bytes to underline */
	uint16_t flags;
};

/* One statement: a line, or the part of a line between braces, and its block. */
struct conf_node {
	const struct conf_word *words; /* words[0] is the keyword; the others its arguments */
	size_t n_words;                /* at least 1 */
	const char *raw;               /* the text after the keyword as written, expanded, trimmed:
					  for scripts and patterns */
	uint32_t raw_column;
	uint32_t file, line;
	bool has_block;          /* "{" followed */
	uint32_t end_line;       /* of its "}" (0: no block, or closed by the end of the text) */
	struct conf_node *first; /* statements of its block */
	struct conf_node *next;  /* the statement behind it */
};

struct conf_read_options {
	const char *path; /* file or glob; with text: only the name for messages */
	const char *text; /* NULL: read path. Else text_len bytes to read instead */
	size_t text_len;
	const char *
		config_id; /* for "@id" and ${_INSTANCE}; NULL: the host name up to the first dot */
	bool strict_include; /* every include problem is an error ("includea") */
	/*
	 * Only comments, quotes and braces count: no includes, conditions, definitions or loops,
	 * and a backslash in quotes protects the next byte (\n is a new line). For text that
	 * conf_print_word() wrote.
	 */
	bool plain;
};

/*
 * Called for each root statement, in order, after its whole block has been read. The node and all
 * its texts are gone after the call: copy what is needed.
 */
typedef void conf_root_fn(void *arg, const struct conf_node *node);

/*
 * Reads it all; problems go to diags. Returns false when a file could not be read or braces do not
 * match up, and what each() was given is only part of the configuration.
 */
bool conf_read(const struct conf_read_options *options, struct conf_diags *diags,
	       conf_root_fn *each, void *arg);

/* Places for diagnostics: of a word, of the keyword, of everything after the keyword. */
struct conf_place conf_node_place(const struct conf_node *node, size_t word);
struct conf_place conf_keyword_place(const struct conf_node *node);
struct conf_place conf_raw_place(const struct conf_node *node);

/* The n-th argument (1 is the first behind the keyword), or NULL. */
const char *conf_node_arg(const struct conf_node *node, size_t n);

/* Writes text as one word that the plain mode of conf_read() reads back to the same bytes. */
void conf_print_word(FILE *out, const char *text);

#endif
