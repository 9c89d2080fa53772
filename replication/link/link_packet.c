/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames between replicas, bytes to struct and back. Everything is little-endian. Each message is
 * described once, by a function that walks over its fields in their order on the wire; the walk
 * either writes or reads them. Who may say what when is the engines' matter.
 */
#include "replication/link/link_packet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/hf_buf.h"
#include "lib/hf_crc32c.h"
#include "replication/volume/volume_engine.h"

static const uint8_t magic[4] = { 'H', 'F', 'L', 'K' };

#define GREETING_BYTES 84
#define SECTOR_BYTES   512

static_assert(LINK_BYE == 19, "numbers of messages are on the wire: new ones go to the end");
static_assert(GREETING_BYTES <= LINK_GREETING_MAX, "a greeting fits");

const char *
link_why_code(enum link_why why)
{
	static const char *const codes[] = {
#define CODE(name, code, text) code,
		LINK_WHYS(CODE)
#undef CODE
	};

	assert(why < LINK_WHY_KINDS);
	return codes[why];
}

const char *
link_why_text(enum link_why why)
{
	static const char *const texts[] = {
#define TEXT(name, code, text) text,
		LINK_WHYS(TEXT)
#undef TEXT
	};

	assert(why < LINK_WHY_KINDS);
	return texts[why];
}

bool
link_type_is_msg(uint8_t type)
{
	return type >= LINK_HELLO && type < LINK_MSG_TYPES;
}

/* --- header ---------------------------------------------------------------------------------- */

void
link_header_encode(const struct link_header *h, uint32_t session, uint8_t bytes[LINK_HEADER_BYTES])
{
	struct hf_writer w = hf_writer_to(bytes, LINK_HEADER_BYTES);

	hf_put_bytes(&w, magic, sizeof(magic));
	hf_put_u8(&w, h->type);
	hf_put_u8(&w, h->method);
	hf_put_le16(&w, h->body_len);
	hf_put_le32(&w, h->data_len);
	hf_put_le32(&w, h->raw_len);
	hf_put_le64(&w, h->sequence);
	hf_put_le32(&w, h->body_crc);
	hf_put_le32(&w, h->data_crc);
	hf_put_le32(&w, hf_crc32c(session, bytes, w.len));
	assert(!w.bad && w.len == LINK_HEADER_BYTES);
}

static bool
is_own(uint8_t type)
{
	return type >= LINK_GREETING && type < LINK_OWN_END;
}

static enum link_why
lengths_fit(const struct link_header *h)
{
	if (h->body_len > LINK_BODY_MAX || h->raw_len > LINK_DATA_MAX || h->data_len > h->raw_len)
		return LINK_WHY_LENGTH;
	if ((h->data_len == 0) != (h->raw_len == 0))
		return LINK_WHY_LENGTH;
	if (is_own(h->type) && (h->data_len > 0 || h->body_len > LINK_GREETING_MAX))
		return LINK_WHY_LENGTH;
	/* Packed is always shorter, so equal lengths and plain mean each other. */
	if ((h->method == LINK_PLAIN) != (h->data_len == h->raw_len))
		return LINK_WHY_METHOD;
	return LINK_WHY_NONE;
}

enum link_why
link_header_decode(const uint8_t bytes[LINK_HEADER_BYTES], uint32_t session, struct link_header *h)
{
	struct hf_reader r = hf_reader_of(bytes, LINK_HEADER_BYTES);
	uint8_t found[sizeof(magic)];

	hf_get_bytes(&r, found, sizeof(found));
	if (memcmp(found, magic, sizeof(magic)) != 0)
		return LINK_WHY_MAGIC;
	h->type = hf_get_u8(&r);
	h->method = hf_get_u8(&r);
	h->body_len = hf_get_le16(&r);
	h->data_len = hf_get_le32(&r);
	h->raw_len = hf_get_le32(&r);
	h->sequence = hf_get_le64(&r);
	h->body_crc = hf_get_le32(&r);
	h->data_crc = hf_get_le32(&r);
	if (hf_get_le32(&r) != hf_crc32c(session, bytes, LINK_HEADER_BYTES - 4))
		return LINK_WHY_HEADER_CRC;
	if (!link_type_is_msg(h->type) && !is_own(h->type))
		return LINK_WHY_TYPE;
	if (h->method >= LINK_METHODS)
		return LINK_WHY_METHOD;
	return lengths_fit(h);
}

