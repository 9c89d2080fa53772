/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of verdicts, written and read back. A record of another form is ignored: its server
 * starts as a new one. */
#include "checker/checker_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_buf.h"

#define RECORD_VERSION 1
static_assert(2 + 8 + 8 + 2 + CHECKER_MEMORY_CHECKS_MAX * 10 <= HF_ROOM_RECORD_MAX, "record size");

/* --- identities --- */

static uint64_t
mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++) /* FNV-1a */
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	return hash;
}
#define MIX_START              UINT64_C(14695981039346656037)
#define MIX_FIELD(hash, field) mix(hash, &(field), sizeof(field))

static uint64_t
mix_text(uint64_t hash, const char *text)
{
	return text ? mix(hash, text, strlen(text) + 1) : mix(hash, "\1", 1);
}

static uint64_t
mix_addr(uint64_t hash, const struct hf_addr *addr)
{
	hash = MIX_FIELD(hash, addr->family);
	return mix(hash, addr->bytes, sizeof(addr->bytes));
}

static uint64_t
mix_url(uint64_t hash, const struct check_url *url)
{
	hash = mix_text(hash, url->path);
	hash = mix_text(hash, url->virtualhost);
	hash = MIX_FIELD(hash, url->has_digest);
	hash = mix(hash, url->digest, sizeof(url->digest));
	return mix(hash, url->status.bits, sizeof(url->status.bits));
}

/* Checks with the same kind and parameters have the same number. */
static uint64_t
check_identity(const struct check_model *m)
{
	uint64_t hash = MIX_FIELD(MIX_START, m->type);

	hash = mix_addr(hash, &m->connect_addr);
	hash = MIX_FIELD(hash, m->connect_port);
	hash = mix_addr(hash, &m->bind_addr);
	hash = MIX_FIELD(hash, m->bind_port);
	hash = mix_text(hash, m->bind_if);
	hash = MIX_FIELD(hash, m->fwmark);
	hash = MIX_FIELD(hash, m->connect_timeout_ns);
	hash = MIX_FIELD(hash, m->delay_loop_ns);
	hash = MIX_FIELD(hash, m->delay_before_retry_ns);
	hash = MIX_FIELD(hash, m->warmup_ns);
	hash = MIX_FIELD(hash, m->retry);
	hash = MIX_FIELD(hash, m->alpha);
	hash = MIX_FIELD(hash, m->http_version);
	hash = MIX_FIELD(hash, m->http_close);
	hash = MIX_FIELD(hash, m->fast_recovery);
	for (size_t i = 0; i < m->n_urls; i++)
		hash = mix_url(hash, &m->urls[i]);
	return hash;
}

/* The names where they fit, else their hash. */
static void
make_key(char key[HF_ROOM_KEY_MAX], const char *vs, const char *rs)
{
	int len = snprintf(key, HF_ROOM_KEY_MAX, "%s %s", vs, rs);

	if (len >= HF_ROOM_KEY_MAX)
		snprintf(key, HF_ROOM_KEY_MAX, "#%016llx",
			 (unsigned long long)mix_text(mix_text(MIX_START, vs), rs));
}

/* --- writing --- */

size_t
checker_memory_real(const struct checker_real *real, char key[HF_ROOM_KEY_MAX], uint8_t *buf)
{
	struct hf_writer w = hf_writer_to(buf, HF_ROOM_RECORD_MAX);
	size_t n = real->model->n_checks;

	if (n > CHECKER_MEMORY_CHECKS_MAX)
		n = CHECKER_MEMORY_CHECKS_MAX;
	make_key(key, real->virtual_server->model->name, real->model->name);
	hf_put_u8(&w, RECORD_VERSION);
	hf_put_u8(&w, (uint8_t)(real->up | real->told << 1));
	hf_put_be64(&w, (uint64_t)real->since_wall_us);
	hf_put_be64(&w, real->seq);
	hf_put_be16(&w, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		hf_put_be64(&w, check_identity(real->checks[i].model));
		hf_put_u8(&w, (uint8_t)real->checks[i].verdict);
		hf_put_u8(&w, real->checks[i].starts_down);
	}
	return w.bad ? 0 : w.len;
}

size_t
checker_memory_virtual(const struct checker_virtual *vs, char key[HF_ROOM_KEY_MAX], uint8_t *buf)
{
	struct hf_writer w = hf_writer_to(buf, HF_ROOM_RECORD_MAX);

	make_key(key, vs->model->name, "");
	hf_put_u8(&w, RECORD_VERSION);
	hf_put_u8(&w, (uint8_t)(vs->quorum_up | vs->sorry_active << 1));
	hf_put_be64(&w, (uint64_t)vs->since_wall_us);
	hf_put_be64(&w, vs->seq);
	return w.bad ? 0 : w.len;
}

