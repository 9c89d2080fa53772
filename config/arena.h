/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is handed out piece by piece and given back all at once: everything of one
 * configuration lives in one arena. Memory that cannot be had ends the process with status 204, as
 * keepalived does: nothing here returns NULL.
 */
#ifndef CONF_ARENA_H
#define CONF_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/hf_base.h"

struct conf_arena;

struct conf_arena *conf_arena_new(void);
void conf_arena_free(struct conf_arena *arena); /* NULL is fine */

/* size bytes, zeroed, aligned for any type. */
void *conf_arena_alloc(struct conf_arena *arena, size_t size);

/* Copies, with a NUL behind. conf_arena_str(arena, NULL) is NULL. */
const char *conf_arena_str(struct conf_arena *arena, const char *text);
const char *conf_arena_strn(struct conf_arena *arena, const char *text, size_t len);
const char *conf_arena_printf(struct conf_arena *arena, const char *fmt, ...) HF_PRINTF(2, 3);

/* As conf_arena_str(), but equal texts share one copy: compare the results with ==. */
const char *conf_arena_intern(struct conf_arena *arena, const char *text);

/* Interns text; true when it was not there before. */
bool conf_arena_intern_new(struct conf_arena *arena, const char *text);

/*
 * A growing array: returns where it is now, with room for one more element behind the n that it
 * has (zeroed). Start with NULL and 0; the cost over all calls is linear.
 *	list = conf_arena_grow(arena, list, n, sizeof(*list));
 *	list[n++] = item;
 */
void *conf_arena_grow(struct conf_arena *arena, void *array, size_t n, size_t element_size);

/* Forgets everything (interned texts too) but keeps the memory for what comes next. */
void conf_arena_reset(struct conf_arena *arena);

/* Bytes taken from the system. */
size_t conf_arena_bytes(const struct conf_arena *arena);

#endif
