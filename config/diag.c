/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting diagnostics and the texts they point into. How they look is diag_print.c's. */
#include "config/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/diag_store.h"

#define EXIT_NO_MEMORY 204

/* Exit statuses of -t. */
#define TEST_OK         0
#define TEST_UNREADABLE 3
#define TEST_ERRORS     4
#define TEST_SECURITY   5

static void *
need(void *memory)
{
	if (memory == NULL) {
		fputs("holdfast: out of memory while reading the configuration\n", stderr);
		exit(EXIT_NO_MEMORY);
	}
	return memory;
}

struct conf_diags *
conf_diags_new(void)
{
	return need(calloc(1, sizeof(struct conf_diags)));
}

void
conf_diags_free(struct conf_diags *diags)
{
	if (diags == NULL)
		return;
	for (size_t i = 0; i < diags->n_sources; i++) {
		free(diags->sources[i].name);
		free(diags->sources[i].text);
		free(diags->sources[i].lines);
	}
	for (size_t i = 0; i < diags->n_items; i++) {
		free(diags->items[i].text);
		free(diags->items[i].expected);
	}
	free(diags->sources);
	free(diags->items);
	free(diags);
}

/* Room for one more element behind n: arrays grow when n is a power of two (or 0). */
static void *
grow(void *array, size_t n, size_t element_size)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	return need(realloc(array, (n == 0 ? 1 : n * 2) * element_size));
}

uint32_t
conf_diags_source(struct conf_diags *diags, const char *name, char *text, size_t len)
{
	diags->sources = grow(diags->sources, diags->n_sources, sizeof(*diags->sources));
	diags->sources[diags->n_sources++] = (struct diag_source){
		.name = need(strdup(name)),
		.text = text,
		.len = len,
	};
	return (uint32_t)diags->n_sources;
}

const char *
conf_diags_source_name(const struct conf_diags *diags, uint32_t file)
{
	return file == 0 || file > diags->n_sources ? "" : diags->sources[file - 1].name;
}

static void
index_lines(struct diag_source *source)
{
	const char *at = source->text, *end = source->text + source->len;

	while (at < end) {
		source->lines = grow(source->lines, source->n_lines, sizeof(*source->lines));
		source->lines[source->n_lines++] = (size_t)(at - source->text);
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (newline == NULL)
			break;
		at = newline + 1;
	}
}

const char *
diag_source_line(struct conf_diags *diags, struct conf_place place, size_t *len)
{
	if (place.file == 0 || place.file > diags->n_sources || place.line == 0)
		return NULL;
	struct diag_source *source = &diags->sources[place.file - 1];

	if (source->text == NULL)
		return NULL;
	if (source->lines == NULL)
		index_lines(source);
	if (source->lines == NULL || place.line > source->n_lines)
		return NULL;
	size_t start = source->lines[place.line - 1];
	const char *line = source->text + start;
	const char *newline = memchr(line, '\n', source->len - start);

	*len = newline == NULL ? source->len - start : (size_t)(newline - line);
	if (*len > 0 && line[*len - 1] == '\r')
		(*len)--;
	return line;
}

/* Control bytes of a configuration must not reach a terminal. */
static void
defuse(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			*text = '?';
	}
}

/* Is there room for it? Each severity has its own, so that warnings do not crowd out errors. */
static bool
keep(struct conf_diags *diags, enum conf_severity severity)
{
	diags->counts[severity]++;
	if (severity != CONF_NOTE)
		diags->head_dropped = diags->kept[severity] >= CONF_DIAGS_MAX;
	else if (diags->kept[severity] >= CONF_DIAGS_MAX || diags->n_items == 0)
		return false;
	if (diags->head_dropped)
		return false;
	diags->kept[severity]++;
	return true;
}

void
conf_diag(struct conf_diags *diags, enum conf_severity severity, struct conf_place place,
	  const char *code, const char *expected, const char *fmt, ...)
{
	if (!keep(diags, severity))
		return;
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	defuse(need(text));
	size_t index = diags->n_items;
	struct diag diag = {
		.severity = severity,
		.place = place,
		.code = code,
		.text = text,
		.expected = expected == NULL ? NULL : need(strdup(expected)),
		.head = severity == CONF_NOTE ? diags->items[index - 1].head : index,
	};

	if (diag.expected != NULL)
		defuse(diag.expected);
	diags->items = grow(diags->items, index, sizeof(*diags->items));
	diags->items[diags->n_items++] = diag;
}

enum conf_severity
conf_diags_worst(const struct conf_diags *diags)
{
	for (int severity = CONF_UNREADABLE; severity > CONF_NOTE; severity--) {
		if (diags->counts[severity] > 0)
			return (enum conf_severity)severity;
	}
	return CONF_NOTE;
}

size_t
conf_diags_count(const struct conf_diags *diags, enum conf_severity severity)
{
	return diags->counts[severity];
}

int
conf_diags_exit(const struct conf_diags *diags)
{
	switch (conf_diags_worst(diags)) {
	case CONF_NOTE:
	case CONF_WARNING:
		return TEST_OK;
	case CONF_SECURITY:
		return TEST_SECURITY;
	case CONF_ERROR:
		return TEST_ERRORS;
	case CONF_UNREADABLE:
		return TEST_UNREADABLE;
	}
	return TEST_ERRORS;
}
