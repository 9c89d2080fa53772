/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NBD protocol's bytes (the NBD project's doc/proto.md): numbers, headers to struct and back.
 * Big-endian. Pure; what follows from them is nbd_engine's matter.
 */
#ifndef NBD_PACKET_H
#define NBD_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_buf.h"

#define NBD_MAGIC              UINT64_C(0x4e42444d41474943)
#define NBD_OPTION_MAGIC       UINT64_C(0x49484156454f5054)
#define NBD_OPTION_REPLY_MAGIC UINT64_C(0x0003e889045565a9)
#define NBD_REQUEST_MAGIC      UINT32_C(0x25609513)
#define NBD_SIMPLE_MAGIC       UINT32_C(0x67446698)
#define NBD_CHUNK_MAGIC        UINT32_C(0x668e33ef)

#define NBD_CLIENT_FLAGS_LEN  4
#define NBD_OPTION_HEADER_LEN 16
#define NBD_REQUEST_LEN       28
#define NBD_SIMPLE_LEN        16
#define NBD_CHUNK_LEN         20
#define NBD_OFFSET_LEN        8
#define NBD_NAME_MAX          4096        /* of an export name or any other string */
#define NBD_PAYLOAD_MAX       (32U << 20) /* of one READ or WRITE */

/* Handshake flags, the server's and the client's. */
#define NBD_FLAG_FIXED_NEWSTYLE 0x0001
#define NBD_FLAG_NO_ZEROES      0x0002

enum nbd_option {
	NBD_OPT_EXPORT_NAME = 1,
	NBD_OPT_ABORT = 2,
	NBD_OPT_LIST = 3,
	NBD_OPT_STARTTLS = 5,
	NBD_OPT_INFO = 6,
	NBD_OPT_GO = 7,
	NBD_OPT_STRUCTURED_REPLY = 8,
	NBD_OPT_LIST_META_CONTEXT = 9,
	NBD_OPT_SET_META_CONTEXT = 10,
};

#define NBD_REP_ACK                 UINT32_C(1)
#define NBD_REP_SERVER              UINT32_C(2)
#define NBD_REP_INFO                UINT32_C(3)
#define NBD_REP_META_CONTEXT        UINT32_C(4)
#define NBD_REP_ERR_UNSUP           UINT32_C(0x80000001)
#define NBD_REP_ERR_POLICY          UINT32_C(0x80000002)
#define NBD_REP_ERR_INVALID         UINT32_C(0x80000003)
#define NBD_REP_ERR_UNKNOWN         UINT32_C(0x80000006)
#define NBD_REP_ERR_SHUTDOWN        UINT32_C(0x80000007)
#define NBD_REP_ERR_BLOCK_SIZE_REQD UINT32_C(0x80000008)
#define NBD_REP_ERR_TOO_BIG         UINT32_C(0x80000009)

#define NBD_INFO_EXPORT      0
#define NBD_INFO_NAME        1
#define NBD_INFO_DESCRIPTION 2
#define NBD_INFO_BLOCK_SIZE  3

/* Transmission flags. */
#define NBD_FLAG_HAS_FLAGS         0x0001
#define NBD_FLAG_READ_ONLY         0x0002
#define NBD_FLAG_SEND_FLUSH        0x0004
#define NBD_FLAG_SEND_FUA          0x0008
#define NBD_FLAG_ROTATIONAL        0x0010
#define NBD_FLAG_SEND_TRIM         0x0020
#define NBD_FLAG_SEND_WRITE_ZEROES 0x0040
#define NBD_FLAG_SEND_DF           0x0080
#define NBD_FLAG_CAN_MULTI_CONN    0x0100
#define NBD_FLAG_SEND_CACHE        0x0400
#define NBD_FLAG_SEND_FAST_ZERO    0x0800

enum nbd_command {
	NBD_CMD_READ = 0,
	NBD_CMD_WRITE = 1,
	NBD_CMD_DISC = 2,
	NBD_CMD_FLUSH = 3,
	NBD_CMD_TRIM = 4,
	NBD_CMD_CACHE = 5,
	NBD_CMD_WRITE_ZEROES = 6,
	NBD_CMD_BLOCK_STATUS = 7,
};

#define NBD_CMD_FLAG_FUA       0x0001
#define NBD_CMD_FLAG_NO_HOLE   0x0002
#define NBD_CMD_FLAG_DF        0x0004
#define NBD_CMD_FLAG_REQ_ONE   0x0008
#define NBD_CMD_FLAG_FAST_ZERO 0x0010

#define NBD_CHUNK_FLAG_DONE    0x0001
#define NBD_CHUNK_NONE         0
#define NBD_CHUNK_OFFSET_DATA  1
#define NBD_CHUNK_BLOCK_STATUS 5
#define NBD_CHUNK_ERROR        0x8001
#define NBD_CHUNK_ERROR_OFFSET 0x8002

/* Errors on the wire; they are the protocol's numbers, not this system's. */
#define NBD_EPERM     1U
#define NBD_EIO       5U
#define NBD_ENOMEM    12U
#define NBD_EINVAL    22U
#define NBD_ENOSPC    28U
#define NBD_EOVERFLOW 75U
#define NBD_ENOTSUP   95U
#define NBD_ESHUTDOWN 108U

/* The wire's number for a negative errno; 0 for 0. */
uint32_t nbd_error_of(int err);

struct nbd_option_header {
	uint32_t option; /* enum nbd_option, or one that we do not know */
	uint32_t length; /* of the data behind it */
};

struct nbd_request {
	uint16_t flags;
	uint16_t type;   /* enum nbd_command, or one that we do not know */
	uint64_t cookie; /* the client's, sent back with the reply */
	uint64_t offset;
	uint32_t length;
};

/* false: the magic is wrong, the stream is lost. */
bool nbd_option_header_decode(const uint8_t bytes[NBD_OPTION_HEADER_LEN],
			      struct nbd_option_header *out);
bool nbd_request_decode(const uint8_t bytes[NBD_REQUEST_LEN], struct nbd_request *out);

/* The server's first words. */
void nbd_put_greeting(struct hf_writer *w);

/* Begins a reply to an option; length bytes follow. */
void nbd_put_option_reply(struct hf_writer *w, uint32_t option, uint32_t reply, uint32_t length);

/* Replies in transmission; length: of a chunk's payload. */
void nbd_put_simple(struct hf_writer *w, uint32_t error, uint64_t cookie);
void nbd_put_chunk(struct hf_writer *w, uint16_t flags, uint16_t type, uint64_t cookie,
		   uint32_t length);

#endif
