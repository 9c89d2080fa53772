/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metadata as bytes: places, superblock, pages of the dirty maps. Little-endian throughout. */
#include "replication/volume/volume_meta.h"

#include <assert.h>
#include <string.h>

#include "lib/hf_buf.h"
#include "lib/hf_crc32c.h"
#include "replication/volume/volume_actlog.h"
#include "replication/volume/volume_dirty.h"

static const uint8_t superblock_magic[8] = { 'H', 'F', 'V', 'O', 'L', 'U', 'M', 'E' };
static const uint8_t page_magic[4] = { 'H', 'F', 'D', 'M' };

#define SUPERBLOCK_CRC_AT 12
#define SUPERBLOCK_BYTES  (320 + VOLUME_LINEAGE_MAX * 24)
#define PAGE_CRC_AT       4
#define PAGE_HEADER_BYTES (VOLUME_META_BLOCK - VOLUME_MAP_PAGE_BYTES)

#define FLAG_CREATED_CLEAN 0x0001
#define FLAG_INCONSISTENT  0x0002
#define FLAG_DISK_FAILED   0x0004
#define FLAG_INTERNAL      0x0008
#define FLAGS_KNOWN        0x000f

static_assert(SUPERBLOCK_BYTES <= VOLUME_META_BLOCK, "the superblock fits its block");
static_assert(PAGE_HEADER_BYTES == 128, "a page and its header fill a block");

const char *
volume_meta_finding_code(enum volume_meta_finding finding)
{
	static const char *const codes[] = {
#define FINDING_CODE(name, code, text) code,
		VOLUME_META_FINDINGS(FINDING_CODE)
#undef FINDING_CODE
	};

	return codes[finding];
}

const char *
volume_meta_finding_text(enum volume_meta_finding finding)
{
	static const char *const texts[] = {
#define FINDING_TEXT(name, code, text) text,
		VOLUME_META_FINDINGS(FINDING_TEXT)
#undef FINDING_TEXT
	};

	return texts[finding];
}

void
volume_meta_copies(uint64_t store_blocks, uint64_t copies[2])
{
	assert(store_blocks >= VOLUME_META_TAIL_BLOCKS);
	copies[0] = (store_blocks - VOLUME_META_TAIL_BLOCKS) * VOLUME_META_BLOCK;
	copies[1] = (store_blocks - 1) * VOLUME_META_BLOCK;
}

bool
volume_meta_plan(uint64_t store_blocks, uint64_t size_blocks, uint32_t ring_blocks,
		 struct volume_meta_layout *layout)
{
	uint64_t maps, needed;

	assert(ring_blocks <= VOLUME_META_RING_MAX);
	if (size_blocks == 0 || size_blocks > VOLUME_META_SIZE_MAX_BLOCKS)
		return false;
	maps = (uint64_t)VOLUME_META_MAPS * volume_dirty_pages(size_blocks);
	needed = maps + VOLUME_META_TAIL_BLOCKS;
	if (store_blocks < needed)
		return false;
	*layout = (struct volume_meta_layout){
		.store_blocks = store_blocks,
		.start = (store_blocks - needed) * VOLUME_META_BLOCK,
		.map_pages = volume_dirty_pages(size_blocks),
		.ring_blocks = ring_blocks,
	};
	volume_meta_copies(store_blocks, layout->copies);
	layout->ring = layout->copies[0] + VOLUME_META_BLOCK;
	return true;
}

uint64_t
volume_meta_largest(uint64_t store_blocks)
{
	uint64_t left, pages;

	if (store_blocks <= VOLUME_META_TAIL_BLOCKS)
		return 0;
	left = store_blocks - VOLUME_META_TAIL_BLOCKS;
	/* Each page of each map goes with the blocks that it speaks of. */
	pages = (left + (uint64_t)VOLUME_MAP_PAGE_BLOCKS + VOLUME_META_MAPS - 1) /
		(VOLUME_MAP_PAGE_BLOCKS + VOLUME_META_MAPS);
	if (left <= pages * VOLUME_META_MAPS)
		return 0;
	left -= pages * VOLUME_META_MAPS;
	return left < VOLUME_META_SIZE_MAX_BLOCKS ? left : VOLUME_META_SIZE_MAX_BLOCKS;
}

