/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of IPVS netlink messages. Elsewhere: the socket (ipvs_netlink.c).
 */
#include "ipvs/ipvs_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

struct packet {
	uint8_t *buf;
	size_t cap, len;
	bool bad; /* cap was reached */
};

static void
put_bytes(struct packet *p, const void *bytes, size_t len)
{
	size_t padded = NLA_ALIGN(len);

	if (p->bad || padded > p->cap - p->len) {
		p->bad = true;
		return;
	}
	memset(p->buf + p->len, 0, padded);
	memcpy(p->buf + p->len, bytes, len);
	p->len += padded;
}

static void
put_attr(struct packet *p, uint16_t type, const void *bytes, size_t len)
{
	struct nlattr attr = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	put_bytes(p, &attr, sizeof(attr));
	put_bytes(p, bytes, len);
}

static void
put_u8(struct packet *p, uint16_t type, uint8_t value)
{
	put_attr(p, type, &value, sizeof(value));
}

static void
put_u16(struct packet *p, uint16_t type, uint16_t value)
{
	put_attr(p, type, &value, sizeof(value));
}

static void
put_u32(struct packet *p, uint16_t type, uint32_t value)
{
	put_attr(p, type, &value, sizeof(value));
}

static void
put_text(struct packet *p, uint16_t type, const char *text, size_t cap)
{
	char copy[32] = { 0 };
	size_t len = strnlen(text, cap - 1);

	memcpy(copy, text, len);
	put_attr(p, type, copy, len + 1);
}

/* Returns where the nested attribute begins, for end_nest(). */
static size_t
begin_nest(struct packet *p, uint16_t type)
{
	size_t at = p->len;

	put_attr(p, type | NLA_F_NESTED, "", 0);
	return at;
}

static void
end_nest(struct packet *p, size_t at)
{
	uint16_t len = (uint16_t)(p->len - at);

	if (!p->bad)
		memcpy(p->buf + at, &len, sizeof(len)); /* nla_len comes first */
}

static struct packet
begin_message(uint16_t family, uint32_t seq, uint8_t command, uint16_t flags, uint8_t *buf,
	      size_t cap)
{
	struct packet p = { .buf = buf, .cap = cap };
	struct nlmsghdr head = { .nlmsg_type = family,
				 .nlmsg_flags = NLM_F_REQUEST | flags,
				 .nlmsg_seq = seq };
	struct genlmsghdr genl = { .cmd = command, .version = IPVS_GENL_VERSION };

	put_bytes(&p, &head, sizeof(head));
	put_bytes(&p, &genl, sizeof(genl));
	return p;
}

static int
end_message(struct packet *p)
{
	uint32_t len = (uint32_t)p->len;

	if (p->bad)
		return -EMSGSIZE;
	memcpy(p->buf, &len, sizeof(len)); /* nlmsg_len comes first */
	return (int)len;
}

static void
put_service_key(struct packet *p, const struct ipvs_service_key *key)
{
	put_u16(p, IPVS_SVC_ATTR_AF, key->family);
	if (key->fwmark != 0) {
		put_u32(p, IPVS_SVC_ATTR_FWMARK, key->fwmark);
		return;
	}
	put_u16(p, IPVS_SVC_ATTR_PROTOCOL, key->protocol);
	put_attr(p, IPVS_SVC_ATTR_ADDR, key->addr, sizeof(key->addr));
	put_u16(p, IPVS_SVC_ATTR_PORT, htons(key->port));
}

