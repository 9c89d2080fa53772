/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "lib/hf_base.h"
#include "lib/hf_buf.h"
#include "lib/hf_change.h"
#include "lib/hf_time.h"

static void
what_is_written_is_read(void **state)
{
	uint8_t bytes[64], raw[3];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));
	struct hf_reader r;

	(void)state;
	hf_put_u8(&w, 0x12);
	hf_put_be16(&w, 0x3456);
	hf_put_be32(&w, 0x789abcde);
	hf_put_be64(&w, 0x0123456789abcdefULL);
	hf_put_str(&w, "name");
	hf_put_str(&w, NULL);
	hf_put_bytes(&w, "xyz", 3);
	assert_false(w.bad);
	assert_int_equal(bytes[1], 0x34);
	r = hf_reader_of(bytes, w.len);
	assert_int_equal(hf_get_u8(&r), 0x12);
	assert_int_equal(hf_get_be16(&r), 0x3456);
	assert_int_equal(hf_get_be32(&r), 0x789abcde);
	assert_true(hf_get_be64(&r) == 0x0123456789abcdefULL);
	assert_string_equal(hf_get_str(&r), "name");
	assert_string_equal(hf_get_str(&r), "");
	hf_get_bytes(&r, raw, sizeof(raw));
	assert_memory_equal(raw, "xyz", 3);
	assert_false(r.bad);
	assert_int_equal(r.left, 0);
}

static void
little_endian_is_the_other_way_round(void **state)
{
	uint8_t bytes[16];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));
	struct hf_reader r;

	(void)state;
	hf_put_le16(&w, 0x1234);
	hf_put_le32(&w, 0x56789abc);
	hf_put_le64(&w, 0x0123456789abcdefULL);
	hf_put_zeros(&w, 2);
	assert_false(w.bad);
	assert_int_equal(bytes[0], 0x34);
	assert_int_equal(bytes[5], 0x56);
	assert_int_equal(bytes[6], 0xef);
	assert_int_equal(bytes[15], 0);
	r = hf_reader_of(bytes, sizeof(bytes));
	assert_int_equal(hf_get_le16(&r), 0x1234);
	assert_int_equal(hf_get_le32(&r), 0x56789abc);
	assert_true(hf_get_le64(&r) == 0x0123456789abcdefULL);
	assert_int_equal(hf_get_le16(&r), 0);
	assert_int_equal(hf_get_le16(&r), 0);
	assert_true(r.bad);
	hf_put_zeros(&w, 1);
	assert_true(w.bad);
}

static void
reading_beyond_the_end_is_bad_and_yields_zeros(void **state)
{
	uint8_t bytes[4] = { 1, 2, 3, 4 }, out[8];
	struct hf_reader r = hf_reader_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(hf_get_be16(&r), 0x0102);
	assert_int_equal(hf_get_be32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(hf_get_u8(&r), 0);
	memset(out, 0xff, sizeof(out));
	hf_get_bytes(&r, out, sizeof(out));
	assert_int_equal(out[7], 0);
}

static void
strings_that_lie_are_bad(void **state)
{
	static const uint8_t no_nul[] = { 0, 2, 'a', 'b', 'c' };
	static const uint8_t inner_nul[] = { 0, 2, 'a', 0, 0 };
	static const uint8_t too_long[] = { 0xff, 0xff, 'a', 0 };
	const struct {
		const uint8_t *bytes;
		size_t len;
	} cases[] = { { no_nul, sizeof(no_nul) },
		      { inner_nul, sizeof(inner_nul) },
		      { too_long, sizeof(too_long) } };

	(void)state;
	for (size_t i = 0; i < HF_COUNT_OF(cases); i++) {
		struct hf_reader r = hf_reader_of(cases[i].bytes, cases[i].len);

		assert_string_equal(hf_get_str(&r), "");
		assert_true(r.bad);
	}
}

static void
writing_beyond_the_end_writes_nothing(void **state)
{
	uint8_t bytes[4] = { 9, 9, 9, 9 };
	struct hf_writer w = hf_writer_to(bytes, 3);

	(void)state;
	hf_put_be32(&w, 1);
	assert_true(w.bad);
	assert_int_equal(w.len, 0);
	hf_put_u8(&w, 1);
	assert_int_equal(bytes[0], 9);
}

static void
an_effect_has_a_greater_id_than_its_cause(void **state)
{
	struct hf_change_ids vrrp = { .room = 4 }, checker = { .room = 3 };
	uint64_t cause, effect;

	(void)state;
	for (int i = 0; i < 10; i++)
		cause = hf_change_next_id(&checker);
	hf_change_saw(&vrrp, cause);
	effect = hf_change_next_id(&vrrp);
	assert_true(effect > cause);
	assert_int_equal(effect & 7, 4);
	hf_change_saw(&vrrp, cause);
	assert_true(hf_change_next_id(&vrrp) > effect);
}

static void
a_change_is_one_line(void **state)
{
	struct hf_change c = { .id = 8123,
			       .cause = 8119,
			       .subject = "VI_1",
			       .from = "BACKUP",
			       .to = "MASTER",
			       .reason = "active-silent",
			       .detail = "silence=3.609s priority=100" };
	char buf[HF_LOG_LINE_MAX];

	(void)state;
	assert_string_equal(
		hf_change_text(&c, buf),
		"VI_1: BACKUP -> MASTER reason=active-silent silence=3.609s priority=100 "
		"event=8123 cause=8119");
	c.detail[0] = '\0';
	c.cause = 0;
	assert_string_equal(hf_change_text(&c, buf),
			    "VI_1: BACKUP -> MASTER reason=active-silent event=8123");
}

static void
wall_time_is_utc_with_microseconds(void **state)
{
	char text[HF_WALL_TEXT_MAX];

	(void)state;
	assert_string_equal(hf_wall_text(1700000000000042, text), "2023-11-14T22:13:20.000042Z");
	assert_string_equal(hf_wall_text(0, text), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(little_endian_is_the_other_way_round),
		cmocka_unit_test(reading_beyond_the_end_is_bad_and_yields_zeros),
		cmocka_unit_test(strings_that_lie_are_bad),
		cmocka_unit_test(writing_beyond_the_end_writes_nothing),
		cmocka_unit_test(an_effect_has_a_greater_id_than_its_cause),
		cmocka_unit_test(a_change_is_one_line),
		cmocka_unit_test(wall_time_is_utc_with_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
