/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The activity log's ring: writing the next block, and reading the table back from the ring. */
#include "replication/volume/volume_actlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_buf.h"
#include "lib/hf_crc32c.h"

#define CRC_AT       4
#define CHANGES_AT   64
#define CHANGE_BYTES 8
#define CONTEXT_AT   (CHANGES_AT + VOLUME_AL_CHANGES_MAX * CHANGE_BYTES)

static_assert(CONTEXT_AT + VOLUME_ACTLOG_CONTEXT * 4 == VOLUME_ACTLOG_BLOCK, "a block is full");

static const uint8_t magic[4] = { 'H', 'F', 'A', 'L' };

/* A block without its slice, as it was read. */
struct block {
	uint64_t sequence;
	uint32_t context_at, context_n;
	struct volume_al_transaction tx;
	const uint8_t *context;
};

static uint32_t
context_length(uint32_t n_slots)
{
	return n_slots < VOLUME_ACTLOG_CONTEXT ? n_slots : VOLUME_ACTLOG_CONTEXT;
}

uint32_t
volume_actlog_ring_least(uint32_t n_slots)
{
	return 2 * ((n_slots + VOLUME_ACTLOG_CONTEXT - 1) / VOLUME_ACTLOG_CONTEXT) + 2;
}

static void
make_empty(struct volume_actlog *log)
{
	log->sequence = 0;
	log->context_at = 0;
	for (uint32_t i = 0; i < log->n_slots; i++)
		log->extents[i] = VOLUME_AL_FREE;
}

struct volume_actlog *
volume_actlog_new(const uint8_t replica_id[VOLUME_ID_BYTES], uint32_t n_slots, uint32_t ring_blocks)
{
	struct volume_actlog *log = calloc(1, sizeof(*log));

	assert(n_slots >= 1);
	assert(n_slots <= VOLUME_AL_SLOTS_MAX);
	assert(ring_blocks >= volume_actlog_ring_least(n_slots));
	if (!log)
		return NULL;
	memcpy(log->replica_id, replica_id, VOLUME_ID_BYTES);
	log->n_slots = n_slots;
	log->ring_blocks = ring_blocks;
	log->extents = calloc(n_slots, sizeof(*log->extents));
	if (!log->extents) {
		free(log);
		return NULL;
	}
	make_empty(log);
	return log;
}

void
volume_actlog_free(struct volume_actlog *log)
{
	if (!log)
		return;
	free(log->extents);
	free(log);
}

static uint32_t
block_crc(const uint8_t block[VOLUME_ACTLOG_BLOCK])
{
	static const uint8_t zeros[4];
	uint32_t crc = hf_crc32c(0, block, CRC_AT);

	crc = hf_crc32c(crc, zeros, sizeof(zeros));
	return hf_crc32c(crc, block + CRC_AT + 4, VOLUME_ACTLOG_BLOCK - CRC_AT - 4);
}

static void
apply(struct volume_actlog *log, const struct volume_al_transaction *tx)
{
	for (uint32_t i = 0; i < tx->n; i++)
		log->extents[tx->changes[i].slot] = tx->changes[i].extent;
}

uint32_t
volume_actlog_encode(struct volume_actlog *log, const struct volume_al_transaction *tx,
		     uint8_t block[VOLUME_ACTLOG_BLOCK])
{
	struct hf_writer w = hf_writer_to(block, VOLUME_ACTLOG_BLOCK);
	uint32_t n = context_length(log->n_slots), place;

	assert(tx->n <= VOLUME_AL_CHANGES_MAX);
	for (uint32_t i = 0; i < tx->n; i++)
		assert(tx->changes[i].slot < log->n_slots);
	apply(log, tx);
	hf_put_bytes(&w, magic, sizeof(magic));
	hf_put_le32(&w, 0); /* the checksum */
	hf_put_le64(&w, log->sequence);
	hf_put_bytes(&w, log->replica_id, VOLUME_ID_BYTES);
	hf_put_le32(&w, log->n_slots);
	hf_put_le32(&w, log->context_at);
	hf_put_le32(&w, n);
	hf_put_le32(&w, tx->n);
	hf_put_zeros(&w, CHANGES_AT - w.len);
	for (uint32_t i = 0; i < tx->n; i++) {
		hf_put_le16(&w, tx->changes[i].slot);
		hf_put_le16(&w, 0);
		hf_put_le32(&w, tx->changes[i].extent);
	}
	hf_put_zeros(&w, CONTEXT_AT - w.len);
	for (uint32_t i = 0; i < n; i++)
		hf_put_le32(&w, log->extents[(log->context_at + i) % log->n_slots]);
	hf_put_zeros(&w, VOLUME_ACTLOG_BLOCK - w.len);
	assert(!w.bad);
	w = hf_writer_to(block + CRC_AT, 4);
	hf_put_le32(&w, block_crc(block));
	place = (uint32_t)(log->sequence % log->ring_blocks);
	log->sequence++;
	log->context_at = (log->context_at + n) % log->n_slots;
	return place;
}