uint64_t
volume_meta_map_at(const struct volume_meta_layout *layout, uint8_t node, uint8_t peer,
		   uint32_t page)
{
	uint64_t slot = peer < node ? peer : (uint64_t)peer - 1;

	assert(peer != node);
	assert(peer < VOLUME_NODES_MAX);
	assert(page < layout->map_pages);
	return layout->start + (slot * layout->map_pages + page) * VOLUME_META_BLOCK;
}

/* The checksum of a block is over all of it, with zeros where the checksum stands. */
static uint32_t
block_crc(const uint8_t block[VOLUME_META_BLOCK], size_t crc_at)
{
	static const uint8_t zeros[4];
	uint32_t crc = hf_crc32c(0, block, crc_at);

	crc = hf_crc32c(crc, zeros, sizeof(zeros));
	return hf_crc32c(crc, block + crc_at + 4, VOLUME_META_BLOCK - crc_at - 4);
}

static void
put_crc(uint8_t block[VOLUME_META_BLOCK], size_t crc_at)
{
	struct hf_writer w = hf_writer_to(block + crc_at, 4);

	hf_put_le32(&w, block_crc(block, crc_at));
}

static bool
crc_is_right(const uint8_t block[VOLUME_META_BLOCK], size_t crc_at)
{
	struct hf_reader r = hf_reader_of(block + crc_at, 4);

	return hf_get_le32(&r) == block_crc(block, crc_at);
}

static uint16_t
flags_of(const struct volume_meta *meta)
{
	const struct volume_superblock *sb = &meta->superblock;

	return (uint16_t)((sb->created_clean ? FLAG_CREATED_CLEAN : 0) |
			  (sb->inconsistent ? FLAG_INCONSISTENT : 0) |
			  (sb->disk_failed ? FLAG_DISK_FAILED : 0) |
			  (meta->internal ? FLAG_INTERNAL : 0));
}

static void
put_lineage(struct hf_writer *w, const struct volume_lineage *lineage)
{
	hf_put_le32(w, lineage->n);
	hf_put_zeros(w, 4);
	for (uint32_t i = 0; i < lineage->n; i++) {
		const struct volume_lineage_entry *entry = &lineage->entries[i];

		hf_put_le64(w, entry->record.epoch);
		hf_put_le64(w, entry->start);
		hf_put_u8(w, entry->record.primary);
		hf_put_u8(w, entry->record.in_sync);
		hf_put_zeros(w, 6);
	}
}

void
volume_meta_encode(const struct volume_meta *meta, uint8_t block[VOLUME_META_BLOCK])
{
	const struct volume_superblock *sb = &meta->superblock;
	struct hf_writer w = hf_writer_to(block, VOLUME_META_BLOCK);

	assert(sb->lineage.n <= VOLUME_LINEAGE_MAX);
	hf_put_bytes(&w, superblock_magic, sizeof(superblock_magic));
	hf_put_le16(&w, VOLUME_META_VERSION);
	hf_put_le16(&w, flags_of(meta));
	hf_put_le32(&w, 0); /* the checksum */
	hf_put_le64(&w, meta->sequence);
	hf_put_bytes(&w, sb->volume_id, VOLUME_ID_BYTES);
	hf_put_bytes(&w, sb->replica_id, VOLUME_ID_BYTES);
	hf_put_u8(&w, sb->node);
	hf_put_u8(&w, sb->n_nodes);
	hf_put_le16(&w, 0);
	hf_put_le32(&w, sb->al_slots);
	hf_put_le64(&w, sb->size_blocks);
	hf_put_le64(&w, meta->store_blocks);
	hf_put_le32(&w, meta->ring_blocks);
	hf_put_le32(&w, VOLUME_META_MAPS);
	hf_put_le64(&w, sb->opened);
	hf_put_le64(&w, sb->promised);
	hf_put_zeros(&w, 8);
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++) {
		hf_put_bytes(&w, sb->seen[i].replica_id, VOLUME_ID_BYTES);
		hf_put_le64(&w, sb->seen[i].opened);
	}
	hf_put_bytes(&w, meta->volume, sizeof(meta->volume));
	hf_put_bytes(&w, meta->node, sizeof(meta->node));
	put_lineage(&w, &sb->lineage);
	hf_put_zeros(&w, VOLUME_META_BLOCK - w.len);
	assert(!w.bad);
	put_crc(block, SUPERBLOCK_CRC_AT);
}