/* --- fields ---------------------------------------------------------------------------------- */

/* Over the fields of a message, in one of two directions. */
struct walk {
	struct hf_writer *w; /* NULL: reading */
	struct hf_reader *r;
	bool bad; /* a value out of its range */
};

static void
walk_u8(struct walk *k, uint8_t *v)
{
	if (k->w)
		hf_put_u8(k->w, *v);
	else
		*v = hf_get_u8(k->r);
}

/* A number of at least `least` and at most `most`. */
static void
walk_within(struct walk *k, uint8_t *v, uint8_t least, uint8_t most)
{
	walk_u8(k, v);
	if (*v < least || *v > most)
		k->bad = true;
}

static void
walk_bool(struct walk *k, bool *v)
{
	uint8_t byte = k->w && *v; /* while reading it is not set yet */

	walk_within(k, &byte, 0, 1);
	if (!k->w)
		*v = byte == 1;
}

static void
walk_u16(struct walk *k, uint16_t *v)
{
	if (k->w)
		hf_put_le16(k->w, *v);
	else
		*v = hf_get_le16(k->r);
}

static void
walk_u32(struct walk *k, uint32_t *v)
{
	if (k->w)
		hf_put_le32(k->w, *v);
	else
		*v = hf_get_le32(k->r);
}

static void
walk_u64(struct walk *k, uint64_t *v)
{
	if (k->w)
		hf_put_le64(k->w, *v);
	else
		*v = hf_get_le64(k->r);
}

static void
walk_bytes(struct walk *k, uint8_t *bytes, size_t len)
{
	if (k->w)
		hf_put_bytes(k->w, bytes, len);
	else
		hf_get_bytes(k->r, bytes, len);
}

/* 0, or a positive errno. */
static void
walk_error(struct walk *k, int32_t *v)
{
	uint32_t bits = k->w ? (uint32_t)*v : 0;

	walk_u32(k, &bits);
	if (bits > INT32_MAX)
		k->bad = true;
	else
		*v = (int32_t)bits;
}

static void
walk_extent(struct walk *k, uint64_t *offset, uint32_t *len)
{
	walk_u64(k, offset);
	walk_u32(k, len);
	if (*offset % SECTOR_BYTES != 0 || *len % SECTOR_BYTES != 0 || *offset > UINT64_MAX - *len)
		k->bad = true;
}

static void
walk_node(struct walk *k, uint8_t *node)
{
	walk_u8(k, node);
	if (*node >= VOLUME_NODES_MAX && *node != VOLUME_NODE_NONE)
		k->bad = true;
}

#define NODES_MASK ((1U << VOLUME_NODES_MAX) - 1)

static void
walk_lineage(struct walk *k, struct volume_lineage *lineage)
{
	walk_u32(k, &lineage->n);
	if (lineage->n > VOLUME_LINEAGE_MAX) {
		lineage->n = 0;
		k->bad = true;
	}
	for (uint32_t i = 0; i < lineage->n; i++) {
		struct volume_lineage_entry *entry = &lineage->entries[i];

		walk_u64(k, &entry->record.epoch);
		walk_node(k, &entry->record.primary);
		walk_within(k, &entry->record.in_sync, 0, NODES_MASK);
		walk_u64(k, &entry->start);
	}
}

/* --- messages -------------------------------------------------------------------------------- */

