/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 and IPv6 addresses as values: text, order, socket addresses. */
#include "lib/hf_addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static size_t
addr_len(sa_family_t family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

int
hf_addr_parse(const char *text, struct hf_addr *out)
{
	struct hf_addr addr = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(addr.family, text, addr.bytes) != 1)
		return -EINVAL;
	*out = addr;
	return 0;
}

/* The bits behind the slash: digits only, no sign, no blank. */
static int
parse_bits(const char *text, uint8_t most, uint8_t *out)
{
	unsigned int bits = 0;
	size_t len = strlen(text);

	if (len == 0 || strspn(text, "0123456789") != len)
		return -EINVAL;
	if (len > 3)
		return -ERANGE;
	for (const char *at = text; *at; at++)
		bits = bits * 10 + (unsigned int)(*at - '0');
	if (bits > most)
		return -ERANGE;
	*out = (uint8_t)bits;
	return 0;
}

int
hf_prefix_parse(const char *text, struct hf_prefix *out)
{
	char buf[HF_ADDR_TEXT_MAX];
	struct hf_prefix prefix = { 0 };
	size_t len = strlen(text);
	char *slash;
	int err;

	if (len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, len + 1);
	slash = strchr(buf, '/');
	if (slash)
		*slash = '\0';
	err = hf_addr_parse(buf, &prefix.addr);
	if (err)
		return err;
	prefix.len = hf_addr_bits(prefix.addr.family);
	if (slash) {
		err = parse_bits(slash + 1, prefix.len, &prefix.len);
		if (err)
			return err;
	}
	*out = prefix;
	return 0;
}

const char *
hf_addr_text(const struct hf_addr *addr, char buf[HF_ADDR_TEXT_MAX])
{
	if (addr->family != AF_INET && addr->family != AF_INET6)
		memcpy(buf, "-", 2);
	else if (!inet_ntop(addr->family, addr->bytes, buf, HF_ADDR_TEXT_MAX))
		memcpy(buf, "?", 2);
	return buf;
}

uint8_t
hf_addr_bits(sa_family_t family)
{
	return (uint8_t)(addr_len(family) * 8);
}

int
hf_addr_cmp(const struct hf_addr *a, const struct hf_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->family == AF_UNSPEC)
		return 0;
	return memcmp(a->bytes, b->bytes, addr_len(a->family));
}

bool
hf_addr_is_multicast(const struct hf_addr *addr)
{
	if (addr->family == AF_INET)
		return (addr->bytes[0] & 0xf0) == 0xe0;
	return addr->family == AF_INET6 && addr->bytes[0] == 0xff;
}

bool
hf_addr_is_link_local(const struct hf_addr *addr)
{
	if (addr->family == AF_INET)
		return addr->bytes[0] == 169 && addr->bytes[1] == 254;
	return addr->family == AF_INET6 && addr->bytes[0] == 0xfe &&
	       (addr->bytes[1] & 0xc0) == 0x80;
}

struct hf_addr
hf_addr_from_in(struct in_addr in)
{
	struct hf_addr addr = { .family = AF_INET };

	memcpy(addr.bytes, &in, sizeof(in));
	return addr;
}

struct hf_addr
hf_addr_from_in6(const struct in6_addr *in6)
{
	struct hf_addr addr = { .family = AF_INET6 };

	memcpy(addr.bytes, in6, sizeof(*in6));
	return addr;
}

socklen_t
hf_addr_sockaddr(const struct hf_addr *addr, uint16_t port, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (addr->family == AF_INET6) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(port);
		memcpy(&sin6->sin6_addr, addr->bytes, sizeof(sin6->sin6_addr));
		return sizeof(*sin6);
	}
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	memcpy(&sin->sin_addr, addr->bytes, sizeof(sin->sin_addr));
	return sizeof(*sin);
}

int
hf_addr_from_sockaddr(const struct sockaddr_storage *ss, struct hf_addr *addr, uint16_t *port)
{
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;

		*addr = hf_addr_from_in(sin->sin_addr);
		if (port)
			*port = ntohs(sin->sin_port);
		return 0;
	}
	if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;

		*addr = hf_addr_from_in6(&sin6->sin6_addr);
		if (port)
			*port = ntohs(sin6->sin6_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}
