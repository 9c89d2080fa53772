/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's side of one NBD connection as a pure state machine: fixed newstyle handshake,
 * options, transmission with simple and structured replies. The shell moves bytes:
 *
 *   nbd_feed()        what was received goes in; less than all is taken while the engine is full
 *   nbd_room()        where the payload of a WRITE may be received directly
 *   nbd_next_submit() requests for the volume; nbd_piece_done() when one has ended
 *   nbd_output()      what is to be sent, as pieces of memory; nbd_sent() when it was
 *
 * After any of these more may be to submit and to send: the shell asks until both are empty.
 *
 * What the client asks (up to 32 MiB) is cut into pieces as front.h wants them. Memory is fixed: a
 * table of slots (what the client waits for), one of pieces, and a front_pool for data. When one of
 * them is used up, no further bytes are taken: the client waits. A client that does not read its
 * replies stops only itself.
 */
#ifndef NBD_ENGINE_H
#define NBD_ENGINE_H

#include <sys/uio.h>

#include "lib/hf_time.h"
#include "replication/front/front.h"
#include "replication/front/front_pool.h"
#include "replication/front/nbd_packet.h"

#define NBD_SLOTS_MAX    128
#define NBD_PIECES_MAX   192
#define NBD_OPTION_MAX   12288       /* bytes of one option's data; more is skipped and refused */
#define NBD_HELLO_MAX    2048        /* the longest answer to one option */
#define NBD_QUERIES_MAX  64          /* queries in one META_CONTEXT option */
#define NBD_EXTENTS_MAX  512         /* in one BLOCK_STATUS chunk */
#define NBD_DF_LEAST     (64U << 10) /* DF must be honoured up to here */
#define NBD_WHOLE_MAX    (2U << 20)  /* a read that is held back until all of it is there */
#define NBD_HANDSHAKE_NS HF_SECONDS(10)
#define NBD_HEAD_MAX     64 /* header bytes of one reply */
#define NBD_STATUS_MAX   (FRONT_CONTEXTS_MAX * (NBD_CHUNK_LEN + 4 + NBD_EXTENTS_MAX * 8))

/* Why a connection ended: name, code, meaning. */
#define NBD_CLOSES(X)                                                                              \
	X(NONE, "open", "the connection is in use")                                                \
	X(DISCONNECT, "disconnect", "the client said that it leaves")                              \
	X(ABORT, "abort", "the client left during the handshake")                                  \
	X(HANGUP, "hangup", "the client closed without a word")                                    \
	X(TIMEOUT, "handshake-timeout", "the client did not finish the handshake in time")         \
	X(CLIENT_FLAGS, "client-flags", "the client set handshake flags that nobody offered")      \
	X(NOT_FIXED, "not-fixed-newstyle",                                                         \
	  "the client is older than the fixed newstyle handshake")                                 \
	X(OPTION_MAGIC, "option-magic", "what came was not an option")                             \
	X(REQUEST_MAGIC, "request-magic", "what came was not a request")                           \
	X(EXPORT_NAME, "export-name-refused", "refused, in the old way that knows no answer")      \
	X(LATE_ERROR, "late-read-error", "a read failed after its reply had begun")                \
	X(REFUSED, "refused", "the volume is no longer served here")                               \
	X(SYSTEM, "socket-error", "the socket failed")

enum nbd_close {
#define NBD_CLOSE_ENUM(name, code, text) NBD_CLOSE_##name,
	NBD_CLOSES(NBD_CLOSE_ENUM)
#undef NBD_CLOSE_ENUM
};
const char *nbd_close_code(enum nbd_close why);

enum nbd_phase {
	NBD_IN_CLIENT_FLAGS,
	NBD_IN_OPTION_HEADER,
	NBD_IN_OPTION_DATA,
	NBD_IN_OPTION_SKIP, /* data longer than NBD_OPTION_MAX */
	NBD_IN_REQUEST,
	NBD_IN_PAYLOAD,
	NBD_IN_PAYLOAD_SKIP, /* of a WRITE that was refused */
	NBD_DRAIN,           /* nothing more is read; ends when the replies are out */
	NBD_CLOSED,
};

struct nbd_slot;

/* Something to be sent: a header, then data that stays where it is. */
struct nbd_out {
	uint8_t head[NBD_HEAD_MAX];
	uint32_t head_len;
	uint32_t data_len;
	const uint8_t *data;
	struct nbd_piece *piece; /* given back when this is sent, or NULL */
	struct nbd_slot *slot;   /* likewise */
	STAILQ_ENTRY(nbd_out) next;
};

