/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single lines of plain text, for the printers of the models. */
#include "config/print.h"

#include <inttypes.h>

void
conf_print_text(FILE *out, const char *indent, const char *keyword, const char *word)
{
	fprintf(out, "%s%s ", indent, keyword);
	conf_print_word(out, word);
	fputc('\n', out);
}

void
conf_print_seconds(FILE *out, const char *indent, const char *keyword, int64_t ns)
{
	fprintf(out, "%s%s %" PRId64 ".%06" PRId64 "\n", indent, keyword, ns / 1000000000,
		ns % 1000000000 / 1000);
}

void
conf_print_number(FILE *out, const char *indent, const char *keyword, uint64_t number)
{
	fprintf(out, "%s%s %" PRIu64 "\n", indent, keyword, number);
}

void
conf_print_switch(FILE *out, const char *indent, const char *keyword, bool on)
{
	fprintf(out, "%s%s %s\n", indent, keyword, on ? "on" : "off");
}

void
conf_print_addr(FILE *out, const char *indent, const char *keyword, const struct hf_addr *addr)
{
	char text[HF_ADDR_TEXT_MAX];

	if (hf_addr_is_set(addr))
		fprintf(out, "%s%s %s\n", indent, keyword, hf_addr_text(addr, text));
}
