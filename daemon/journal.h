/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event journal: the last changes of all rooms, in order of arrival. */
#ifndef DAEMON_JOURNAL_H
#define DAEMON_JOURNAL_H

#include <stddef.h>

#include "lib/hf_change.h"

#define JOURNAL_MAX 10000 /* changes kept */

struct journal;

struct journal *journal_new(size_t cap);    /* NULL: out of memory */
void journal_free(struct journal *journal); /* NULL is fine */

/* Adds a change; the oldest leaves when the journal is full. Texts are cut to their fields. */
void journal_add(struct journal *journal, const struct hf_change *change);

size_t journal_count(const struct journal *journal);

/* The i-th oldest, i < journal_count(). Valid until the next journal_add(). */
const struct hf_change *journal_at(const struct journal *journal, size_t i);

/*
 * Index of the first change that a reader who has seen `id` has not: the one behind it in order of
 * arrival. When `id` has left the journal (or never was), the first with a greater id. 0: all.
 */
size_t journal_after(const struct journal *journal, uint64_t id);

#endif
