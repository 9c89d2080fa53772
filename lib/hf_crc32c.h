/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of replicated payload and of the
 * volume's metadata. The checksum of two pieces that follow each other is that of the second,
 * started with the first's: hf_crc32c(hf_crc32c(0, a, n), b, m).
 */
#ifndef HF_CRC32C_H
#define HF_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By the CPU's instruction where it has one. Start with 0. Any alignment, any length. */
uint32_t hf_crc32c(uint32_t crc, const void *bytes, size_t len);

/* The same without the instruction; for tests and other processors. */
uint32_t hf_crc32c_portable(uint32_t crc, const void *bytes, size_t len);

/* Does hf_crc32c() use the instruction here? */
bool hf_crc32c_by_instruction(void);

#endif
