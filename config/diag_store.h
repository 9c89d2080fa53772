/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What diag.c keeps and diag_print.c prints. Private to these two. */
#ifndef CONF_DIAG_STORE_H
#define CONF_DIAG_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"

#define CONF_SEVERITIES (CONF_UNREADABLE + 1)

struct diag_source {
	char *name;
	char *text; /* NULL: no excerpts */
	size_t len;
	size_t *lines; /* offset where each line begins; made when first needed */
	size_t n_lines;
};

struct diag {
	enum conf_severity severity;
	struct conf_place place;
	const char *code; /* a constant */
	char *expected;   /* NULL: nothing to say */
	char *text;
	size_t head; /* index of the diagnostic that a note belongs to; its own otherwise */
};

struct conf_diags {
	struct diag_source *sources;
	size_t n_sources;
	struct diag *items;
	size_t n_items;
	bool head_dropped; /* notes follow their diagnostic into the void */
	size_t counts[CONF_SEVERITIES];
	size_t kept[CONF_SEVERITIES];
};

/* The line of the place without its end, NULL when it cannot be shown. */
const char *diag_source_line(struct conf_diags *diags, struct conf_place place, size_t *len);

#endif