static void
put_service(struct packet *p, const struct ipvs_service *service)
{
	struct ip_vs_flags flags = { .flags = service->flags, .mask = ~0U };

	put_service_key(p, &service->key);
	put_text(p, IPVS_SVC_ATTR_SCHED_NAME, service->sched, IPVS_SCHED_MAX);
	if (service->pe[0] != '\0')
		put_text(p, IPVS_SVC_ATTR_PE_NAME, service->pe, IPVS_PE_MAX);
	put_attr(p, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
	put_u32(p, IPVS_SVC_ATTR_TIMEOUT, service->timeout_s);
	put_u32(p, IPVS_SVC_ATTR_NETMASK, service->netmask);
}

static void
put_dest_key(struct packet *p, const struct ipvs_dest_key *key)
{
	put_attr(p, IPVS_DEST_ATTR_ADDR, key->addr, sizeof(key->addr));
	put_u16(p, IPVS_DEST_ATTR_PORT, htons(key->port));
	put_u16(p, IPVS_DEST_ATTR_ADDR_FAMILY, key->family);
}

static void
put_dest(struct packet *p, const struct ipvs_dest *dest)
{
	put_dest_key(p, &dest->key);
	put_u32(p, IPVS_DEST_ATTR_FWD_METHOD, dest->fwd_method & IP_VS_CONN_F_FWD_MASK);
	put_u32(p, IPVS_DEST_ATTR_WEIGHT, (uint32_t)dest->weight);
	put_u32(p, IPVS_DEST_ATTR_U_THRESH, dest->u_threshold);
	put_u32(p, IPVS_DEST_ATTR_L_THRESH, dest->l_threshold);
	if ((dest->fwd_method & IP_VS_CONN_F_FWD_MASK) != IP_VS_CONN_F_TUNNEL)
		return;
	put_u8(p, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
	put_u16(p, IPVS_DEST_ATTR_TUN_PORT, htons(dest->tun_port));
	put_u16(p, IPVS_DEST_ATTR_TUN_FLAGS, dest->tun_flags);
}

int
ipvs_packet_step(uint16_t family, uint32_t seq, const struct ipvs_step *step, uint8_t *buf,
		 size_t cap)
{
	static const uint8_t commands[] = {
		[IPVS_ADD_SERVICE] = IPVS_CMD_NEW_SERVICE,
		[IPVS_EDIT_SERVICE] = IPVS_CMD_SET_SERVICE,
		[IPVS_ADD_DEST] = IPVS_CMD_NEW_DEST,
		[IPVS_EDIT_DEST] = IPVS_CMD_SET_DEST,
		[IPVS_DEL_DEST] = IPVS_CMD_DEL_DEST,
		[IPVS_DEL_SERVICE] = IPVS_CMD_DEL_SERVICE,
	};
	struct packet p = begin_message(family, seq, commands[step->type], NLM_F_ACK, buf, cap);
	size_t nest = begin_nest(&p, IPVS_CMD_ATTR_SERVICE);

	if (step->type == IPVS_ADD_SERVICE || step->type == IPVS_EDIT_SERVICE)
		put_service(&p, &step->service);
	else
		put_service_key(&p, &step->service.key);
	end_nest(&p, nest);

	if (step->type == IPVS_ADD_DEST || step->type == IPVS_EDIT_DEST) {
		nest = begin_nest(&p, IPVS_CMD_ATTR_DEST);
		put_dest(&p, &step->dest);
		end_nest(&p, nest);
	} else if (step->type == IPVS_DEL_DEST) {
		nest = begin_nest(&p, IPVS_CMD_ATTR_DEST);
		put_dest_key(&p, &step->dest.key);
		end_nest(&p, nest);
	}
	return end_message(&p);
}

int
ipvs_packet_flush(uint16_t family, uint32_t seq, uint8_t *buf, size_t cap)
{
	struct packet p = begin_message(family, seq, IPVS_CMD_FLUSH, NLM_F_ACK, buf, cap);

	return end_message(&p);
}

int
ipvs_packet_dump_services(uint16_t family, uint32_t seq, uint8_t *buf, size_t cap)
{
	struct packet p = begin_message(family, seq, IPVS_CMD_GET_SERVICE, NLM_F_DUMP, buf, cap);

	return end_message(&p);
}

int
ipvs_packet_dump_dests(uint16_t family, uint32_t seq, const struct ipvs_service_key *key,
		       uint8_t *buf, size_t cap)
{
	struct packet p = begin_message(family, seq, IPVS_CMD_GET_DEST, NLM_F_DUMP, buf, cap);
	size_t nest = begin_nest(&p, IPVS_CMD_ATTR_SERVICE);

	put_service_key(&p, key);
	end_nest(&p, nest);
	return end_message(&p);
}

/* The attributes inside the one that the answer carries. */
static int
parse_inner(const struct nlmsghdr *msg, int outer, struct nlattr **attrs, int max,
	    const struct nla_policy *policy)
{
	struct nlattr *top[IPVS_CMD_ATTR_MAX + 1];

	/* libnl reads only, but does not say so in its types. */
	if (!genlmsg_valid_hdr((struct nlmsghdr *)msg, 0) ||
	    genlmsg_parse((struct nlmsghdr *)msg, 0, top, IPVS_CMD_ATTR_MAX, NULL) < 0 ||
	    top[outer] == NULL || nla_parse_nested(attrs, max, top[outer], policy) < 0)
		return -EBADMSG;
	return 0;
}

/* Addresses come with 16 bytes from some kernels and with 4 from others. */
static void
get_addr(uint8_t out[16], struct nlattr *attr, uint16_t family)
{
	int wanted = family == AF_INET ? 4 : 16;

	memset(out, 0, 16);
	nla_memcpy(out, attr, wanted);
}

static uint32_t
get_u32_or_0(struct nlattr *attr)
{
	return attr == NULL ? 0 : nla_get_u32(attr);
}

static uint16_t
get_u16_or_0(struct nlattr *attr)
{
	return attr == NULL ? 0 : nla_get_u16(attr);
}

int
ipvs_packet_read_service(const struct nlmsghdr *msg, struct ipvs_service *out)
{
	static const struct nla_policy policy[IPVS_SVC_ATTR_MAX + 1] = {
		[IPVS_SVC_ATTR_AF] = { .type = NLA_U16 },
		[IPVS_SVC_ATTR_PROTOCOL] = { .type = NLA_U16 },
		[IPVS_SVC_ATTR_ADDR] = { .minlen = 4, .maxlen = 16 },
		[IPVS_SVC_ATTR_PORT] = { .type = NLA_U16 },
		[IPVS_SVC_ATTR_FWMARK] = { .type = NLA_U32 },
		[IPVS_SVC_ATTR_SCHED_NAME] = { .type = NLA_STRING },
		[IPVS_SVC_ATTR_PE_NAME] = { .type = NLA_STRING },
		[IPVS_SVC_ATTR_FLAGS] = { .minlen = sizeof(struct ip_vs_flags) },
		[IPVS_SVC_ATTR_TIMEOUT] = { .type = NLA_U32 },
		[IPVS_SVC_ATTR_NETMASK] = { .type = NLA_U32 },
	};
	struct nlattr *attrs[IPVS_SVC_ATTR_MAX + 1];
	struct ip_vs_flags flags = { 0 };

	*out = (struct ipvs_service){ 0 };
	if (parse_inner(msg, IPVS_CMD_ATTR_SERVICE, attrs, IPVS_SVC_ATTR_MAX, policy) != 0 ||
	    attrs[IPVS_SVC_ATTR_AF] == NULL)
		return -EBADMSG;
	out->key.family = nla_get_u16(attrs[IPVS_SVC_ATTR_AF]);
	out->key.fwmark = get_u32_or_0(attrs[IPVS_SVC_ATTR_FWMARK]);
	if (out->key.fwmark == 0) {
		if (attrs[IPVS_SVC_ATTR_ADDR] == NULL)
			return -EBADMSG;
		out->key.protocol = get_u16_or_0(attrs[IPVS_SVC_ATTR_PROTOCOL]);
		out->key.port = ntohs(get_u16_or_0(attrs[IPVS_SVC_ATTR_PORT]));
		get_addr(out->key.addr, attrs[IPVS_SVC_ATTR_ADDR], out->key.family);
	}
	if (attrs[IPVS_SVC_ATTR_SCHED_NAME] != NULL)
		nla_strlcpy(out->sched, attrs[IPVS_SVC_ATTR_SCHED_NAME], sizeof(out->sched));
	if (attrs[IPVS_SVC_ATTR_PE_NAME] != NULL)
		nla_strlcpy(out->pe, attrs[IPVS_SVC_ATTR_PE_NAME], sizeof(out->pe));
	if (attrs[IPVS_SVC_ATTR_FLAGS] != NULL)
		nla_memcpy(&flags, attrs[IPVS_SVC_ATTR_FLAGS], sizeof(flags));
	out->flags = flags.flags;
	out->timeout_s = get_u32_or_0(attrs[IPVS_SVC_ATTR_TIMEOUT]);
	out->netmask = get_u32_or_0(attrs[IPVS_SVC_ATTR_NETMASK]);
	return 0;
}

int
ipvs_packet_read_dest(const struct nlmsghdr *msg, uint16_t service_family, struct ipvs_dest *out)
{
	static const struct nla_policy policy[IPVS_DEST_ATTR_MAX + 1] = {
		[IPVS_DEST_ATTR_ADDR] = { .minlen = 4, .maxlen = 16 },
		[IPVS_DEST_ATTR_PORT] = { .type = NLA_U16 },
		[IPVS_DEST_ATTR_FWD_METHOD] = { .type = NLA_U32 },
		[IPVS_DEST_ATTR_WEIGHT] = { .type = NLA_U32 },
		[IPVS_DEST_ATTR_U_THRESH] = { .type = NLA_U32 },
		[IPVS_DEST_ATTR_L_THRESH] = { .type = NLA_U32 },
		[IPVS_DEST_ATTR_ADDR_FAMILY] = { .type = NLA_U16 },
		[IPVS_DEST_ATTR_TUN_TYPE] = { .type = NLA_U8 },
		[IPVS_DEST_ATTR_TUN_PORT] = { .type = NLA_U16 },
		[IPVS_DEST_ATTR_TUN_FLAGS] = { .type = NLA_U16 },
	};
	struct nlattr *attrs[IPVS_DEST_ATTR_MAX + 1];

	*out = (struct ipvs_dest){ 0 };
	if (parse_inner(msg, IPVS_CMD_ATTR_DEST, attrs, IPVS_DEST_ATTR_MAX, policy) != 0 ||
	    attrs[IPVS_DEST_ATTR_ADDR] == NULL)
		return -EBADMSG;
	out->key.family = attrs[IPVS_DEST_ATTR_ADDR_FAMILY] == NULL
				  ? service_family
				  : nla_get_u16(attrs[IPVS_DEST_ATTR_ADDR_FAMILY]);
	out->key.port = ntohs(get_u16_or_0(attrs[IPVS_DEST_ATTR_PORT]));
	get_addr(out->key.addr, attrs[IPVS_DEST_ATTR_ADDR], out->key.family);
	out->fwd_method = get_u32_or_0(attrs[IPVS_DEST_ATTR_FWD_METHOD]);
	out->weight = (int32_t)get_u32_or_0(attrs[IPVS_DEST_ATTR_WEIGHT]);
	out->u_threshold = get_u32_or_0(attrs[IPVS_DEST_ATTR_U_THRESH]);
	out->l_threshold = get_u32_or_0(attrs[IPVS_DEST_ATTR_L_THRESH]);
	if (attrs[IPVS_DEST_ATTR_TUN_TYPE] != NULL)
		out->tun_type = nla_get_u8(attrs[IPVS_DEST_ATTR_TUN_TYPE]);
	out->tun_port = ntohs(get_u16_or_0(attrs[IPVS_DEST_ATTR_TUN_PORT]));
	out->tun_flags = get_u16_or_0(attrs[IPVS_DEST_ATTR_TUN_FLAGS]);
	return 0;
}
