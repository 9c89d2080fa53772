/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients did and were told. Every block keeps the values that it may still have; what a
 * client is told narrows them. Time here is a counter of the clients' own acts.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define TORN   (UINT64_C(1) << 63)
#define UNSURE UINT64_MAX

static struct sim_value *
find(struct sim_block *block, uint64_t value)
{
	for (uint32_t i = block->n; i-- > 0;)
		if (block->values[i].value == value)
			return &block->values[i];
	for (uint32_t i = block->n; i-- > 0;)
		if (block->values[i].value == (value & ~TORN))
			return &block->values[i];
	return NULL;
}

/* Values that a stable, later one has replaced for good. */
static void
prune(struct sim *s, struct sim_block *block)
{
	uint32_t n = 0;
	uint64_t newest = 0;

	for (uint32_t i = 0; i < block->n; i++)
		if (block->values[i].flushed && block->values[i].issued > newest &&
		    block->values[i].ended + 300 < s->next_value)
			newest = block->values[i].issued;
	for (uint32_t i = 0; i < block->n; i++)
		if (block->values[i].ended >= newest)
			block->values[n++] = block->values[i];
	block->n = n;
}

static bool
add(struct sim *s, uint64_t b, struct sim_value value)
{
	struct sim_block *block = &s->blocks[b];

	if (block->n == SIM_HISTORY_MAX)
		prune(s, block);
	if (block->n == SIM_HISTORY_MAX)
		return false;
	block->values[block->n++] = value;
	return true;
}

/* Is there a value that must have replaced v, for a reader who began at `begun`? */
static const struct sim_value *
replaced(const struct sim_block *block, const struct sim_value *v, uint64_t begun)
{
	for (uint32_t i = 0; i < block->n; i++) {
		const struct sim_value *w = &block->values[i];

		if (w->acked && w->ended < begun && w->issued > v->ended)
			return w;
	}
	return NULL;
}

static bool
ours(const struct sim *s, uint8_t node)
{
	return node == s->session_node;
}

static void
check_value(struct sim *s, int invariant, uint64_t b, uint64_t value, uint64_t begun,
	    const char *where, unsigned node)
{
	const struct sim_value *v = find(&s->blocks[b], value), *w;

	if (!v)
		sim_fail(s, invariant,
			 "block %lu %s node %u has value %lu, which nobody wrote lately",
			 (unsigned long)b, where, node, (unsigned long)value);
	w = replaced(&s->blocks[b], v, begun);
	if (w)
		sim_fail(s, invariant,
			 "block %lu %s node %u has value %lu, but %lu was acknowledged later",
			 (unsigned long)b, where, node, (unsigned long)value,
			 (unsigned long)w->value);
}

/* THINKING */

static struct sim_request *
free_request(struct sim_node *n, uint32_t *tag)
{
	for (uint32_t i = 0; i < HF_COUNT_OF(n->requests); i++)
		if (!n->requests[i].open) {
			*tag = i;
			return &n->requests[i];
		}
	return NULL;
}

void
sim_client_think(struct sim *s, uint8_t node)
{
	struct sim_node *n = &s->nodes[node];
	struct volume_status status;
	struct sim_request *r;
	struct volume_event ev = { .type = VOLUME_EV_REQUEST };
	uint32_t tag;
	uint64_t dice = sim_random(s, 100), extent;

	if (!n->up || n->paused_until > s->now || volume_room(n->v) == 0)
		return;
	volume_status(n->v, &status);
	r = free_request(n, &tag);
	if (!status.primary || !r || n->order)
		return;
	*r = (struct sim_request){ .open = true, .issued = ++s->next_value };
	extent = sim_random(s, 3) == 0 ? sim_random(s, SIM_BLOCKS / SIM_EXTENT) : sim_random(s, 2);
	r->first = sim_random(s, SIM_EXTENT);
	r->n = 1 + sim_random(s, SIM_EXTENT - r->first < 4 ? SIM_EXTENT - r->first : 4);
	r->first += extent * SIM_EXTENT;
	if (dice < 60)
		r->op = dice < 54 ? VOLUME_WRITE : dice < 57 ? VOLUME_TRIM : VOLUME_ZERO;
	else
		r->op = dice < 88 ? VOLUME_READ : VOLUME_FLUSH;
	r->fua = r->op == VOLUME_WRITE && sim_chance(s, 12);
	ev.request = (struct volume_request){ .tag = tag,
					      .op = r->op,
					      .fua = r->fua,
					      .offset = r->first * VOLUME_BLOCK_BYTES,
					      .len = (uint32_t)(r->n * VOLUME_BLOCK_BYTES) };
	r->value = r->op == VOLUME_WRITE ? r->issued : 0;
	if (r->op == VOLUME_READ)
		ev.request.data = r->data = sim_data_new(s, (uint32_t)r->n);
	for (uint64_t i = 0; r->op != VOLUME_READ && r->op != VOLUME_FLUSH && i < r->n; i++)
		if (!add(s, r->first + i,
			 (struct sim_value){ r->value, r->issued, UNSURE, false, false })) {
			/* Too much is unsure here: leave the block alone for a while. */
			r->open = false;
			return;
		}
	if (r->op == VOLUME_WRITE) {
		struct sim_data *data = sim_data_new(s, (uint32_t)r->n);

		for (uint64_t i = 0; i < r->n; i++)
			data->values[i] = r->value;
		ev.request.data = data;
	}
	sim_trace(s, "%u client op %d blocks %lu+%lu value %lu%s", node, r->op,
		  (unsigned long)r->first, (unsigned long)r->n, (unsigned long)r->value,
		  r->fua ? " fua" : "");
	sim_step(s, node, &ev);
}

