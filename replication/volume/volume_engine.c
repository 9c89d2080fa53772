/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One replica of a volume: events go to the file that knows about them, then everything that waits
 * gets its turn until nothing moves. Elsewhere: see volume_step.h for which file does what; bytes
 * on the store (volume_meta.c) and on the wire (link_packet.c).
 */
#include "replication/volume/volume_engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replication/volume/volume_step.h"

#define MESSAGE_HEAD    192  /* bytes of a message that are not part of a lineage */
#define PUMP_ROUNDS_MAX 1000 /* a step that does not come to rest is an error of ours */

struct volume_action *
volume_actions_add(struct volume_actions *actions, enum volume_action_type type)
{
	if (actions->n == actions->cap) {
		size_t cap = actions->cap ? actions->cap * 2 : 64;
		struct volume_action *list = realloc(actions->list, cap * sizeof(*list));

		if (!list || cap > VOLUME_ACTIONS_MAX)
			abort(); /* an action that is lost leaves the replica in an unknown state */
		actions->list = list;
		actions->cap = cap;
	}
	/* A lineage is long and always written whole by those who send one. */
	memset(&actions->list[actions->n], 0, offsetof(struct volume_action, msg) + MESSAGE_HEAD);
	actions->list[actions->n].type = type;
	return &actions->list[actions->n++];
}

void
volume_actions_reset(struct volume_actions *actions)
{
	actions->n = 0;
}

void
volume_actions_free(struct volume_actions *actions)
{
	free(actions->list);
	*actions = (struct volume_actions){ 0 };
}

struct volume_action *
volume_do(struct volume *v, enum volume_action_type type)
{
	return volume_actions_add(v->out, type);
}

struct link_msg *
volume_send(struct volume *v, uint8_t peer, enum link_msg_type type)
{
	struct volume_action *a = volume_do(v, VOLUME_DO_SEND);

	a->peer = peer;
	a->msg.type = type;
	return &a->msg;
}

void
volume_note(struct volume *v, enum volume_note note, uint8_t peer)
{
	struct volume_action *a = volume_do(v, VOLUME_DO_CHANGE);

	a->note = note;
	a->peer = peer;
}

void
volume_data_free(struct volume *v, void *data)
{
	if (data)
		volume_do(v, VOLUME_DO_DATA_FREE)->data = data;
}

static const char *
unfit(const struct volume_model *m, const struct volume_stored *stored)
{
	const struct volume_superblock *sb = &stored->superblock;

	if (sb->n_nodes == 0 || sb->n_nodes > VOLUME_NODES_MAX || sb->node >= sb->n_nodes)
		return "the store names a node that cannot be";
	if (m->size_blocks == 0 || m->size_blocks != sb->size_blocks)
		return "the store was made for another size";
	if (m->al_slots == 0 || m->al_slots > VOLUME_AL_SLOTS_MAX || m->al_slots != sb->al_slots)
		return "the store was made for another activity log";
	if (m->n_items < 2 || (m->n_items & (m->n_items - 1)) != 0 || m->n_requests == 0 ||
	    m->extent_blocks == 0 || (m->extent_blocks & (m->extent_blocks - 1)) != 0 ||
	    m->resync_blocks == 0 || m->resync_window == 0)
		return "a limit is not a number that works";
	return NULL;
}

static bool
allocate(struct volume *v, const struct volume_stored *stored)
{
	v->ring = calloc(v->model.n_items, sizeof(*v->ring));
	v->requests = calloc(v->model.n_requests, sizeof(*v->requests));
	v->n_pages = volume_dirty_pages(v->model.size_blocks);
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		v->peers[p].page_unsaved = calloc(v->n_pages, 1);
		v->dirty[p] = stored->dirty[p];
		if (!v->peers[p].page_unsaved)
			return false;
	}
	return v->ring && v->requests && volume_extents_open(v, stored->al_extents);
}

