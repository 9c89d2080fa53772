/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns of include lines, and loading files. What an error is, and what is read when, is
 * read.c's. */
#include "config/include.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *keyword;
	unsigned checks;
} forms[] = {
	{ "include", 0 },
	{ "includer", INCLUDE_READ },
	{ "includem", INCLUDE_READ | INCLUDE_MATCH },
	{ "includew", INCLUDE_READ | INCLUDE_MATCH | INCLUDE_WILDCARD },
	{ "includeb", INCLUDE_READ | INCLUDE_BRACE },
	{ "includea", INCLUDE_ALL },
};

bool
include_is(const struct lex_line *line, unsigned *checks, size_t *keyword_len)
{
	if (line->len < strlen("include") || line->text[0] != 'i')
		return false;
	for (size_t i = 0; i < HF_COUNT_OF(forms); i++) {
		if (lex_first_word_is(line, forms[i].keyword)) {
			*checks = forms[i].checks;
			*keyword_len = strlen(forms[i].keyword);
			return true;
		}
	}
	return false;
}

bool
include_check_word(const char *word, unsigned *checks)
{
	static const struct {
		const char *word;
		unsigned check;
	} words[] = {
		{ "read", INCLUDE_READ },
		{ "match", INCLUDE_MATCH },
		{ "wildcard_match", INCLUDE_WILDCARD },
		{ "brace_match", INCLUDE_BRACE },
	};
	bool off = word[0] == '-';

	if (off || word[0] == '+')
		word++;
	for (size_t i = 0; i < HF_COUNT_OF(words); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		*checks = off ? *checks & ~words[i].check : *checks | words[i].check;
		return true;
	}
	return false;
}

/* The byte behind the brace that closes the one at open, or NULL. */
static const char *
brace_end(const char *open)
{
	int depth = 0;

	for (const char *at = open; *at != '\0'; at++) {
		if (*at == '{')
			depth++;
		else if (*at == '}' && --depth == 0)
			return at + 1;
	}
	return NULL;
}

struct patterns {
	struct conf_arena *arena;
	const char **list;
	size_t n;
	bool overflow;
};

/*
 * Adds the pattern with its alternatives filled in. The list is its own work queue: a pattern with
 * braces is replaced by one for each alternative, in place and in order.
 */
static void
split_braces(struct patterns *patterns, size_t index)
{
	const char *pattern = patterns->list[index], *open = strchr(pattern, '{');
	const char *end = brace_end(open), *start = open + 1;
	size_t added = 0;
	int depth = 0;

	for (const char *at = start; at < end; at++) {
		bool last = at + 1 == end;

		if (!last && (*at == '{' || *at == '}'))
			depth += *at == '{' ? 1 : -1;
		if (!last && (*at != ',' || depth > 0))
			continue;
		if (patterns->n >= INCLUDE_PATTERNS_MAX) {
			patterns->overflow = true;
			return;
		}
		const char *one =
			conf_arena_printf(patterns->arena, "%.*s%.*s%s", (int)(open - pattern),
					  pattern, (int)(at - start), start, end);

		if (added > 0) {
			memmove(&patterns->list[index + added + 1], &patterns->list[index + added],
				(patterns->n - index - added) * sizeof(*patterns->list));
			patterns->n++;
		}
		patterns->list[index + added++] = one;
		start = at + 1;
	}
}

static bool
has_braces(const char *pattern)
{
	const char *open = strchr(pattern, '{');

	return open != NULL && brace_end(open) != NULL;
}

static bool
expand_braces(struct patterns *patterns, const char *pattern)
{
	patterns->list = conf_arena_alloc(patterns->arena,
					  (INCLUDE_PATTERNS_MAX + 1) * sizeof(*patterns->list));
	patterns->list[0] = pattern;
	patterns->n = 1;
	/* Each split takes one pair of braces away from every pattern that it makes. */
	for (size_t i = 0; i < patterns->n && !patterns->overflow;) {
		if (has_braces(patterns->list[i]))
			split_braces(patterns, i);
		else
			i++;
	}
	return !patterns->overflow;
}

/* directory/pattern, with the directory's own special bytes protected; "" is where we are. */
static const char *
below(struct conf_arena *arena, const char *directory, const char *pattern)
{
	if (pattern[0] == '/' || directory[0] == '\0')
		return pattern;
	char *full = conf_arena_alloc(arena, strlen(directory) * 2 + 1 + strlen(pattern) + 1);
	char *to = full;

	for (const char *from = directory; *from != '\0'; from++) {
		if (strchr("*?[]\\", *from) != NULL)
			*to++ = '\\';
		*to++ = *from;
	}
	if (to[-1] != '/')
		*to++ = '/';
	memcpy(to, pattern, strlen(pattern) + 1);
	return full;
}

size_t
include_find(struct conf_arena *arena, const char *directory, const char *pattern,
	     const struct include_match **results)
{
	struct patterns patterns = { .arena = arena };

	if (!expand_braces(&patterns, pattern))
		return 0;
	struct include_match *matches = conf_arena_alloc(arena, patterns.n * sizeof(*matches));

	for (size_t i = 0; i < patterns.n; i++) {
		glob_t found = { 0 };
		const char **paths = NULL;
		size_t n = 0;

		if (glob(below(arena, directory, patterns.list[i]), 0, NULL, &found) == 0) {
			for (; n < found.gl_pathc; n++) {
				paths = conf_arena_grow(arena, paths, n, sizeof(*paths));
				paths[n] = conf_arena_str(arena, found.gl_pathv[n]);
			}
		}
		globfree(&found);
		matches[i] = (struct include_match){
			.pattern = patterns.list[i],
			.wildcard = strpbrk(patterns.list[i], "*?[") != NULL,
			.braced = patterns.n > 1,
			.n_paths = n,
			.paths = paths,
		};
	}
	*results = matches;
	return patterns.n;
}

/* Reads what the open file holds now, at most CONF_FILE_MAX bytes. */
static const char *
slurp(int fd, size_t size_hint, struct include_file *file, int *error)
{
	size_t cap = size_hint + 1, len = 0;
	char *text = NULL;

	for (;;) {
		char *wider = realloc(text, cap);

		if (wider == NULL) {
			*error = ENOMEM;
			break;
		}
		text = wider;
		ssize_t got = read(fd, text + len, cap - len);

		if (got == 0) {
			file->text = text;
			file->len = len;
			return NULL;
		}
		if (got < 0 && errno != EINTR) {
			*error = errno;
			break;
		}
		len += got > 0 ? (size_t)got : 0;
		if (len > CONF_FILE_MAX) {
			free(text);
			return "is too large";
		}
		cap = len + 1 < cap ? cap : cap * 2;
	}
	free(text);
	return "cannot be read";
}

const char *
include_load(const char *path, struct include_file *file, int *error)
{
	/* Not blocking: a FIFO must not hold us up before we see that it is one. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why;
	struct stat st;

	*error = 0;
	if (fd < 0) {
		*error = errno;
		return "cannot be opened";
	}
	if (fstat(fd, &st) < 0) {
		*error = errno;
		why = "cannot be read";
	} else if (S_ISDIR(st.st_mode)) {
		why = "is a directory, not a file";
	} else if (!S_ISREG(st.st_mode)) {
		why = "is not a regular file";
	} else if (st.st_size > (off_t)CONF_FILE_MAX) {
		why = "is too large";
	} else {
		file->device = st.st_dev;
		file->inode = st.st_ino;
		file->executable = (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
		why = slurp(fd, (size_t)st.st_size, file, error);
	}
	close(fd);
	return why;
}
