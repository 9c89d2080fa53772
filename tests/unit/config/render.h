/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: what was read as text ("a(b){c(d e)}", one root statement a line) with the diagnostics
 * behind it, without excerpts. */
#ifndef TEST_CONFIG_RENDER_H
#define TEST_CONFIG_RENDER_H

#include <stdlib.h>
#include <string.h>

#include "config/tree.h"

static inline void
render_node(FILE *out, const struct conf_node *node)
{
	fputs(node->words[0].text, out);
	if (node->n_words > 1) {
		fputc('(', out);
		for (size_t i = 1; i < node->n_words; i++)
			fprintf(out, "%s%s", i > 1 ? "," : "", node->words[i].text);
		fputc(')', out);
	}
	if (!node->has_block)
		return;
	fputc('{', out);
	for (const struct conf_node *child = node->first; child != NULL; child = child->next) {
		render_node(out, child);
		if (child->next != NULL)
			fputc(' ', out);
	}
	fputc('}', out);
}

static inline void
render_root(void *arg, const struct conf_node *node)
{
	render_node(arg, node);
	fputc('\n', arg);
}

/* The first lines of all diagnostics: excerpts begin with a blank. */
static inline void
render_diags(FILE *out, struct conf_diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *all = open_memstream(&text, &len);

	conf_diags_print(diags, all, false);
	fclose(all);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (line[0] != ' ')
			fprintf(out, "%s\n", line);
	}
	free(text);
}

/* malloc'd */
static inline char *
render(const struct conf_read_options *options)
{
	struct conf_diags *diags = conf_diags_new();
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_read(options, diags, render_root, out);
	render_diags(out, diags);
	fclose(out);
	conf_diags_free(diags);
	return text;
}

#define assert_reads_with(expected, ...)                                                           \
	do {                                                                                       \
		struct conf_read_options options_ = { __VA_ARGS__ };                               \
		char *got_ = render(&options_);                                                    \
		assert_string_equal(got_, expected);                                               \
		free(got_);                                                                        \
	} while (0)

#define assert_reads(input, expected)                                                              \
	assert_reads_with(expected, .path = "t", .text = (input), .text_len = strlen(input),       \
			  .config_id = "here")

#endif
