/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics as of a good compiler: place, severity, text, the line with carets, notes; collected,
 * sorted, printed. */
#ifndef CONF_DIAG_H
#define CONF_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/hf_base.h"

#define CONF_DIAGS_MAX 1000 /* of each severity; more are counted, not kept */

enum conf_severity {
	CONF_NOTE,       /* belongs to the diagnostic before it */
	CONF_WARNING,    /* the file runs as written, but somebody should look */
	CONF_SECURITY,   /* a script would be refused: exit status 5 of -t */
	CONF_ERROR,      /* the file does not run: 4 */
	CONF_UNREADABLE, /* a file cannot be read: 3 */
};

/* A place in the text: file is a number from conf_diags_source() (0: none); line and column from 1,
 * in bytes; 0: unknown. */
struct conf_place {
	uint32_t file;
	uint32_t line;
	uint32_t column;
	uint32_t length; /* bytes to underline */
};

/* Not in the text: about the whole configuration. */
#define CONF_NOWHERE ((struct conf_place){ 0 })

struct conf_diags;

struct conf_diags *conf_diags_new(void);
void conf_diags_free(struct conf_diags *diags);

/*
 * Registers a text that was read: places name it by the number returned, and excerpts are taken
 * from it. text is from malloc() and belongs to diags from here on (NULL: no excerpts). The same
 * file read twice is two sources.
 */
uint32_t conf_diags_source(struct conf_diags *diags, const char *name, char *text, size_t len);
const char *conf_diags_source_name(const struct conf_diags *diags, uint32_t file); /* "" if none */

/*
 * Adds a diagnostic. code is its reason code ("priority-range"), documented in the manual; text
 * says what is wrong; expected (may be NULL) is printed behind the carets.
 */
void conf_diag(struct conf_diags *diags, enum conf_severity severity, struct conf_place place,
	       const char *code, const char *expected, const char *fmt, ...) HF_PRINTF(6, 7);

/* The worst severity so far; CONF_NOTE when there is none. */
enum conf_severity conf_diags_worst(const struct conf_diags *diags);
size_t conf_diags_count(const struct conf_diags *diags, enum conf_severity severity);

/*
 * Prints all, sorted by file, line and column, each as
 *   FILE:LINE:COLUMN: error: TEXT [CODE]
 *      14 |         priority 300
 *         |                  ^~~ EXPECTED
 * colour: ANSI colours.
 */
void conf_diags_print(struct conf_diags *diags, FILE *out, bool colour);

/* The exit status of -t: 0, 3, 4 or 5 (DESIGN: 5 only where nothing is worse). */
int conf_diags_exit(const struct conf_diags *diags);

#endif
