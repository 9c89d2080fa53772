/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between rooms over a SOCK_SEQPACKET socketpair. A message is a header (version, type,
 * length) and a payload of at most HF_IPC_PAYLOAD_MAX bytes, with at most one descriptor. Both ends
 * are the same program, so payloads may be packed structs; the receiver still checks the length
 * before it looks inside, and a wrong version, length or a message that the receiver's table does
 * not know closes the channel: rooms are restarted, not argued with.
 */
#ifndef HF_IPC_H
#define HF_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hf_base.h"
#include "lib/hf_loop.h"

#define HF_IPC_VERSION     1
#define HF_IPC_PAYLOAD_MAX 16384
#define HF_IPC_QUEUE_MAX   (64u << 20) /* bytes waiting to be sent on one channel */
#define HF_IPC_BURST       64          /* messages read in one wake-up */

struct hf_ipc;

struct hf_ipc_ops {
	/*
	 * One message. fd is -1 or a descriptor that is the callee's from here. Return 0, or a
	 * negative errno when the message is not acceptable: the channel is then closed and
	 * closed() called.
	 */
	int (*message)(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload,
		       size_t len, int fd);
	/* The other end is gone. The channel is still the callee's to free (it may do so here). */
	void (*closed)(void *arg, struct hf_ipc *ipc);
};

/* A connected pair, close-on-exec, non-blocking. Returns 0 or -errno. */
int hf_ipc_pair(int fds[2]) HF_MUST_CHECK;

/* Takes over fd. NULL when out of memory (fd is then closed). */
struct hf_ipc *hf_ipc_new(struct hf_loop *loop, int fd, const struct hf_ipc_ops *ops, void *arg);
void hf_ipc_free(struct hf_ipc *ipc); /* NULL is fine; allowed from within a callback */

/*
 * Sends or queues a message. fd (or -1) is duplicated by the kernel and stays the caller's; a
 * message with a descriptor keeps its own duplicate while it waits in the queue. Returns 0,
 * -EMSGSIZE, -ENOBUFS (the queue is full: the reader hangs), or -EPIPE (closed).
 */
int hf_ipc_send(struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len, int fd);

/* Waits until everything queued is sent or limit_ns has passed. For the last words before exit. */
void hf_ipc_flush(struct hf_ipc *ipc, int64_t limit_ns);

#endif
