/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the tables of keywords and describes each row. */
#include "config/manual.h"

#include <inttypes.h>

#include "config/draft.h"

/* Text as man(7) shows it: hyphens and backslashes that are meant literally. */
static void
put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}

/* Whole and fractional seconds without needless zeros. */
static void
put_seconds(FILE *out, int64_t ns)
{
	int64_t micros = ns / 1000 % 1000000;
	int digits = 6;

	fprintf(out, "%" PRId64, ns / 1000000000);
	if (micros == 0)
		return;
	while (micros % 10 == 0) {
		micros /= 10;
		digits--;
	}
	fprintf(out, ".%0*" PRId64, digits, micros);
}

static void
put_choices(FILE *out, const struct conf_choice *choices)
{
	for (const struct conf_choice *choice = choices; choice->name; choice++)
		fprintf(out, "%s%s", choice == choices ? " " : "|", choice->name);
}

/* What stands behind the keyword. */
static void
put_argument(FILE *out, const struct conf_keyword *row)
{
	switch (row->type) {
	case CONF_SWITCH:
		fputs(" \\fR[\\fBon\\fR|\\fBoff\\fR]", out);
		break;
	case CONF_UINT:
	case CONF_INT:
		fprintf(out, " \\fI%" PRId64 "\\fR..\\fI%" PRId64, row->min, row->max);
		break;
	case CONF_TIME:
		fputs(" \\fI", out);
		put_seconds(out, row->min * row->unit_ns);
		fputs("\\fR..\\fI", out);
		put_seconds(out, row->max * row->unit_ns);
		break;
	case CONF_STRING:
	case CONF_TEXT:
		fputs(" \\fITEXT", out);
		break;
	case CONF_IFNAME:
		fputs(" \\fIINTERFACE", out);
		break;
	case CONF_ADDR:
		fputs(" \\fIADDRESS", out);
		break;
	case CONF_PREFIX:
		fputs(" \\fIADDRESS\\fR/\\fIBITS", out);
		break;
	case CONF_CHOICE:
		put_choices(out, row->choices);
		break;
	case CONF_SCRIPT:
		fputs(" \\fICOMMAND\\fR [\\fIUSER\\fR [\\fIGROUP\\fR]]", out);
		break;
	case CONF_BLOCK:
		fputs(" \\fR{ .. }", out);
		break;
	case CONF_FLAG:
	case CONF_CUSTOM:
	case CONF_NOT_YET:
		break;
	}
	fputs("\\fR\n", out);
}

static void
print_row(FILE *out, const struct conf_keyword *row)
{
	fputs(".TP\n\\fB", out);
	put_text(out, row->name);
	put_argument(out, row);
	put_text(out, row->doc ? row->doc : "");
	fputc('\n', out);
}

static bool
is_shown(const struct conf_keyword *row)
{
	return !(row->flags & CONF_INTERNAL) && row->type != CONF_NOT_YET;
}

/* The block's rows, then the blocks that stand in it. */
static void
print_block(FILE *out, const struct conf_block *block)
{
	if (block->n_rows > 0) {
		fprintf(out, ".SS %s\n",
			block->context[0] ? block->context : "Outside of all blocks");
		for (size_t i = 0; i < block->n_rows; i++) {
			if (is_shown(&block->rows[i]))
				print_row(out, &block->rows[i]);
		}
	}
	for (size_t i = 0; i < block->n_rows; i++) {
		if (block->rows[i].type == CONF_BLOCK && is_shown(&block->rows[i]))
			print_block(out, block->rows[i].block);
	}
}

void
conf_manual_print(FILE *out)
{
	print_block(out, &conf_root_block);
}
