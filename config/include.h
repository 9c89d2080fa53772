/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding and loading files. Private to the reading half of config/. */
#ifndef CONF_INCLUDE_H
#define CONF_INCLUDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/lex.h"

#define INCLUDE_PATTERNS_MAX 1024 /* patterns that the braces of one include may make */

/* What has to be there; else it is an error. */
enum include_check {
	INCLUDE_READ = 1,     /* a match can be read and is a plain file */
	INCLUDE_MATCH = 2,    /* a literal name exists */
	INCLUDE_WILDCARD = 4, /* a wildcard matches something */
	INCLUDE_BRACE = 8,    /* each alternative in braces exists */
	INCLUDE_ALL = 15,
};

/* Is the line an include in one of its forms? Sets the checks that the form asks for and the length
 * of the keyword. */
bool include_is(const struct lex_line *line, unsigned *checks, size_t *keyword_len);

/* Reads the words of include_check ("+match -read"); false: this one is unknown. */
bool include_check_word(const char *word, unsigned *checks);

/* One pattern and its files, in order. */
struct include_match {
	const char *pattern;
	bool wildcard, braced;
	size_t n_paths;
	const char *const *paths;
};

/* All files that the pattern names, from the arena; relative ones below directory. Returns how many
 * patterns its braces made, with one result for each; 0: more than INCLUDE_PATTERNS_MAX. */
size_t include_find(struct conf_arena *arena, const char *directory, const char *pattern,
		    const struct include_match **results);

struct include_file {
	char *text; /* from malloc() */
	size_t len;
	dev_t device;
	ino_t inode;
	bool executable;
};

/* Reads a whole regular file. Returns NULL, or a constant phrase why not; error gets errno or 0. */
const char *include_load(const char *path, struct include_file *file, int *error);

#endif
