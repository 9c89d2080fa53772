/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded readers and writers of bytes, in network order or little-endian. */
#include "lib/hf_buf.h"

#include <string.h>

struct hf_reader
hf_reader_of(const void *bytes, size_t len)
{
	return (struct hf_reader){ .at = bytes, .left = len };
}

/* The next len bytes, or NULL (and bad) when they are not there. */
static const uint8_t *
take(struct hf_reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || r->left < len) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	r->at += len;
	r->left -= len;
	return at;
}

static uint64_t
get_be(struct hf_reader *r, size_t len)
{
	const uint8_t *at = take(r, len);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | at[i];
	return v;
}

static uint64_t
get_le(struct hf_reader *r, size_t len)
{
	const uint8_t *at = take(r, len);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (size_t i = len; i-- > 0;)
		v = v << 8 | at[i];
	return v;
}

uint8_t
hf_get_u8(struct hf_reader *r)
{
	return (uint8_t)get_be(r, 1);
}

uint16_t
hf_get_be16(struct hf_reader *r)
{
	return (uint16_t)get_be(r, 2);
}

uint32_t
hf_get_be32(struct hf_reader *r)
{
	return (uint32_t)get_be(r, 4);
}

uint64_t
hf_get_be64(struct hf_reader *r)
{
	return get_be(r, 8);
}

uint16_t
hf_get_le16(struct hf_reader *r)
{
	return (uint16_t)get_le(r, 2);
}

uint32_t
hf_get_le32(struct hf_reader *r)
{
	return (uint32_t)get_le(r, 4);
}

uint64_t
hf_get_le64(struct hf_reader *r)
{
	return get_le(r, 8);
}

void
hf_get_bytes(struct hf_reader *r, void *out, size_t len)
{
	const uint8_t *at = take(r, len);

	if (at)
		memcpy(out, at, len);
	else
		memset(out, 0, len);
}

void
hf_skip(struct hf_reader *r, size_t len)
{
	take(r, len);
}

const char *
hf_get_str(struct hf_reader *r)
{
	uint16_t len = hf_get_be16(r);
	const uint8_t *at = take(r, (size_t)len + 1);

	if (!at || at[len] != '\0' || memchr(at, '\0', len)) {
		r->bad = true;
		return "";
	}
	return (const char *)at;
}

struct hf_writer
hf_writer_to(void *bytes, size_t cap)
{
	return (struct hf_writer){ .start = bytes, .cap = cap };
}

static uint8_t *
room_for(struct hf_writer *w, size_t len)
{
	uint8_t *at = w->start + w->len;

	if (w->bad || w->cap - w->len < len) {
		w->bad = true;
		return NULL;
	}
	w->len += len;
	return at;
}

static void
put_be(struct hf_writer *w, uint64_t v, size_t len)
{
	uint8_t *at = room_for(w, len);

	if (!at)
		return;
	for (size_t i = len; i-- > 0; v >>= 8)
		at[i] = (uint8_t)v;
}

static void
put_le(struct hf_writer *w, uint64_t v, size_t len)
{
	uint8_t *at = room_for(w, len);

	if (!at)
		return;
	for (size_t i = 0; i < len; i++, v >>= 8)
		at[i] = (uint8_t)v;
}

void
hf_put_u8(struct hf_writer *w, uint8_t v)
{
	put_be(w, v, 1);
}

void
hf_put_be16(struct hf_writer *w, uint16_t v)
{
	put_be(w, v, 2);
}

void
hf_put_be32(struct hf_writer *w, uint32_t v)
{
	put_be(w, v, 4);
}

void
hf_put_be64(struct hf_writer *w, uint64_t v)
{
	put_be(w, v, 8);
}

void
hf_put_le16(struct hf_writer *w, uint16_t v)
{
	put_le(w, v, 2);
}

void
hf_put_le32(struct hf_writer *w, uint32_t v)
{
	put_le(w, v, 4);
}

void
hf_put_le64(struct hf_writer *w, uint64_t v)
{
	put_le(w, v, 8);
}

void
hf_put_bytes(struct hf_writer *w, const void *bytes, size_t len)
{
	uint8_t *at = room_for(w, len);

	if (at && len > 0)
		memcpy(at, bytes, len);
}

void
hf_put_zeros(struct hf_writer *w, size_t len)
{
	uint8_t *at = room_for(w, len);

	if (at && len > 0)
		memset(at, 0, len);
}

void
hf_put_str(struct hf_writer *w, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= UINT16_MAX) {
		w->bad = true;
		return;
	}
	hf_put_be16(w, (uint16_t)len);
	hf_put_bytes(w, text ? text : "", len + 1);
}
