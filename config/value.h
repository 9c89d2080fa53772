/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the walker needs of the converters beyond keyword.h. Private to keyword.c, value.c and
 * convert.c. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "config/keyword.h"

#define VALUE_EXPECTED_MAX 256
#define VALUE_CHOICES_MAX  160
#define VALUE_TIME_MAX     40

/* Converts the argument of a scalar row and stores it in target (the row's place). False after a
 * diagnostic. */
bool value_store(struct conf_walk *walk, const struct conf_keyword *row,
		 const struct conf_node *node, void *target);

/* Stores an integer of 1, 2, 4 or 8 bytes. */
void value_store_int(void *target, size_t size, int64_t value);

/* What a row takes, for behind the carets: "expected 1 to 255 (DOC)". */
const char *value_expected(const struct conf_keyword *row, char buf[VALUE_EXPECTED_MAX]);

/* As conf_word_uint() and its like, but a row (may be NULL) describes what is expected. */
bool value_word_uint(struct conf_walk *walk, const struct conf_node *node, size_t word,
		     const char *what, uint64_t min, uint64_t max, const struct conf_keyword *row,
		     uint64_t *out);
bool value_word_int(struct conf_walk *walk, const struct conf_node *node, size_t word,
		    const char *what, int64_t min, int64_t max, const struct conf_keyword *row,
		    int64_t *out);
bool value_word_time(struct conf_walk *walk, const struct conf_node *node, size_t word,
		     const char *what, int64_t min_ns, int64_t max_ns,
		     const struct conf_keyword *row, int64_t *out_ns);

/* The word; NULL after a diagnostic when it is missing. */
const char *value_need_word(struct conf_walk *walk, const struct conf_node *node, size_t word,
			    const char *what, const char *expected);

/* An error about the word, "WHAT WORD PROBLEM". Returns false. */
bool value_complain(struct conf_walk *walk, const struct conf_node *node, size_t word,
		    const char *what, const char *code, const char *expected, const char *problem);

/* Seconds without needless zeros; "expected A, B or C". */
void value_time_text(int64_t ns, char buf[VALUE_TIME_MAX]);
void value_choices_text(const struct conf_choice *choices, char buf[VALUE_CHOICES_MAX]);

#endif
