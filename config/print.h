/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers of the printers. Private to config/. */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "config/tree.h"
#include "lib/hf_addr.h"

/* "INDENTkeyword word", the word in the form that is read back to the same bytes. */
void conf_print_text(FILE *out, const char *indent, const char *keyword, const char *word);

/* "INDENTkeyword SECONDS.MICROSECONDS"; ns is a multiple of 1000. */
void conf_print_seconds(FILE *out, const char *indent, const char *keyword, int64_t ns);

void conf_print_number(FILE *out, const char *indent, const char *keyword, uint64_t number);
void conf_print_switch(FILE *out, const char *indent, const char *keyword, bool on);

/* Nothing when no address is set. */
void conf_print_addr(FILE *out, const char *indent, const char *keyword,
		     const struct hf_addr *addr);

#endif
