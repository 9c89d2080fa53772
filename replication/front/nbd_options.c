/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of the NBD handshake: one complete option in, its answer out. Pure. How options come
 * in and what comes after the handshake is in nbd_engine.c.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "replication/front/nbd_inside.h"

#define DESCRIPTION_MAX 96

static struct hf_writer
hello_writer(struct nbd_engine *e)
{
	assert(!e->hello_pending);
	return hf_writer_to(e->hello, sizeof(e->hello));
}

static void
hello_finish(struct nbd_engine *e, const struct hf_writer *w)
{
	assert(!w->bad);
	nbd_hello_send(e, w->len);
}

static void
answer(struct nbd_engine *e, uint32_t reply)
{
	struct hf_writer w = hello_writer(e);

	nbd_put_option_reply(&w, e->option.option, reply, 0);
	hello_finish(e, &w);
}

void
nbd_option_refuse(struct nbd_engine *e, uint32_t reply, const char *text)
{
	struct hf_writer w = hello_writer(e);
	size_t len = strlen(text);

	nbd_put_option_reply(&w, e->option.option, reply, (uint32_t)len);
	hf_put_bytes(&w, text, len);
	hello_finish(e, &w);
}

/* Is it the one export, by its name or by the default's empty one? */
static bool
is_ours(const struct nbd_engine *e, const uint8_t *name, size_t len)
{
	const char *ours = e->front->info.name;

	return len == 0 || (len == strlen(ours) && memcmp(name, ours, len) == 0);
}

/* Reads a 32-bit length and points at so many bytes. */
static const uint8_t *
get_string(struct hf_reader *r, size_t *len)
{
	uint32_t n = hf_get_be32(r);
	const uint8_t *at = r->at;

	hf_skip(r, n);
	*len = r->bad ? 0 : n;
	return at;
}

uint16_t
nbd_transmission_flags(const struct nbd_engine *e)
{
	const struct front_info *info = &e->front->info;
	unsigned int flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA |
			     NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES |
			     NBD_FLAG_CAN_MULTI_CONN | NBD_FLAG_SEND_CACHE |
			     NBD_FLAG_SEND_FAST_ZERO;

	if (info->read_only)
		flags |= NBD_FLAG_READ_ONLY;
	if (info->rotational)
		flags |= NBD_FLAG_ROTATIONAL;
	if (e->structured) /* without it the flag is forbidden */
		flags |= NBD_FLAG_SEND_DF;
	return (uint16_t)flags;
}

/* Why the export may not be opened now; 0: it may. */
static uint32_t
refusal_of(const struct nbd_engine *e)
{
	switch (e->front->info.refusal) {
	case FRONT_OPEN:
		return 0;
	case FRONT_SECONDARY:
		return NBD_REP_ERR_POLICY;
	case FRONT_STOPPING:
		return NBD_REP_ERR_SHUTDOWN;
	}
	return NBD_REP_ERR_POLICY;
}

static void
on_export_name(struct nbd_engine *e)
{
	/* A client that says so little knows no block sizes either: it may ask for any byte. */
	if (!is_ours(e, e->option_data, e->option_len) || refusal_of(e) != 0 ||
	    e->front->info.min_block > 512) {
		nbd_hangup(e, NBD_CLOSE_EXPORT_NAME);
		return;
	}

	struct hf_writer w = hello_writer(e);
	static const uint8_t zeroes[124];

	hf_put_be64(&w, e->front->info.size);
	hf_put_be16(&w, nbd_transmission_flags(e));
	if (!e->no_zeroes)
		hf_put_bytes(&w, zeroes, sizeof(zeroes));
	hello_finish(e, &w);
	e->contexts = 0;
	nbd_enter_transmission(e);
}

static void
on_list(struct nbd_engine *e)
{
	const char *name = e->front->info.name;
	size_t len = strlen(name);
	struct hf_writer w = hello_writer(e);

	if (e->option_len != 0) {
		nbd_option_refuse(e, NBD_REP_ERR_INVALID, "a list needs no data");
		return;
	}
	nbd_put_option_reply(&w, NBD_OPT_LIST, NBD_REP_SERVER, (uint32_t)(4 + len));
	hf_put_be32(&w, (uint32_t)len);
	hf_put_bytes(&w, name, len);
	nbd_put_option_reply(&w, NBD_OPT_LIST, NBD_REP_ACK, 0);
	hello_finish(e, &w);
}

