/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe: one run of a check. Each kind of check is a struct of operations (check_tcp.c,
 * check_http.c); what they share is here: the pool, the socket, the time limits, the way to end.
 *
 * A probe ends exactly once, by checker_probe_end(), which calls back into checker_main.c, or is
 * cancelled without a word.
 */
#ifndef CHECKER_PROBE_H
#define CHECKER_PROBE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/evp.h>

#include "checker/checker_spread.h"
#include "checker/checker_verdict.h"
#include "checker/http_packet.h"

#define CHECKER_READ_CHUNK 16384
#define CHECKER_READ_BURST 4           /* chunks read in one wake-up: the others get their turn */
#define CHECKER_PROBES_MAX 16384       /* running at once; more wait for CHECKER_BUSY_WAIT_NS */
#define CHECKER_BODY_MAX   (64u << 20) /* bytes of an answer's body that are read */

/* A whole run may take the longer of delay_loop and this many times connect_timeout. */
#define CHECKER_RUN_TIMEOUTS 2

struct checker_probes;
struct checker_probe;

struct check_ops {
	const char *name; /* as in the configuration */
	/* The socket is connected; the probe may end here. */
	void (*connected)(struct checker_probe *probe);
	/* The socket has something to read, or (while writing is wanted) takes more. NULL: not
	 * used. */
	void (*ready)(struct checker_probe *probe, short what);
};
extern const struct check_ops check_tcp_ops, check_http_ops;
const struct check_ops *check_ops_of(enum check_type type);

struct checker_probe {
	struct checker_probes *all;
	struct checker_check *check;
	const struct check_ops *ops;
	struct checker_probe *next_free;
	struct event event;
	int fd;
	int err; /* errno behind the result, 0: none */
	bool is_connected;
	hf_time started;
	hf_time limit; /* of the whole run */
	/* check_http.c */
	struct http_reader reader;
	size_t request_sent;
	EVP_MD_CTX *md; /* made at first need, kept with the probe */
	bool hashing;
	bool got_bytes;
};

/* All of them. One for a process; owned by checker_main.c. */
struct checker_probes {
	struct event_base *base;
	struct checker_heap *heap; /* limits of running probes are due times of their checks */
	/* A probe has ended; its check may be started again. */
	void (*ended)(void *arg, struct checker_check *check, const struct checker_report *report,
		      int err);
	void *arg;
	struct checker_probe *free_list;
	size_t n_running;
	EVP_MD *md5;
	uint8_t buf[CHECKER_READ_CHUNK];
};

void checker_probes_init(struct checker_probes *all, struct event_base *base,
			 struct checker_heap *heap);
void checker_probes_free(struct checker_probes *all); /* none runs any more */

/*
 * Starts a run of the check. It may end before this returns. Returns 0, -EAGAIN when too many run,
 * or -ENOMEM.
 */
int checker_probe_start(struct checker_probes *all, struct checker_check *check,
			hf_time now) HF_MUST_CHECK;

/* Its time limit is over: it ends with what that means. */
void checker_probe_expired(struct checker_probe *probe, hf_time now);

void checker_probe_end(struct checker_probe *probe, enum checker_result result, int err);
void checker_probe_cancel(struct checker_probe *probe);

/* Waits for EV_READ or EV_WRITE from now on. */
void checker_probe_wait(struct checker_probe *probe, short what);

/* Something came: connect_timeout starts anew, within the limit of the whole run. */
void checker_probe_progress(struct checker_probe *probe, hf_time now);

#endif
