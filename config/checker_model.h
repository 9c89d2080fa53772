/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checker room is told to be: virtual servers, their real servers and checks; immutable
 * and complete. */
#ifndef CHECKER_MODEL_H
#define CHECKER_MODEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/script_model.h"
#include "lib/hf_addr.h"

#define CHECK_SCHEDULER_MAX   16 /* the kernel's IP_VS_SCHEDNAME_MAXLEN */
#define CHECK_PE_MAX          16 /* IP_VS_PENAME_MAXLEN */
#define CHECK_SERVER_NAME_MAX 96
#define CHECK_WEIGHT_MAX      65535

enum check_forwarding { CHECK_MASQ, CHECK_DROUTE, CHECK_TUNNEL };

/* Tunnel kinds and checksum flags carry the kernel's values (linux/ip_vs.h,
 * IP_VS_CONN_F_TUNNEL_TYPE_*). */
struct check_tunnel {
	uint8_t type;   /* ipip 0, gue 1, gre 2 */
	uint16_t port;  /* gue */
	uint16_t flags; /* nocsum 0, csum 1, remcsum 2 */
};

enum check_type { CHECK_TCP, CHECK_HTTP };

/* Accepted HTTP status codes: bit n of the set is status 100 + n. */
#define CHECK_STATUS_FIRST 100
#define CHECK_STATUS_LAST  599
struct check_status_set {
	uint64_t bits[8];
};

struct check_url {
	const char *path;
	const char *virtualhost; /* NULL: ADDRESS:PORT. Already resolved from url, check, real and
				    virtual server */
	bool has_digest;
	uint8_t digest[16];             /* MD5 of the body */
	struct check_status_set status; /* complete: the default is filled in */
};

struct check_model {
	enum check_type type;
	struct hf_addr connect_addr;
	uint16_t connect_port;
	struct hf_addr bind_addr; /* AF_UNSPEC: the kernel chooses */
	uint16_t bind_port;
	char bind_if[IFNAMSIZ];
	uint32_t fwmark;
	int64_t connect_timeout_ns;
	int64_t delay_loop_ns;
	int64_t delay_before_retry_ns;
	int64_t warmup_ns;
	uint32_t retry;
	bool alpha;
	/* CHECK_HTTP only */
	uint8_t http_version; /* 10: HTTP/1.0, 11: HTTP/1.1 */
	bool http_close;      /* send "Connection: close" */
	bool fast_recovery;
	size_t n_urls;
	const struct check_url *urls;
};

struct real_server_model {
	char name[CHECK_SERVER_NAME_MAX]; /* "[192.0.2.1]:tcp:80", as keepalived writes it */
	struct hf_addr addr;
	uint16_t port; /* as IPVS gets it */
	int32_t weight;
	enum check_forwarding forwarding;
	struct check_tunnel tunnel;
	uint32_t u_threshold, l_threshold;
	bool inhibit_on_failure;
	struct script_model notify_up, notify_down;
	size_t n_checks;
	const struct check_model *checks;
};

struct virtual_server_model {
	char name[CHECK_SERVER_NAME_MAX]; /* "[192.0.2.9]:tcp:80" or "FWM 7" */
	sa_family_t family;
	uint8_t protocol;    /* IPPROTO_TCP, _UDP, _SCTP; 0 for a mark */
	struct hf_addr addr; /* AF_UNSPEC for a mark */
	uint16_t port;
	uint32_t fwmark; /* 0: none */
	char scheduler[CHECK_SCHEDULER_MAX];
	uint32_t sched_flags; /* IP_VS_SVC_F_SCHED1..3 */
	bool one_packet;
	uint32_t persistence_timeout_s;   /* 0: none */
	uint32_t persistence_granularity; /* IPv4: mask in host order; IPv6: bits; 0: all of the
					     address */
	char persistence_engine[CHECK_PE_MAX];
	bool alpha, omega;
	uint32_t quorum, hysteresis;
	struct script_model quorum_up, quorum_down;
	bool has_sorry;
	bool sorry_inhibit;
	struct real_server_model sorry; /* without checks */
	size_t n_real;
	const struct real_server_model *real;
};

struct checker_model {
	char router_id[256];
	size_t n_virtual;
	const struct virtual_server_model *virtual_servers;
	bool fifo; /* any FIFO wants our lines */
	bool rs_init_notifies;
	bool needs_raw; /* a check sets a mark or binds to an interface: CAP_NET_RAW or
			   CAP_NET_ADMIN is needed */
	bool flush_at_start, flush_at_stop; /* lvs_flush, lvs_flush_on_stop */
	void *arena;
};

/* As in vrrp_model.h. */
struct checker_model *checker_model_read(const char *text, size_t len, char why[512]);
void checker_model_print(const struct checker_model *model, FILE *out);
void checker_model_free(struct checker_model *model);

/* Is the check the same in every field? Then a reload carries its verdict over. */
bool check_model_equal(const struct check_model *a, const struct check_model *b);
bool script_model_equal(const struct script_model *a, const struct script_model *b);

#endif