static void
put_info(struct nbd_engine *e, struct hf_writer *w, uint16_t type, const void *bytes, size_t len)
{
	nbd_put_option_reply(w, e->option.option, NBD_REP_INFO, (uint32_t)(2 + len));
	hf_put_be16(w, type);
	hf_put_bytes(w, bytes, len);
}

static void
put_infos(struct nbd_engine *e, struct hf_writer *w, uint32_t wanted)
{
	const struct front_info *info = &e->front->info;
	uint8_t bytes[12];
	struct hf_writer b = hf_writer_to(bytes, sizeof(bytes));
	char text[DESCRIPTION_MAX];

	hf_put_be64(&b, info->size);
	hf_put_be16(&b, nbd_transmission_flags(e));
	put_info(e, w, NBD_INFO_EXPORT, bytes, b.len);
	if (wanted & 1U << NBD_INFO_NAME)
		put_info(e, w, NBD_INFO_NAME, info->name, strlen(info->name));
	if (wanted & 1U << NBD_INFO_DESCRIPTION) {
		(void)snprintf(text, sizeof(text), "replicated volume %s", info->name);
		put_info(e, w, NBD_INFO_DESCRIPTION, text, strlen(text));
	}
	if (wanted & 1U << NBD_INFO_BLOCK_SIZE) {
		b = hf_writer_to(bytes, sizeof(bytes));
		hf_put_be32(&b, info->min_block);
		hf_put_be32(&b, info->preferred_block);
		hf_put_be32(&b, NBD_PAYLOAD_MAX);
		put_info(e, w, NBD_INFO_BLOCK_SIZE, bytes, b.len);
	}
}

/* INFO and GO: the name, then a count and the kinds of information wanted. */
static void
on_info(struct nbd_engine *e)
{
	struct hf_reader r = hf_reader_of(e->option_data, e->option_len);
	size_t name_len;
	const uint8_t *name = get_string(&r, &name_len);
	uint16_t n = hf_get_be16(&r);
	uint32_t wanted = 0, refusal = refusal_of(e);

	for (uint16_t i = 0; i < n && !r.bad; i++) {
		uint16_t type = hf_get_be16(&r);

		if (type <= NBD_INFO_BLOCK_SIZE)
			wanted |= 1U << type;
	}
	if (r.bad || r.left != 0 || name_len > NBD_NAME_MAX) {
		nbd_option_refuse(e, NBD_REP_ERR_INVALID, "the option's lengths do not fit");
		return;
	}
	if (!is_ours(e, name, name_len)) {
		nbd_option_refuse(e, NBD_REP_ERR_UNKNOWN, "no such volume here");
		return;
	}
	if (refusal != 0) {
		nbd_option_refuse(e, refusal, e->front->info.refusal_text);
		return;
	}
	if (e->front->info.min_block > 512 && !(wanted & 1U << NBD_INFO_BLOCK_SIZE)) {
		nbd_option_refuse(e, NBD_REP_ERR_BLOCK_SIZE_REQD, "ask for the block sizes");
		return;
	}

	struct hf_writer w = hello_writer(e);

	put_infos(e, &w, wanted);
	nbd_put_option_reply(&w, e->option.option, NBD_REP_ACK, 0);
	hello_finish(e, &w);
	if (e->option.option != NBD_OPT_GO)
		return;
	/* Contexts hold for the export that they were chosen for, by the same name. */
	if (name_len != strlen(e->contexts_for) || memcmp(name, e->contexts_for, name_len) != 0)
		e->contexts = 0;
	nbd_enter_transmission(e);
}

static void
on_structured_reply(struct nbd_engine *e)
{
	if (e->option_len != 0) {
		nbd_option_refuse(e, NBD_REP_ERR_INVALID, "structured replies need no data");
		return;
	}
	e->structured = true;
	answer(e, NBD_REP_ACK);
}

