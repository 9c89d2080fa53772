/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NBD protocol's headers, bytes to struct and back. Pure. */
#include "replication/front/nbd_packet.h"

#include <assert.h>
#include <errno.h>

uint32_t
nbd_error_of(int err)
{
	switch (-err) {
	case 0:
		return 0;
	case EPERM:
	case EROFS:
	case EACCES:
		return NBD_EPERM;
	case ENOMEM:
		return NBD_ENOMEM;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return NBD_ENOSPC;
	case EOVERFLOW:
		return NBD_EOVERFLOW;
	case EOPNOTSUPP:
		return NBD_ENOTSUP;
	case ESHUTDOWN:
		return NBD_ESHUTDOWN;
	case EINVAL:
		return NBD_EINVAL;
	default: /* what the disk or the peers failed at is not the client's fault */
		return NBD_EIO;
	}
}

bool
nbd_option_header_decode(const uint8_t bytes[NBD_OPTION_HEADER_LEN], struct nbd_option_header *out)
{
	struct hf_reader r = hf_reader_of(bytes, NBD_OPTION_HEADER_LEN);
	uint64_t magic = hf_get_be64(&r);

	out->option = hf_get_be32(&r);
	out->length = hf_get_be32(&r);
	assert(!r.bad);
	return magic == NBD_OPTION_MAGIC;
}

bool
nbd_request_decode(const uint8_t bytes[NBD_REQUEST_LEN], struct nbd_request *out)
{
	struct hf_reader r = hf_reader_of(bytes, NBD_REQUEST_LEN);
	uint32_t magic = hf_get_be32(&r);

	out->flags = hf_get_be16(&r);
	out->type = hf_get_be16(&r);
	out->cookie = hf_get_be64(&r);
	out->offset = hf_get_be64(&r);
	out->length = hf_get_be32(&r);
	assert(!r.bad);
	return magic == NBD_REQUEST_MAGIC;
}

void
nbd_put_greeting(struct hf_writer *w)
{
	hf_put_be64(w, NBD_MAGIC);
	hf_put_be64(w, NBD_OPTION_MAGIC);
	hf_put_be16(w, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
}

void
nbd_put_option_reply(struct hf_writer *w, uint32_t option, uint32_t reply, uint32_t length)
{
	hf_put_be64(w, NBD_OPTION_REPLY_MAGIC);
	hf_put_be32(w, option);
	hf_put_be32(w, reply);
	hf_put_be32(w, length);
}

void
nbd_put_simple(struct hf_writer *w, uint32_t error, uint64_t cookie)
{
	hf_put_be32(w, NBD_SIMPLE_MAGIC);
	hf_put_be32(w, error);
	hf_put_be64(w, cookie);
}

void
nbd_put_chunk(struct hf_writer *w, uint16_t flags, uint16_t type, uint64_t cookie, uint32_t length)
{
	hf_put_be32(w, NBD_CHUNK_MAGIC);
	hf_put_be16(w, flags);
	hf_put_be16(w, type);
	hf_put_be64(w, cookie);
	hf_put_be32(w, length);
}
