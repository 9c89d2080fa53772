/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client, the disk and the writing down of replies for the NBD engine's tests. */
#include "nbd_client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char told[CLIENT_TRACE];

static void say(struct nbd_client *c, const char *fmt, ...) HF_PRINTF(2, 3);

static void
say(struct nbd_client *c, const char *fmt, ...)
{
	size_t at = strlen(c->trace);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(c->trace + at, sizeof(c->trace) - at, fmt, args);
	va_end(args);
}

/* --- the volume --------------------------------------------------------------------------- */

static void
disk_do(struct nbd_client *c, struct nbd_piece *piece)
{
	struct front_request *r = &piece->request;
	int err = 0;

	say(c, "disk %s", front_op_name(r->op));
	if (r->op != FRONT_FLUSH)
		say(c, " %u+%u%s%s", (unsigned int)r->offset, r->length, r->fua ? " fua" : "",
		    r->no_hole ? " no-hole" : "");
	say(c, "\n");
	if (c->fail && r->offset <= c->fail_at && c->fail_at < r->offset + r->length)
		err = -c->fail;
	else if (r->op == FRONT_READ)
		memcpy(r->data, c->disk + r->offset, r->length);
	else if (r->op == FRONT_WRITE)
		memcpy(c->disk + r->offset, r->data, r->length);
	else if (r->op != FRONT_FLUSH)
		memset(c->disk + r->offset, 0, r->length);
	front_complete(&c->front, r, err);
}

static void
ended(struct front_request *request, int err)
{
	struct nbd_client *c = request->owner;

	nbd_piece_done(&c->engine, (struct nbd_piece *)request, err);
}

static void
submit(void *volume, struct front_request *request)
{
	struct nbd_client *c = volume;

	if (c->slow)
		c->held[c->n_held++] = (struct nbd_piece *)request;
	else
		disk_do(c, (struct nbd_piece *)request);
}

/* Every other 64 KiB is a hole. */
static size_t
map(void *volume, size_t context, uint64_t offset, uint64_t length, struct front_extent *out,
    size_t max)
{
	uint64_t end = offset + length;
	size_t n = 0;

	while (n < max && offset < end) {
		uint64_t edge = (offset / 65536 + 1) * 65536;

		edge = edge < end ? edge : end;
		out[n++] = (struct front_extent){ (uint32_t)(edge - offset),
						  context == 0 && offset / 65536 % 2 ? 3 : 0 };
		offset = edge;
	}
	return n;
}

static const struct front_ops ops = { .submit = submit, .map = map };

/* --- what the engine sends ---------------------------------------------------------------- */

static void
eat(struct nbd_client *c, size_t len)
{
	c->n_received -= len;
	memmove(c->received, c->received + len, c->n_received);
}

/* Bytes that are all the same are said by their value. */
static void
say_bytes(struct nbd_client *c, const uint8_t *bytes, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (bytes[i] != bytes[0]) {
			say(c, " mixed");
			return;
		}
	}
	say(c, " all %u", bytes[0]);
}

static bool
tell_option_reply(struct nbd_client *c)
{
	struct hf_reader r = hf_reader_of(c->received, c->n_received);
	uint64_t magic = hf_get_be64(&r);

	if (magic == NBD_MAGIC && c->n_received >= 18) {
		hf_skip(&r, 8);
		say(c, "greeting %u\n", hf_get_be16(&r));
		eat(c, 18);
		return true;
	}
	uint32_t option = hf_get_be32(&r), reply = hf_get_be32(&r), len = hf_get_be32(&r);

	if (r.bad || r.left < len)
		return false;
	assert_int_equal(magic, NBD_OPTION_REPLY_MAGIC);
	say(c, "option %u:", option);
	if (reply & 0x80000000)
		say(c, " error %u %.*s\n", reply & 0x7fffffff, (int)len, (const char *)r.at);
	else if (reply == NBD_REP_ACK)
		say(c, " ack\n");
	else if (reply == NBD_REP_SERVER)
		say(c, " server %.*s\n", (int)len - 4, (const char *)r.at + 4);
	else if (reply == NBD_REP_META_CONTEXT) {
		say(c, " context %u", hf_get_be32(&r));
		say(c, " %.*s\n", (int)len - 4, (const char *)r.at);
	} else {
		uint16_t type = hf_get_be16(&r);

		if (type == NBD_INFO_EXPORT) {
			say(c, " size %u", (unsigned int)hf_get_be64(&r));
			say(c, " flags %#x\n", hf_get_be16(&r));
		} else if (type == NBD_INFO_BLOCK_SIZE) {
			uint32_t min = hf_get_be32(&r), preferred = hf_get_be32(&r);

			say(c, " blocks %u %u %u\n", min, preferred, hf_get_be32(&r));
		} else {
			say(c, " info %u %.*s\n", type, (int)len - 2, (const char *)r.at);
		}
	}
	eat(c, 20 + len);
	return true;
}