/* HEARING */

static struct sim_value *
entry_of(struct sim *s, uint64_t b, const struct sim_request *r)
{
	for (uint32_t i = 0; i < s->blocks[b].n; i++)
		if (s->blocks[b].values[i].issued == r->issued)
			return &s->blocks[b].values[i];
	return NULL;
}

/* Invariant 1: every member of the record has the write, or a later one. */
static void
check_written(struct sim *s, uint8_t node, const struct sim_request *r, uint8_t members)
{
	for (uint64_t b = r->first; b < r->first + r->n; b++)
		for (uint8_t x = 0; x < s->n_nodes; x++) {
			const struct sim_value *v;

			if (!(members >> x & 1) ||
			    (x != node && s->model.protocol != VOLUME_PROTOCOL_C))
				continue;
			if (s->nodes[x].lost_power > r->issued)
				continue; /* it had it, and said so */
			v = find(&s->blocks[b], s->nodes[x].store.now[b]);
			if (!v || v->ended < r->issued)
				sim_fail(s, 1,
					 "node %u acknowledged value %lu, but block %lu on member "
					 "%u has %lu",
					 node, (unsigned long)r->value, (unsigned long)b, x,
					 (unsigned long)s->nodes[x].store.now[b]);
		}
}

/* Invariant 2: what was acknowledged before the flush began is stable on every member. */
static void
flushed(struct sim *s, uint8_t node, const struct sim_request *r, uint8_t members)
{
	for (uint64_t b = 0; b < SIM_BLOCKS; b++) {
		for (uint8_t x = 0; x < s->n_nodes; x++)
			if ((members >> x & 1) != 0 &&
			    (x == node || s->model.protocol != VOLUME_PROTOCOL_A))
				check_value(s, 2, b, s->nodes[x].store.stable[b], r->issued,
					    "after a flush, on stable storage of", x);
		for (uint32_t i = 0; i < s->blocks[b].n; i++)
			if (s->blocks[b].values[i].acked &&
			    s->blocks[b].values[i].ended < r->issued)
				s->blocks[b].values[i].flushed = true;
	}
}

static void
check_fua(struct sim *s, uint8_t node, const struct sim_request *r, uint8_t members)
{
	for (uint64_t b = r->first; b < r->first + r->n; b++) {
		struct sim_value *v = entry_of(s, b, r);

		if (v)
			v->flushed = true;
		for (uint8_t x = 0; x < s->n_nodes; x++) {
			if (!(members >> x & 1) ||
			    (x != node && s->model.protocol == VOLUME_PROTOCOL_A))
				continue;
			v = find(&s->blocks[b], s->nodes[x].store.stable[b]);
			if (!v || v->ended < r->issued)
				sim_fail(s, 2, "fua write %lu is not stable on %u",
					 (unsigned long)r->value, x);
		}
	}
}

/* Those blocks of the request have this write for sure from now on. */
static void
mark_acked(struct sim *s, const struct sim_request *r)
{
	for (uint64_t b = r->first; b < r->first + r->n; b++) {
		struct sim_value *v = entry_of(s, b, r);

		if (!v)
			continue;
		v->acked = true;
		v->ended = ++s->next_value;
	}
}