/* Epochs only grow and positions never go back; a primary is a member of its own record. */
static bool
lineage_is_possible(const struct volume_lineage *lineage, uint8_t n_nodes, uint64_t promised)
{
	for (uint32_t i = 0; i < lineage->n; i++) {
		const struct volume_lineage_entry *entry = &lineage->entries[i];
		const struct volume_record *record = &entry->record;

		if (record->in_sync >> n_nodes != 0)
			return false;
		if (record->primary != VOLUME_NODE_NONE && record->primary >= n_nodes)
			return false;
		if (i > 0 &&
		    (record->epoch <= entry[-1].record.epoch || entry->start < entry[-1].start))
			return false;
	}
	return lineage->n == 0 || lineage->entries[lineage->n - 1].record.epoch <= promised;
}

static bool
is_possible(const struct volume_meta *meta)
{
	const struct volume_superblock *sb = &meta->superblock;
	struct volume_meta_layout layout;

	if (sb->n_nodes < 1 || sb->n_nodes > VOLUME_NODES_MAX || sb->node >= sb->n_nodes)
		return false;
	if (sb->al_slots < 1 || sb->al_slots > VOLUME_AL_SLOTS_MAX)
		return false;
	if (meta->ring_blocks > VOLUME_META_RING_MAX ||
	    meta->ring_blocks < volume_actlog_ring_least(sb->al_slots))
		return false;
	if (!volume_meta_plan(meta->store_blocks, sb->size_blocks, meta->ring_blocks, &layout))
		return false;
	if (meta->internal && sb->size_blocks > layout.start / VOLUME_META_BLOCK)
		return false;
	return lineage_is_possible(&sb->lineage, sb->n_nodes, sb->promised);
}

static void
get_lineage(struct hf_reader *r, struct volume_lineage *lineage)
{
	lineage->n = hf_get_le32(r);
	hf_skip(r, 4);
	if (lineage->n > VOLUME_LINEAGE_MAX) {
		r->bad = true;
		return;
	}
	for (uint32_t i = 0; i < lineage->n; i++) {
		struct volume_lineage_entry *entry = &lineage->entries[i];

		entry->record.epoch = hf_get_le64(r);
		entry->start = hf_get_le64(r);
		entry->record.primary = hf_get_u8(r);
		entry->record.in_sync = hf_get_u8(r);
		hf_skip(r, 6);
	}
}

/* The fields behind the checksum. False: one of them cannot be. */
static bool
get_fields(struct hf_reader *r, uint16_t flags, struct volume_meta *meta)
{
	struct volume_superblock *sb = &meta->superblock;
	uint32_t n_maps;

	sb->created_clean = flags & FLAG_CREATED_CLEAN;
	sb->inconsistent = flags & FLAG_INCONSISTENT;
	sb->disk_failed = flags & FLAG_DISK_FAILED;
	meta->internal = flags & FLAG_INTERNAL;
	meta->sequence = hf_get_le64(r);
	hf_get_bytes(r, sb->volume_id, VOLUME_ID_BYTES);
	hf_get_bytes(r, sb->replica_id, VOLUME_ID_BYTES);
	sb->node = hf_get_u8(r);
	sb->n_nodes = hf_get_u8(r);
	hf_skip(r, 2);
	sb->al_slots = hf_get_le32(r);
	sb->size_blocks = hf_get_le64(r);
	meta->store_blocks = hf_get_le64(r);
	meta->ring_blocks = hf_get_le32(r);
	n_maps = hf_get_le32(r);
	sb->opened = hf_get_le64(r);
	sb->promised = hf_get_le64(r);
	hf_skip(r, 8);
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++) {
		hf_get_bytes(r, sb->seen[i].replica_id, VOLUME_ID_BYTES);
		sb->seen[i].opened = hf_get_le64(r);
	}
	hf_get_bytes(r, meta->volume, sizeof(meta->volume));
	hf_get_bytes(r, meta->node, sizeof(meta->node));
	get_lineage(r, &sb->lineage);
	return !r->bad && n_maps == VOLUME_META_MAPS && (flags & ~FLAGS_KNOWN) == 0 &&
	       meta->volume[VOLUME_META_NAME_MAX - 1] == '\0' &&
	       meta->node[VOLUME_META_NAME_MAX - 1] == '\0';
}

