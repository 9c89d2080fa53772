/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lz4 and zstd behind two functions; their working memory is allocated once. */
#include "replication/link/link_compress.h"

#include <assert.h>
#include <lz4.h>
#include <stdlib.h>
#include <zstd.h>

#define WORTH_IT      16 /* at least a 16th shorter */
#define FAILURES_MAX  8  /* in a row, then */
#define SKIP_MESSAGES 64 /* this many go unpacked before the next try */
#define ZSTD_FAST     1

struct link_compress {
	enum link_method method;
	uint32_t failures, skip;
	void *lz4;
	ZSTD_CCtx *zstd;
	ZSTD_DCtx *zstd_in;
};

struct link_compress *
link_compress_new(enum link_method method)
{
	struct link_compress *c = calloc(1, sizeof(*c));

	assert(method == LINK_LZ4 || method == LINK_ZSTD);
	if (!c)
		return NULL;
	c->method = method;
	c->lz4 = malloc((size_t)LZ4_sizeofState());
	c->zstd = ZSTD_createCCtx();
	c->zstd_in = ZSTD_createDCtx();
	if (!c->lz4 || !c->zstd || !c->zstd_in) {
		link_compress_free(c);
		return NULL;
	}
	return c;
}

void
link_compress_free(struct link_compress *c)
{
	if (!c)
		return;
	free(c->lz4);
	ZSTD_freeCCtx(c->zstd);
	ZSTD_freeDCtx(c->zstd_in);
	free(c);
}

enum link_method
link_compress_method(const struct link_compress *c)
{
	return c->method;
}

/* 0 when it does not fit into cap. */
static uint32_t
pack(struct link_compress *c, const uint8_t *raw, uint32_t raw_len, uint8_t *packed, uint32_t cap)
{
	if (c->method == LINK_LZ4) {
		int n = LZ4_compress_fast_extState(c->lz4, (const char *)raw, (char *)packed,
						   (int)raw_len, (int)cap, 1);

		return n > 0 ? (uint32_t)n : 0;
	}

	size_t n = ZSTD_compressCCtx(c->zstd, packed, cap, raw, raw_len, ZSTD_FAST);

	return ZSTD_isError(n) ? 0 : (uint32_t)n;
}

uint32_t
link_compress_pack(struct link_compress *c, const uint8_t *raw, uint32_t raw_len, uint8_t *packed,
		   uint32_t cap)
{
	uint32_t most = raw_len - raw_len / WORTH_IT;
	uint32_t n;

	if (c->skip > 0) {
		c->skip--;
		return 0;
	}
	/* It gives up early when the result would not fit into what is worth it. */
	n = most < raw_len ? pack(c, raw, raw_len, packed, most < cap ? most : cap) : 0;
	if (n > 0) {
		c->failures = 0;
	} else if (++c->failures >= FAILURES_MAX) {
		c->failures = 0;
		c->skip = SKIP_MESSAGES;
	}
	return n;
}

bool
link_compress_unpack(struct link_compress *c, enum link_method method, const uint8_t *packed,
		     uint32_t packed_len, uint8_t *raw, uint32_t raw_len)
{
	switch (method) {
	case LINK_LZ4:
		return LZ4_decompress_safe((const char *)packed, (char *)raw, (int)packed_len,
					   (int)raw_len) == (int)raw_len;
	case LINK_ZSTD:
		return ZSTD_decompressDCtx(c->zstd_in, raw, raw_len, packed, packed_len) == raw_len;
	case LINK_PLAIN:
	case LINK_METHODS:
		break;
	}
	return false;
}