static void
answered(struct sim *s, uint8_t node, const struct sim_request *r)
{
	struct volume_status status;

	volume_status(s->nodes[node].v, &status);
	if (!status.primary)
		sim_fail(s, 25, "node %u served a request without being primary", node);
	if (!ours(s, node)) {
		if (r->op != VOLUME_READ && !s->forked)
			sim_fail(s, 5, "node %u acknowledged after node %u had become primary",
				 node, s->session_node);
		return;
	}
	if (r->op == VOLUME_READ) {
		for (uint64_t i = 0; i < r->n; i++)
			check_value(s, 8, r->first + i, r->data->values[i], r->issued,
				    "as read from", node);
		return;
	}
	s->acks++;
	if (r->op != VOLUME_FLUSH) {
		check_written(s, node, r, status.record.in_sync);
		mark_acked(s, r);
	}
	if (r->op == VOLUME_FLUSH || r->fua)
		flushed(s, node, r, status.record.in_sync);
	if (r->fua)
		check_fua(s, node, r, status.record.in_sync);
}

void
sim_client_complete(struct sim *s, uint8_t node, uint64_t tag, int error,
		    const struct sim_data *data)
{
	struct sim_request *r = &s->nodes[node].requests[tag];

	if (!r->open)
		sim_fail(s, 24, "node %u answered request %lu twice", node, (unsigned long)tag);
	sim_trace(s, "%u client op %d value %lu ends: %d", node, r->op, (unsigned long)r->value,
		  error);
	if (error == 0 && data)
		memcpy(r->data->values, data->values, r->n * sizeof(uint64_t));
	if (error == 0)
		answered(s, node, r);
	sim_data_free(r->data);
	r->data = NULL;
	r->open = false;
}

/* The process is gone and with it every answer. */
void
sim_client_gone(struct sim *s, uint8_t node)
{
	for (uint32_t i = 0; i < HF_COUNT_OF(s->nodes[node].requests); i++) {
		struct sim_request *r = &s->nodes[node].requests[i];

		sim_data_free(r->data);
		r->data = NULL;
		r->open = false;
	}
}

/* Is w held by a member that has not lost what it had? Then nobody may serve without it. */
static bool
firm(const struct sim *s, const struct sim_value *w, uint8_t holders)
{
	if (w->flushed)
		return true;
	for (uint8_t x = 0; x < s->n_nodes; x++)
		if ((holders >> x & 1) != 0 && s->nodes[x].lost_power < w->issued)
			return true;
	return false;
}

static void
check_kept(struct sim *s, uint8_t node, uint64_t b, uint8_t holders)
{
	struct sim_block *block = &s->blocks[b];
	uint64_t value = s->nodes[node].store.now[b];
	const struct sim_value *v = find(block, value);

	if (!v)
		sim_fail(s, 4, "new primary %u: block %lu has value %lu", node, (unsigned long)b,
			 (unsigned long)value);
	for (uint32_t i = 0; i < block->n; i++) {
		const struct sim_value *w = &block->values[i];

		if (w->acked && w->issued > v->ended && firm(s, w, holders))
			sim_fail(s, 4,
				 "new primary %u: block %lu has value %lu, but %lu was "
				 "acknowledged%s",
				 node, (unsigned long)b, (unsigned long)value,
				 (unsigned long)w->value, w->flushed ? " and flushed" : "");
	}
}

/* What is not there any more cannot come back; earlier values may, if this node loses power before
 * the next flush. */
static void
begin_block(struct sim *s, uint64_t b, uint64_t value)
{
	struct sim_block *block = &s->blocks[b];
	const struct sim_value *v = find(block, value);
	uint64_t newest = v ? v->issued : UNSURE;
	uint32_t n = 0;

	for (uint32_t i = 0; i < block->n; i++) {
		if (block->values[i].ended == UNSURE)
			block->values[i].ended = s->next_value;
		if (block->values[i].issued <= newest || block->values[i].flushed)
			block->values[n++] = block->values[i];
	}
	block->n = n == SIM_HISTORY_MAX ? SIM_HISTORY_MAX / 2 : n;
	block->values[block->n++] =
		(struct sim_value){ value, s->next_value + 1, s->next_value + 1, true, false };
}

/*
 * A node became primary: what it has is what there is from now on. Invariants 4, 7, 8: nothing that
 * was acknowledged may be missing, unless every copy of it was in a cache that lost power.
 */