/*
 * The contexts that one query names, as bits. A list knows a namespace with nothing behind its
 * colon as all of it, and "holdfast:dirty:" as all dirty maps; a choice takes whole names only, but
 * for the dirty maps' prefix.
 */
static uint32_t
match(const struct nbd_engine *e, const uint8_t *query, size_t len, bool list)
{
	const struct front_info *info = &e->front->info;
	uint32_t found = 0;

	for (size_t i = 0; i < info->n_contexts; i++) {
		const char *name = info->contexts[i].name;
		size_t name_len = strlen(name);
		bool prefix = list && len > 0 && query[len - 1] == ':';

		if (len == name_len || (prefix && len < name_len))
			found |= memcmp(name, query, len) == 0 ? 1U << i : 0;
	}
	return found;
}

static void
put_contexts(struct nbd_engine *e, struct hf_writer *w, uint32_t found, bool list)
{
	for (uint32_t i = 0; i < FRONT_CONTEXTS_MAX; i++) {
		const char *name = e->front->info.contexts[i].name;
		size_t len = strlen(name);

		if (!(found & 1U << i))
			continue;
		nbd_put_option_reply(w, e->option.option, NBD_REP_META_CONTEXT,
				     (uint32_t)(4 + len));
		hf_put_be32(w, list ? 0 : i);
		hf_put_bytes(w, name, len);
	}
}

/* LIST and SET: the export, a count, that many queries. SET replaces the earlier choice, also when
 * it fails. */
static void
on_meta_context(struct nbd_engine *e)
{
	struct hf_reader r = hf_reader_of(e->option_data, e->option_len);
	bool list = e->option.option == NBD_OPT_LIST_META_CONTEXT;
	size_t name_len, len;
	const uint8_t *name = get_string(&r, &name_len);
	uint32_t n = hf_get_be32(&r), found = 0;

	if (!list)
		e->contexts = 0;
	if (!e->structured) {
		nbd_option_refuse(e, NBD_REP_ERR_INVALID, "contexts need structured replies");
		return;
	}
	if (n > NBD_QUERIES_MAX) {
		nbd_option_refuse(e, NBD_REP_ERR_TOO_BIG, "too many queries");
		return;
	}
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		const uint8_t *query = get_string(&r, &len);

		if (!r.bad && len <= NBD_NAME_MAX)
			found |= match(e, query, len, list);
	}
	if (r.bad || r.left != 0 || name_len > NBD_NAME_MAX) {
		nbd_option_refuse(e, NBD_REP_ERR_INVALID, "the option's lengths do not fit");
		return;
	}
	if (!is_ours(e, name, name_len)) {
		nbd_option_refuse(e, NBD_REP_ERR_UNKNOWN, "no such volume here");
		return;
	}
	if (list && n == 0)
		found = (1U << e->front->info.n_contexts) - 1;
	if (!list) {
		e->contexts = found;
		memcpy(e->contexts_for, name, name_len);
		e->contexts_for[name_len] = '\0';
	}

	struct hf_writer w = hello_writer(e);

	put_contexts(e, &w, found, list);
	nbd_put_option_reply(&w, e->option.option, NBD_REP_ACK, 0);
	hello_finish(e, &w);
}

void
nbd_option_done(struct nbd_engine *e)
{
	e->phase = NBD_IN_OPTION_HEADER;
	switch (e->option.option) {
	case NBD_OPT_EXPORT_NAME:
		on_export_name(e);
		return;
	case NBD_OPT_ABORT:
		answer(e, NBD_REP_ACK);
		e->why = NBD_CLOSE_ABORT;
		e->phase = NBD_DRAIN;
		return;
	case NBD_OPT_LIST:
		on_list(e);
		return;
	case NBD_OPT_INFO:
	case NBD_OPT_GO:
		on_info(e);
		return;
	case NBD_OPT_STRUCTURED_REPLY:
		on_structured_reply(e);
		return;
	case NBD_OPT_LIST_META_CONTEXT:
	case NBD_OPT_SET_META_CONTEXT:
		on_meta_context(e);
		return;
	default:
		answer(e, NBD_REP_ERR_UNSUP);
		return;
	}
}
