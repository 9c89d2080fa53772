/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arena: a chain of chunks, filled from the front. Freed as a whole, never piece by piece. */
#include "config/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN        ((size_t)16 * 1024)
#define CHUNK_MAX        ((size_t)1024 * 1024) /* larger ones only for a single larger piece */
#define ALIGNMENT        16
#define EXIT_NO_MEMORY   204
#define INTERN_SLOTS_MIN 64 /* a power of two */

struct chunk {
	struct chunk *next;
	size_t size, used;
	char bytes[] __attribute__((aligned(ALIGNMENT)));
};

struct conf_arena {
	struct chunk *first, *current;
	size_t bytes;
	void *last; /* the latest piece: it may grow in place */
	const char **interned;
	size_t intern_slots, intern_used;
};

static void *
need(void *memory)
{
	if (memory == NULL) {
		fputs("holdfast: out of memory while reading the configuration\n", stderr);
		exit(EXIT_NO_MEMORY);
	}
	return memory;
}

struct conf_arena *
conf_arena_new(void)
{
	return need(calloc(1, sizeof(struct conf_arena)));
}

void
conf_arena_free(struct conf_arena *arena)
{
	if (arena == NULL)
		return;
	for (struct chunk *chunk = arena->first; chunk != NULL;) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	free(arena->interned);
	free(arena);
}

void
conf_arena_reset(struct conf_arena *arena)
{
	for (struct chunk *chunk = arena->first; chunk != NULL; chunk = chunk->next)
		chunk->used = 0;
	arena->current = arena->first;
	arena->last = NULL;
	if (arena->intern_used > 0)
		memset(arena->interned, 0, arena->intern_slots * sizeof(*arena->interned));
	arena->intern_used = 0;
}

size_t
conf_arena_bytes(const struct conf_arena *arena)
{
	return arena->bytes;
}

static struct chunk *
add_chunk(struct conf_arena *arena, size_t room)
{
	size_t size = CHUNK_MIN;

	/* As much as there is already, so that the number of chunks stays small, within limits. */
	while (size < arena->bytes / 4 && size < CHUNK_MAX)
		size *= 2;
	if (size < room)
		size = room;
	struct chunk *chunk = need(malloc(sizeof(*chunk) + size));

	*chunk = (struct chunk){ .size = size };
	arena->bytes += sizeof(*chunk) + size;
	if (arena->current == NULL) {
		arena->first = chunk;
	} else {
		chunk->next = arena->current->next;
		arena->current->next = chunk;
	}
	arena->current = chunk;
	return chunk;
}

static size_t
aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* size bytes, not zeroed; alignment 1 is for texts. */
static void *
take(struct conf_arena *arena, size_t size, size_t alignment)
{
	assert(size < SIZE_MAX / 2);
	for (struct chunk *chunk = arena->current; chunk != NULL; chunk = chunk->next) {
		size_t at = alignment == 1 ? chunk->used : aligned(chunk->used);

		arena->current = chunk;
		if (at <= chunk->size && chunk->size - at >= size) {
			chunk->used = at + size;
			return chunk->bytes + at;
		}
	}
	struct chunk *chunk = add_chunk(arena, size);

	chunk->used = size;
	return chunk->bytes;
}

void *
conf_arena_alloc(struct conf_arena *arena, size_t size)
{
	void *piece = take(arena, size == 0 ? 1 : size, ALIGNMENT);

	memset(piece, 0, size);
	arena->last = piece;
	return piece;
}

const char *
conf_arena_strn(struct conf_arena *arena, const char *text, size_t len)
{
	char *copy = take(arena, len + 1, 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	arena->last = NULL;
	return copy;
}

const char *
conf_arena_str(struct conf_arena *arena, const char *text)
{
	return text == NULL ? NULL : conf_arena_strn(arena, text, strlen(text));
}

const char *
conf_arena_printf(struct conf_arena *arena, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(len >= 0);
	char *text = take(arena, (size_t)len + 1, 1);

	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	arena->last = NULL;
	return text;
}

static uint64_t
hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash ^ (hash >> 32);
}

/* The slot that holds text, or the free one where it belongs. */
static size_t
intern_slot(const char *const *table, size_t slots, const char *text)
{
	size_t slot = hash_of(text) & (slots - 1);

	while (table[slot] != NULL && strcmp(table[slot], text) != 0)
		slot = (slot + 1) & (slots - 1);
	return slot;
}

static void
intern_widen(struct conf_arena *arena)
{
	size_t slots = arena->intern_slots == 0 ? INTERN_SLOTS_MIN : arena->intern_slots * 2;
	const char **table = need(calloc(slots, sizeof(*table)));

	for (size_t i = 0; i < arena->intern_slots; i++) {
		if (arena->interned[i] != NULL)
			table[intern_slot(table, slots, arena->interned[i])] = arena->interned[i];
	}
	free(arena->interned);
	arena->interned = table;
	arena->intern_slots = slots;
}

const char *
conf_arena_intern(struct conf_arena *arena, const char *text)
{
	if (text == NULL)
		return NULL;
	if (arena->intern_used * 2 >= arena->intern_slots)
		intern_widen(arena);
	size_t slot = intern_slot(arena->interned, arena->intern_slots, text);

	if (arena->interned[slot] == NULL) {
		arena->interned[slot] = conf_arena_str(arena, text);
		arena->intern_used++;
	}
	return arena->interned[slot];
}

bool
conf_arena_intern_new(struct conf_arena *arena, const char *text)
{
	size_t before = arena->intern_used;

	conf_arena_intern(arena, text);
	return arena->intern_used != before;
}

/* Makes the latest piece longer without moving it. */
static bool
extend(struct conf_arena *arena, void *piece, size_t size, size_t wanted)
{
	struct chunk *chunk = arena->current;

	if (piece != arena->last || chunk == NULL)
		return false;
	size_t at = (size_t)((char *)piece - chunk->bytes);

	if (at + size != chunk->used || chunk->size - at < wanted)
		return false;
	memset(chunk->bytes + chunk->used, 0, wanted - size);
	chunk->used = at + wanted;
	return true;
}

void *
conf_arena_grow(struct conf_arena *arena, void *array, size_t n, size_t element_size)
{
	/* There is room for 2, 4, 8 .. elements: only a full array has to grow. */
	if (array != NULL && (n < 2 || (n & (n - 1)) != 0))
		return array;
	size_t room = n < 2 ? 2 : n * 2;

	assert(room < SIZE_MAX / 4 / element_size);
	if (array != NULL && extend(arena, array, n * element_size, room * element_size))
		return array;
	void *wider = conf_arena_alloc(arena, room * element_size);

	if (array != NULL)
		memcpy(wider, array, n * element_size);
	return wider;
}
