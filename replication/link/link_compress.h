/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packing of data on its way between replicas, with lz4 or zstd. Data that does not shrink is sent
 * as it is, and after some of it in a row only every so often another try is made.
 */
#ifndef LINK_COMPRESS_H
#define LINK_COMPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "replication/link/link_packet.h"

struct link_compress;

/* method: LINK_LZ4 or LINK_ZSTD. NULL when out of memory. */
struct link_compress *link_compress_new(enum link_method method);
void link_compress_free(struct link_compress *c); /* NULL is fine */
enum link_method link_compress_method(const struct link_compress *c);

/* Returns the packed length, or 0: send it plain. */
uint32_t link_compress_pack(struct link_compress *c, const uint8_t *raw, uint32_t raw_len,
			    uint8_t *packed, uint32_t cap);

/* True when the packed bytes gave exactly raw_len bytes. */
bool link_compress_unpack(struct link_compress *c, enum link_method method, const uint8_t *packed,
			  uint32_t packed_len, uint8_t *raw, uint32_t raw_len);

#endif
