/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_read(): from files to lines, and files that include files.
 * Elsewhere: what a line does (read_line.c), its syntax (lex.c), definitions (define.c, expand.c),
 * heads of loops (loop.c), patterns and loading (include.c), the tree (tree.c).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config/include.h"
#include "config/read_state.h"

static void read_matches(struct reader *reader, const char *pattern, unsigned checks,
			 struct conf_place place);

/* --- includes --- */

static void
include_problem(struct reader *reader, bool strict, struct conf_place place, const char *code,
		const char *path, const char *why)
{
	conf_diag(reader->diags, strict ? CONF_UNREADABLE : CONF_WARNING, place, code, NULL,
		  "%s %s", path, why);
	if (strict)
		reader->failed = true;
}

void
read_include(struct reader *reader, const struct lex_line *line, unsigned checks,
	     size_t keyword_len)
{
	struct lex_line pattern = lex_part(line, keyword_len, line->len);

	pattern = lex_trim(&pattern);
	struct conf_place place = lex_place(&pattern, 0, pattern.len);

	if (pattern.len >= 2 && pattern.text[0] == '"' && pattern.text[pattern.len - 1] == '"')
		pattern = lex_part(&pattern, 1, pattern.len - 1);
	if (pattern.len == 0 || pattern.len >= PATH_MAX ||
	    memchr(pattern.text, '\0', pattern.len)) {
		conf_diag(reader->diags, CONF_ERROR, place, "include-pattern",
			  "expected a file name or pattern", "include of %s",
			  pattern.len == 0 ? "nothing" : "something that cannot be a file name");
		return;
	}
	if (reader->top->in_memory) {
		include_problem(reader, true, place, "file-unreadable", "include",
				"is impossible in a text that is no file");
		return;
	}
	checks |= reader->top->checks;
	if (reader->options->strict_include)
		checks |= INCLUDE_ALL;
	read_matches(reader, conf_arena_strn(reader->arena, pattern.text, pattern.len), checks,
		     place);
}

void
read_include_check(struct reader *reader, const struct lex_line *line)
{
	struct lex_line rest = lex_part(line, strlen("include_check"), line->len);
	unsigned checks = 0;
	size_t n = 0, at = 0;

	while (at < rest.len) {
		char word[32] = "";
		size_t from = at, len = 0;

		while (from < rest.len && lex_blank(rest.text[from]))
			from++;
		for (at = from; at < rest.len && !lex_blank(rest.text[at]); at++) {
			if (len + 1 < sizeof(word))
				word[len++] = rest.text[at];
		}
		if (at == from)
			break;
		if (n++ == 0 && (word[0] == '+' || word[0] == '-'))
			checks = reader->top->checks;
		if (!include_check_word(word, &checks))
			conf_diag(reader->diags, CONF_WARNING, lex_place(&rest, from, at),
				  "value-unknown",
				  "expected read, match, wildcard_match or brace_match",
				  "include_check %s is unknown", word);
	}
	reader->top->checks = n == 0 ? INCLUDE_ALL : checks;
}

/* --- files --- */

static void
read_line(struct reader *reader, struct lex_line *line, struct lex_buf *buf)
{
	bool plain = reader->options->plain;

	if (line->len > CONF_LINE_MAX) {
		struct conf_place place = { line->file, line->line, 1, 1 };

		conf_diag(reader->diags, CONF_ERROR, place, "line-length", NULL,
			  "the line has %zu bytes, at most %d are possible; it is left out",
			  line->len, CONF_LINE_MAX);
		return;
	}
	const char *nul = memchr(line->text, '\0', line->len);

	if (nul != NULL) {
		size_t at = (size_t)(nul - line->text);

		conf_diag(reader->diags, CONF_ERROR, lex_place(line, at, at + 1), "line-nul", NULL,
			  "a NUL byte; the line is left out");
		return;
	}
	lex_uncomment(line, buf, plain);
	if (plain)
		read_feed(reader, line);
	else
		read_process(reader, line, 0);
}