struct volume *
volume_open(const struct volume_model *model, const struct volume_stored *stored, const char **why)
{
	struct volume *v;

	*why = unfit(model, stored);
	if (*why)
		return NULL;
	v = calloc(1, sizeof(*v));
	*why = "no memory";
	if (!v)
		return NULL;
	v->model = *model;
	v->sb = stored->superblock;
	v->self = v->sb.node;
	v->all = (uint8_t)((1u << v->sb.n_nodes) - 1);
	v->disk_ok = !v->sb.disk_failed;
	v->mask = model->n_items - 1;
	v->seq = v->done = 1; /* stands for what an earlier process left in the disk's cache */
	v->first = 2;
	v->seen = volume_lineage_last(&v->sb.lineage)->start;
	v->head = v->tail = VOLUME_NIL;
	if (!allocate(v, stored)) {
		volume_close(v);
		return NULL;
	}
	for (uint32_t i = 0; i < model->n_requests; i++)
		v->requests[i].next = i + 1 < model->n_requests ? i + 1 : VOLUME_NIL;
	return v;
}

void
volume_close(struct volume *v)
{
	if (!v)
		return;
	for (uint8_t p = 0; p < VOLUME_NODES_MAX; p++)
		free(v->peers[p].page_unsaved);
	free(v->al.slots);
	free(v->al.buckets);
	free(v->ring);
	free(v->requests);
	free(v);
}

static void
start(struct volume *v, const struct volume_event *ev)
{
	const struct volume_record *r = volume_record_of(v);

	assert(!v->started);
	v->started = true;
	/* After a clean end all members are equal, whatever the log lists; the others are not. */
	if (r->epoch > 0 && !VOLUME_FAULT(10))
		volume_extents_fold(v,
				    r->primary == VOLUME_NODE_NONE ? (uint8_t)(v->all & ~r->in_sync)
								   : v->all,
				    false);
	v->sb.opened++;
	volume_meta_save(v);
	/* An acknowledged write of protocol C was on the disk: only a machine's end can lose it. */
	if (v->model.protocol == VOLUME_PROTOCOL_C && ev->live_epoch >= r->epoch)
		v->live_epoch = r->epoch; /* it may have died before a later record was stable */
	if (ev->resume_primary && r->primary == v->self && v->disk_ok && !v->sb.inconsistent &&
	    v->sb.promised == r->epoch)
		volume_promote_resume(v);
}

static void
disk_done(struct volume *v, const struct volume_event *ev)
{
	uint64_t index = ev->id & (((uint64_t)1 << 56) - 1);
	struct link_range *m;
	uint8_t p;

	switch ((enum volume_id_kind)(ev->id >> 56)) {
	case VOLUME_ID_ITEM:
		volume_item_done(v, index, ev->error);
		break;
	case VOLUME_ID_READ:
		volume_read_done(v, (uint32_t)index, ev->error);
		break;
	case VOLUME_ID_FLUSH:
		volume_flush_done(v, ev->error);
		break;
	case VOLUME_ID_PIECE:
		volume_resync_read(v, (uint32_t)index, ev->data, ev->error);
		break;
	case VOLUME_ID_PEER_READ:
		p = (uint8_t)(index >> 32);
		if (v->peers[p].session == VOLUME_SESSION_MEMBER) {
			m = &volume_send(v, p, LINK_READ_REPLY)->range;
			*m = (struct link_range){ .id = index & UINT32_MAX,
						  .error = ev->error,
						  .data = ev->data };
		}
		volume_data_free(v, ev->data);
		break;
	}
}

static void
stop(struct volume *v)
{
	v->stopping = true;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (p != v->self && v->peers[p].link && !v->primary) {
			volume_send(v, p, LINK_BYE);
			volume_link_reset(v, p);
		}
	if (v->primary && !v->demoting)
		v->demoting = true;
	v->again = true;
}

static void
stop_pump(struct volume *v)
{
	if (!v->stopping || v->stopped || v->primary || v->promotion != VOLUME_PROMOTION_NONE)
		return;
	if (!v->failed && v->disk_ok &&
	    (!volume_quiet(v) || v->flush.running || !volume_maps_save(v) || v->al.busy ||
	     v->meta_stable != v->meta_version))
		return;
	v->stopped = true;
	volume_do(v, VOLUME_DO_STOPPED);
}

