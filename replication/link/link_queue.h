/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be sent on one connection: a queue of frames with a bound on their number and on the
 * bytes of data that they hold on to. Headers and bodies lie in a ring; data is only referred to.
 * Checksums and compression happen when a frame is about to be sent, so that the bytes are still in
 * the cache when the system copies them. Does no I/O; allocates only in link_queue_new().
 */
#ifndef LINK_QUEUE_H
#define LINK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "replication/link/link_compress.h"
#include "replication/link/link_packet.h"

struct link_queue;

/* At most this many frames, with this many bytes of data and one message more. NULL when out of
 * memory. */
struct link_queue *link_queue_new(uint32_t frames_max, uint64_t data_max);

/* `release` is called with each data reference that is no longer needed. */
void link_queue_release_with(struct link_queue *q, void (*release)(void *arg, void *data),
			     void *arg);
void link_queue_free(struct link_queue *q); /* NULL is fine; releases all */

/* How data is to be packed from now on; NULL: not at all. Lent. */
void link_queue_compress(struct link_queue *q, struct link_compress *compress);

/* Frames get their number and session here. */
void link_queue_session(struct link_queue *q, uint32_t session);

/* Appends a frame: header as filled by link_msg_encode(), body, and data (bytes: where it lies;
 * data: the reference to be released). False, and nothing is taken over, when there is no room. */
bool link_queue_push(struct link_queue *q, const struct link_header *h, const uint8_t *body,
		     const uint8_t *bytes, void *data);

/* How many more frames fit; 0 also when the data's bound is reached. */
uint32_t link_queue_room(const struct link_queue *q);
uint32_t link_queue_length(const struct link_queue *q); /* frames */

/* The next bytes to be sent, in order. Returns how many of iov are used. The bytes stay where they
 * are, and a later call begins with the same ones, until link_queue_sent(). */
int link_queue_gather(struct link_queue *q, struct iovec *iov, int max);
void link_queue_sent(struct link_queue *q, size_t bytes);

/* Takes over what `from`, an emptier queue without data, still has to send. */
void link_queue_take(struct link_queue *q, struct link_queue *from);

#endif
