/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever lies on a disk: the readers stay within the bytes, and what they accept is what they
 * would have written. The first byte chooses the reader; the bytes are laid over a block whose
 * checksum is then made right, because a fuzzer would never find it.
 */
#include <assert.h>
#include <string.h>

#include "lib/hf_buf.h"
#include "lib/hf_crc32c.h"
#include "replication/volume/volume_actlog.h"
#include "replication/volume/volume_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define SLOTS 900
#define RING  6

static void
make_right(uint8_t *block, size_t crc_at)
{
	struct hf_writer w = hf_writer_to(block + crc_at, 4);

	memset(block + crc_at, 0, 4);
	hf_put_le32(&w, hf_crc32c(0, block, VOLUME_META_BLOCK));
}

static void
superblock(const uint8_t *block)
{
	uint8_t again[VOLUME_META_BLOCK];
	struct volume_meta meta, back;
	struct volume_meta_layout layout;

	if (volume_meta_decode(block, &meta) != VOLUME_META_VALID)
		return;
	assert(volume_meta_plan(meta.store_blocks, meta.superblock.size_blocks, meta.ring_blocks,
				&layout));
	assert(layout.map_pages > 0);
	volume_meta_encode(&meta, again);
	assert(volume_meta_decode(again, &back) == VOLUME_META_VALID);
	assert(back.superblock.lineage.n == meta.superblock.lineage.n);
	assert(strcmp(back.volume, meta.volume) == 0);
}

static void
page(const uint8_t *block)
{
	struct volume_superblock sb = { .node = 1, .n_nodes = 2 };
	uint8_t bits[VOLUME_MAP_PAGE_BYTES];

	if (!volume_meta_page_decode(&sb, 0, 0, block, bits))
		assert(bits[0] == 0xff);
}

/* The block stands in its own place, after a ring of good ones. */
static void
actlog(const uint8_t *block)
{
	static const uint8_t id[VOLUME_ID_BYTES];
	static uint8_t ring[RING * VOLUME_ACTLOG_BLOCK];
	struct volume_al_transaction none = { 0 };
	struct volume_actlog *log = volume_actlog_new(id, SLOTS, RING);

	assert(log);
	for (uint32_t i = 0; i < RING; i++)
		(void)volume_actlog_encode(log, &none, ring + (size_t)i * VOLUME_ACTLOG_BLOCK);
	memcpy(ring + (size_t)(block[8] % RING) * VOLUME_ACTLOG_BLOCK, block, VOLUME_ACTLOG_BLOCK);
	if (volume_actlog_decode(log, ring) == VOLUME_ACTLOG_WHOLE)
		assert(log->context_at < SLOTS);
	volume_actlog_free(log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const magics[] = { "HFVOLUME", "HFDM", "HFAL" };
	static const size_t crc_at[] = { 12, 4, 4 };
	uint8_t block[VOLUME_META_BLOCK] = { 0 };
	size_t kind;

	if (len < 1)
		return 0;
	kind = bytes[0] % 3;
	len = len - 1 < sizeof(block) ? len - 1 : sizeof(block);
	memcpy(block, bytes + 1, len);
	if (!(bytes[0] & 0x80)) {
		memcpy(block, magics[kind], strlen(magics[kind]));
		make_right(block, crc_at[kind]);
	}
	if (kind == 0)
		superblock(block);
	else if (kind == 1)
		page(block);
	else
		actlog(block);
	return 0;
}
