/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the candidate nearest to a misspelt word, by insertions, deletions, replacements
 * and swaps of neighbours. */
#ifndef CONF_SUGGEST_H
#define CONF_SUGGEST_H

#include <stddef.h>

#define CONF_SUGGEST_WORD_MAX 64 /* longer words get no suggestion */

struct conf_suggestion {
	const char *word; /* what was written */
	const char *best; /* NULL: nothing is near enough */
	size_t distance;
};

/* Begin with { .word = WORD }, offer every candidate, read best. */
void conf_suggest_offer(struct conf_suggestion *suggestion, const char *candidate);

#endif