static void
read_lines(struct reader *reader, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	struct lex_buf buf = { 0 };

	for (uint32_t number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline == NULL ? end : newline;
		struct lex_line line = {
			.text = at,
			.len = (size_t)(stop - at),
			.first_column = 1,
			.file = reader->top->file,
			.line = number,
		};

		if (number == 1 && line.len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
			line = lex_part(&line, 3, line.len); /* byte order mark of UTF-8 */
		read_line(reader, &line, &buf);
		at = stop + 1;
	}
	lex_buf_free(&buf);
	read_end_definition(reader);
}

static const char *
directory_of(struct reader *reader, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return "";
	return conf_arena_strn(reader->arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *
absolute(struct reader *reader, const char *directory)
{
	char *full = realpath(directory[0] == '\0' ? "." : directory, NULL);
	const char *pwd = conf_arena_str(reader->arena, full == NULL ? directory : full);

	free(full);
	return pwd;
}

/* Two bytes that no keepalived.conf begins with. */
static bool
is_utf16(const struct include_file *file)
{
	return file->len >= 2 &&
	       (memcmp(file->text, "\xff\xfe", 2) == 0 || memcmp(file->text, "\xfe\xff", 2) == 0);
}

/* Does the file include itself, directly or through others? */
static bool
is_open(const struct reader *reader, const struct include_file *file)
{
	for (const struct frame *frame = reader->top; frame != NULL; frame = frame->above) {
		if (!frame->in_memory && frame->device == file->device &&
		    frame->inode == file->inode)
			return true;
	}
	return false;
}

/* Why the file, once loaded, is not to be read; NULL: it is. */
static const char *
refusal(const struct reader *reader, const struct include_file *file, bool *fatal)
{
	*fatal = true;
	if (is_open(reader, file))
		return "includes itself";
	if (reader->depth == CONF_INCLUDE_DEPTH_MAX)
		return "is included more than " HF_STRINGIFY(CONF_INCLUDE_DEPTH_MAX) " files deep";
	if (reader->n_files == CONF_FILES_MAX)
		return "is one file too many";
	if (is_utf16(file))
		return "is UTF-16 text, expected UTF-8 or plain ASCII";
	*fatal = false;
	if (reader->top != NULL && file->executable)
		return "is executable, which a configuration should not be (chmod a-x), and is "
		       "skipped";
	return NULL;
}

static void
read_text(struct reader *reader, struct frame *frame, const char *name, char *text, size_t len)
{
	frame->file = conf_diags_source(reader->diags, name, text, len);
	frame->above = reader->top;
	reader->top = frame;
	reader->depth++;
	reader->n_files++;
	read_lines(reader, text, len);
	reader->depth--;
	reader->top = frame->above;
}

static void
read_path(struct reader *reader, const char *path, bool strict, struct conf_place place)
{
	struct include_file file = { 0 };
	bool fatal;
	int error;
	const char *why = include_load(path, &file, &error);

	if (why != NULL) {
		if (error != 0)
			why = conf_arena_printf(reader->arena, "%s: %s", why, strerror(error));
		include_problem(reader, strict, place, "file-unreadable", path, why);
		return;
	}
	why = refusal(reader, &file, &fatal);
	if (why != NULL) {
		include_problem(reader, strict || fatal, place,
				is_open(reader, &file) ? "include-loop" : "file-unreadable", path,
				why);
		free(file.text);
		return;
	}
	struct frame frame = {
		.directory = directory_of(reader, path),
		.pwd = absolute(reader, directory_of(reader, path)),
		.device = file.device,
		.inode = file.inode,
		.checks = reader->top == NULL ? 0 : reader->top->checks,
	};

	read_text(reader, &frame, path, file.text, file.len);
	if (reader->top == NULL && file.executable) {
		struct conf_place whole = { .file = frame.file };

		conf_diag(reader->diags, CONF_WARNING, whole, "file-executable", NULL,
			  "the file is executable (chmod a-x)");
	}
}

static void
missing(struct reader *reader, const struct include_match *match, unsigned checks,
	struct conf_place place)
{
	bool strict = (match->wildcard ? checks & INCLUDE_WILDCARD : checks & INCLUDE_MATCH) ||
		      (match->braced && (checks & INCLUDE_BRACE));

	if (strict || !match->wildcard)
		include_problem(reader, strict, place, "file-missing", match->pattern,
				match->wildcard ? "matches no file" : "does not exist");
}

static void
read_matches(struct reader *reader, const char *pattern, unsigned checks, struct conf_place place)
{
	const struct include_match *matches;
	struct conf_arena *arena = conf_arena_new();
	const char *directory = reader->top == NULL ? "" : reader->top->directory;
	size_t n = include_find(arena, directory, pattern, &matches);

	if (n == 0)
		include_problem(reader, true, place, "include-pattern", pattern,
				"makes more than " HF_STRINGIFY(INCLUDE_PATTERNS_MAX) " patterns");
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < matches[i].n_paths; j++)
			read_path(reader, matches[i].paths[j], (checks & INCLUDE_READ) != 0, place);
		if (matches[i].n_paths == 0)
			missing(reader, &matches[i], checks, place);
	}
	conf_arena_free(arena);
}

/* --- all of it --- */

static const char *
host_id(struct conf_arena *arena)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	return conf_arena_str(arena, host);
}

static void
read_memory(struct reader *reader)
{
	const struct conf_read_options *options = reader->options;
	struct frame frame = { .directory = "", .pwd = "", .in_memory = true };
	char *copy = malloc(options->text_len + 1);

	if (copy == NULL)
		exit(EXIT_NO_MEMORY);
	memcpy(copy, options->text, options->text_len);
	copy[options->text_len] = '\0';
	read_text(reader, &frame, options->path == NULL ? "text" : options->path, copy,
		  options->text_len);
}

/* The file as named; when there is none of that name, it may be a pattern. */
static void
read_main(struct reader *reader)
{
	const char *path = reader->options->path;

	if (strpbrk(path, "*?[{") == NULL || access(path, F_OK) == 0)
		read_path(reader, path, true, CONF_NOWHERE);
	else
		read_matches(reader, path, INCLUDE_ALL, CONF_NOWHERE);
}

bool
conf_read(const struct conf_read_options *options, struct conf_diags *diags, conf_root_fn *each,
	  void *arg)
{
	struct reader reader = {
		.options = options,
		.diags = diags,
		.arena = conf_arena_new(),
		.defines = define_table_new(),
		.builder = tree_builder_new(diags, options->plain, each, arg),
	};

	if (getrandom(&reader.random, sizeof(reader.random), GRND_NONBLOCK) < 0)
		reader.random = (uint64_t)getpid();
	reader.random |= 1; /* xorshift stays at 0 */
	reader.config_id = options->config_id != NULL ? options->config_id : host_id(reader.arena);
	if (options->text != NULL)
		read_memory(&reader);
	else
		read_main(&reader);
	bool matched = tree_end(reader.builder);

	tree_builder_free(reader.builder);
	define_table_free(reader.defines);
	conf_arena_free(reader.arena);
	free(reader.collected);
	return matched && !reader.failed;
}
