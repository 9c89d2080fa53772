/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a restarted checker has to know so that its first table is its predecessor's last: the state
 * of each real server with the verdicts of its checks, and of each quorum. Records are kept by the
 * supervisor (hf_room_remember). Pure.
 */
#ifndef CHECKER_MEMORY_H
#define CHECKER_MEMORY_H

#include "checker/checker_table.h"
#include "lib/hf_room.h"

#define CHECKER_MEMORY_CHECKS_MAX 80 /* checks of one real server that a record can hold */

struct checker_memory_record {
	char key[HF_ROOM_KEY_MAX];
	uint32_t len;
	uint8_t *bytes;
};

/* What came back, until it is used. */
struct checker_memory {
	struct checker_memory_record *list;
	size_t n, cap;
};

void checker_memory_free(struct checker_memory *memory);

/* Takes one record in. Out of memory, or above HF_ROOM_RECORDS_MAX, it is left out: the server then
 * starts as a new one. */
void checker_memory_add(struct checker_memory *memory, const char *key, const void *bytes,
			size_t len);

/* Gives a table just built the state that is remembered. */
void checker_memory_apply(struct checker_memory *memory, struct checker_table *table);

/* The key and record of a server; buf holds HF_ROOM_RECORD_MAX bytes. Returns the length. */
size_t checker_memory_real(const struct checker_real *real, char key[HF_ROOM_KEY_MAX],
			   uint8_t *buf);
size_t checker_memory_virtual(const struct checker_virtual *vs, char key[HF_ROOM_KEY_MAX],
			      uint8_t *buf);

#endif
