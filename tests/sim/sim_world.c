/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, nodes and their processes, the weather, and an operator who knows the manual. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define RUN_NS    HF_MILLIS(400) /* with faults and clients */
#define CALM_NS   HF_SECONDS(30) /* until all must be well again */
#define STEPS_MAX 400000

uint64_t
sim_random(struct sim *s, uint64_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return below == 0 ? 0 : (s->random >> 11) % below;
}

bool
sim_chance(struct sim *s, uint64_t percent)
{
	return sim_random(s, 100) < percent;
}

void
sim_trace(struct sim *s, const char *fmt, ...)
{
	va_list args;

	if (!s->trace)
		return;
	printf("[%3ld.%06ld] ", (long)(s->now / 1000000), (long)(s->now % 1000000));
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

/* The state of every replica, for whoever reads a trace. */
static void
dump(struct sim *s)
{
	for (uint8_t p = 0; p < s->n_nodes; p++) {
		struct volume_status status;

		if (!s->nodes[p].up) {
			sim_trace(s, "%u is down", p);
			continue;
		}
		volume_status(s->nodes[p].v, &status);
		sim_trace(s,
			  "%u %s %s epoch %lu primary %d in-sync %x position %lx settled %lx room "
			  "%u%s",
			  p, status.primary ? "Primary" : "Secondary",
			  volume_disk_state_word(status.disk_state),
			  (unsigned long)status.record.epoch, (int8_t)status.record.primary,
			  status.record.in_sync, (unsigned long)status.position,
			  (unsigned long)status.settled, volume_room(s->nodes[p].v),
			  status.suspended ? " suspended" : "");
		for (uint8_t q = 0; q < s->n_nodes; q++)
			if (q != p)
				sim_trace(s, "  %u: %s %s dirty %lu%s", q,
					  volume_connection_word(status.peers[q].connection),
					  volume_disk_state_word(status.peers[q].disk_state),
					  (unsigned long)status.peers[q].dirty_blocks,
					  s->nodes[p].order ? " order" : "");
	}
}

void
sim_fail(struct sim *s, int invariant, const char *fmt, ...)
{
	va_list args;

	s->invariant = invariant;
	va_start(args, fmt);
	vsnprintf(s->text, sizeof(s->text), fmt, args);
	va_end(args);
	if (s->trace)
		dump(s);
	sim_trace(s, "INVARIANT %d: %s", invariant, s->text);
	siglongjmp(s->out, 1);
}

/* THE HEAP */

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void
sim_push(struct sim *s, int64_t after, struct sim_event ev)
{
	size_t i = s->n_events++;

	if (s->n_events > s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->heap = realloc(s->heap, s->cap * sizeof(*s->heap));
	}
	ev.at = s->now + (after > 0 ? after : 0);
	ev.order = ++s->order;
	while (i > 0 && before(&ev, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = ev;
}

static struct sim_event
pop(struct sim *s)
{
	struct sim_event top = s->heap[0], last = s->heap[--s->n_events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->n_events) {
		if (child + 1 < s->n_events && before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

/* NODES */

static void
forget(struct sim_node *n)
{
	volume_close(n->v);
	n->v = NULL;
	for (int p = 0; p < VOLUME_NODES_MAX; p++) {
		volume_dirty_free(n->dirty[p]);
		n->dirty[p] = NULL;
	}
}

static void
die(struct sim *s, uint8_t node, bool power)
{
	struct sim_node *n = &s->nodes[node];
	struct volume_status status;

	if (!n->up)
		return;
	volume_status(n->v, &status);
	n->live_epoch = power ? 0 : status.live_epoch;
	sim_trace(s, "%u %s", node, power ? "loses power" : "is killed");
	n->up = false;
	n->generation++;
	n->countdown = 0;
	n->was_primary = n->serving && !power;
	n->off = power;
	n->serving = false;
	n->order = false;
	n->timer_at = 0;
	n->paused_until = 0;
	if (power)
		sim_store_power(s, node);
	else
		sim_store_kill(s, node);
	if (power || s->model.protocol == VOLUME_PROTOCOL_B)
		n->lost_power = ++s->next_value;
	sim_client_gone(s, node);
	forget(n);
	sim_net_node_gone(s, node);
	sim_push(
		s, (int64_t)(1000000 + sim_random(s, power ? 80000000 : 20000000)),
		(struct sim_event){ .kind = SIM_START, .node = node, .generation = n->generation });
}

static void
start(struct sim *s, uint8_t node)
{
	struct sim_node *n = &s->nodes[node];
	struct volume_stored stored = { .superblock = n->store.superblock,
					.al_extents = n->store.al };
	struct volume_event ev = { .type = VOLUME_EV_START,
				   .live_epoch = n->live_epoch,
				   .resume_primary = n->was_primary };
	uint8_t page[VOLUME_MAP_PAGE_BYTES] = { 0 };
	const char *why;

	for (uint8_t p = 0; p < s->n_nodes; p++) {
		if (p == node)
			continue;
		n->dirty[p] = volume_dirty_new(SIM_BLOCKS);
		memcpy(page, n->store.maps[p], SIM_BLOCKS / 8);
		volume_dirty_page_merge(n->dirty[p], 0, page);
		stored.dirty[p] = n->dirty[p];
	}
	n->v = volume_open(&s->model, &stored, &why);
	if (!n->v)
		sim_fail(s, 15, "node %u cannot open its store: %s", node, why);
	n->up = true;
	n->off = false;
	n->was_primary = false;
	n->serving_epoch = 0;
	sim_trace(s, "%u starts%s%s", node, ev.live_epoch ? " live" : "",
		  ev.resume_primary ? ", was primary" : "");
	sim_step(s, node, &ev);
}

/* THE STEP */

static void
action(struct sim *s, uint8_t node, const struct volume_action *a)
{
	switch (a->type) {
	case VOLUME_DO_COMPLETE:
		sim_client_complete(s, node, a->tag, a->error, a->data);
		break;
	case VOLUME_DO_DISK_READ:
	case VOLUME_DO_DISK_WRITE:
	case VOLUME_DO_DISK_TRIM:
	case VOLUME_DO_DISK_ZERO:
	case VOLUME_DO_DISK_FLUSH:
	case VOLUME_DO_AL_WRITE:
	case VOLUME_DO_META_WRITE:
	case VOLUME_DO_MAP_WRITE:
		sim_store_action(s, node, a);
		break;
	case VOLUME_DO_SEND:
		sim_net_send(s, node, a);
		break;
	case VOLUME_DO_LINK_RESET:
	case VOLUME_DO_LINK_STAY_DOWN:
		sim_trace(s, "%u ends the session with %u", node, a->peer);
		sim_net_reset(s, node, a->peer);
		break;
	case VOLUME_DO_DATA_FREE:
		sim_data_free(a->data);
		break;
	case VOLUME_DO_ORDER_DONE:
		sim_trace(s, "%u order: %s", node, volume_refusal_code(a->refusal));
		s->nodes[node].order = false;
		s->nodes[node].refusal = a->refusal;
		break;
	case VOLUME_DO_CHANGE:
		if (a->note == VOLUME_NOTE_REFUSED)
			sim_trace(s, "%u refuses %u: %s", node, a->peer,
				  volume_rule_code((enum volume_rule)a->rule));
		break;
	case VOLUME_DO_STOPPED:
		break;
	}
}

/* What can be seen from outside after each step. */
static void
look(struct sim *s, uint8_t node)
{
	struct sim_node *n = &s->nodes[node];
	struct volume_status status;
	int64_t due;

	volume_status(n->v, &status);
	if (status.primary && n->store.superblock.inconsistent)
		sim_fail(s, 9, "node %u is primary with an unfinished resync", node);
	if (status.record.epoch < n->serving_epoch)
		sim_fail(s, 6, "node %u went back from epoch %lu to %lu", node,
			 (unsigned long)n->serving_epoch, (unsigned long)status.record.epoch);
	n->serving_epoch = status.record.epoch;
	for (uint8_t p = 0; p < s->n_nodes && !status.primary; p++)
		if (status.peers[p].connection == VOLUME_CONNECTION_ESTABLISHED)
			n->mixed = false;
	if (status.primary && !n->serving)
		sim_client_session(s, node, status.record.epoch);
	n->serving = status.primary;
	for (uint8_t p = 0; p < s->n_nodes && status.primary; p++) {
		bool member = status.peers[p].connection == VOLUME_CONNECTION_ESTABLISHED;
		uint64_t key = (uint64_t)1 << p;

		if (p != node && member && (n->acked_writes & key) == 0 && s->nodes[p].up)
			sim_client_member(s, node, p);
		n->acked_writes = member ? n->acked_writes | key : n->acked_writes & ~key;
	}
	if (!status.primary)
		n->acked_writes = 0;
	due = volume_next_due(n->v).ns;
	if (due != INT64_MAX && (n->timer_at == 0 || due < n->timer_at)) {
		n->timer_at = due;
		sim_push(s, due - s->now,
			 (struct sim_event){
				 .kind = SIM_TIMER, .node = node, .generation = n->generation });
	}
}

void
sim_step(struct sim *s, uint8_t node, const struct volume_event *ev)
{
	struct sim_node *n = &s->nodes[node];
	struct volume_actions actions = n->actions;
	uint32_t generation = n->generation;

	if (++s->steps > STEPS_MAX)
		sim_fail(s, 36, "no end after %d steps", STEPS_MAX);
	/* A step may lead to another one of the same node (a request from a completion). */
	n->actions = (struct volume_actions){ 0 };
	volume_actions_reset(&actions);
	volume_handle(n->v, ev, (hf_time){ s->now }, &actions);
	for (size_t i = 0; i < actions.n && n->generation == generation; i++) {
		if (n->countdown > 0 && --n->countdown == 0) {
			/* Buffers of actions that never happen are the process's own. */
			die(s, node, n->power_too);
			break;
		}
		action(s, node, &actions.list[i]);
	}
	if (n->generation == generation)
		look(s, node);
	volume_actions_free(&n->actions);
	n->actions = actions;
}

/* THE OPERATOR */

static bool
may_have_gone_on(const struct sim *s, uint8_t but)
{
	for (uint8_t p = 0; p < s->n_nodes; p++) {
		const struct volume_record *theirs =
			&volume_lineage_last(&s->nodes[p].store.superblock.lineage)->record;
		const struct volume_record *own =
			&volume_lineage_last(&s->nodes[but].store.superblock.lineage)->record;

		if (p != but && (theirs->primary == p || theirs->epoch > own->epoch ||
				 !(theirs->in_sync >> but & 1)))
			return true;
	}
	return false;
}

static void
operator_looks(struct sim *s)
{
	uint8_t node = (uint8_t)sim_random(s, s->n_nodes);
	struct sim_node *n = &s->nodes[node];
	struct volume_event ev = { .type = VOLUME_EV_PROMOTE };
	bool force = (s->may_force && sim_chance(s, 60)) ||
		     (s->ending && s->disk_lost && sim_chance(s, 5));

	sim_push(s, (int64_t)(2000000 + sim_random(s, 6000000)),
		 (struct sim_event){ .kind = SIM_OPERATOR });
	for (uint8_t p = 0; p < s->n_nodes; p++)
		if (s->nodes[p].up && (s->nodes[p].order || s->nodes[p].serving))
			return;
	if (!n->up || n->paused_until > s->now || n->store.failed)
		return;
	if (force) {
		ev.accept_loss = true;
		s->forked |= may_have_gone_on(s, node);
		s->lossy = true;
	}
	n->order = true;
	sim_trace(s, "operator: promote %u%s", node, force ? " --accept-loss" : "");
	sim_step(s, node, &ev);
}

static void
move(struct sim *s)
{
	for (uint8_t p = 0; p < s->n_nodes; p++) {
		struct sim_node *n = &s->nodes[p];

		if (!n->up || !n->serving || n->order || n->paused_until > s->now)
			continue;
		n->order = true;
		sim_trace(s, "operator: demote %u", p);
		sim_step(s, p, &(struct volume_event){ .type = VOLUME_EV_DEMOTE });
		return;
	}
}

/* THE WEATHER */

static void
fault_begins(struct sim *s, uint32_t index)
{
	static const char *const names[] = { "kill",  "power", "cut",  "deaf", "reset",
					     "pause", "slow",  "disk", "read", "move" };
	const struct sim_fault *f = &s->faults[index];
	struct sim_node *n = &s->nodes[f->node];
	struct sim_link *link = sim_link_of(s, f->node, f->peer);

	sim_trace(s, "fault %u: %s node %u peer %u", index, names[f->kind], f->node, f->peer);
	switch (f->kind) {
	case SIM_FAULT_KILL:
	case SIM_FAULT_POWER:
		n->countdown = f->countdown;
		n->power_too = f->kind == SIM_FAULT_POWER;
		break;
	case SIM_FAULT_CUT:
		link->cut = true;
		sim_net_break(s, f->node, f->peer);
		break;
	case SIM_FAULT_DEAF:
		link->deaf[f->node > f->peer] = true;
		break;
	case SIM_FAULT_RESET:
		sim_net_break(s, f->node, f->peer);
		break;
	case SIM_FAULT_PAUSE:
		if (n->up)
			n->paused_until = s->now + f->length;
		break;
	case SIM_FAULT_SLOW:
		n->store.slow = 40;
		break;
	case SIM_FAULT_DISK:
		n->store.failed = true;
		s->disk_lost = true;
		break;
	case SIM_FAULT_READ:
		n->store.blind = true;
		break;
	case SIM_FAULT_MOVE:
		move(s);
		break;
	case SIM_FAULT_KINDS:
		break;
	}
	sim_push(s, f->length, (struct sim_event){ .kind = SIM_HEAL, .id = index });
}

static void
fault_ends(struct sim *s, uint32_t index)
{
	const struct sim_fault *f = &s->faults[index];
	struct sim_link *link = sim_link_of(s, f->node, f->peer);

	if (f->kind == SIM_FAULT_CUT)
		link->cut = false;
	else if (f->kind == SIM_FAULT_DEAF)
		link->deaf[f->node > f->peer] = false;
	else if (f->kind == SIM_FAULT_SLOW)
		s->nodes[f->node].store.slow = 1;
	else if (f->kind == SIM_FAULT_READ)
		s->nodes[f->node].store.blind = false;
}

static void
plan_faults(struct sim *s)
{
	static const uint8_t weight[SIM_FAULT_KINDS] = { 20, 14, 14, 5, 14, 5, 6, 1, 4, 12 };
	uint32_t n = (uint32_t)sim_random(s, 12);

	for (s->n_faults = 0; s->n_faults < n; s->n_faults++) {
		struct sim_fault *f = &s->faults[s->n_faults];
		uint64_t dice = sim_random(s, 95);
		int kind = 0;

		while (dice >= weight[kind])
			dice -= weight[kind++];
		f->kind = (enum sim_fault_kind)kind;
		f->at = (int64_t)sim_random(s, RUN_NS);
		f->length = (int64_t)(1000000 + sim_random(s, 60000000));
		f->node = (uint8_t)sim_random(s, s->n_nodes);
		f->peer = (uint8_t)((f->node + 1 + sim_random(s, s->n_nodes - 1u)) % s->n_nodes);
		f->countdown = (uint32_t)(1 + sim_random(s, 60));
	}
}

void
sim_init(struct sim *s, uint64_t seed)
{
	s->seed = seed;
	s->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 88172645463325252u;
	for (int i = 0; i < 4; i++)
		sim_random(s, 1);
	s->n_nodes = sim_chance(s, 25) ? 3 : 2;
	s->may_force = sim_chance(s, 15);
	s->session_node = VOLUME_NODE_NONE;
	s->model = (struct volume_model){
		.protocol = sim_chance(s, 70)   ? VOLUME_PROTOCOL_C
			    : sim_chance(s, 50) ? VOLUME_PROTOCOL_B
						: VOLUME_PROTOCOL_A,
		.peer_loss = sim_chance(s, 80) ? VOLUME_LOSS_CONTINUE : VOLUME_LOSS_FREEZE,
		.size_blocks = SIM_BLOCKS,
		.extent_blocks = SIM_EXTENT,
		.al_slots = SIM_AL_SLOTS,
		.n_requests = SIM_REQUESTS,
		.n_items = 32,
		.resync_blocks = 4,
		.resync_window = 3,
		.resync_rate_max = sim_chance(s, 50) ? 0 : 200000000,
		.resync_rate_min = 20000000,
		.settle_ns = HF_MILLIS(2),
		.resume_wait_ns = HF_MILLIS(30),
		.answer_ns = HF_MILLIS(20),
	};
	for (uint32_t b = 0; b < SIM_BLOCKS; b++) {
		s->blocks[b].n = 1;
		s->blocks[b].values[0] = (struct sim_value){ .acked = true, .flushed = true };
	}
	s->next_value = 1;
	plan_faults(s);
}

static void
event(struct sim *s, const struct sim_event *ev)
{
	struct sim_node *n = &s->nodes[ev->node];

	switch (ev->kind) {
	case SIM_DISK:
	case SIM_TIMER:
		if (ev->generation != n->generation || !n->up)
			break;
		if (n->paused_until > s->now) {
			sim_push(s, n->paused_until - s->now, *ev);
		} else if (ev->kind == SIM_DISK) {
			sim_store_done(s, ev->node, ev->id);
		} else if (ev->at >= n->timer_at) {
			n->timer_at = 0;
			sim_step(s, ev->node, &(struct volume_event){ .type = VOLUME_EV_TIMER });
		}
		break;
	case SIM_MESSAGE:
		sim_net_message(s, ev);
		break;
	case SIM_LINK:
		sim_net_try(s, ev);
		break;
	case SIM_DOWN:
		sim_net_down(s, ev);
		break;
	case SIM_CLIENT:
		if (s->ending)
			break;
		sim_push(s, (int64_t)(20000 + sim_random(s, 400000)), *ev);
		sim_client_think(s, ev->node);
		break;
	case SIM_OPERATOR:
		operator_looks(s);
		break;
	case SIM_FAULT:
		if (!s->ending)
			fault_begins(s, ev->id);
		break;
	case SIM_HEAL:
		fault_ends(s, ev->id);
		break;
	case SIM_START:
		if (ev->generation == n->generation && !n->up)
			start(s, ev->node);
		break;
	}
}

/* One primary, and everybody who has a disk in step with it, nothing under way. */
static bool
all_well(struct sim *s)
{
	struct volume_status status;
	uint8_t p = s->session_node;

	if (p == VOLUME_NODE_NONE || !s->nodes[p].up || !s->nodes[p].serving)
		return false;
	volume_status(s->nodes[p].v, &status);
	if (status.suspended || status.settled != status.position)
		return false;
	for (uint8_t x = 0; x < s->n_nodes; x++) {
		if (!s->nodes[x].up || volume_room(s->nodes[x].v) != SIM_REQUESTS)
			return false;
		if (x != p && !s->nodes[x].store.failed &&
		    status.peers[x].connection != VOLUME_CONNECTION_ESTABLISHED)
			return false;
	}
	return true;
}

/* No disk is left, or one is missing that a frozen primary waits for. */
static bool
beyond_repair(const struct sim *s)
{
	uint8_t failed = 0;

	for (uint8_t p = 0; p < s->n_nodes; p++)
		failed += s->nodes[p].store.failed;
	return failed == s->n_nodes || (failed > 0 && s->model.peer_loss == VOLUME_LOSS_FREEZE);
}

void
sim_run(struct sim *s)
{
	int64_t end = RUN_NS;

	for (uint8_t p = 0; p < s->n_nodes; p++) {
		sim_store_create(s, p);
		sim_push(s, (int64_t)sim_random(s, 3000000),
			 (struct sim_event){ .kind = SIM_START, .node = p });
		sim_push(s, HF_MILLIS(4), (struct sim_event){ .kind = SIM_CLIENT, .node = p });
		for (uint8_t q = 0; q < p; q++)
			sim_push(s, HF_MILLIS(3),
				 (struct sim_event){ .kind = SIM_LINK, .node = q, .peer = p });
	}
	sim_push(s, HF_MILLIS(10), (struct sim_event){ .kind = SIM_OPERATOR });
	for (uint32_t i = 0; i < s->n_faults; i++)
		if (!(s->skip >> i & 1))
			sim_push(s, s->faults[i].at,
				 (struct sim_event){ .kind = SIM_FAULT, .id = i });
	while (s->n_events > 0) {
		struct sim_event ev = pop(s);

		s->now = ev.at;
		event(s, &ev);
		if (!s->ending && s->now >= end) {
			sim_trace(s, "the weather is fine from now on");
			s->ending = true;
			end = s->now + CALM_NS;
			for (uint32_t i = 0; i < s->n_faults; i++)
				fault_ends(s, i);
			for (uint8_t p = 0; p < s->n_nodes; p++)
				s->nodes[p].countdown = 0;
		}
		if (!s->ending)
			continue;
		if (s->forked || beyond_repair(s))
			return; /* an operator has to choose: nothing more is promised */
		if (all_well(s)) {
			sim_client_final(s);
			return;
		}
		if (s->now >= end)
			sim_fail(s, 36, "30 s after the last fault the replicas are not in step");
	}
}

void
sim_free(struct sim *s)
{
	for (uint8_t p = 0; p < s->n_nodes; p++) {
		struct sim_node *n = &s->nodes[p];

		volume_actions_free(&n->actions);
		forget(n);
	}
	sim_net_free(s);
	while (s->buffers) {
		s->buffers->refs = 1;
		sim_data_free(s->buffers);
	}
	free(s->heap);
}
