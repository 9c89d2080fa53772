/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distance between words (Damerau-Levenshtein, neighbours swapped once) for "did you mean". */
#include "config/suggest.h"

#include <string.h>
#include <strings.h>

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][CONF_SUGGEST_WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = above[j - 1] + (a[i - 1] != b[j - 1]);

			cost = least(cost, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost = least(cost, before[j - 2] + 1);
			row[j] = cost;
		}
		size_t *reused = before;

		before = above;
		above = row;
		row = reused;
	}
	return above[b_len];
}

void
conf_suggest_offer(struct conf_suggestion *suggestion, const char *candidate)
{
	size_t len = strlen(suggestion->word), candidate_len = strlen(candidate);

	if (len == 0 || len > CONF_SUGGEST_WORD_MAX || candidate_len > CONF_SUGGEST_WORD_MAX)
		return;
	size_t longer = len > candidate_len ? len : candidate_len;
	size_t limit = 1 + longer / 4;

	/* Each byte more is an insertion: no need to compare what is too long or too short. */
	if (longer - (len < candidate_len ? len : candidate_len) > limit)
		return;
	size_t d = strcasecmp(suggestion->word, candidate) == 0
			   ? 0
			   : distance(suggestion->word, len, candidate, candidate_len);

	if (d > limit || d >= candidate_len)
		return;
	if (suggestion->best == NULL || d < suggestion->distance) {
		suggestion->best = candidate;
		suggestion->distance = d;
	}
}
