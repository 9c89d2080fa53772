/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the walker needs of the converters beyond keyword.h. Private to keyword.c and value.c. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "config/keyword.h"

#define VALUE_EXPECTED_MAX 256

/* Converts the argument of a scalar row and stores it in target (the row's place). False after a
 * diagnostic. */
bool value_store(struct conf_walk *walk, const struct conf_keyword *row,
		 const struct conf_node *node, void *target);

/* Stores an integer of 1, 2, 4 or 8 bytes. */
void value_store_int(void *target, size_t size, int64_t value);

/* What a row takes, for behind the carets: "expected 1 to 255 (DOC)". */
const char *value_expected(const struct conf_keyword *row, char buf[VALUE_EXPECTED_MAX]);

#endif