/* False: not a block that this log wrote in this place. */
static bool
decode_block(const struct volume_actlog *log, uint32_t place, const uint8_t *bytes,
	     struct block *out)
{
	struct hf_reader r = hf_reader_of(bytes, VOLUME_ACTLOG_BLOCK);
	uint8_t found[sizeof(magic)], replica_id[VOLUME_ID_BYTES];

	hf_get_bytes(&r, found, sizeof(found));
	if (memcmp(found, magic, sizeof(magic)) != 0 || hf_get_le32(&r) != block_crc(bytes))
		return false;
	out->sequence = hf_get_le64(&r);
	hf_get_bytes(&r, replica_id, sizeof(replica_id));
	if (memcmp(replica_id, log->replica_id, sizeof(replica_id)) != 0)
		return false;
	if (hf_get_le32(&r) != log->n_slots || out->sequence % log->ring_blocks != place)
		return false;
	out->context_at = hf_get_le32(&r);
	out->context_n = hf_get_le32(&r);
	out->tx.n = hf_get_le32(&r);
	if (out->context_at >= log->n_slots || out->context_n != context_length(log->n_slots) ||
	    out->tx.n > VOLUME_AL_CHANGES_MAX)
		return false;
	hf_skip(&r, CHANGES_AT - 48);
	for (uint32_t i = 0; i < out->tx.n; i++) {
		out->tx.changes[i].slot = hf_get_le16(&r);
		hf_skip(&r, 2);
		out->tx.changes[i].extent = hf_get_le32(&r);
		if (out->tx.changes[i].slot >= log->n_slots)
			return false;
	}
	out->context = bytes + CONTEXT_AT;
	return true;
}

static void
take_context(struct volume_actlog *log, const struct block *block)
{
	struct hf_reader r = hf_reader_of(block->context, (size_t)VOLUME_ACTLOG_CONTEXT * 4);

	for (uint32_t i = 0; i < block->context_n; i++)
		log->extents[(block->context_at + i) % log->n_slots] = hf_get_le32(&r);
}

/* The newest sequence number in the ring. False: no block can be read. */
static bool
newest(const struct volume_actlog *log, const uint8_t *ring, uint64_t *sequence)
{
	struct block block;
	bool any = false;

	for (uint32_t i = 0; i < log->ring_blocks; i++) {
		if (!decode_block(log, i, ring + (size_t)i * VOLUME_ACTLOG_BLOCK, &block))
			continue;
		if (!any || block.sequence > *sequence)
			*sequence = block.sequence;
		any = true;
	}
	return any;
}

/* Is this block there, and the one that was written with this number? */
static bool
block_of(const struct volume_actlog *log, const uint8_t *ring, uint64_t sequence,
	 struct block *block)
{
	uint32_t place = (uint32_t)(sequence % log->ring_blocks);

	return decode_block(log, place, ring + (size_t)place * VOLUME_ACTLOG_BLOCK, block) &&
	       block->sequence == sequence;
}

/* How many blocks before and with the newest follow each other without a gap. */
static uint32_t
length_of_run(const struct volume_actlog *log, const uint8_t *ring, uint64_t last)
{
	struct block block;
	uint32_t n = 0;

	while (n < log->ring_blocks && n <= last && block_of(log, ring, last - n, &block))
		n++;
	return n;
}

enum volume_actlog_found
volume_actlog_decode(struct volume_actlog *log, const uint8_t *ring)
{
	uint32_t round = (log->n_slots + VOLUME_ACTLOG_CONTEXT - 1) / VOLUME_ACTLOG_CONTEXT;
	struct block block;
	uint64_t last = 0;
	uint32_t run;

	make_empty(log);
	if (!newest(log, ring, &last))
		return VOLUME_ACTLOG_DAMAGED;
	run = length_of_run(log, ring, last);
	for (uint32_t i = run; i-- > 0;) {
		if (!block_of(log, ring, last - i, &block))
			break;
		take_context(log, &block);
		apply(log, &block.tx);
		log->context_at = (block.context_at + block.context_n) % log->n_slots;
	}
	/* Slices of one round cover the table; each slot's changes since are in the run too. */
	if (run < round)
		make_empty(log);
	log->sequence = last + 1;
	return run < round ? VOLUME_ACTLOG_DAMAGED : VOLUME_ACTLOG_WHOLE;
}