enum volume_meta_finding
volume_meta_decode(const uint8_t block[VOLUME_META_BLOCK], struct volume_meta *meta)
{
	struct hf_reader r = hf_reader_of(block, VOLUME_META_BLOCK);
	uint8_t magic[sizeof(superblock_magic)];
	uint16_t version, flags;

	memset(meta, 0, sizeof(*meta));
	hf_get_bytes(&r, magic, sizeof(magic));
	if (memcmp(magic, superblock_magic, sizeof(magic)) != 0)
		return VOLUME_META_NONE;
	if (!crc_is_right(block, SUPERBLOCK_CRC_AT))
		return VOLUME_META_DAMAGED;
	version = hf_get_le16(&r);
	flags = hf_get_le16(&r);
	hf_skip(&r, 4);
	if (version > VOLUME_META_VERSION)
		return VOLUME_META_NEWER;
	if (version == 0 || !get_fields(&r, flags, meta) || !is_possible(meta))
		return VOLUME_META_IMPOSSIBLE;
	return VOLUME_META_VALID;
}

/* How much a finding tells when no copy is valid. */
static int
weight(enum volume_meta_finding finding)
{
	switch (finding) {
	case VOLUME_META_NONE:
		return 0;
	case VOLUME_META_DAMAGED:
		return 1;
	case VOLUME_META_IMPOSSIBLE:
		return 2;
	case VOLUME_META_TRUNCATED:
		return 3;
	case VOLUME_META_VALID:
		return 4;
	case VOLUME_META_NEWER:
		return 5;
	case VOLUME_META_FINDING_KINDS:
		break;
	}
	return 0;
}

enum volume_meta_finding
volume_meta_choose(const uint8_t first[VOLUME_META_BLOCK], const uint8_t second[VOLUME_META_BLOCK],
		   struct volume_meta *meta, unsigned int *stale)
{
	struct volume_meta other;
	enum volume_meta_finding a = volume_meta_decode(first, meta);
	enum volume_meta_finding b = volume_meta_decode(second, &other);

	*stale = 1;
	if (a == b && a == VOLUME_META_VALID && other.sequence <= meta->sequence)
		return a;
	if (weight(a) > weight(b))
		return a;
	*meta = other;
	*stale = 0;
	return b;
}

void
volume_meta_page_encode(const struct volume_superblock *sb, uint8_t peer, uint32_t page,
			const uint8_t bits[VOLUME_MAP_PAGE_BYTES], uint8_t block[VOLUME_META_BLOCK])
{
	struct hf_writer w = hf_writer_to(block, VOLUME_META_BLOCK);

	hf_put_bytes(&w, page_magic, sizeof(page_magic));
	hf_put_le32(&w, 0); /* the checksum */
	hf_put_bytes(&w, sb->replica_id, VOLUME_ID_BYTES);
	hf_put_le32(&w, page);
	hf_put_u8(&w, peer);
	hf_put_zeros(&w, PAGE_HEADER_BYTES - w.len);
	hf_put_bytes(&w, bits, VOLUME_MAP_PAGE_BYTES);
	assert(!w.bad);
	put_crc(block, PAGE_CRC_AT);
}

static bool
is_zero(const uint8_t block[VOLUME_META_BLOCK])
{
	return block[0] == 0 && memcmp(block, block + 1, VOLUME_META_BLOCK - 1) == 0;
}

bool
volume_meta_page_decode(const struct volume_superblock *sb, uint8_t peer, uint32_t page,
			const uint8_t block[VOLUME_META_BLOCK], uint8_t bits[VOLUME_MAP_PAGE_BYTES])
{
	struct hf_reader r = hf_reader_of(block, VOLUME_META_BLOCK);
	uint8_t magic[sizeof(page_magic)], replica_id[VOLUME_ID_BYTES];

	if (is_zero(block)) {
		memset(bits, 0, VOLUME_MAP_PAGE_BYTES);
		return true;
	}
	hf_get_bytes(&r, magic, sizeof(magic));
	hf_skip(&r, 4);
	hf_get_bytes(&r, replica_id, sizeof(replica_id));
	if (memcmp(magic, page_magic, sizeof(magic)) == 0 && crc_is_right(block, PAGE_CRC_AT) &&
	    memcmp(replica_id, sb->replica_id, sizeof(replica_id)) == 0 &&
	    hf_get_le32(&r) == page && hf_get_u8(&r) == peer) {
		memcpy(bits, block + PAGE_HEADER_BYTES, VOLUME_MAP_PAGE_BYTES);
		return true;
	}
	memset(bits, 0xff, VOLUME_MAP_PAGE_BYTES);
	return false;
}
