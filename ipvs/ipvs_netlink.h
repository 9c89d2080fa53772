/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conversation with the kernel's IPVS over generic netlink: steps in batches, dumps. */
#ifndef IPVS_NETLINK_H
#define IPVS_NETLINK_H

#include "ipvs/ipvs_plan.h"

/* Messages that go to the kernel in one call, before their answers are read. */
#define IPVS_BATCH_MAX 64

struct ipvs_socket;

/* Counted for status: a reload without a change must not add to requests. */
struct ipvs_traffic {
	uint64_t requests; /* messages that change something */
	uint64_t dumps;    /* of all services, or of the dests of one */
	uint64_t refused;
};

/*
 * Connects. load_module: where the kernel has no IPVS, run modprobe once (needs root). Returns 0,
 * -EPROTONOSUPPORT (no IPVS in this kernel) or another negative errno.
 */
int ipvs_socket_open(bool load_module, struct ipvs_socket **out) HF_MUST_CHECK;
void ipvs_socket_close(struct ipvs_socket *sock); /* NULL is fine */
const struct ipvs_traffic *ipvs_socket_traffic(const struct ipvs_socket *sock);

/*
 * Carries out n steps in order. result() gets each with 0 or the kernel's negative errno. Returns 0
 * when the kernel has answered to all, else a negative errno: then the state of the rest is
 * unknown.
 */
int ipvs_socket_apply(struct ipvs_socket *sock, const struct ipvs_step *steps, size_t n,
		      void (*result)(void *arg, const struct ipvs_step *step, int err),
		      void *arg) HF_MUST_CHECK;

int ipvs_socket_flush(struct ipvs_socket *sock) HF_MUST_CHECK;

/* Adds what the kernel has to the table. */
int ipvs_socket_dump_services(struct ipvs_socket *sock, struct ipvs_table *table) HF_MUST_CHECK;
int ipvs_socket_dump_dests(struct ipvs_socket *sock, struct ipvs_table *table,
			   struct ipvs_table_service *service) HF_MUST_CHECK;

/* Why the kernel refused the step, in words an admin can act on. Returns buf. */
#define IPVS_REFUSAL_MAX 256
const char *ipvs_refusal_text(const struct ipvs_step *step, int err, char buf[IPVS_REFUSAL_MAX]);

#endif