/* --- reading back --- */

void
checker_memory_free(struct checker_memory *memory)
{
	for (size_t i = 0; i < memory->n; i++)
		free(memory->list[i].bytes);
	free(memory->list);
	memset(memory, 0, sizeof(*memory));
}

static bool
grow(struct checker_memory *memory)
{
	size_t cap = memory->cap ? 2 * memory->cap : 64;
	struct checker_memory_record *list;

	if (memory->n < memory->cap)
		return true;
	if (memory->n >= HF_ROOM_RECORDS_MAX)
		return false;
	list = realloc(memory->list, cap * sizeof(*list));
	if (!list)
		return false;
	memory->list = list;
	memory->cap = cap;
	return true;
}

void
checker_memory_add(struct checker_memory *memory, const char *key, const void *bytes, size_t len)
{
	struct checker_memory_record record = { .len = (uint32_t)len };

	if (len == 0 || len > HF_ROOM_RECORD_MAX || !grow(memory))
		return;
	record.bytes = malloc(len);
	if (!record.bytes)
		return;
	memcpy(record.bytes, bytes, len);
	snprintf(record.key, sizeof(record.key), "%s", key);
	memory->list[memory->n++] = record;
}

static int
by_key(const void *a, const void *b)
{
	const struct checker_memory_record *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* The record's reader, behind its version; bad when there is none. */
static struct hf_reader
find(const struct checker_memory *memory, const char *vs, const char *rs)
{
	struct checker_memory_record want, *found = NULL;
	struct hf_reader r = { .bad = true };

	make_key(want.key, vs, rs);
	if (memory->n)
		found = bsearch(&want, memory->list, memory->n, sizeof(want), by_key);
	if (!found)
		return r;
	r = hf_reader_of(found->bytes, found->len);
	if (hf_get_u8(&r) != RECORD_VERSION)
		r.bad = true;
	return r;
}

static void
recall_check(struct checker_check *check, const uint64_t *identities, const uint8_t *verdicts,
	     const uint8_t *starts_down, size_t n, bool was_up)
{
	uint64_t identity = check_identity(check->model);

	for (size_t i = 0; i < n; i++) {
		if (identities[i] != identity)
			continue;
		check->verdict = (enum checker_verdict)verdicts[i];
		check->starts_down = starts_down[i];
		return;
	}
	check->starts_down = !was_up; /* as at a reload with an edited check */
}

static void
recall_real(const struct checker_memory *memory, struct checker_real *real)
{
	struct hf_reader r = find(memory, real->virtual_server->model->name, real->model->name);
	uint64_t identities[CHECKER_MEMORY_CHECKS_MAX];
	uint8_t verdicts[CHECKER_MEMORY_CHECKS_MAX], starts_down[CHECKER_MEMORY_CHECKS_MAX];
	uint8_t bits = hf_get_u8(&r);
	int64_t since = (int64_t)hf_get_be64(&r);
	uint64_t seq = hf_get_be64(&r);
	size_t n = hf_get_be16(&r);

	if (n > CHECKER_MEMORY_CHECKS_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		identities[i] = hf_get_be64(&r);
		verdicts[i] = hf_get_u8(&r);
		starts_down[i] = hf_get_u8(&r);
		if (verdicts[i] > CHECKER_DOWN)
			r.bad = true;
	}
	if (r.bad)
		return;
	real->known = true;
	real->up = bits & 1;
	real->told = bits >> 1 & 1;
	real->since_wall_us = since;
	real->seq = seq;
	for (size_t i = 0; i < real->model->n_checks; i++)
		recall_check(&real->checks[i], identities, verdicts, starts_down, n, real->up);
}

static void
recall_virtual(const struct checker_memory *memory, struct checker_virtual *vs)
{
	struct hf_reader r = find(memory, vs->model->name, "");
	uint8_t bits = hf_get_u8(&r);
	int64_t since = (int64_t)hf_get_be64(&r);
	uint64_t seq = hf_get_be64(&r);

	if (r.bad)
		return;
	vs->known = true;
	vs->quorum_up = bits & 1;
	vs->sorry_active = !vs->quorum_up && bits >> 1 & 1 && vs->model->has_sorry;
	vs->since_wall_us = since;
	vs->seq = seq;
}

void
checker_memory_apply(struct checker_memory *memory, struct checker_table *table)
{
	if (memory->n == 0)
		return;
	qsort(memory->list, memory->n, sizeof(*memory->list), by_key);
	for (size_t i = 0; i < table->model->n_virtual; i++)
		recall_virtual(memory, &table->virtuals[i]);
	for (size_t i = 0; i < table->n_reals; i++)
		recall_real(memory, &table->reals[i]);
}
