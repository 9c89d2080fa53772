/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VRRP ADVERTISEMENT packets, bytes to struct and back: RFC 9568 section 5 (version 3), RFC 3768
 * section 5 (version 2). */
#ifndef VRRP_PACKET_H
#define VRRP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_addr.h"
#include "lib/hf_base.h"

#define VRRP_ADDRESSES_MAX 255 /* the count field has 8 bits */
#define VRRP_PACKET_MAX    (8 + VRRP_ADDRESSES_MAX * 16 + 8)
#define VRRP_IPPROTO       112
#define VRRP_TTL           255

/*
 * Why a packet was not accepted. One list feeds the enum, the counters, the log and the manual:
 * name, counter's name, meaning.
 */
#define VRRP_DROPS(X)                                                                              \
	X(NONE, "accepted", "the packet is valid")                                                 \
	X(TRUNCATED, "packet-length",                                                              \
	  "shorter than its headers or its address count say, or longer than padding allows")      \
	X(IP_HEADER, "ip-header", "the IP header is damaged or not of this protocol")              \
	X(TTL, "ttl-not-255", "sent from beyond this link")                                        \
	X(VERSION, "version", "another VRRP version than configured")                              \
	X(TYPE, "type", "not an ADVERTISEMENT")                                                    \
	X(VRID, "unknown-vrid", "no instance here has this VRID")                                  \
	X(CHECKSUM, "checksum", "damaged, or the peer leaves the pseudo header out")               \
	X(AUTH_TYPE, "auth-type", "version 2: authentication that is not configured")              \
	X(AUTH_FAILED, "auth-failed", "version 2: wrong password")                                 \
	X(INTERVAL, "interval-differs", "version 2: the peer advertises another interval")         \
	X(COUNT, "address-count", "no address, or more than a packet may hold")                    \
	X(DESTINATION, "destination", "multicast where unicast is configured, or the reverse")     \
	X(SENDER, "sender", "unicast from an address that is not a configured peer")               \
	X(OWN, "own-packet", "one of our own packets came back")

enum vrrp_drop {
#define VRRP_DROP_ENUM(name, code, text) VRRP_DROP_##name,
	VRRP_DROPS(VRRP_DROP_ENUM)
#undef VRRP_DROP_ENUM
		VRRP_DROP_KINDS
};
const char *vrrp_drop_code(enum vrrp_drop drop);

struct vrrp_advert {
	uint8_t version;
	uint8_t vrid;
	uint8_t priority;
	uint16_t max_advertise_cs; /* v2: its seconds, as centiseconds */
	uint8_t count;             /* addresses in the packet */
	bool addresses_match;      /* every address of ours is among them, and no other: set by
				      vrrp_packet_decode */
	struct hf_addr source;     /* who sent it */
};

/* How a packet was received and what is expected of it. */
struct vrrp_rx {
	struct hf_addr source, destination;
	int ttl;         /* or hop limit; -1: not known (counts as wrong for multicast) */
	uint8_t version; /* configured; 0: not known yet, accept both and check nothing that depends
			    on it */
	bool multicast;  /* the instance is multicast */
	uint16_t advert_cs; /* ours, for v2's equality rule */
	size_t n_peers;     /* unicast: allowed senders */
	const struct hf_addr *peers;
	size_t n_addresses; /* ours, for addresses_match */
	const struct vrrp_address_model *addresses;
	bool checksum_done; /* the kernel has verified it (IPv6) */
};

struct vrrp_address_model;

/* The VRID and version of a VRRP payload without judging it; for finding the instance. Returns
 * false when too short. */
bool vrrp_packet_peek(const uint8_t *buf, size_t len, uint8_t *vrid, uint8_t *version);

/*
 * Splits an IPv4 packet as a raw socket delivers it. Fills source, destination, ttl of *rx and
 * *payload, *payload_len. Returns VRRP_DROP_NONE or why not.
 */
enum vrrp_drop vrrp_packet_split_ipv4(const uint8_t *buf, size_t len, struct vrrp_rx *rx,
				      const uint8_t **payload, size_t *payload_len);

/* Judges a VRRP payload. VRRP_DROP_NONE: *out is valid. Up to Ethernet's minimum padding behind it
 * is accepted. */
enum vrrp_drop vrrp_packet_decode(const uint8_t *buf, size_t len, const struct vrrp_rx *rx,
				  struct vrrp_advert *out);

/* What is to be sent. */
struct vrrp_tx {
	uint8_t version, vrid, priority;
	uint16_t advert_cs;
	sa_family_t family;
	struct hf_addr source, destination; /* for the pseudo header */
	size_t n_addresses;
	const struct vrrp_address_model *addresses;
};

/* Writes a VRRP payload with its checksum (0 for IPv6: the kernel fills it in). Returns its length,
 * or -EMSGSIZE. */
int vrrp_packet_encode(const struct vrrp_tx *tx, uint8_t *buf, size_t cap);

#endif
