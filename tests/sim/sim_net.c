/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection for each pair of nodes: in order, with delay; it can be cut, be deaf in one
 * direction, or break with messages still on their way. Each end hears of its end at its own time.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

struct sim_link *
sim_link_of(struct sim *s, uint8_t a, uint8_t b)
{
	return a < b ? &s->links[a][b] : &s->links[b][a];
}

static uint32_t
message_keep(struct sim *s, const struct link_msg *msg)
{
	struct link_msg *copy = malloc(sizeof(*copy));

	*copy = *msg;
	for (size_t i = 0; i < s->n_messages; i++)
		if (!s->messages[i]) {
			s->messages[i] = copy;
			return (uint32_t)i;
		}
	if (s->n_messages == s->cap_messages) {
		s->cap_messages = s->cap_messages ? s->cap_messages * 2 : 64;
		s->messages = realloc(s->messages, s->cap_messages * sizeof(void *));
	}
	s->messages[s->n_messages++] = copy;
	return (uint32_t)(s->n_messages - 1);
}

static void
give_back(struct link_msg *msg)
{
	if (msg->type == LINK_WRITE)
		sim_data_free(msg->write.data);
	else if (msg->type == LINK_MAP)
		free(msg->map.data);
	else if (msg->type == LINK_READ_REPLY)
		sim_data_free(msg->range.data);
	free(msg);
}

void
sim_net_free(struct sim *s)
{
	for (size_t i = 0; i < s->n_messages; i++)
		if (s->messages[i])
			give_back(s->messages[i]);
	free(s->messages);
}

static const char *
name(enum link_msg_type type)
{
	static const char *const names[] = {
		"?",           "hello",          "verdict",     "record", "record-ack",
		"write",       "write-ack",      "mark",        "stable", "map",
		"map-end",     "digest-ask",     "digest",      "read",   "read-reply",
		"promote-ask", "promote-answer", "disk-failed", "refuse", "bye"
	};

	return type < LINK_MSG_TYPES ? names[type] : "?";
}

void
sim_net_send(struct sim *s, uint8_t node, const struct volume_action *a)
{
	struct sim_link *link = sim_link_of(s, node, a->peer);
	struct link_msg msg = a->msg;
	int to = node < a->peer;
	int64_t at;

	sim_trace(s, "%u -> %u %s", node, a->peer, name(msg.type));
	if (!link->end[node > a->peer] || link->broken || link->cut)
		return;
	if (msg.type == LINK_WRITE && msg.write.data)
		((struct sim_data *)msg.write.data)->refs++;
	if (msg.type == LINK_READ_REPLY && msg.range.data)
		((struct sim_data *)msg.range.data)->refs++;
	if (msg.type == LINK_MAP) {
		msg.map.data = malloc(VOLUME_MAP_PAGE_BYTES);
		volume_dirty_page_get(a->msg.map.data, msg.map.page, msg.map.data);
	}
	at = s->now + (int64_t)(10000 + sim_random(s, 100000));
	if (at <= link->last[to])
		at = link->last[to] + 1;
	link->last[to] = at;
	sim_push(s, at - s->now,
		 (struct sim_event){ .kind = SIM_MESSAGE,
				     .node = a->peer,
				     .peer = node,
				     .generation = link->generation,
				     .id = message_keep(s, &msg) });
}

void
sim_net_message(struct sim *s, const struct sim_event *ev)
{
	struct sim_link *link = sim_link_of(s, ev->node, ev->peer);
	struct link_msg *msg = s->messages[ev->id];
	struct volume_event event = { .type = VOLUME_EV_MESSAGE, .peer = ev->peer, .msg = msg };
	int end = ev->node > ev->peer;

	if (s->nodes[ev->node].paused_until > s->now && s->nodes[ev->node].up) {
		sim_push(s, s->nodes[ev->node].paused_until - s->now, *ev);
		return;
	}
	s->messages[ev->id] = NULL;
	if (!s->nodes[ev->node].up || ev->generation != link->generation || !link->end[end] ||
	    link->broken || link->cut || link->deaf[end]) {
		/* Lost in the middle: nothing after it may come through either. */
		if (ev->generation == link->generation && link->deaf[end])
			sim_net_break(s, ev->node, ev->peer);
		give_back(msg);
		return;
	}
	if (msg->type == LINK_WRITE && msg->write.kind == LINK_KIND_RESYNC)
		s->nodes[ev->node].mixed = true;
	sim_trace(s, "%u hears %s of %u", ev->node, name(msg->type), ev->peer);
	sim_step(s, ev->node, &event);
	if (msg->type == LINK_READ_REPLY)
		sim_data_free(msg->range.data);
	if (msg->type == LINK_MAP)
		free(msg->map.data);
	free(msg);
}

/* Nothing more passes; each end finds out in its own time. */
void
sim_net_break(struct sim *s, uint8_t a, uint8_t b)
{
	struct sim_link *link = sim_link_of(s, a, b);
	struct sim_event ev = { .kind = SIM_DOWN, .generation = link->generation };

	if (link->broken)
		return;
	link->broken = true;
	for (int end = 0; end < 2; end++) {
		ev.node = (end == 0) == (a < b) ? a : b;
		ev.peer = ev.node == a ? b : a;
		if (link->end[end])
			sim_push(s, (int64_t)sim_random(s, 20000000), ev);
	}
}

void
sim_net_reset(struct sim *s, uint8_t node, uint8_t peer)
{
	struct sim_link *link = sim_link_of(s, node, peer);

	link->end[node > peer] = false;
	sim_net_break(s, node, peer);
}

void
sim_net_down(struct sim *s, const struct sim_event *ev)
{
	struct sim_link *link = sim_link_of(s, ev->node, ev->peer);
	struct volume_event event = { .type = VOLUME_EV_LINK_DOWN, .peer = ev->peer };
	int end = ev->node > ev->peer;

	if (ev->generation != link->generation || !link->end[end])
		return;
	if (s->nodes[ev->node].paused_until > s->now) {
		sim_push(s, s->nodes[ev->node].paused_until - s->now, *ev);
		return;
	}
	link->end[end] = false;
	sim_trace(s, "%u loses the link to %u", ev->node, ev->peer);
	if (s->nodes[ev->node].up)
		sim_step(s, ev->node, &event);
}

void
sim_net_node_gone(struct sim *s, uint8_t node)
{
	for (uint8_t p = 0; p < s->n_nodes; p++)
		if (p != node && sim_link_of(s, node, p)->end[node > p])
			sim_net_reset(s, node, p);
}

void
sim_net_try(struct sim *s, const struct sim_event *ev)
{
	struct sim_link *link = sim_link_of(s, ev->node, ev->peer);
	struct sim_node *a = &s->nodes[ev->node], *b = &s->nodes[ev->peer];

	sim_push(s, (int64_t)(2000000 + sim_random(s, 8000000)), *ev);
	if (!a->up || !b->up || a->paused_until > s->now || b->paused_until > s->now || link->cut ||
	    link->deaf[0] || link->deaf[1] || link->end[0] || link->end[1])
		return;
	link->generation++;
	link->broken = false;
	link->end[0] = link->end[1] = true;
	link->last[0] = link->last[1] = s->now;
	sim_trace(s, "%u and %u are connected", ev->node, ev->peer);
	sim_step(s, ev->node,
		 &(struct volume_event){ .type = VOLUME_EV_LINK_UP, .peer = ev->peer });
	if (link->end[1] && b->up)
		sim_step(s, ev->peer,
			 &(struct volume_event){ .type = VOLUME_EV_LINK_UP, .peer = ev->node });
}
