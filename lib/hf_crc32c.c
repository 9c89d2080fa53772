/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32C: eight bytes a step with tables, or with SSE 4.2's instruction on three independent
 * lanes, because the instruction takes three cycles but one can start in each.
 */
#include "lib/hf_crc32c.h"

#include <string.h>

/*
 * table[k][b]: what byte b contributes when k more bytes follow it in the same step. The checksum
 * is linear, so each entry is the sum of those of its bits; the rows below hold the eight bits.
 */
#define BIT(i, n, v) (((i) >> (n)) & 1 ? (v) : 0U)
#define SUM(i, b0, b1, b2, b3, b4, b5, b6, b7)                                                     \
	(BIT(i, 0, b0) ^ BIT(i, 1, b1) ^ BIT(i, 2, b2) ^ BIT(i, 3, b3) ^ BIT(i, 4, b4) ^           \
	 BIT(i, 5, b5) ^ BIT(i, 6, b6) ^ BIT(i, 7, b7))
#define SUM4(i, ...)                                                                               \
	SUM(i, __VA_ARGS__), SUM((i) + 1, __VA_ARGS__), SUM((i) + 2, __VA_ARGS__),                 \
		SUM((i) + 3, __VA_ARGS__)
#define SUM16(i, ...)                                                                              \
	SUM4(i, __VA_ARGS__), SUM4((i) + 4, __VA_ARGS__), SUM4((i) + 8, __VA_ARGS__),              \
		SUM4((i) + 12, __VA_ARGS__)
#define SUM64(i, ...)                                                                              \
	SUM16(i, __VA_ARGS__), SUM16((i) + 16, __VA_ARGS__), SUM16((i) + 32, __VA_ARGS__),         \
		SUM16((i) + 48, __VA_ARGS__)
#define ROW(...)                                                                                   \
	{                                                                                          \
		SUM64(0, __VA_ARGS__), SUM64(64, __VA_ARGS__), SUM64(128, __VA_ARGS__),            \
			SUM64(192, __VA_ARGS__)                                                    \
	}

static const uint32_t table[8][256] = {
	ROW(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc,
	    0x82f63b78),
	ROW(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604,
	    0xfbc3faf9),
	ROW(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9,
	    0x8b277743),
	ROW(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7,
	    0x52a0c93f),
	ROW(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae,
	    0x6ea2d55c),
	ROW(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb,
	    0x1c08b7d6),
	ROW(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a,
	    0xf56e0ef4),
	ROW(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32,
	    0x34019664),
};

/* The bytes as a little-endian number, whatever the machine. */
static inline uint64_t
load64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

uint32_t
hf_crc32c_portable(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	crc = ~crc;
	for (; len >= 8; at += 8, len -= 8) {
		uint64_t v = load64(at) ^ crc;

		crc = 0;
		for (int k = 7; k >= 0; k--, v >>= 8)
			crc ^= table[k][v & 0xff];
	}
	for (; len > 0; at++, len--)
		crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
	return ~crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* A third of a 4 KiB block, in whole steps. */
#define LANE 1360

/* x^(8 * LANE - 33) and x^(16 * LANE - 33) modulo the polynomial, bits reflected: times this, a
 * checksum has one or two lanes of zeros behind it. */
#define ONE_LANE  0x3f70cc6f
#define TWO_LANES 0x5aa1f3cf

__attribute__((target("sse4.2,pclmul"))) static uint64_t
shifted(uint64_t crc, uint32_t by)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc),
					       _mm_cvtsi32_si128((int)by), 0);

	return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t
by_instruction(uint32_t start, const uint8_t *at, size_t len)
{
	uint64_t crc = ~start;

	for (; len >= (size_t)3 * LANE; at += (size_t)3 * LANE, len -= (size_t)3 * LANE) {
		uint64_t second = 0, third = 0;

		for (size_t i = 0; i < LANE; i += 8) {
			crc = _mm_crc32_u64(crc, load64(at + i));
			second = _mm_crc32_u64(second, load64(at + LANE + i));
			third = _mm_crc32_u64(third, load64(at + (size_t)2 * LANE + i));
		}
		crc = shifted(crc, TWO_LANES) ^ shifted(second, ONE_LANE) ^ third;
	}
	for (; len >= 8; at += 8, len -= 8)
		crc = _mm_crc32_u64(crc, load64(at));
	for (; len > 0; at++, len--)
		crc = _mm_crc32_u8((uint32_t)crc, *at);
	return ~(uint32_t)crc;
}

bool
hf_crc32c_by_instruction(void)
{
	return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

uint32_t
hf_crc32c(uint32_t crc, const void *bytes, size_t len)
{
	if (hf_crc32c_by_instruction())
		return by_instruction(crc, bytes, len);
	return hf_crc32c_portable(crc, bytes, len);
}

#else

bool
hf_crc32c_by_instruction(void)
{
	return false;
}

uint32_t
hf_crc32c(uint32_t crc, const void *bytes, size_t len)
{
	return hf_crc32c_portable(crc, bytes, len);
}

#endif
