/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one replica encodes the other one decodes to the same; what is damaged or out of range is
 * refused with its reason. */
#include "replication/link/link_packet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hf_base.h"
#include "lib/hf_crc32c.h"

#define SESSION 0x5e55104eU

struct frame {
	uint8_t header[LINK_HEADER_BYTES];
	uint8_t body[LINK_BODY_MAX];
	size_t body_len;
};

static struct volume_lineage
two_entries(void)
{
	return (struct volume_lineage){
		.n = 2,
		.entries = { { .record = { 7, 0, 3 }, .start = 1000 },
			     { .record = { 9, VOLUME_NODE_NONE, 1 }, .start = 2000 } },
	};
}

/* One of each kind, every field set. */
static size_t
samples(struct link_msg list[], size_t max)
{
	struct link_msg hello = {
		.type = LINK_HELLO,
		.hello = { .volume_id = { 1, 2, 3 },
			   .replica_id = { 4, 5, 6 },
			   .node = 2,
			   .opened = 5,
			   .size_blocks = UINT64_C(1) << 40,
			   .promised = 9,
			   .dirty_blocks = 77,
			   .seen = { { 7, 8 }, 12 },
			   .lineage = two_entries(),
			   .is_primary = true,
			   .created_clean = true,
			   .live_epoch = 9,
			   .protocol = 2 },
	};
	const struct link_msg all[] = {
		hello,
		{ .type = LINK_VERDICT, .verdict = { 3, 4 } },
		{ .type = LINK_RECORD, .record = { 9, two_entries(), true } },
		{ .type = LINK_RECORD_ACK, .record_ack = { 9 } },
		{ .type = LINK_WRITE,
		  .write = { 9, 100, 90, 4, 8192, 4096, LINK_KIND_WRITE, 4, NULL } },
		{ .type = LINK_WRITE,
		  .write = { 9, 101, 90, 4, 0, 4U << 20, LINK_KIND_TRIM, 0, NULL } },
		{ .type = LINK_WRITE_ACK, .write_ack = { 9, 100, LINK_ACK_WRITTEN } },
		{ .type = LINK_MARK, .mark = { 9, 100, 99 } },
		{ .type = LINK_STABLE, .mark = { 9, 100, 98 } },
		{ .type = LINK_MAP, .map = { 1, 17, VOLUME_MAP_PAGE_BYTES, NULL } },
		{ .type = LINK_MAP_END },
		{ .type = LINK_DIGEST_ASK, .range = { 9, 5, 4096, 65536, 0, NULL } },
		{ .type = LINK_DIGEST, .digest = { 9, 5, 4096, 65536, 0, NULL } },
		{ .type = LINK_READ, .range = { 9, 6, 512, 1024, 0, NULL } },
		{ .type = LINK_READ_REPLY, .range = { 9, 6, 512, 1024, 0, NULL } },
		{ .type = LINK_READ_REPLY, .range = { 9, 6, 512, 1024, EIO, NULL } },
		{ .type = LINK_PROMOTE_ASK, .promote = { 10, false, 0, true } },
		{ .type = LINK_PROMOTE_ANSWER, .promote = { 10, true, 3, false } },
		{ .type = LINK_DISK_FAILED },
		{ .type = LINK_REFUSE, .refuse = { 9, 2 } },
		{ .type = LINK_BYE },
	};

	assert_true(HF_COUNT_OF(all) <= max);
	memcpy(list, all, sizeof(all));
	return HF_COUNT_OF(all);
}

static void
encode(const struct link_msg *msg, struct frame *f)
{
	struct link_header h = { .sequence = 41 };
	int len = link_msg_encode(msg, f->body, &h);

	assert_true(len >= 0);
	f->body_len = (size_t)len;
	link_header_encode(&h, SESSION, f->header);
}

static enum link_why
decode(const struct frame *f, struct link_msg *msg)
{
	struct link_header h;
	enum link_why why = link_header_decode(f->header, SESSION, &h);

	memset(msg, 0, sizeof(*msg));
	return why ? why : link_msg_decode(&h, f->body, msg);
}

