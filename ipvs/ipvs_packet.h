/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the kernel's generic netlink family "IPVS" (linux/ip_vs.h) as bytes, both ways. Pure.
 * Numbers are in host order except addresses and ports, as the kernel has them.
 */
#ifndef IPVS_PACKET_H
#define IPVS_PACKET_H

#include "ipvs/ipvs_plan.h"

struct nlmsghdr;

/* No message that we build is longer. */
#define IPVS_PACKET_MAX 512

/* Writes one request with NLM_F_ACK. Returns its length, a multiple of 4, or -EMSGSIZE. */
int ipvs_packet_step(uint16_t family, uint32_t seq, const struct ipvs_step *step, uint8_t *buf,
		     size_t cap);
int ipvs_packet_flush(uint16_t family, uint32_t seq, uint8_t *buf, size_t cap);

/* Requests for all services, and for all dests of one service. */
int ipvs_packet_dump_services(uint16_t family, uint32_t seq, uint8_t *buf, size_t cap);
int ipvs_packet_dump_dests(uint16_t family, uint32_t seq, const struct ipvs_service_key *key,
			   uint8_t *buf, size_t cap);

/* Read one part of the answers. service_family: of dests from a kernel that does not tell. Return 0
 * or -EBADMSG. */
int ipvs_packet_read_service(const struct nlmsghdr *msg, struct ipvs_service *out) HF_MUST_CHECK;
int ipvs_packet_read_dest(const struct nlmsghdr *msg, uint16_t service_family,
			  struct ipvs_dest *out) HF_MUST_CHECK;

#endif