static void
walk_hello(struct walk *k, struct link_hello *m)
{
	walk_bytes(k, m->volume_id, sizeof(m->volume_id));
	walk_bytes(k, m->replica_id, sizeof(m->replica_id));
	walk_within(k, &m->node, 0, VOLUME_NODES_MAX - 1);
	walk_within(k, &m->protocol, VOLUME_PROTOCOL_A, VOLUME_PROTOCOL_C);
	walk_bool(k, &m->is_primary);
	walk_bool(k, &m->inconsistent);
	walk_bool(k, &m->diskless);
	walk_bool(k, &m->created_clean);
	walk_u64(k, &m->opened);
	walk_u64(k, &m->size_blocks);
	walk_u64(k, &m->promised);
	walk_u64(k, &m->dirty_blocks);
	walk_u64(k, &m->live_epoch);
	walk_bytes(k, m->seen.replica_id, sizeof(m->seen.replica_id));
	walk_u64(k, &m->seen.opened);
	walk_lineage(k, &m->lineage);
}

static void
walk_verdict(struct walk *k, struct link_verdict *m)
{
	walk_u8(k, &m->verdict);
	walk_u8(k, &m->rule);
}

static void
walk_record(struct walk *k, struct link_record *m)
{
	walk_u64(k, &m->epoch);
	walk_bool(k, &m->resync_target);
	walk_lineage(k, &m->lineage);
}

static void
walk_write(struct walk *k, struct link_write *m)
{
	walk_u64(k, &m->epoch);
	walk_u64(k, &m->position);
	walk_u64(k, &m->settled);
	walk_u64(k, &m->write_epoch);
	walk_extent(k, &m->offset, &m->len);
	walk_within(k, &m->kind, LINK_KIND_WRITE, LINK_KIND_SAME);
	walk_within(k, &m->missing, 0, NODES_MASK);
}

static void
walk_write_ack(struct walk *k, struct link_write_ack *m)
{
	walk_u64(k, &m->epoch);
	walk_u64(k, &m->position);
	walk_within(k, &m->level, LINK_ACK_RECEIVED, LINK_ACK_WRITTEN);
}

static void
walk_mark(struct walk *k, struct link_mark *m)
{
	walk_u64(k, &m->epoch);
	walk_u64(k, &m->position);
	walk_u64(k, &m->settled);
}

static void
walk_map(struct walk *k, struct link_map *m)
{
	walk_within(k, &m->node, 0, VOLUME_NODES_MAX - 1);
	walk_u32(k, &m->page);
	walk_u32(k, &m->len);
	if (m->len == 0 || m->len > VOLUME_MAP_PAGE_BYTES)
		k->bad = true;
}

static void
walk_range(struct walk *k, struct link_range *m)
{
	walk_u64(k, &m->epoch);
	walk_u64(k, &m->id);
	walk_extent(k, &m->offset, &m->len);
	walk_error(k, &m->error);
	if (m->len > LINK_DATA_MAX)
		k->bad = true;
}

static void
walk_digest(struct walk *k, struct link_digest *m)
{
	walk_u64(k, &m->epoch);
	walk_u64(k, &m->id);
	walk_extent(k, &m->offset, &m->len);
	walk_error(k, &m->error);
	if (m->len % VOLUME_BLOCK_BYTES != 0)
		k->bad = true;
}

static void
walk_promote(struct walk *k, struct link_promote *m)
{
	walk_u64(k, &m->epoch);
	walk_bool(k, &m->agreed);
	walk_within(k, &m->why, 0, VOLUME_REFUSAL_KINDS - 1);
	walk_bool(k, &m->resume);
}

static void
walk_refuse(struct walk *k, struct link_refuse *m)
{
	walk_u64(k, &m->promised);
	walk_u8(k, &m->why);
}