static bool
tell_chunk(struct nbd_client *c, struct hf_reader r)
{
	uint16_t flags = hf_get_be16(&r), type = hf_get_be16(&r);
	uint64_t cookie = hf_get_be64(&r);
	uint32_t len = hf_get_be32(&r);

	if (r.bad || r.left < len)
		return false;
	say(c, "%u:", (unsigned int)cookie);
	if (type == NBD_CHUNK_OFFSET_DATA) {
		say(c, " data %u+%u", (unsigned int)hf_get_be64(&r), len - 8);
		say_bytes(c, r.at, len - 8);
	} else if (type == NBD_CHUNK_BLOCK_STATUS) {
		say(c, " context %u", hf_get_be32(&r));
		for (uint32_t i = 4; i < len; i += 8) {
			uint32_t n = hf_get_be32(&r);

			say(c, " %u=%u", n, hf_get_be32(&r));
		}
	} else {
		say(c, " error %u", hf_get_be32(&r));
		hf_skip(&r, 2);
		if (type == NBD_CHUNK_ERROR_OFFSET)
			say(c, " at %u", (unsigned int)hf_get_be64(&r));
	}
	say(c, "%s\n", flags & NBD_CHUNK_FLAG_DONE ? " done" : "");
	eat(c, NBD_CHUNK_LEN + len);
	return true;
}

static bool
tell_reply(struct nbd_client *c)
{
	struct hf_reader r = hf_reader_of(c->received, c->n_received);
	uint32_t magic = hf_get_be32(&r);

	if (magic == NBD_CHUNK_MAGIC)
		return tell_chunk(c, r);

	uint32_t error = hf_get_be32(&r), len = error ? 0 : c->read_len;
	uint64_t cookie = hf_get_be64(&r);

	if (r.bad || r.left < len)
		return false;
	assert_int_equal(magic, NBD_SIMPLE_MAGIC);
	say(c, "%u:", (unsigned int)cookie);
	if (error)
		say(c, " error %u", error);
	else if (len > 0)
		say_bytes(c, r.at, len);
	else
		say(c, " ok");
	say(c, "\n");
	eat(c, NBD_SIMPLE_LEN + len);
	return true;
}

/* Everything that can move moves. */
static void
pump(struct nbd_client *c)
{
	struct nbd_piece *piece;
	struct iovec parts[16];
	bool moved = true;
	int n;

	while (moved) {
		moved = false;
		while ((piece = nbd_next_submit(&c->engine))) {
			piece->request.done = ended;
			piece->request.owner = c;
			front_submit(&c->front, &piece->request);
			moved = true;
		}
		while (!c->deaf && (n = nbd_output(&c->engine, parts, 16)) > 0) {
			/* The first part, and not all of it at once. */
			size_t len = parts[0].iov_len > 1 ? parts[0].iov_len / 2 : 1;

			assert_true(c->n_received + len <= CLIENT_SENT_MAX);
			memcpy(c->received + c->n_received, parts[0].iov_base, len);
			c->n_received += len;
			nbd_sent(&c->engine, len);
			moved = true;
		}
	}
	while (c->n_received > 0 && (c->transmission ? tell_reply(c) : tell_option_reply(c)))
		;
}

/* --- what the client says ----------------------------------------------------------------- */

size_t
client_offer(struct nbd_client *c, const void *bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t piece = c->piece && c->piece < len - at ? c->piece : len - at, room;
		uint8_t *to = nbd_room(&c->engine, &room);
		size_t taken;

		if (to && c->piece) { /* straight into its place, as the shell does */
			taken = piece < room ? piece : room;
			memcpy(to, (const uint8_t *)bytes + at, taken);
			nbd_received(&c->engine, taken);
		} else {
			taken = nbd_feed(&c->engine, (const uint8_t *)bytes + at, piece);
		}
		at += taken;
		pump(c);
		if (taken == 0 && !nbd_hungry(&c->engine))
			break;
	}
	return at;
}

void
client_send(struct nbd_client *c, const void *bytes, size_t len)
{
	assert_int_equal(client_offer(c, bytes, len), len);
}

void
client_flags(struct nbd_client *c, uint32_t flags)
{
	uint8_t bytes[4];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	hf_put_be32(&w, flags);
	client_send(c, bytes, w.len);
}

void
client_option(struct nbd_client *c, uint32_t option, const void *data, size_t len)
{
	uint8_t bytes[NBD_OPTION_HEADER_LEN];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	hf_put_be64(&w, NBD_OPTION_MAGIC);
	hf_put_be32(&w, option);
	hf_put_be32(&w, (uint32_t)len);
	client_send(c, bytes, w.len);
	client_send(c, data, len);
}

