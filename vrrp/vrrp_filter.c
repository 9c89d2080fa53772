/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VRID filter as a bit map of 256 bits spread over eight loads: constant length, whatever the
 * set. Elsewhere: attaching it (vrrp_socket.c).
 */
#include "vrrp/vrrp_filter.h"

#include <assert.h>

#define WORDS 8

size_t
vrrp_filter_build(const struct vrrp_vrid_set *set, sa_family_t family,
		  struct sock_filter code[VRRP_FILTER_MAX])
{
	size_t n = 0;

	if (family == AF_INET) {
		/* X = length of the IP header; A = VRID */
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0);
		code[n++] =
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_IND, VRRP_VRID_OFFSET);
	} else {
		code[n++] =
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, VRRP_VRID_OFFSET);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_ST, 0);
	/* X = its bit; A = its word */
	code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 31);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 5);
	/* For each word but the last: if it is not this one, skip its load and jump. */
	for (uint32_t i = 0; i < WORDS; i++) {
		uint32_t to_end = (WORDS - 1 - i) * 3 - (i < WORDS - 1 ? 2 : 0);

		if (i < WORDS - 1)
			code[n++] =
				(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i, 0, 2);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, set->words[i]);
		if (i < WORDS - 1)
			code[n++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, to_end);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	assert(n <= VRRP_FILTER_MAX);
	return n;
}
