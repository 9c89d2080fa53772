/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's disk: a volatile cache over what is stable, operations that take time and may be torn,
 * and the metadata, whose writes are atomic but can be lost until they are acknowledged.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define TORN (UINT64_C(1) << 63)

struct sim_data *
sim_data_new(struct sim *s, uint32_t n)
{
	struct sim_data *data = calloc(1, sizeof(*data) + n * sizeof(uint64_t));

	data->refs = 1;
	data->n = n;
	data->next = s->buffers;
	data->prev = &s->buffers;
	if (data->next)
		data->next->prev = &data->next;
	s->buffers = data;
	return data;
}

void
sim_data_free(struct sim_data *data)
{
	if (!data || --data->refs > 0)
		return;
	*data->prev = data->next;
	if (data->next)
		data->next->prev = data->prev;
	free(data);
}

void
sim_store_create(struct sim *s, uint8_t node)
{
	struct sim_store *st = &s->nodes[node].store;
	struct volume_superblock *sb = &st->superblock;

	memset(sb->volume_id, 0x77, VOLUME_ID_BYTES);
	memset(sb->replica_id, node + 1, VOLUME_ID_BYTES);
	sb->node = node;
	sb->n_nodes = s->n_nodes;
	sb->size_blocks = SIM_BLOCKS;
	sb->al_slots = SIM_AL_SLOTS;
	sb->created_clean = true;
	for (int i = 0; i < SIM_AL_SLOTS; i++)
		st->al[i] = VOLUME_AL_FREE;
	st->slow = 1;
}

static uint32_t
free_op(struct sim *s, struct sim_store *st)
{
	for (uint32_t i = 0; i < SIM_OPS_MAX; i++)
		if (st->ops[i].kind == SIM_OP_NONE)
			return i;
	sim_fail(s, 37, "more disk operations at once than there can be requests");
}

static enum sim_op_kind
kind_of(const struct volume_action *a)
{
	switch ((int)a->type) {
	case VOLUME_DO_DISK_READ:
		return SIM_OP_READ;
	case VOLUME_DO_DISK_FLUSH:
		return SIM_OP_FLUSH;
	case VOLUME_DO_AL_WRITE:
		return SIM_OP_AL;
	case VOLUME_DO_META_WRITE:
		return SIM_OP_META;
	case VOLUME_DO_MAP_WRITE:
		return SIM_OP_MAP;
	default:
		return SIM_OP_WRITE;
	}
}

static void
copy_page(const struct volume_dirty *map, uint8_t *bytes)
{
	uint8_t page[VOLUME_MAP_PAGE_BYTES];

	volume_dirty_page_get(map, 0, page);
	memcpy(bytes, page, SIM_BLOCKS / 8);
}

/* Invariants 34, 35: a history is only ever gone on with; what it was stays in it. */
static void
check_history(struct sim *s, uint8_t node, const struct volume_lineage *then,
	      const struct volume_lineage *now)
{
	const struct volume_lineage_entry *last = volume_lineage_last(then);

	for (uint32_t i = 0; i < now->n; i++)
		if (now->entries[i].record.epoch == last->record.epoch &&
		    now->entries[i].record.primary == last->record.primary &&
		    now->entries[i].record.in_sync == last->record.in_sync &&
		    now->entries[i].start == last->start)
			return;
	if (last->record.epoch != 0 && now->n < VOLUME_LINEAGE_MAX)
		sim_fail(s, 34, "node %u gives up its history, epoch %lu, for epoch %lu", node,
			 (unsigned long)last->record.epoch,
			 (unsigned long)volume_lineage_last(now)->record.epoch);
}

void
sim_store_action(struct sim *s, uint8_t node, const struct volume_action *a)
{
	struct sim_node *n = &s->nodes[node];
	struct sim_store *st = &n->store;
	uint32_t index = free_op(s, st);
	struct sim_op *op = &st->ops[index];
	struct sim_event ev = {
		.kind = SIM_DISK, .node = node, .generation = n->generation, .id = index
	};

	op->kind = kind_of(a);
	op->id = a->id;
	op->first = a->offset / VOLUME_BLOCK_BYTES;
	op->n = a->len / VOLUME_BLOCK_BYTES;
	op->data = NULL;
	op->own = false;
	if (op->kind == SIM_OP_WRITE && a->data) {
		op->data = a->data;
		op->data->refs++;
	} else if (op->kind == SIM_OP_READ) {
		op->data = a->data ? a->data : sim_data_new(s, (uint32_t)op->n);
		op->own = !a->data;
		if (a->data)
			op->data->refs++;
	} else if (op->kind == SIM_OP_FLUSH) {
		memcpy(op->snapshot, st->now, sizeof(st->now));
	} else if (op->kind == SIM_OP_AL) {
		op->al = *a->al;
	} else if (op->kind == SIM_OP_META) {
		op->superblock = *a->superblock;
		check_history(s, node, &st->superblock.lineage, &op->superblock.lineage);
	} else if (op->kind == SIM_OP_MAP) {
		op->peer = a->peer;
		copy_page(n->dirty[a->peer], op->page);
	}
	sim_push(s, (int64_t)(5000 + sim_random(s, 100000)) * st->slow, ev);
}