void
client_go(struct nbd_client *c, uint32_t option, const char *name, bool block_size)
{
	uint8_t bytes[128];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	hf_put_be32(&w, (uint32_t)strlen(name));
	hf_put_bytes(&w, name, strlen(name));
	hf_put_be16(&w, block_size);
	if (block_size)
		hf_put_be16(&w, NBD_INFO_BLOCK_SIZE);
	client_option(c, option, bytes, w.len);
	if (c->engine.phase == NBD_IN_REQUEST)
		c->transmission = true;
}

void
client_meta(struct nbd_client *c, uint32_t option, const char *name, const char *query)
{
	uint8_t bytes[256];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	hf_put_be32(&w, (uint32_t)strlen(name));
	hf_put_bytes(&w, name, strlen(name));
	hf_put_be32(&w, query ? 1 : 0);
	if (query) {
		hf_put_be32(&w, (uint32_t)strlen(query));
		hf_put_bytes(&w, query, strlen(query));
	}
	client_option(c, option, bytes, w.len);
}

static size_t
request_bytes(uint8_t bytes[NBD_REQUEST_LEN], uint16_t type, uint16_t flags, uint64_t offset,
	      uint32_t length)
{
	struct hf_writer w = hf_writer_to(bytes, NBD_REQUEST_LEN);

	hf_put_be32(&w, NBD_REQUEST_MAGIC);
	hf_put_be16(&w, flags);
	hf_put_be16(&w, type);
	hf_put_be64(&w, offset % 1000 + 1); /* a cookie to know it by */
	hf_put_be64(&w, offset);
	hf_put_be32(&w, length);
	return w.len;
}

void
client_request(struct nbd_client *c, uint16_t type, uint16_t flags, uint64_t offset,
	       uint32_t length)
{
	uint8_t bytes[NBD_REQUEST_LEN];

	c->read_len = type == NBD_CMD_READ ? length : 0;
	client_send(c, bytes, request_bytes(bytes, type, flags, offset, length));
}

void
client_write(struct nbd_client *c, uint16_t flags, uint64_t offset, uint32_t length, uint8_t byte)
{
	uint8_t *bytes = malloc(NBD_REQUEST_LEN + length);

	assert_non_null(bytes);
	c->read_len = 0;
	request_bytes(bytes, NBD_CMD_WRITE, flags, offset, length);
	memset(bytes + NBD_REQUEST_LEN, byte, length);
	client_send(c, bytes, NBD_REQUEST_LEN + length);
	free(bytes);
}

void
client_disk(struct nbd_client *c, size_t n)
{
	struct nbd_piece *piece = c->held[n];

	assert_true(n < c->n_held);
	memmove(c->held + n, c->held + n + 1, (--c->n_held - n) * sizeof(struct nbd_piece *));
	disk_do(c, piece);
	pump(c);
}

/* --- life --------------------------------------------------------------------------------- */

struct nbd_client *
client_new(void)
{
	static const struct front_info info = {
		.name = "data",
		.size = CLIENT_SIZE,
		.min_block = 512,
		.preferred_block = 4096,
		.refusal_text = "secondary here",
		.n_contexts = 2,
		.contexts = { { "base:allocation" }, { "holdfast:dirty:beta" } },
	};
	struct nbd_client *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->memory = aligned_alloc(4096, FRONT_POOL_BYTES);
	c->disk = calloc(1, CLIENT_SIZE);
	c->received = malloc(CLIENT_SENT_MAX);
	assert_true(c->memory && c->disk && c->received);
	front_init(&c->front, &info, &ops, c);
	front_pool_init(&c->pool, c->memory);
	nbd_start(&c->engine, &c->front, &c->pool, (hf_time){ 1 });
	pump(c);
	return c;
}

struct nbd_client *
client_ready(bool structured)
{
	struct nbd_client *c = client_new();

	client_flags(c, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
	if (structured) {
		client_option(c, NBD_OPT_STRUCTURED_REPLY, "", 0);
		client_meta(c, NBD_OPT_SET_META_CONTEXT, "data", "base:allocation");
	}
	client_go(c, NBD_OPT_GO, "data", true);
	assert_int_equal(c->engine.phase, NBD_IN_REQUEST);
	client_trace(c);
	return c;
}

void
client_free(struct nbd_client *c)
{
	/* Whatever happened: after the end everything has been given back. */
	nbd_hangup(&c->engine, NBD_CLOSE_HANGUP);
	while (c->n_held > 0)
		client_disk(c, 0);
	assert_true(nbd_finished(&c->engine));
	assert_int_equal(c->pool.used_units, 0);
	free(c->memory);
	free(c->disk);
	free(c->received);
	free(c);
}

const char *
client_trace(struct nbd_client *c)
{
	memcpy(told, c->trace, sizeof(told));
	c->trace[0] = '\0';
	return told;
}