static void
walk_msg(struct walk *k, struct link_msg *msg)
{
	switch (msg->type) {
	case LINK_HELLO:
		walk_hello(k, &msg->hello);
		break;
	case LINK_VERDICT:
		walk_verdict(k, &msg->verdict);
		break;
	case LINK_RECORD:
		walk_record(k, &msg->record);
		break;
	case LINK_RECORD_ACK:
		walk_u64(k, &msg->record_ack.epoch);
		break;
	case LINK_WRITE:
		walk_write(k, &msg->write);
		break;
	case LINK_WRITE_ACK:
		walk_write_ack(k, &msg->write_ack);
		break;
	case LINK_MARK:
	case LINK_STABLE:
		walk_mark(k, &msg->mark);
		break;
	case LINK_MAP:
		walk_map(k, &msg->map);
		break;
	case LINK_DIGEST_ASK:
	case LINK_READ:
	case LINK_READ_REPLY:
		walk_range(k, &msg->range);
		break;
	case LINK_DIGEST:
		walk_digest(k, &msg->digest);
		break;
	case LINK_PROMOTE_ASK:
	case LINK_PROMOTE_ANSWER:
		walk_promote(k, &msg->promote);
		break;
	case LINK_REFUSE:
		walk_refuse(k, &msg->refuse);
		break;
	case LINK_MAP_END:
	case LINK_DISK_FAILED:
	case LINK_BYE:
	case LINK_MSG_TYPES:
		break; /* no fields */
	}
}

static bool
write_has_data(const struct link_write *m)
{
	return m->kind == LINK_KIND_WRITE || m->kind == LINK_KIND_RESYNC;
}

uint32_t
link_msg_data_len(const struct link_msg *msg)
{
	switch (msg->type) {
	case LINK_WRITE:
		return write_has_data(&msg->write) ? msg->write.len : 0;
	case LINK_MAP:
		return msg->map.len;
	case LINK_READ_REPLY:
		return msg->range.error ? 0 : msg->range.len;
	case LINK_DIGEST:
		return msg->digest.error ? 0
					 : msg->digest.len / VOLUME_BLOCK_BYTES * LINK_DIGEST_BYTES;
	case LINK_HELLO:
	case LINK_VERDICT:
	case LINK_RECORD:
	case LINK_RECORD_ACK:
	case LINK_WRITE_ACK:
	case LINK_MARK:
	case LINK_STABLE:
	case LINK_MAP_END:
	case LINK_DIGEST_ASK:
	case LINK_READ:
	case LINK_PROMOTE_ASK:
	case LINK_PROMOTE_ANSWER:
	case LINK_DISK_FAILED:
	case LINK_REFUSE:
	case LINK_BYE:
	case LINK_MSG_TYPES:
		break;
	}
	return 0;
}

void **
link_msg_data(struct link_msg *msg)
{
	switch (msg->type) {
	case LINK_WRITE:
		return &msg->write.data;
	case LINK_MAP:
		return &msg->map.data;
	case LINK_READ_REPLY:
	case LINK_DIGEST_ASK:
	case LINK_READ:
		return &msg->range.data;
	case LINK_DIGEST:
		return &msg->digest.data;
	case LINK_HELLO:
	case LINK_VERDICT:
	case LINK_RECORD:
	case LINK_RECORD_ACK:
	case LINK_WRITE_ACK:
	case LINK_MARK:
	case LINK_STABLE:
	case LINK_MAP_END:
	case LINK_PROMOTE_ASK:
	case LINK_PROMOTE_ANSWER:
	case LINK_DISK_FAILED:
	case LINK_REFUSE:
	case LINK_BYE:
	case LINK_MSG_TYPES:
		break;
	}
	return NULL;
}

int
link_msg_encode(const struct link_msg *msg, uint8_t body[LINK_BODY_MAX], struct link_header *h)
{
	struct hf_writer w = hf_writer_to(body, LINK_BODY_MAX);
	struct walk k = { .w = &w };
	uint32_t data_len = link_msg_data_len(msg);

	assert(link_type_is_msg((uint8_t)msg->type));
	walk_msg(&k, (struct link_msg *)msg); /* while writing it changes nothing */
	if (k.bad || w.bad || data_len > LINK_DATA_MAX)
		return -EINVAL;
	h->type = (uint8_t)msg->type;
	h->body_len = (uint16_t)w.len;
	h->body_crc = hf_crc32c(0, body, w.len);
	h->raw_len = h->data_len = data_len;
	return (int)w.len;
}

