/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers for comparing models field by field. Private to config/. */
#ifndef MODEL_EQUAL_H
#define MODEL_EQUAL_H

#include <stdbool.h>
#include <string.h>

/* Both NULL, or the same text. */
static inline bool
text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

#endif
