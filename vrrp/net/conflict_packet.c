/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP packets as bytes, and the filter in front of them. Elsewhere: what they mean (conflict.c). */
#include "vrrp/net/conflict_packet.h"

#include <assert.h>
#include <string.h>

#include "lib/hf_buf.h"

#define OUTGOING    4   /* PACKET_OUTGOING of linux/if_packet.h */
#define CHUNK       128 /* comparisons that share an exit: jumps reach 255 instructions */
#define ARP_FORMAT  0x00010800
#define ARP_LENGTHS 0x0604
#define SENDER_MAC  8
#define SENDER_IP   14

static struct sock_filter
load(uint16_t size, uint32_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | size | BPF_ABS, offset);
}

static struct sock_filter
jump_if(uint32_t value, uint8_t then, uint8_t otherwise)
{
	return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise);
}

static struct sock_filter
answer(uint32_t bytes)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, bytes);
}

static uint32_t
as_number(const struct hf_addr *addr)
{
	const uint8_t *b = addr->bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

size_t
conflict_filter_build(const struct hf_addr *addresses, size_t n,
		      struct sock_filter code[CONFLICT_FILTER_MAX])
{
	size_t k = 0;

	assert(n <= CONFLICT_ADDRESSES_MAX);
	code[k++] = load(BPF_B, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	code[k++] = jump_if(OUTGOING, 0, 1);
	code[k++] = answer(0);
	code[k++] = load(BPF_W, 0);
	code[k++] = jump_if(ARP_FORMAT, 1, 0);
	code[k++] = answer(0);
	code[k++] = load(BPF_H, 4);
	code[k++] = jump_if(ARP_LENGTHS, 1, 0);
	code[k++] = answer(0);
	code[k++] = load(BPF_W, SENDER_IP);
	for (size_t done = 0; done < n;) {
		size_t some = n - done < CHUNK ? n - done : CHUNK;

		for (size_t i = 0; i < some; i++)
			code[k++] =
				jump_if(as_number(&addresses[done + i]), (uint8_t)(some - i), 0);
		code[k++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1);
		code[k++] = answer(CONFLICT_ARP_BYTES);
		done += some;
	}
	code[k++] = answer(0);
	assert(k <= CONFLICT_FILTER_MAX);
	return k;
}

bool
conflict_arp_sender(const uint8_t *arp, size_t len, struct hf_addr *addr, uint8_t mac[6])
{
	static const uint8_t head[6] = { 0, 1, 8, 0, 6, 4 };

	if (len < CONFLICT_ARP_BYTES || memcmp(arp, head, sizeof(head)) != 0)
		return false;
	*addr = (struct hf_addr){ .family = AF_INET };
	memcpy(mac, arp + SENDER_MAC, 6);
	memcpy(addr->bytes, arp + SENDER_IP, 4);
	return true;
}

void
conflict_probe(const struct hf_addr *addr, const uint8_t mac[6], uint8_t arp[CONFLICT_ARP_BYTES])
{
	static const uint8_t nobody[6];
	struct hf_writer w = hf_writer_to(arp, CONFLICT_ARP_BYTES);

	hf_put_be32(&w, ARP_FORMAT);
	hf_put_be16(&w, ARP_LENGTHS);
	hf_put_be16(&w, 1); /* request */
	hf_put_bytes(&w, mac, 6);
	hf_put_bytes(&w, nobody, 4);
	hf_put_bytes(&w, nobody, 6);
	hf_put_bytes(&w, addr->bytes, 4);
	assert(!w.bad);
}
