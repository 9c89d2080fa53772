/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_read(): from files to statements. Each line goes through keepalived's preprocessing in its
 * order: comment, "@" condition, definition, loop, substitution, include, braces. Lines that
 * definitions and loops make go through all of it again.
 * Elsewhere: one line's syntax (lex.c), definitions (define.c, expand.c), heads of loops (loop.c),
 * files (include.c), the tree (tree.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config/define.h"
#include "config/include.h"
#include "config/lex.h"
#include "config/loop.h"
#include "config/tree.h"
#include "config/tree_build.h"

#define EXIT_NO_MEMORY 204
#define LINE_DEPTH_MAX 32 /* lines made by lines: loops in loops, definitions in definitions */

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

static void process(struct reader *reader, const struct lex_line *line, size_t depth);
static void read_matches(struct reader *reader, const char *pattern, unsigned checks,
			 struct conf_place place);

/* --- definitions --- */

static void
collect(struct reader *reader, const struct lex_line *line)
{
	bool more = line->len > 0 && line->text[line->len - 1] == '\\';
	struct lex_line kept = lex_part(line, 0, line->len - more);

	kept = lex_trim(&kept);
	reader->collecting = more;
	if (reader->discarding)
		return;
	if (kept.len > 0) {
		char *wider = realloc(reader->collected, reader->collected_len + kept.len + 2);

		if (wider == NULL)
			exit(EXIT_NO_MEMORY);
		reader->collected = wider;
		if (reader->collected_len > 0)
			reader->collected[reader->collected_len++] = '\n';
		memcpy(reader->collected + reader->collected_len, kept.text, kept.len);
		reader->collected_len += kept.len;
	}
	if (!more)
		define_set(reader->defines, reader->collected_name, strlen(reader->collected_name),
			   reader->collected_len == 0 ? "" : reader->collected,
			   reader->collected_len);
}

static void
define(struct reader *reader, const struct lex_line *line, size_t name_len, bool discard)
{
	struct lex_line text = lex_part(line, name_len + 2, line->len);

	text = lex_trim(&text);
	if (text.len == 0 || text.text[text.len - 1] != '\\') {
		if (!discard)
			define_set(reader->defines, line->text + 1, name_len, text.text, text.len);
		return;
	}
	reader->discarding = discard;
	reader->collecting_place = lex_place(line, 0, name_len + 1);
	reader->collected_name = conf_arena_strn(reader->arena, line->text + 1, name_len);
	reader->collected_len = 0;
	collect(reader, &text);
}

/* --- lines that lines make --- */

/* May so many bytes more be made? Says once when not. */
static bool
may_make(struct reader *reader, const struct lex_line *line, size_t depth)
{
	reader->made_lines++;
	reader->made_bytes += line->len;
	if (depth < LINE_DEPTH_MAX && reader->made_lines <= CONF_MADE_LINES_MAX &&
	    reader->made_bytes <= CONF_MADE_BYTES_MAX)
		return true;
	if (!reader->made_too_much)
		conf_diag(reader->diags, CONF_ERROR, lex_place(line, 0, line->len), "loop-limit",
			  NULL, "loops and definitions %s here; the rest is left out",
			  depth < LINE_DEPTH_MAX ? "make too many lines" : "are nested too deeply");
	reader->made_too_much = true;
	return false;
}

static void
process_tail(struct reader *reader, const struct lex_line *line, const char *tail, size_t depth)
{
	const char *dollar = memrchr(line->text, '$', line->len);
	size_t from = dollar == NULL ? 0 : (size_t)(dollar - line->text);
	struct conf_place place = lex_place(line, from, line->len);
	struct lex_origin origin = {
		.column = place.column,
		.length = place.length > UINT16_MAX ? UINT16_MAX : (uint16_t)place.length,
		.expanded = true,
	};

	for (const char *at = tail; at != NULL && !reader->made_too_much;) {
		const char *newline = strchr(at, '\n');
		struct lex_line made = {
			.text = at,
			.len = newline == NULL ? strlen(at) : (size_t)(newline - at),
			.whole = origin,
			.file = line->file,
			.line = line->line,
		};

		if (may_make(reader, &made, depth))
			process(reader, &made, depth + 1);
		at = newline == NULL ? NULL : newline + 1;
	}
}

static struct define_context
context_of(struct reader *reader)
{
	return (struct define_context){
		.directory = reader->top->pwd,
		.config_id = reader->config_id,
		.random = &reader->random,
	};
}

static void
run_loop(struct reader *reader, const struct loop *loop, const struct lex_line *body, size_t depth)
{
	char *before[LOOP_VARS_MAX] = { NULL };
	char number[32];

	for (size_t var = 0; var < loop->n_vars; var++) {
		const char *old =
			define_get(reader->defines, loop->vars[var].text, loop->vars[var].len);

		if (old != NULL && (before[var] = strdup(old)) == NULL)
			exit(EXIT_NO_MEMORY);
	}
	for (size_t turn = 0; turn < loop->count && may_make(reader, body, depth); turn++) {
		for (size_t var = 0; var < loop->n_vars; var++) {
			struct loop_text value = loop_value(loop, turn, var, number);

			define_set(reader->defines, loop->vars[var].text, loop->vars[var].len,
				   value.text, value.len);
		}
		process(reader, body, depth + 1);
	}
	for (size_t var = 0; var < loop->n_vars; var++) {
		define_set(reader->defines, loop->vars[var].text, loop->vars[var].len, before[var],
			   before[var] == NULL ? 0 : strlen(before[var]));
		free(before[var]);
	}
}

static void
process_loop(struct reader *reader, const struct lex_line *line, size_t head_len, size_t depth)
{
	struct define_context context = context_of(reader);
	struct lex_line head = lex_part(line, 0, head_len);
	struct lex_line body = lex_part(line, head_len, line->len);
	struct conf_arena *arena = conf_arena_new();
	struct lex_buf buf = { 0 };
	struct loop loop;

	if (head_len == 0) {
		conf_diag(reader->diags, CONF_ERROR, lex_place(line, 0, line->len), "loop-syntax",
			  "expected a ) behind its values",
			  "the head of this loop is never closed");
		goto out;
	}
	lex_buf_load(&buf, &head);
	if (!define_expand(reader->defines, &context, reader->diags, &head, &buf, NULL))
		goto out;
	head = lex_buf_line(&buf, line);
	body = lex_trim(&body);
	if (loop_parse(arena, reader->diags, &head, &loop))
		run_loop(reader, &loop, &body, depth);
out:
	lex_buf_free(&buf);
	conf_arena_free(arena);
}

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

static void
process_include(struct reader *reader, const struct lex_line *line, unsigned checks,
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

/* "include_check [+-]WORD..": from here to the end of the file. */
static void
process_include_check(struct reader *reader, const struct lex_line *line)
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

/* --- one line --- */

/* A part of a line between braces. */
static void
feed_statement(struct reader *reader, const struct lex_line *part)
{
	struct lex_line line = lex_trim(part);
	unsigned checks;
	size_t len;

	if (!reader->options->plain && line.len > 0 && line.text[0] == 'i') {
		if (include_is(&line, &checks, &len)) {
			process_include(reader, &line, checks, len);
			return;
		}
		if (lex_first_word_is(&line, "include_check")) {
			process_include_check(reader, &line);
			return;
		}
	}
	tree_statement(reader->builder, &line);
}

static void
feed(struct reader *reader, const struct lex_line *line)
{
	bool plain = reader->options->plain;
	size_t from = 0;

	for (;;) {
		size_t brace = lex_find_brace(line, from, plain);
		struct lex_line part = lex_part(line, from, brace);

		feed_statement(reader, &part);
		if (brace == line->len)
			return;
		if (line->text[brace] == '{')
			tree_open(reader->builder, lex_place(line, brace, brace + 1));
		else
			tree_close(reader->builder, lex_place(line, brace, brace + 1));
		from = brace + 1;
	}
}

/* "@id text" and "@^id text": leaves the text in *line. False: there is none for us. */
static bool
apply_condition(struct reader *reader, struct lex_line *line, bool *holds)
{
	bool negated = line->len > 1 && line->text[1] == '^';
	size_t from = negated ? 2 : 1, to = from;

	*holds = true;
	while (to < line->len && !lex_blank(line->text[to]))
		to++;
	if (to == from) {
		conf_diag(reader->diags, CONF_ERROR, lex_place(line, 0, from), "condition-id",
			  "expected @ID or @^ID directly followed by a blank",
			  "a condition without a name");
		return false;
	}
	bool same = strlen(reader->config_id) == to - from &&
		    memcmp(reader->config_id, line->text + from, to - from) == 0;

	*holds = same != negated;
	*line = lex_part(line, to, line->len);
	*line = lex_trim(line);
	return true;
}

static void
process_substituted(struct reader *reader, const struct lex_line *line, size_t depth)
{
	struct define_context context = context_of(reader);
	struct lex_buf buf = { 0 };
	char *tail = NULL;

	lex_buf_load(&buf, line);
	if (define_expand(reader->defines, &context, reader->diags, line, &buf, &tail)) {
		struct lex_line made = lex_buf_line(&buf, line);
		unsigned checks;
		size_t len;

		made = lex_trim(&made);
		if (made.len > 0 && (made.text[0] == '~' || made.text[0] == '@') &&
		    line->text[0] == '$') {
			if (may_make(reader, &made, depth))
				process(reader, &made, depth + 1);
		} else if (include_is(&made, &checks, &len)) {
			process_include(reader, &made, checks, len);
		} else {
			feed(reader, &made);
		}
		if (tail != NULL)
			process_tail(reader, line, tail, depth);
	}
	free(tail);
	lex_buf_free(&buf);
}

/* A line without its comment. */
static void
process(struct reader *reader, const struct lex_line *raw, size_t depth)
{
	struct lex_line line = lex_trim(raw);
	bool holds = true;
	unsigned checks;
	size_t len;

	if (reader->collecting) {
		collect(reader, &line);
		return;
	}
	if (line.len > 0 && line.text[0] == '@' && !apply_condition(reader, &line, &holds))
		return;
	if (line.len == 0)
		return;
	if (define_is_definition(&line, &len)) {
		define(reader, &line, len, !holds);
	} else if (!holds) {
		return;
	} else if (loop_is(&line, &len)) {
		process_loop(reader, &line, len, depth);
	} else if (memchr(line.text, '$', line.len) != NULL) {
		process_substituted(reader, &line, depth);
	} else if (include_is(&line, &checks, &len)) {
		process_include(reader, &line, checks, len);
	} else {
		feed(reader, &line);
	}
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
		feed(reader, line);
	else
		process(reader, line, 0);
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
	if (reader->collecting)
		conf_diag(reader->diags, CONF_WARNING, reader->collecting_place, "definition-open",
			  NULL,
			  "the last line of this definition ends in \\, and so does the file");
	if (reader->collecting) {
		struct lex_line empty = { .text = "" };

		collect(reader, &empty);
	}
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
		.checks = 0,
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
