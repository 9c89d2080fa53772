/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds duplicates and looks names up among many, without comparing each with each. */
#ifndef NAME_INDEX_H
#define NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"

struct name_index;

/* For n names. Lives in the arena. */
struct name_index *name_index_new(struct conf_arena *arena, size_t n);

/* Adds a name (kept by reference) with its number, unless it is there. Returns the number of the
 * first one of that name: equal to number when it is new. */
size_t name_index_add(struct name_index *index, const char *name, size_t number);

/* Returns the number, or SIZE_MAX. */
size_t name_index_find(const struct name_index *index, const char *name);

#endif