static void
every_message_survives_the_wire(void **state)
{
	static struct link_msg list[32];
	size_t n = samples(list, HF_COUNT_OF(list));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		static struct link_msg back;
		struct frame f, again;

		encode(&list[i], &f);
		assert_int_equal(decode(&f, &back), LINK_WHY_NONE);
		assert_int_equal(back.type, list[i].type);
		assert_int_equal(link_msg_data_len(&back), link_msg_data_len(&list[i]));
		encode(&back, &again);
		assert_int_equal(again.body_len, f.body_len);
		assert_memory_equal(again.body, f.body, f.body_len);
	}
}

static void
every_type_has_a_sample(void **state)
{
	static struct link_msg list[32];
	size_t n = samples(list, HF_COUNT_OF(list));
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < n; i++)
		seen |= 1U << list[i].type;
	assert_int_equal(seen, (1U << LINK_MSG_TYPES) - 2);
}

static void
values_arrive_in_their_fields(void **state)
{
	struct frame f;
	static struct link_msg back;
	static struct link_msg list[32];

	(void)state;
	samples(list, HF_COUNT_OF(list));
	encode(&list[0], &f);
	assert_int_equal(decode(&f, &back), LINK_WHY_NONE);
	assert_int_equal(back.hello.size_blocks, UINT64_C(1) << 40);
	assert_int_equal(back.hello.seen.opened, 12);
	assert_int_equal(back.hello.lineage.n, 2);
	assert_int_equal(back.hello.lineage.entries[1].record.primary, VOLUME_NODE_NONE);
	assert_int_equal(back.hello.lineage.entries[1].start, 2000);
	assert_true(back.hello.is_primary && back.hello.created_clean);
	assert_false(back.hello.inconsistent || back.hello.diskless);
	encode(&list[4], &f);
	assert_int_equal(decode(&f, &back), LINK_WHY_NONE);
	assert_int_equal(back.write.position, 100);
	assert_int_equal(back.write.settled, 90);
	assert_int_equal(back.write.offset, 8192);
	assert_int_equal(back.write.missing, 4);
	assert_null(back.write.data);
}

/* The layout of doc/replication-protocol.md, pinned: another program must be able to read it. */
static void
a_write_ack_has_these_bytes(void **state)
{
	static const uint8_t header[28] = {
		'H', 'F', 'L', 'K', 6, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 41, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t body[17] = { 9, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 2 };
	struct link_msg ack = { .type = LINK_WRITE_ACK, .write_ack = { 9, 0x1234, 2 } };
	struct frame f;
	uint32_t crc = hf_crc32c(0, body, sizeof(body));

	(void)state;
	encode(&ack, &f);
	assert_int_equal(f.body_len, sizeof(body));
	assert_memory_equal(f.body, body, sizeof(body));
	assert_memory_equal(f.header, header, 24);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f.header[24 + i], crc >> (8 * i) & 0xff);
}

