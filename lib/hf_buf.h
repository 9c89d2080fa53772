/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded readers and writers of bytes, big-endian (be: between rooms, on the network) or
 * little-endian (le: on a volume's disk, between replicas). An access beyond the end sets `bad` and
 * yields zeros (reader) or writes nothing (writer), so a decoder reads everything and asks once at
 * the end.
 */
#ifndef HF_BUF_H
#define HF_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

struct hf_writer {
	uint8_t *start;
	size_t cap;
	size_t len;
	bool bad;
};

struct hf_reader hf_reader_of(const void *bytes, size_t len);
uint8_t hf_get_u8(struct hf_reader *r);
uint16_t hf_get_be16(struct hf_reader *r);
uint32_t hf_get_be32(struct hf_reader *r);
uint64_t hf_get_be64(struct hf_reader *r);
uint16_t hf_get_le16(struct hf_reader *r);
uint32_t hf_get_le32(struct hf_reader *r);
uint64_t hf_get_le64(struct hf_reader *r);
void hf_get_bytes(struct hf_reader *r, void *out, size_t len);
void hf_skip(struct hf_reader *r, size_t len);

/* Reads a string written by hf_put_str(). The result points into the buffer and ends with NUL; ""
 * when bad. */
const char *hf_get_str(struct hf_reader *r);

struct hf_writer hf_writer_to(void *bytes, size_t cap);
void hf_put_u8(struct hf_writer *w, uint8_t v);
void hf_put_be16(struct hf_writer *w, uint16_t v);
void hf_put_be32(struct hf_writer *w, uint32_t v);
void hf_put_be64(struct hf_writer *w, uint64_t v);
void hf_put_le16(struct hf_writer *w, uint16_t v);
void hf_put_le32(struct hf_writer *w, uint32_t v);
void hf_put_le64(struct hf_writer *w, uint64_t v);
void hf_put_bytes(struct hf_writer *w, const void *bytes, size_t len);
void hf_put_zeros(struct hf_writer *w, size_t len);

/* 16 bits of length, the bytes, a NUL. NULL is written as "". Longer than 65534 bytes sets bad. */
void hf_put_str(struct hf_writer *w, const char *text);

#endif