enum link_why
link_msg_decode(const struct link_header *h, const uint8_t *body, struct link_msg *msg)
{
	struct hf_reader r = hf_reader_of(body, h->body_len);
	struct walk k = { .r = &r };

	if (!link_type_is_msg(h->type))
		return LINK_WHY_TYPE;
	if (hf_crc32c(0, body, h->body_len) != h->body_crc)
		return LINK_WHY_BODY_CRC;
	msg->type = (enum link_msg_type)h->type;
	walk_msg(&k, msg);
	if (r.bad || r.left > 0)
		return LINK_WHY_LENGTH;
	if (k.bad)
		return LINK_WHY_FIELD;
	if (link_msg_data_len(msg) != h->raw_len)
		return LINK_WHY_LENGTH;

	void **data = link_msg_data(msg);

	if (data)
		*data = NULL;
	return LINK_WHY_NONE;
}

/* --- the link's own -------------------------------------------------------------------------- */

static void
walk_greeting(struct walk *k, struct link_greeting *m)
{
	uint8_t zero = 0;

	walk_u16(k, &m->version_min);
	walk_u16(k, &m->version_max);
	walk_u64(k, &m->features);
	walk_bytes(k, m->volume_id, sizeof(m->volume_id));
	walk_u8(k, &m->from);
	walk_u8(k, &m->to);
	walk_within(k, &m->role, LINK_CONNECTS, LINK_ACCEPTS);
	walk_u8(k, &zero);
	walk_u64(k, &m->run);
	walk_u64(k, &m->attempt);
	walk_u32(k, &m->ping_ms);
	walk_bytes(k, m->nonce, sizeof(m->nonce));
}

static void
walk_own(struct walk *k, struct link_own *own)
{
	switch (own->type) {
	case LINK_GREETING:
		walk_greeting(k, &own->greeting);
		break;
	case LINK_PROOF:
		walk_bytes(k, own->proof, sizeof(own->proof));
		break;
	case LINK_PING:
	case LINK_PONG:
		walk_u64(k, &own->ping);
		break;
	case LINK_REJECT:
		/* A later version may know more reasons. */
		walk_u8(k, &own->why);
		if (!k->w && own->why >= LINK_WHY_KINDS)
			own->why = LINK_WHY_REFUSED;
		break;
	case LINK_OWN_END:
		break;
	}
}

int
link_own_encode(const struct link_own *own, uint8_t body[LINK_BODY_MAX], struct link_header *h)
{
	struct hf_writer w = hf_writer_to(body, LINK_BODY_MAX);
	struct walk k = { .w = &w };

	assert(is_own((uint8_t)own->type));
	walk_own(&k, (struct link_own *)own); /* while writing it changes nothing */
	if (k.bad || w.bad)
		return -EINVAL;
	h->type = (uint8_t)own->type;
	h->method = LINK_PLAIN;
	h->body_len = (uint16_t)w.len;
	h->body_crc = hf_crc32c(0, body, w.len);
	h->raw_len = h->data_len = h->data_crc = 0;
	return (int)w.len;
}

enum link_why
link_own_decode(const struct link_header *h, const uint8_t *body, struct link_own *own)
{
	struct hf_reader r = hf_reader_of(body, h->body_len);
	struct walk k = { .r = &r };

	if (!is_own(h->type))
		return LINK_WHY_TYPE;
	if (hf_crc32c(0, body, h->body_len) != h->body_crc)
		return LINK_WHY_BODY_CRC;
	own->type = (enum link_own_type)h->type;
	walk_own(&k, own);
	/* Later versions append to the greeting: it must stay readable for all. */
	if (r.bad || (r.left > 0 && own->type != LINK_GREETING))
		return LINK_WHY_LENGTH;
	return k.bad ? LINK_WHY_FIELD : LINK_WHY_NONE;
}