/* One request to the volume. */
struct nbd_piece {
	struct front_request request; /* its owner is the shell's to set */
	struct nbd_slot *slot;
	bool done;
	int err;
	struct nbd_out out;
	STAILQ_ENTRY(nbd_piece) next;     /* free, to submit */
	STAILQ_ENTRY(nbd_piece) in_order; /* of its slot's, for a READ */
};
STAILQ_HEAD(nbd_piece_list, nbd_piece);

/* One request of the client. */
struct nbd_slot {
	struct nbd_request request;
	uint64_t cut;      /* bytes of it that have become pieces */
	uint32_t pending;  /* pieces at the volume, being filled or to be submitted */
	uint32_t error;    /* first one, the wire's number */
	bool whole;        /* READ: one reply with everything */
	bool begun;        /* READ: its header is out */
	uint64_t answered; /* READ: bytes that are out */
	struct nbd_piece_list pieces;
	struct nbd_out out;
	SLIST_ENTRY(nbd_slot) next;
};

struct nbd_engine {
	const struct front *front;
	struct front_pool *pool;
	enum nbd_phase phase;
	enum nbd_close why;
	hf_time handshake_due; /* set during the handshake only */
	bool fixed_newstyle;
	bool no_zeroes;
	bool structured;
	bool hello_pending;                /* hello is being sent: no further option until then */
	uint32_t contexts;                 /* chosen ones, a bit for each of info.contexts */
	char contexts_for[FRONT_NAME_MAX]; /* the export that they were chosen for */
	uint32_t slots_used;
	uint32_t in_flight; /* pieces at the volume */

	uint8_t head[NBD_REQUEST_LEN]; /* a header that is coming in */
	uint32_t head_len;
	struct nbd_option_header option;
	uint8_t option_data[NBD_OPTION_MAX];
	uint32_t option_len;
	uint64_t skip; /* bytes left to be skipped */

	struct nbd_slot *cutting;  /* not yet all in pieces: nothing else is begun before */
	struct nbd_piece *filling; /* WRITE: whose payload comes in */
	uint32_t filled;
	struct nbd_slot *refused; /* WRITE: whose payload is skipped */
	bool status_used;         /* status_buf is being sent */

	SLIST_HEAD(, nbd_slot) free_slots;
	struct nbd_piece_list free_pieces;
	struct nbd_piece_list submit;
	STAILQ_HEAD(, nbd_out) outs;
	uint32_t out_sent; /* bytes of the first of outs */
	struct nbd_out hello_out;
	uint8_t hello[NBD_HELLO_MAX];
	uint8_t status_buf[NBD_STATUS_MAX];
	struct nbd_slot slots[NBD_SLOTS_MAX];
	struct nbd_piece pieces[NBD_PIECES_MAX];
};

/* A new connection: greets. front tells what is served; pool is this connection's own. */
void nbd_start(struct nbd_engine *e, const struct front *front, struct front_pool *pool,
	       hf_time now);

/* A connection whose handshake is done already: the kernel's (front_nbd.c). Simple replies. */
void nbd_start_transmission(struct nbd_engine *e, const struct front *front,
			    struct front_pool *pool);

/* Takes received bytes; returns how many. Fewer: call again after replies were sent or requests
 * ended. */
size_t nbd_feed(struct nbd_engine *e, const uint8_t *bytes, size_t len);

/* Where the next payload bytes belong, and how many; NULL: use nbd_feed(). nbd_received(): so many
 * were put there. */
uint8_t *nbd_room(struct nbd_engine *e, size_t *len);
void nbd_received(struct nbd_engine *e, size_t len);

/* The next request for the volume, or NULL. Its piece is the engine's again with
 * nbd_piece_done(). */
struct nbd_piece *nbd_next_submit(struct nbd_engine *e);
void nbd_piece_done(struct nbd_engine *e, struct nbd_piece *piece, int err);

/* Up to max parts of what is to be sent; 0: nothing. */
int nbd_output(const struct nbd_engine *e, struct iovec *out, int max);
void nbd_sent(struct nbd_engine *e, size_t len);

/* When nbd_timer() is owed; HF_UNSET: never. */
hf_time nbd_due(const struct nbd_engine *e);
void nbd_timer(struct nbd_engine *e, hf_time now);

/* The client is gone, or has to go: nothing is sent or taken from here on. The first reason
 * stays. */
void nbd_hangup(struct nbd_engine *e, enum nbd_close why);

/* We stop serving: what is under way is answered, then the connection ends. */
void nbd_retire(struct nbd_engine *e);

/* Closed, and nothing at the volume refers to it any more. */
bool nbd_finished(const struct nbd_engine *e);

/* Does the engine take bytes now? false: it would not take one. */
bool nbd_hungry(const struct nbd_engine *e);

/* Asserts what must hold between calls. */
void nbd_check(const struct nbd_engine *e);

#endif