static void
apply(struct sim_store *st, const struct sim_op *op)
{
	switch (op->kind) {
	case SIM_OP_WRITE:
		for (uint64_t i = 0; i < op->n; i++)
			st->now[op->first + i] = op->data ? op->data->values[i] : 0;
		break;
	case SIM_OP_READ:
		for (uint64_t i = 0; i < op->n; i++)
			op->data->values[i] = st->now[op->first + i];
		break;
	case SIM_OP_FLUSH:
		memcpy(st->stable, op->snapshot, sizeof(st->stable));
		break;
	case SIM_OP_AL:
		for (uint32_t i = 0; i < op->al.n; i++)
			st->al[op->al.changes[i].slot] = op->al.changes[i].extent;
		break;
	case SIM_OP_META:
		st->superblock = op->superblock;
		break;
	case SIM_OP_MAP:
		memcpy(st->maps[op->peer], op->page, sizeof(op->page));
		break;
	case SIM_OP_NONE:
		break;
	}
}

void
sim_store_done(struct sim *s, uint8_t node, uint32_t index)
{
	struct sim_store *st = &s->nodes[node].store;
	struct sim_op *op = &st->ops[index];
	struct volume_event ev = { .id = op->id };
	bool data = op->kind == SIM_OP_READ || op->kind == SIM_OP_WRITE || op->kind == SIM_OP_FLUSH;

	if (data && (st->failed || (st->blind && op->kind == SIM_OP_READ && !op->own)))
		ev.error = EIO;
	else
		apply(st, op);
	if (op->kind == SIM_OP_WRITE && op->data && !ev.error)
		sim_client_applied(s, node, op->data);
	if (op->kind == SIM_OP_AL)
		ev.type = VOLUME_EV_AL_DONE;
	else if (op->kind == SIM_OP_META)
		ev.type = VOLUME_EV_META_DONE;
	else if (op->kind == SIM_OP_MAP)
		ev.type = VOLUME_EV_MAP_DONE;
	else
		ev.type = VOLUME_EV_DISK_DONE;
	if (op->kind == SIM_OP_READ && op->own)
		ev.data = op->data;
	else
		sim_data_free(op->data);
	op->kind = SIM_OP_NONE;
	sim_step(s, node, &ev);
}

/* The process is gone: what it had submitted ends in any order, or never began. */
void
sim_store_kill(struct sim *s, uint8_t node)
{
	struct sim_store *st = &s->nodes[node].store;

	for (uint32_t i = 0; i < SIM_OPS_MAX; i++) {
		struct sim_op *op = &st->ops[i];

		if (op->kind != SIM_OP_NONE && op->kind != SIM_OP_READ &&
		    op->kind != SIM_OP_FLUSH && sim_chance(s, 50) &&
		    !(st->failed && op->kind == SIM_OP_WRITE))
			apply(st, op);
		if (op->kind != SIM_OP_NONE)
			sim_data_free(op->data);
		op->kind = SIM_OP_NONE;
	}
}

/* What was written and not flushed may be there or not; what was being written may be torn. */
void
sim_store_power(struct sim *s, uint8_t node)
{
	struct sim_store *st = &s->nodes[node].store;
	bool all = sim_chance(s, 30);

	for (uint32_t i = 0; i < SIM_OPS_MAX; i++) {
		struct sim_op *op = &st->ops[i];

		for (uint64_t b = 0; op->kind == SIM_OP_WRITE && !st->failed && b < op->n; b++) {
			uint64_t value = op->data ? op->data->values[b] : 0;

			if (sim_chance(s, 30))
				st->now[op->first + b] = value;
			else if (sim_chance(s, 10))
				st->now[op->first + b] = value | TORN;
		}
		if (op->kind > SIM_OP_FLUSH && sim_chance(s, 50))
			apply(st, op);
		if (op->kind != SIM_OP_NONE)
			sim_data_free(op->data);
		op->kind = SIM_OP_NONE;
	}
	for (uint32_t b = 0; b < SIM_BLOCKS; b++) {
		if (all || sim_chance(s, 60))
			st->now[b] = st->stable[b];
		else
			st->stable[b] = st->now[b];
	}
}
