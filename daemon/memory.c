/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that outlive a room, in the C library's balanced tree. Not here: the messages
 * (supervisor.c). */
#include "daemon/memory.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct memory {
	void *root;
	size_t count;
	size_t max;
};

/* The key stands first, so that a bare key text can be compared with a record. */
struct record {
	char *key;
	size_t len;
	uint8_t bytes[];
};

struct visit {
	void (*call)(void *arg, const char *key, const void *bytes, size_t len);
	void *arg;
};

static int
compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void
record_free(void *p)
{
	struct record *record = p;

	if (record == NULL)
		return;
	free(record->key);
	free(record);
}

static struct record *
record_new(const char *key, const void *bytes, size_t len)
{
	struct record *record = calloc(1, sizeof(*record) + len);

	if (record == NULL)
		return NULL;
	record->key = strdup(key);
	if (record->key == NULL) {
		free(record);
		return NULL;
	}
	memcpy(record->bytes, bytes, len);
	record->len = len;
	return record;
}

struct memory *
memory_new(size_t records_max)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (memory != NULL)
		memory->max = records_max;
	return memory;
}

void
memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	tdestroy(memory->root, record_free);
	free(memory);
}

static void
forget(struct memory *memory, struct record **found)
{
	struct record *old = *found;

	tdelete(old, &memory->root, compare);
	record_free(old);
	memory->count--;
}

int
memory_put(struct memory *memory, const char *key, const void *bytes, size_t len)
{
	struct record probe = { .key = (char *)key };
	struct record **found = tfind(&probe, &memory->root, compare);

	if (len == 0) {
		if (found != NULL)
			forget(memory, found);
		return 0;
	}
	if (found == NULL && memory->count >= memory->max)
		return -ENOSPC;
	struct record *fresh = record_new(key, bytes, len);

	if (fresh == NULL)
		return -ENOMEM;
	if (found != NULL) {
		record_free(*found);
		*found = fresh;
		return 0;
	}
	if (tsearch(fresh, &memory->root, compare) == NULL) {
		record_free(fresh);
		return -ENOMEM;
	}
	memory->count++;
	return 0;
}

size_t
memory_count(const struct memory *memory)
{
	return memory->count;
}

static void
visit_node(const void *node, VISIT which, void *closure)
{
	const struct visit *visit = closure;
	const struct record *record = *(const struct record *const *)node;

	if (which == postorder || which == leaf)
		visit->call(visit->arg, record->key, record->bytes, record->len);
}

void
memory_each(const struct memory *memory,
	    void (*visit)(void *arg, const char *key, const void *bytes, size_t len), void *arg)
{
	struct visit closure = { .call = visit, .arg = arg };

	twalk_r(memory->root, visit_node, &closure);
}
