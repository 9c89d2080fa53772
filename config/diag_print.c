/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How diagnostics look: sorted, with the line they are about and carets below it. */
#include <stdlib.h>
#include <string.h>

#include "config/diag.h"
#include "config/diag_store.h"

#define EXCERPT_MAX    160 /* bytes shown of a line */
#define EXCERPT_BEFORE 100 /* of them before the place at most */

struct style {
	const char *place, *severity[CONF_SEVERITIES], *caret, *off;
};

static const struct style plain_style = { "", { "", "", "", "", "" }, "", "" };
static const struct style colour_style = {
	"\033[1m",
	{ "\033[1;36m", "\033[1;35m", "\033[1;33m", "\033[1;31m", "\033[1;31m" },
	"\033[1;32m",
	"\033[0m",
};

static const char *const severity_words[CONF_SEVERITIES] = {
	[CONF_NOTE] = "note",   [CONF_WARNING] = "warning",  [CONF_SECURITY] = "security",
	[CONF_ERROR] = "error", [CONF_UNREADABLE] = "error",
};

static int
compare_places(struct conf_place a, struct conf_place b)
{
	if (a.file != b.file)
		return a.file < b.file ? -1 : 1;
	if (a.line != b.line)
		return a.line < b.line ? -1 : 1;
	if (a.column != b.column)
		return a.column < b.column ? -1 : 1;
	return 0;
}

/* Notes keep their order behind their head. */
static int
compare_diags(const void *a, const void *b, void *arg)
{
	const struct diag *items = arg;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int order = compare_places(items[items[i].head].place, items[items[j].head].place);

	if (order != 0)
		return order;
	if (items[i].head != items[j].head)
		return items[i].head < items[j].head ? -1 : 1;
	return i < j ? -1 : i > j;
}

/* One byte of the line: control bytes would play tricks with a terminal. */
static char
shown(char c)
{
	bool control = ((unsigned char)c < ' ' && c != '\t') || c == '\x7f';

	return (char)(control ? '?' : c);
}

/* Later bytes of a UTF-8 character take no column. */
static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void
print_carets(FILE *out, const char *line, size_t from, size_t to, struct conf_place place,
	     const struct style *style, const char *expected)
{
	size_t start = place.column - 1;
	size_t end = start + (place.length == 0 ? 1 : place.length);

	for (size_t i = from; i < start; i++) {
		if (i >= to)
			fputc(' ', out);
		else if (!continues(line[i]))
			fputc(line[i] == '\t' ? '\t' : ' ', out);
	}
	fprintf(out, "%s^", style->caret);
	for (size_t i = start + 1; i < end && i < to; i++) {
		if (!continues(line[i]))
			fputc('~', out);
	}
	if (expected != NULL)
		fprintf(out, " %s", expected);
	fprintf(out, "%s\n", style->off);
}

static void
print_excerpt(FILE *out, struct conf_diags *diags, const struct diag *diag,
	      const struct style *style)
{
	size_t len, from = 0;
	const char *line = diag_source_line(diags, diag->place, &len);

	if (line == NULL || diag->place.column == 0 || diag->place.column > len + 1)
		return;
	size_t start = diag->place.column - 1, to = len;

	if (len > EXCERPT_MAX) {
		from = start > EXCERPT_BEFORE ? start - EXCERPT_BEFORE : 0;
		to = len - from > EXCERPT_MAX ? from + EXCERPT_MAX : len;
	}
	fprintf(out, "%5u | ", diag->place.line);
	for (size_t i = from; i < to; i++)
		fputc(shown(line[i]), out);
	fputs(to < len ? "...\n      | " : "\n      | ", out);
	print_carets(out, line, from, to, diag->place, style, diag->expected);
}

static void
print_diag(FILE *out, struct conf_diags *diags, const struct diag *diag, const struct style *style)
{
	const struct conf_place *place = &diag->place;
	const char *name = conf_diags_source_name(diags, place->file);

	fputs(style->place, out);
	if (place->file != 0) {
		fprintf(out, "%s:", name);
		if (place->line != 0)
			fprintf(out, "%u:", place->line);
		if (place->line != 0 && place->column != 0)
			fprintf(out, "%u:", place->column);
		fputc(' ', out);
	}
	fprintf(out, "%s%s%s:%s %s", style->off, style->severity[diag->severity],
		severity_words[diag->severity], style->off, diag->text);
	if (diag->code != NULL && diag->severity != CONF_NOTE)
		fprintf(out, " [%s]", diag->code);
	fputc('\n', out);
	print_excerpt(out, diags, diag, style);
}

static void
print_dropped(FILE *out, const struct conf_diags *diags)
{
	for (int severity = CONF_UNREADABLE; severity > CONF_NOTE; severity--) {
		size_t dropped = diags->counts[severity] - diags->kept[severity];

		if (dropped > 0)
			fprintf(out, "%zu more of severity \"%s\" not shown\n", dropped,
				severity_words[severity]);
	}
}

void
conf_diags_print(struct conf_diags *diags, FILE *out, bool colour)
{
	const struct style *style = colour ? &colour_style : &plain_style;
	size_t *order = calloc(diags->n_items + 1, sizeof(*order));

	if (order == NULL)
		return;
	for (size_t i = 0; i < diags->n_items; i++)
		order[i] = i;
	qsort_r(order, diags->n_items, sizeof(*order), compare_diags, diags->items);
	for (size_t i = 0; i < diags->n_items; i++)
		print_diag(out, diags, &diags->items[order[i]], style);
	print_dropped(out, diags);
	free(order);
}