static void
take(struct volume *v, const struct volume_event *ev)
{
	switch (ev->type) {
	case VOLUME_EV_START:
		start(v, ev);
		break;
	case VOLUME_EV_TIMER:
		break; /* the pumps look at the time */
	case VOLUME_EV_REQUEST:
		volume_request_take(v, &ev->request);
		break;
	case VOLUME_EV_DISK_DONE:
		disk_done(v, ev);
		break;
	case VOLUME_EV_AL_DONE:
		volume_extents_done(v, ev->error);
		break;
	case VOLUME_EV_META_DONE:
		volume_meta_done(v, ev->error);
		break;
	case VOLUME_EV_MAP_DONE:
		volume_map_done(v, ev->error);
		break;
	case VOLUME_EV_LINK_UP:
		volume_link_up(v, ev->peer);
		break;
	case VOLUME_EV_LINK_DOWN:
		volume_link_down(v, ev->peer);
		break;
	case VOLUME_EV_MESSAGE:
		if (v->peers[ev->peer].link)
			volume_session_message(v, ev->peer, ev->msg);
		break;
	case VOLUME_EV_PROMOTE:
		volume_promote_order(v, ev->accept_loss);
		break;
	case VOLUME_EV_DEMOTE:
		volume_demote_order(v);
		break;
	case VOLUME_EV_STOP:
		stop(v);
		break;
	}
}

static void
promises_pump(struct volume *v)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (peer->answer_version == 0 || v->meta_stable < peer->answer_version)
			continue;
		peer->answer_version = 0;
		volume_send(v, p, LINK_PROMOTE_ANSWER)->promote =
			(struct link_promote){ .epoch = peer->answer_epoch, .agreed = true };
	}
}

static void
pump(struct volume *v)
{
	int rounds = 0;

	do {
		v->again = false;
		if (!v->ready && v->started && v->meta_stable >= 1 && !v->failed)
			v->ready = true;
		promises_pump(v);
		volume_record_pump(v);
		volume_promote_pump(v);
		volume_session_pump(v);
		volume_write_pump(v);
		volume_follow_pump(v);
		volume_resync_pump(v);
		volume_stable_pump(v);
		volume_complete_ready(v);
		volume_extents_pump(v);
		volume_demote_pump(v);
		stop_pump(v);
		assert(++rounds < PUMP_ROUNDS_MAX);
	} while (v->again);
}

void
volume_handle(struct volume *v, const struct volume_event *ev, hf_time now,
	      struct volume_actions *out)
{
	bool held = volume_held(v);

	volume_check(v);
	v->now = now;
	v->out = out;
	take(v, ev);
	pump(v);
	if (v->primary && held != volume_held(v))
		volume_note(v, VOLUME_NOTE_SUSPENDED, v->self);
	v->out = NULL;
	volume_check(v);
}

hf_time
volume_next_due(const struct volume *v)
{
	hf_time due = hf_earlier(v->settle_due, v->promotion_due);

	return hf_earlier(due, volume_resync_due(v));
}

uint32_t
volume_room(const struct volume *v)
{
	return v->model.n_requests - v->n_open;
}

static enum volume_disk_state
own_disk_state(const struct volume *v)
{
	const struct volume_record *r = volume_record_of(v);
	bool member = volume_has(r->in_sync, v->self);
	bool following =
		v->follow.following && v->peers[v->follow.peer].session == VOLUME_SESSION_MEMBER;

	if (!v->disk_ok)
		return VOLUME_DISKLESS;
	if (v->sb.inconsistent || r->epoch == 0)
		return VOLUME_INCONSISTENT;
	if (!member)
		return VOLUME_OUTDATED;
	if (v->primary || following || r->primary == VOLUME_NODE_NONE)
		return VOLUME_UP_TO_DATE;
	return VOLUME_CONSISTENT;
}

