/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NBD engine with a client in front that speaks in single calls and a volume of 8 MiB of memory
 * behind. Everything that the engine sends is written down as lines of text.
 */
#ifndef NBD_CLIENT_H
#define NBD_CLIENT_H

#include "replication/front/nbd_engine.h"

#define CLIENT_SIZE     (8U << 20)
#define CLIENT_TRACE    8192
#define CLIENT_SENT_MAX (9U << 20)

struct nbd_client {
	struct nbd_engine engine;
	struct front front;
	struct front_pool pool;
	uint8_t *memory;   /* the pool's */
	uint8_t *disk;     /* CLIENT_SIZE bytes */
	uint8_t *received; /* what the engine sent and is not decoded yet */
	size_t n_received;
	size_t piece; /* bytes handed to the engine at once; 0: as many as there are */
	bool deaf;    /* the client does not read its replies */
	bool slow;    /* requests stay at the volume until client_disk() */
	int fail;     /* errno of requests that touch fail_at */
	uint64_t fail_at;
	struct nbd_piece *held[NBD_PIECES_MAX];
	size_t n_held;
	bool transmission; /* replies are those of transmission */
	uint32_t read_len; /* of the next simple reply */
	char trace[CLIENT_TRACE];
};

/* A client that has been greeted. info may be changed until the next call. */
struct nbd_client *client_new(void);
void client_free(struct nbd_client *c);

/* Hands bytes over; what the engine does not take is an error of the test. */
void client_send(struct nbd_client *c, const void *bytes, size_t len);
/* The same, but returns how many it took. */
size_t client_offer(struct nbd_client *c, const void *bytes, size_t len);

void client_flags(struct nbd_client *c, uint32_t flags);
void client_option(struct nbd_client *c, uint32_t option, const void *data, size_t len);
/* GO or INFO for an export, asking for the block sizes or for nothing. */
void client_go(struct nbd_client *c, uint32_t option, const char *name, bool block_size);
void client_meta(struct nbd_client *c, uint32_t option, const char *name, const char *query);
void client_request(struct nbd_client *c, uint16_t type, uint16_t flags, uint64_t offset,
		    uint32_t length);
/* A WRITE with its payload, all bytes the same. */
void client_write(struct nbd_client *c, uint16_t flags, uint64_t offset, uint32_t length,
		  uint8_t byte);

/* The volume ends the n-th of the requests that it holds. */
void client_disk(struct nbd_client *c, size_t n);

/* Through the handshake into transmission, with or without structured replies and contexts; the
 * trace is empty afterwards. */
struct nbd_client *client_ready(bool structured);

/* The trace since the last call. */
const char *client_trace(struct nbd_client *c);
#define assert_client(c, text) assert_string_equal(client_trace(c), text)

#endif
