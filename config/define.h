/* SPDX-License-Identifier: GPL-2.0-or-later */
/* $definitions: kept unexpanded, substituted where they are used. Private to the reading half of
 * config/. */
#ifndef CONF_DEFINE_H
#define CONF_DEFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/diag.h"
#include "config/lex.h"

struct define_table;

struct define_table *define_table_new(void);
void define_table_free(struct define_table *table);

/* Sets (or with text NULL: removes) a definition; text is copied. A text of several lines has '\n'
 * between them. */
void define_set(struct define_table *table, const char *name, size_t name_len, const char *text,
		size_t text_len);

/* The text, or NULL. It stays as it is until the name is set again. */
const char *define_get(const struct define_table *table, const char *name, size_t name_len);

/* Bytes of a name at the start of text (letters, digits, "_"). */
size_t define_name_len(const char *text, size_t len);

/* Does the line define something? Sets the length of the name; the text begins behind "$NAME=". */
bool define_is_definition(const struct lex_line *line, size_t *name_len);

/* What ${_PWD} and its like need. */
struct define_context {
	const char *directory;
	const char *config_id;
	uint64_t *random;
};

/*
 * Substitutes everything in buf (loaded from `line`) until nothing changes. When the line ends in a
 * definition of several lines, *tail becomes a malloc'd copy of those behind its first. Returns
 * false after a diagnostic: the line is then to be dropped.
 */
bool define_expand(const struct define_table *table, const struct define_context *context,
		   struct conf_diags *diags, const struct lex_line *line, struct lex_buf *buf,
		   char **tail);

#endif
