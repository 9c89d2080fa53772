/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checksum of payloads and metadata: the standard's examples, and both ways alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hf_base.h"
#include "lib/hf_crc32c.h"

static void
the_standards_examples_come_out(void **state)
{
	uint8_t bytes[32];

	(void)state;
	assert_int_equal(hf_crc32c(0, "", 0), 0);
	assert_int_equal(hf_crc32c(0, "123456789", 9), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(hf_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(hf_crc32c(0, bytes, 32), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(hf_crc32c(0, bytes, 32), 0x46dd794e);
	assert_int_equal(hf_crc32c_portable(0, bytes, 32), 0x46dd794e);
}

static void
fill(uint8_t *bytes, size_t len)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
}

static void
instruction_and_tables_agree_for_every_length_and_alignment(void **state)
{
	static uint8_t bytes[3 * 4096 + 64];
	static const size_t lengths[] = { 1,    2,    7,    8,    9,    15,   63,   64,    511,
					  1360, 2720, 4079, 4080, 4081, 4096, 8160, 12287, 12288 };

	(void)state;
	fill(bytes, sizeof(bytes));
	for (size_t i = 0; i < HF_COUNT_OF(lengths); i++)
		for (size_t shift = 0; shift < 9; shift++)
			assert_int_equal(
				hf_crc32c((uint32_t)i, bytes + shift, lengths[i]),
				hf_crc32c_portable((uint32_t)i, bytes + shift, lengths[i]));
}

static void
pieces_make_the_whole(void **state)
{
	static uint8_t bytes[9000];

	(void)state;
	fill(bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 101)
		assert_int_equal(
			hf_crc32c(hf_crc32c(0, bytes, cut), bytes + cut, sizeof(bytes) - cut),
			hf_crc32c_portable(0, bytes, sizeof(bytes)));
}

static void
every_flipped_bit_of_a_block_shows(void **state)
{
	static uint8_t block[4096];
	uint32_t good;

	(void)state;
	fill(block, sizeof(block));
	good = hf_crc32c(0, block, sizeof(block));
	for (size_t bit = 0; bit < sizeof(block) * 8; bit++) {
		block[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(hf_crc32c(0, block, sizeof(block)), good);
		block[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_examples_come_out),
		cmocka_unit_test(instruction_and_tables_agree_for_every_length_and_alignment),
		cmocka_unit_test(pieces_make_the_whole),
		cmocka_unit_test(every_flipped_bit_of_a_block_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
