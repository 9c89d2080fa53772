/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader at work. Private to read.c (files) and read_line.c (what a line does). */
#ifndef CONF_READ_STATE_H
#define CONF_READ_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/define.h"
#include "config/lex.h"
#include "config/tree.h"
#include "config/tree_build.h"

#define EXIT_NO_MEMORY 204

/* A file that is being read. */
struct frame {
	struct frame *above; /* the file that includes it */
	uint32_t file;
	const char *directory; /* as its path was given; "" is the working directory */
	const char *pwd;       /* the same, absolute */
	dev_t device;
	ino_t inode;
	bool in_memory;
	unsigned checks; /* set by include_check, until the end of the file */
};

struct reader {
	const struct conf_read_options *options;
	struct conf_diags *diags;
	struct conf_arena *arena; /* names of files and the like */
	struct define_table *defines;
	struct tree_builder *builder;
	struct frame *top;
	size_t depth, n_files;
	const char *config_id;
	uint64_t random;
	/* A definition of several lines, while its lines come in. */
	bool collecting, discarding;
	struct conf_place collecting_place;
	const char *collected_name;
	char *collected;
	size_t collected_len;
	size_t made_lines, made_bytes; /* by loops and definitions, of all files */
	bool made_too_much;
	bool failed;
};

/* A line without its comment. depth counts the lines that made it. */
void read_process(struct reader *reader, const struct lex_line *line, size_t depth);

/* A line of plain text: statements and braces. */
void read_feed(struct reader *reader, const struct lex_line *line);

/* The file ends: so does a definition that waits for another line. */
void read_end_definition(struct reader *reader);

/* "include PATTERN" in the form that asks for these checks; the keyword has keyword_len bytes. */
void read_include(struct reader *reader, const struct lex_line *line, unsigned checks,
		  size_t keyword_len);

/* "include_check [+-]WORD..": from here to the end of the file. */
void read_include_check(struct reader *reader, const struct lex_line *line);

#endif
