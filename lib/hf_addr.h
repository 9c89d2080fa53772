/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 addresses as values. */
#ifndef HF_ADDR_H
#define HF_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_base.h"

/* Longest text of an address, "[" "]" and ":port" included, with the final NUL. */
#define HF_ADDR_TEXT_MAX 64

struct hf_addr {
	sa_family_t family; /* AF_INET, AF_INET6, or AF_UNSPEC for "none" */
	uint8_t bytes[16];  /* network order; AF_INET uses the first 4, the others are zero */
};

struct hf_prefix {
	struct hf_addr addr;
	uint8_t len; /* bits */
};

/* Reads a numeric address. Returns 0, or -EINVAL with *out unchanged. */
int hf_addr_parse(const char *text, struct hf_addr *out) HF_MUST_CHECK;

/* Reads ADDRESS or ADDRESS/BITS (no bits: all). Returns 0, -EINVAL or -ERANGE (too many bits). */
int hf_prefix_parse(const char *text, struct hf_prefix *out) HF_MUST_CHECK;

/* Writes the address without decoration; "-" for none. Returns buf. */
const char *hf_addr_text(const struct hf_addr *addr, char buf[HF_ADDR_TEXT_MAX]);

/* Bits of a whole address: 32 or 128. */
uint8_t hf_addr_bits(sa_family_t family);

/* Orders by family, then numerically as the wire bytes (RFC 9568 compares primary addresses so). */
int hf_addr_cmp(const struct hf_addr *a, const struct hf_addr *b);

static inline bool
hf_addr_equal(const struct hf_addr *a, const struct hf_addr *b)
{
	return hf_addr_cmp(a, b) == 0;
}

static inline bool
hf_addr_is_set(const struct hf_addr *a)
{
	return a->family != AF_UNSPEC;
}

bool hf_addr_is_multicast(const struct hf_addr *addr);
bool hf_addr_is_link_local(const struct hf_addr *addr);

struct hf_addr hf_addr_from_in(struct in_addr in);
struct hf_addr hf_addr_from_in6(const struct in6_addr *in6);

/* Fills ss for bind() or connect(); port in host order. Returns the length to pass. */
socklen_t hf_addr_sockaddr(const struct hf_addr *addr, uint16_t port, struct sockaddr_storage *ss);

/* The reverse; port may be NULL. Returns 0, or -EAFNOSUPPORT. */
int hf_addr_from_sockaddr(const struct sockaddr_storage *ss, struct hf_addr *addr,
			  uint16_t *port) HF_MUST_CHECK;

#endif