static void
one_flipped_bit_is_noticed(void **state)
{
	static struct link_msg list[32], back;
	size_t n = samples(list, HF_COUNT_OF(list));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct frame f;

		encode(&list[i], &f);
		for (size_t bit = 0; bit < (size_t)LINK_HEADER_BYTES * 8; bit++) {
			f.header[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_not_equal(decode(&f, &back), LINK_WHY_NONE);
			f.header[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		for (size_t bit = 0; bit < f.body_len * 8; bit++) {
			f.body[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(decode(&f, &back), LINK_WHY_BODY_CRC);
			f.body[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(decode(&f, &back), LINK_WHY_NONE);
	}
}

static void
another_sessions_frame_fails_its_checksum(void **state)
{
	struct link_msg bye = { .type = LINK_BYE };
	struct link_header h;
	struct frame f;

	(void)state;
	encode(&bye, &f);
	assert_int_equal(link_header_decode(f.header, SESSION + 1, &h), LINK_WHY_HEADER_CRC);
	assert_int_equal(link_header_decode(f.header, SESSION, &h), LINK_WHY_NONE);
}

/* With right checksums, as a peer with an error in it would send. */
static enum link_why
decode_body(uint8_t type, const uint8_t *body, size_t len, uint32_t raw_len)
{
	struct link_header h = { .type = type,
				 .body_len = (uint16_t)len,
				 .raw_len = raw_len,
				 .data_len = raw_len,
				 .body_crc = hf_crc32c(0, body, len) };
	static struct link_msg msg;
	uint8_t bytes[LINK_HEADER_BYTES];
	struct link_header back;
	enum link_why why;

	link_header_encode(&h, SESSION, bytes);
	why = link_header_decode(bytes, SESSION, &back);
	return why ? why : link_msg_decode(&back, body, &msg);
}

static void
every_shorter_or_longer_body_is_refused(void **state)
{
	static struct link_msg list[32];
	size_t n = samples(list, HF_COUNT_OF(list));

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct frame f;
		uint32_t data_len = link_msg_data_len(&list[i]);

		encode(&list[i], &f);
		for (size_t len = 0; len < f.body_len; len++)
			assert_int_not_equal(decode_body(list[i].type, f.body, len, data_len),
					     LINK_WHY_NONE);
		f.body[f.body_len] = 0;
		assert_int_not_equal(decode_body(list[i].type, f.body, f.body_len + 1, data_len),
				     LINK_WHY_NONE);
		assert_int_equal(decode_body(list[i].type, f.body, f.body_len, data_len + 512),
				 LINK_WHY_LENGTH);
	}
}

static void
values_out_of_range_are_refused(void **state)
{
	static const struct {
		size_t sample, at;
		uint8_t value;
	} rows[] = {
		{ 0, 32, 3 },    /* hello: node */
		{ 0, 33, 3 },    /* hello: protocol */
		{ 0, 34, 2 },    /* hello: is_primary is a bool */
		{ 0, 102, 65 },  /* hello: entries of the lineage */
		{ 0, 114, 3 },   /* hello: primary of an entry */
		{ 0, 115, 8 },   /* hello: in_sync of an entry */
		{ 4, 32, 1 },    /* write: offset */
		{ 4, 40, 1 },    /* write: length */
		{ 4, 44, 9 },    /* write: kind */
		{ 4, 45, 8 },    /* write: missing */
		{ 6, 16, 0 },    /* write_ack: level */
		{ 9, 0, 3 },     /* map: node */
		{ 15, 31, 128 }, /* read_reply: error */
		{ 16, 8, 2 },    /* promote: agreed */
		{ 16, 9, 255 },  /* promote: why */
	};
	static struct link_msg list[32];

	(void)state;
	samples(list, HF_COUNT_OF(list));
	for (size_t i = 0; i < HF_COUNT_OF(rows); i++) {
		const struct link_msg *msg = &list[rows[i].sample];
		struct frame f;
		enum link_why why;

		encode(msg, &f);
		f.body[rows[i].at] = rows[i].value;
		why = decode_body(msg->type, f.body, f.body_len, link_msg_data_len(msg));
		if (why != LINK_WHY_FIELD && rows[i].at != 102)
			fail_msg("row %zu: %s", i, link_why_code(why));
		assert_int_not_equal(why, LINK_WHY_NONE);
	}
}

static void
lengths_beyond_the_bounds_are_refused_in_the_header(void **state)
{
	static const struct {
		struct link_header h;
		enum link_why why;
	} rows[] = {
		{ { .type = 99 }, LINK_WHY_TYPE },
		{ { .type = 0 }, LINK_WHY_TYPE },
		{ { .type = LINK_BYE, .method = 3 }, LINK_WHY_METHOD },
		{ { .type = LINK_BYE, .body_len = LINK_BODY_MAX + 1 }, LINK_WHY_LENGTH },
		{ { .type = LINK_WRITE, .raw_len = LINK_DATA_MAX + 1, .data_len = 9 },
		  LINK_WHY_LENGTH },
		{ { .type = LINK_WRITE, .raw_len = 512, .data_len = 513 }, LINK_WHY_LENGTH },
		{ { .type = LINK_WRITE, .raw_len = 512, .data_len = 0 }, LINK_WHY_LENGTH },
		{ { .type = LINK_WRITE, .raw_len = 512, .data_len = 511 }, LINK_WHY_METHOD },
		{ { .type = LINK_WRITE, .method = LINK_LZ4, .raw_len = 512, .data_len = 512 },
		  LINK_WHY_METHOD },
		{ { .type = LINK_WRITE, .method = LINK_LZ4, .raw_len = 512, .data_len = 511 },
		  LINK_WHY_NONE },
		{ { .type = LINK_PING, .raw_len = 512, .data_len = 512 }, LINK_WHY_LENGTH },
		{ { .type = LINK_GREETING, .body_len = LINK_GREETING_MAX + 1 }, LINK_WHY_LENGTH },
	};

	(void)state;
	for (size_t i = 0; i < HF_COUNT_OF(rows); i++) {
		uint8_t bytes[LINK_HEADER_BYTES];
		struct link_header h;

		link_header_encode(&rows[i].h, 0, bytes);
		assert_int_equal(link_header_decode(bytes, 0, &h), rows[i].why);
	}
}

static void
what_the_peer_would_refuse_is_not_sent(void **state)
{
	uint8_t body[LINK_BODY_MAX];
	struct link_header h = { 0 };
	struct link_msg odd = { .type = LINK_WRITE,
				.write = { .kind = LINK_KIND_WRITE, .offset = 1, .len = 512 } };
	struct link_msg big = { .type = LINK_WRITE,
				.write = { .kind = LINK_KIND_WRITE, .len = LINK_DATA_MAX + 512 } };

	(void)state;
	assert_int_equal(link_msg_encode(&odd, body, &h), -EINVAL);
	assert_int_equal(link_msg_encode(&big, body, &h), -EINVAL);
}

static void
a_later_versions_greeting_is_understood(void **state)
{
	struct link_own own = { .type = LINK_GREETING,
				.greeting = { .version_min = 1,
					      .version_max = 9,
					      .from = 1,
					      .role = LINK_ACCEPTS,
					      .ping_ms = 1000 } };
	uint8_t body[LINK_BODY_MAX] = { 0 };
	struct link_header h = { 0 };
	struct link_own back;
	int len = link_own_encode(&own, body, &h);

	(void)state;
	assert_int_equal(len, 84);
	h.body_len = (uint16_t)(len + 20);
	h.body_crc = hf_crc32c(0, body, h.body_len);
	assert_int_equal(link_own_decode(&h, body, &back), LINK_WHY_NONE);
	assert_int_equal(back.greeting.version_max, 9);
	assert_int_equal(back.greeting.ping_ms, 1000);
	h.body_len = 83;
	h.body_crc = hf_crc32c(0, body, h.body_len);
	assert_int_equal(link_own_decode(&h, body, &back), LINK_WHY_LENGTH);
}

static void
an_unknown_reason_is_just_a_refusal(void **state)
{
	uint8_t body[1] = { 200 };
	struct link_header h = { .type = LINK_REJECT,
				 .body_len = 1,
				 .body_crc = hf_crc32c(0, body, 1) };
	struct link_own back;

	(void)state;
	assert_int_equal(link_own_decode(&h, body, &back), LINK_WHY_NONE);
	assert_int_equal(back.why, LINK_WHY_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_survives_the_wire),
		cmocka_unit_test(every_type_has_a_sample),
		cmocka_unit_test(values_arrive_in_their_fields),
		cmocka_unit_test(a_write_ack_has_these_bytes),
		cmocka_unit_test(one_flipped_bit_is_noticed),
		cmocka_unit_test(another_sessions_frame_fails_its_checksum),
		cmocka_unit_test(every_shorter_or_longer_body_is_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(lengths_beyond_the_bounds_are_refused_in_the_header),
		cmocka_unit_test(what_the_peer_would_refuse_is_not_sent),
		cmocka_unit_test(a_later_versions_greeting_is_understood),
		cmocka_unit_test(an_unknown_reason_is_just_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