void
sim_client_session(struct sim *s, uint8_t node, uint64_t epoch)
{
	const struct volume_superblock *sb = &s->nodes[node].store.superblock;
	const struct volume_lineage *l = &sb->lineage;
	const struct volume_record *before = l->n > 1 ? &l->entries[l->n - 2].record : NULL;
	uint8_t holders = before ? before->in_sync : 0;

	if (before && s->model.protocol == VOLUME_PROTOCOL_A && before->primary < s->n_nodes)
		holders = (uint8_t)(1u << before->primary);
	if (epoch <= s->session_epoch && !s->forked)
		sim_fail(s, 5, "node %u became primary in epoch %lu, after epoch %lu", node,
			 (unsigned long)epoch, (unsigned long)s->session_epoch);
	sim_trace(s, "%u is primary in epoch %lu", node, (unsigned long)epoch);
	if (s->nodes[node].mixed)
		sim_fail(s, 9, "node %u became primary in the middle of a resync", node);
	s->switches++;
	++s->next_value;
	s->lossy |= s->forked; /* two histories: this one goes on as it is */
	for (uint64_t b = 0; b < SIM_BLOCKS; b++) {
		if (!s->lossy)
			check_kept(s, node, b, holders);
		begin_block(s, b, s->nodes[node].store.now[b]);
	}
	s->next_value += 2;
	s->session_node = node;
	s->session_epoch = epoch;
	s->lossy = false;
}

static bool
busy(const struct sim *s, uint8_t node, uint64_t b)
{
	for (uint32_t i = 0; i < HF_COUNT_OF(s->nodes[node].requests); i++) {
		const struct sim_request *r = &s->nodes[node].requests[i];

		if (r->open && r->op != VOLUME_READ && r->op != VOLUME_FLUSH && b >= r->first &&
		    b < r->first + r->n)
			return true;
	}
	return false;
}

/* Invariants 9, 10: a replica that enters the record is equal, but for what is on its way. */
void
sim_client_member(struct sim *s, uint8_t primary, uint8_t member)
{
	struct volume_status status;

	s->resyncs++;
	/* Protocols A and B acknowledge what the member has yet to write. */
	volume_status(s->nodes[primary].v, &status);
	if (s->model.protocol != VOLUME_PROTOCOL_C && status.settled != status.position)
		return;
	for (uint64_t b = 0; b < SIM_BLOCKS; b++)
		if (s->nodes[primary].store.now[b] != s->nodes[member].store.now[b] &&
		    !busy(s, primary, b))
			sim_fail(s, 10,
				 "node %u enters the in-sync set, but block %lu is %lu and %lu",
				 member, (unsigned long)b,
				 (unsigned long)s->nodes[member].store.now[b],
				 (unsigned long)s->nodes[primary].store.now[b]);
}

/* Invariant 13: a member is a past state of the primary: it has no write without those that were
 * acknowledged before it was issued. */
void
sim_client_applied(struct sim *s, uint8_t node, const struct sim_data *data)
{
	struct volume_status status;

	if (s->model.protocol == VOLUME_PROTOCOL_C || s->forked || !s->nodes[node].up ||
	    s->session_node == VOLUME_NODE_NONE || node == s->session_node || sim_random(s, 4) != 0)
		return;
	volume_status(s->nodes[node].v, &status);
	if (status.peers[s->session_node].connection != VOLUME_CONNECTION_ESTABLISHED)
		return;
	for (uint64_t b = 0; b < SIM_BLOCKS; b++)
		check_value(s, 13, b, s->nodes[node].store.now[b], data->values[0],
			    "at a write of a later epoch on", node);
}

void
sim_client_final(struct sim *s)
{
	const struct sim_store *p = &s->nodes[s->session_node].store;

	for (uint64_t b = 0; b < SIM_BLOCKS; b++) {
		if (!s->forked)
			check_value(s, 8, b, p->now[b], ++s->next_value, "at the end on",
				    s->session_node);
		for (uint8_t x = 0; x < s->n_nodes; x++)
			if (!s->nodes[x].store.failed && s->nodes[x].store.now[b] != p->now[b])
				sim_fail(s, 10, "at the end block %lu is %lu on %u and %lu on %u",
					 (unsigned long)b, (unsigned long)s->nodes[x].store.now[b],
					 x, (unsigned long)p->now[b], s->session_node);
	}
	for (uint32_t i = 0; i < HF_COUNT_OF(s->nodes[0].requests); i++)
		for (uint8_t x = 0; x < s->n_nodes; x++)
			if (s->nodes[x].requests[i].open)
				sim_fail(s, 24, "request %u of node %u was never answered", i, x);
}