static enum volume_connection
connection_of(const struct volume_peer *peer)
{
	switch (peer->session) {
	case VOLUME_SESSION_NONE:
		break;
	case VOLUME_SESSION_HELLO:
	case VOLUME_SESSION_VERDICT:
		return VOLUME_CONNECTION_MEETING;
	case VOLUME_SESSION_IDLE:
		return VOLUME_CONNECTION_IDLE;
	case VOLUME_SESSION_SRC_RECORD:
	case VOLUME_SESSION_SRC_MAP:
	case VOLUME_SESSION_SRC_COPY:
	case VOLUME_SESSION_SRC_JOIN:
	case VOLUME_SESSION_SRC_ENTER:
		return VOLUME_CONNECTION_SYNC_SOURCE;
	case VOLUME_SESSION_TARGET:
		return VOLUME_CONNECTION_SYNC_TARGET;
	case VOLUME_SESSION_MEMBER:
		return VOLUME_CONNECTION_ESTABLISHED;
	case VOLUME_SESSION_REFUSED:
		return VOLUME_CONNECTION_REFUSED;
	}
	return peer->meeting.rule != VOLUME_RULE_NO_PRIMARY ? VOLUME_CONNECTION_REFUSED
							    : VOLUME_CONNECTION_NONE;
}

void
volume_status(const struct volume *v, struct volume_status *s)
{
	memset(s, 0, sizeof(*s));
	s->primary = v->primary && v->promotion == VOLUME_PROMOTION_NONE;
	s->suspended = v->primary && volume_held(v);
	s->disk_state = own_disk_state(v);
	s->record = *volume_record_of(v);
	s->position = v->seen;
	s->settled = v->settled;
	s->live_epoch = v->live_epoch;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		const struct volume_peer *peer = &v->peers[p];
		struct volume_peer_status *ps = &s->peers[p];

		if (p == v->self)
			continue;
		ps->connection = connection_of(peer);
		ps->dirty_blocks = volume_dirty_count(v->dirty[p]);
		ps->rule = (uint8_t)peer->meeting.rule;
		ps->resync_total = peer->resync_total;
		ps->resync_left = ps->dirty_blocks;
		if (peer->session == VOLUME_SESSION_MEMBER ||
		    ps->connection == VOLUME_CONNECTION_SYNC_TARGET)
			ps->disk_state = VOLUME_UP_TO_DATE;
		else if (ps->connection == VOLUME_CONNECTION_SYNC_SOURCE)
			ps->disk_state = VOLUME_INCONSISTENT;
		else if (!volume_has(s->record.in_sync, p))
			ps->disk_state = VOLUME_OUTDATED;
		else
			ps->disk_state = VOLUME_CONSISTENT;
	}
}

void
volume_check(const struct volume *v)
{
	const struct volume_record *r = volume_record_of(v);

	assert(v->sb.promised >= r->epoch);
	assert(v->done <= v->seq && v->first <= v->seq + 1);
	assert(v->seq - v->first + 1 <= v->mask + 1);
	assert(v->meta_stable <= v->meta_writing && v->meta_writing <= v->meta_version);
	assert(!v->primary || r->primary == v->self || v->demoting);
	assert(!v->primary || !v->sb.inconsistent || VOLUME_FAULT(8));
	assert(!v->primary || !v->follow.following);
	assert(v->primary || v->joining == 0);
	assert(!(v->members & v->joining) || v->primary);
}

const char *
volume_disk_state_word(enum volume_disk_state state)
{
	static const char *const words[] = { "Diskless", "Inconsistent", "Outdated", "Consistent",
					     "UpToDate" };

	return words[state];
}

const char *
volume_connection_word(enum volume_connection connection)
{
	static const char *const words[] = { "Connecting", "Meeting",   "Idle",      "SyncSource",
					     "SyncTarget", "Connected", "StandAlone" };

	return words[connection];
}

const char *
volume_refusal_code(enum volume_refusal why)
{
	static const char *const codes[] = {
#define REFUSAL_CODE(name, code, text) code,
		VOLUME_REFUSALS(REFUSAL_CODE)
#undef REFUSAL_CODE
	};

	return why < VOLUME_REFUSAL_KINDS ? codes[why] : "unknown";
}

const char *
volume_refusal_text(enum volume_refusal why)
{
	static const char *const texts[] = {
#define REFUSAL_TEXT(name, code, text) text,
		VOLUME_REFUSALS(REFUSAL_TEXT)
#undef REFUSAL_TEXT
	};

	return why < VOLUME_REFUSAL_KINDS ? texts[why] : "unknown";
}
