/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services and dests for the tests, from text. */
#ifndef IPVS_EXAMPLE_H
#define IPVS_EXAMPLE_H

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <string.h>

#include "ipvs/ipvs_plan.h"

static inline struct ipvs_service
a_service(const char *address, uint16_t port)
{
	struct ipvs_service service = { .key = { .protocol = IPPROTO_TCP, .port = port },
					.sched = "rr" };
	struct hf_addr addr = { 0 };

	assert_int_equal(hf_addr_parse(address, &addr), 0);
	service.key.family = addr.family;
	memcpy(service.key.addr, addr.bytes, sizeof(addr.bytes));
	ipvs_service_normalise(&service);
	return service;
}

static inline struct ipvs_dest
a_dest(const char *address, uint16_t port, int32_t weight)
{
	struct ipvs_dest dest = { .key = { .port = port }, .weight = weight };
	struct hf_addr addr = { 0 };

	assert_int_equal(hf_addr_parse(address, &addr), 0);
	dest.key.family = addr.family;
	memcpy(dest.key.addr, addr.bytes, sizeof(addr.bytes));
	return dest;
}

#endif
