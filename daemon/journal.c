/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event journal, a ring in memory. Not here: JSON (event_json.c), readers (control.c). */
#include "daemon/journal.h"

#include <assert.h>
#include <stdlib.h>

struct journal {
	size_t cap;
	size_t first; /* index of the oldest */
	size_t count;
	struct hf_change ring[];
};

struct journal *
journal_new(size_t cap)
{
	assert(cap > 0);
	struct journal *journal = calloc(1, sizeof(*journal) + cap * sizeof(journal->ring[0]));

	if (journal != NULL)
		journal->cap = cap;
	return journal;
}

void
journal_free(struct journal *journal)
{
	free(journal);
}

/* A room's text fields end with NUL whatever the room sent. */
static void
terminate(struct hf_change *c)
{
	c->room[sizeof(c->room) - 1] = '\0';
	c->subject[sizeof(c->subject) - 1] = '\0';
	c->from[sizeof(c->from) - 1] = '\0';
	c->to[sizeof(c->to) - 1] = '\0';
	c->reason[sizeof(c->reason) - 1] = '\0';
	c->detail[sizeof(c->detail) - 1] = '\0';
}

void
journal_add(struct journal *journal, const struct hf_change *change)
{
	size_t at = (journal->first + journal->count) % journal->cap;

	if (journal->count == journal->cap)
		journal->first = (journal->first + 1) % journal->cap;
	else
		journal->count++;
	journal->ring[at] = *change;
	terminate(&journal->ring[at]);
	assert(journal->count <= journal->cap);
}

size_t
journal_count(const struct journal *journal)
{
	return journal->count;
}

const struct hf_change *
journal_at(const struct journal *journal, size_t i)
{
	assert(i < journal->count);
	return &journal->ring[(journal->first + i) % journal->cap];
}

size_t
journal_after(const struct journal *journal, uint64_t id)
{
	if (id == 0)
		return 0;
	for (size_t i = journal->count; i > 0; i--) {
		if (journal_at(journal, i - 1)->id == id)
			return i;
	}
	for (size_t i = 0; i < journal->count; i++) {
		if (journal_at(journal, i)->id > id)
			return i;
	}
	return journal->count;
}
