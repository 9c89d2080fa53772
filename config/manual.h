/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual's list of options, written from the keyword rows so that the two cannot differ. */
#ifndef CONF_MANUAL_H
#define CONF_MANUAL_H

#include <stdio.h>

/* All blocks and their effective keywords with ranges, as man(7) source. */
void conf_manual_print(FILE *out);

#endif
