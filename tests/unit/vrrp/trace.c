/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated link, clock and nodes of trace.h; its text is written in trace_text.c. */
#include "trace.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct vrrp_address_model the_address = {
	.prefix = { .addr = { .family = AF_INET, .bytes = { 192, 0, 2, 100 } }, .len = 32 },
	.ifname = "eth0",
};

static const struct hf_addr the_group = { .family = AF_INET, .bytes = { 224, 0, 0, 18 } };

struct vrrp_instance_model
trace_model(uint8_t version, uint8_t priority)
{
	return (struct vrrp_instance_model){
		.name = "VI",
		.ifname = "eth0",
		.family = AF_INET,
		.version = version,
		.vrid = 51,
		.priority = priority,
		.preempt = true,
		.advert_cs = 100,
		.down_timer_adverts = 3,
		.group = the_group,
		.n_addresses = 1,
		.addresses = &the_address,
		.garp = { .master_delay_ms = 5000,
			  .master_repeat = 5,
			  .master_refresh_repeat = 1,
			  .lower_prio_delay_ms = 5000,
			  .lower_prio_repeat = 5 },
		.group_index = SIZE_MAX,
	};
}

struct trace *
trace_new(void)
{
	struct trace *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->zero = (hf_time){ HF_SECONDS(1000) };
	t->now = t->zero;
	t->random = 1;
	return t;
}

void
trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		vrrp_router_free(&t->nodes[i].router);
	vrrp_actions_free(&t->actions);
	free(t);
}

uint32_t
trace_random(struct trace *t, uint32_t below)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (uint32_t)(t->random >> 16) % below;
}

static struct hf_addr
source_of(size_t node)
{
	return (struct hf_addr){ .family = AF_INET, .bytes = { 192, 0, 2, (uint8_t)(1 + node) } };
}

struct vrrp_instance *
trace_instance(struct trace *t, size_t node, size_t vr)
{
	return t->nodes[node].router.instances[vr];
}

/* Fills the model of a generation; each virtual router has its own name and VRID. */
static struct vrrp_model *
fill_model(struct trace_node *n, const struct vrrp_instance_model *models, size_t n_models,
	   bool grouped)
{
	static const size_t members[TRACE_VRS_MAX] = { 0, 1, 2 };
	struct vrrp_model *model = &n->models[n->generation];
	struct vrrp_instance_model *instances = n->instances[n->generation];

	assert_true(n_models <= TRACE_VRS_MAX);
	for (size_t i = 0; i < n_models; i++) {
		instances[i] = models[i];
		instances[i].name[2] = (char)('1' + i);
		instances[i].vrid = (uint8_t)(models[i].vrid + i);
		instances[i].group_index = grouped ? 0 : SIZE_MAX;
	}
	n->group =
		(struct vrrp_group_model){ .name = "G", .n_members = n_models, .members = members };
	*model = (struct vrrp_model){
		.n_instances = n_models,
		.instances = instances,
		.n_groups = grouped ? 1 : 0,
		.groups = &n->group,
	};
	return model;
}

size_t
trace_add(struct trace *t, const struct vrrp_instance_model *models, size_t n, bool grouped)
{
	size_t node = t->n_nodes++;

	assert_true(node < TRACE_NODES_MAX);
	fill_model(&t->nodes[node], models, n, grouped);
	return node;
}

size_t
trace_index_of(const struct trace_node *n, const struct vrrp_instance *inst)
{
	return inst->model->vrid - n->instances[n->generation][0].vrid;
}

/* The link */

static void
transmit(struct trace *t, size_t node, const struct vrrp_action *a)
{
	const struct vrrp_instance_model *model = a->inst->model;
	struct vrrp_tx tx = {
		.version = model->version,
		.vrid = model->vrid,
		.priority = a->priority,
		.advert_cs = model->advert_cs,
		.family = model->family,
		.source = a->inst->source,
		.destination = model->group,
		.n_addresses = model->n_addresses,
		.addresses = model->addresses,
	};

	for (size_t i = 0; i < t->n_nodes; i++) {
		if (i == node || !t->nodes[i].running || t->nodes[node].cut || t->nodes[i].cut)
			continue;
		if (trace_random(t, 100) < t->loss_percent)
			continue;
		if (t->nodes[i].paused && t->nodes[i].n_inbox >= TRACE_INBOX_MAX)
			continue;
		if (t->n_flights >= TRACE_FLIGHTS_MAX)
			continue;

		struct trace_flight *f = &t->flights[t->n_flights++];
		int64_t jitter = t->jitter_ns > 0 ? trace_random(t, (uint32_t)t->jitter_ns) : 0;
		int len = vrrp_packet_encode(&tx, f->buf, sizeof(f->buf));

		assert_true(len > 0);
		f->len = (size_t)len;
		f->to = i;
		t->nodes[i].n_inbox++;
		f->source = tx.source;
		f->at = hf_after(t->now, t->latency_ns + jitter);
	}
}

static void
perform(struct trace *t, size_t node)
{
	struct trace_node *n = &t->nodes[node];

	for (size_t i = 0; i < t->actions.n; i++) {
		const struct vrrp_action *a = &t->actions.list[i];

		if (a->type == VRRP_DO_ADVERT)
			transmit(t, node, a);
		else if (a->type == VRRP_DO_TAKE)
			n->addresses[trace_index_of(n, a->inst)] = true;
		else if (a->type == VRRP_DO_RELEASE)
			n->addresses[trace_index_of(n, a->inst)] = false;
		else if (a->type == VRRP_DO_DONE)
			n->n_done++;
	}
}

static void
step(struct trace *t, size_t node, struct vrrp_instance *inst, const struct vrrp_event *ev)
{
	struct trace_node *n = &t->nodes[node];

	vrrp_actions_reset(&t->actions);
	vrrp_router_handle(&n->router, inst, ev, t->now, &t->actions);
	trace_say_step(t, node, ev->type == VRRP_EV_TIMER);
	trace_say_groups(t, node);
	perform(t, node);
	if (t->watch)
		t->watch(t, node);
}

void
trace_event(struct trace *t, size_t node, size_t vr, const struct vrrp_event *ev)
{
	step(t, node, trace_instance(t, node, vr), ev);
}

static void
deliver(struct trace *t, const struct trace_flight *f)
{
	struct trace_node *n = &t->nodes[f->to];
	uint8_t vrid, version;

	assert_true(vrrp_packet_peek(f->buf, f->len, &vrid, &version));
	for (size_t i = 0; i < n->router.n_instances; i++) {
		const struct vrrp_instance_model *m = n->router.instances[i]->model;
		struct vrrp_rx rx = {
			.source = f->source,
			.destination = the_group,
			.ttl = VRRP_TTL,
			.version = m->version,
			.multicast = true,
			.advert_cs = m->advert_cs,
			.n_addresses = m->n_addresses,
			.addresses = m->addresses,
		};
		struct vrrp_event ev = { .type = VRRP_EV_ADVERT };

		if (m->vrid != vrid)
			continue;
		assert_int_equal(vrrp_packet_decode(f->buf, f->len, &rx, &ev.advert),
				 VRRP_DROP_NONE);
		step(t, f->to, n->router.instances[i], &ev);
		return;
	}
}

/* The clock */

static bool
is_awake(const struct trace_node *n)
{
	return n->running && !n->paused;
}

static size_t
next_flight(const struct trace *t)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < t->n_flights; i++) {
		if (!is_awake(&t->nodes[t->flights[i].to]))
			continue;
		if (best == SIZE_MAX || t->flights[i].at.ns < t->flights[best].at.ns)
			best = i;
	}
	return best;
}

static struct vrrp_instance *
next_timer(struct trace *t, size_t *node)
{
	struct vrrp_instance *best = NULL;

	for (size_t i = 0; i < t->n_nodes; i++) {
		for (size_t j = 0; is_awake(&t->nodes[i]) && j < t->nodes[i].router.n_instances;
		     j++) {
			struct vrrp_instance *inst = t->nodes[i].router.instances[j];

			if (best && vrrp_next_due(inst).ns >= vrrp_next_due(best).ns)
				continue;
			best = inst;
			*node = i;
		}
	}
	return best;
}

static void
advance(struct trace *t, hf_time to)
{
	if (to.ns > t->now.ns)
		t->now = to;
}

void
trace_run(struct trace *t, int64_t until_ns)
{
	hf_time end = hf_after(t->zero, until_ns);

	for (;;) {
		size_t node = 0, flight = next_flight(t);
		struct vrrp_instance *inst = next_timer(t, &node);
		hf_time timer = inst ? vrrp_next_due(inst) : HF_NEVER;
		hf_time arrival = flight == SIZE_MAX ? HF_NEVER : t->flights[flight].at;

		if (hf_earlier(timer, arrival).ns > end.ns)
			break;
		advance(t, hf_earlier(timer, arrival));
		if (timer.ns <= arrival.ns) {
			step(t, node, inst, &(struct vrrp_event){ .type = VRRP_EV_TIMER });
			/* What was owed is done: a shell that sleeps until then does not spin. */
			assert_true(vrrp_next_due(inst).ns > t->now.ns);
			continue;
		}

		struct trace_flight f = t->flights[flight];

		memmove(&t->flights[flight], &t->flights[flight + 1],
			(--t->n_flights - flight) * sizeof(f));
		t->nodes[f.to].n_inbox--;
		deliver(t, &f);
	}
	advance(t, end);
}

/* What happens to nodes */

static void
start_as(struct trace *t, size_t node, size_t resumed)
{
	struct trace_node *n = &t->nodes[node];
	struct vrrp_event ev = { .type = VRRP_EV_STARTUP, .source = source_of(node) };

	assert_false(n->running);
	assert_int_equal(vrrp_router_build(&n->router, &n->models[n->generation], NULL), 0);
	n->running = true;
	n->n_done = 0;
	for (size_t i = 0; i < n->router.n_instances; i++) {
		ev.resume_active = i == resumed;
		step(t, node, n->router.instances[i], &ev);
	}
}

void
trace_start(struct trace *t, size_t node)
{
	start_as(t, node, SIZE_MAX);
}

void
trace_resume_active(struct trace *t, size_t node, size_t vr)
{
	start_as(t, node, vr);
}

void
trace_conditions(struct trace *t, size_t node, size_t vr, uint32_t unmet)
{
	trace_event(t, node, vr,
		    &(struct vrrp_event){ .type = VRRP_EV_CONDITIONS, .unmet = unmet });
}

void
trace_announced(struct trace *t, size_t node)
{
	trace_event(t, node, 0, &(struct vrrp_event){ .type = VRRP_EV_ANNOUNCED });
}

void
trace_hear(struct trace *t, size_t node, uint8_t priority, const char *source, uint16_t advert_cs)
{
	const struct vrrp_instance_model *m = trace_instance(t, node, 0)->model;
	struct vrrp_event ev = { .type = VRRP_EV_ADVERT,
				 .advert = { .version = m->version,
					     .vrid = m->vrid,
					     .priority = priority,
					     .max_advertise_cs = advert_cs,
					     .count = 1,
					     .addresses_match = true } };

	assert_int_equal(hf_addr_parse(source, &ev.advert.source), 0);
	trace_event(t, node, 0, &ev);
}

void
trace_shutdown(struct trace *t, size_t node)
{
	struct vrrp_event ev = { .type = VRRP_EV_SHUTDOWN, .why = VRRP_WHY_STOPPED };

	for (size_t i = 0; i < t->nodes[node].router.n_instances; i++)
		trace_event(t, node, i, &ev);
}

void
trace_kill(struct trace *t, size_t node)
{
	struct trace_node *n = &t->nodes[node];
	size_t kept = 0;

	vrrp_router_free(&n->router);
	n->running = false;
	n->paused = false;
	memset(n->addresses, 0, sizeof(n->addresses));
	for (size_t i = 0; i < t->n_flights; i++) {
		if (t->flights[i].to != node)
			t->flights[kept++] = t->flights[i];
	}
	t->n_flights = kept;
	n->n_inbox = 0;
}

void
trace_pause(struct trace *t, size_t node)
{
	t->nodes[node].paused = true;
}

void
trace_continue(struct trace *t, size_t node)
{
	t->nodes[node].paused = false;
}

void
trace_reload(struct trace *t, size_t node, const struct vrrp_instance_model *models, size_t n)
{
	struct trace_node *tn = &t->nodes[node];
	struct vrrp_router old = tn->router;

	tn->generation = 1 - tn->generation;

	struct vrrp_model *model =
		fill_model(tn, models, n, tn->models[1 - tn->generation].n_groups > 0);

	assert_int_equal(vrrp_router_build(&tn->router, model, &old), 0);
	for (size_t i = 0; i < n; i++) {
		struct vrrp_instance *inst = tn->router.instances[i];
		struct vrrp_event ev = { .type = VRRP_EV_MODEL, .model = &model->instances[i] };

		if (inst->transitions == 0) {
			ev.type = VRRP_EV_STARTUP;
			ev.source = source_of(node);
		}
		step(t, node, inst, &ev);
	}
	vrrp_router_free(&old);
}

struct trace *
trace_one(struct vrrp_instance_model model)
{
	struct trace *t = trace_new();

	trace_add(t, &model, 1, false);
	return t;
}

struct trace *
trace_active_and(struct vrrp_instance_model b)
{
	struct vrrp_instance_model a = trace_model(b.version, 100);
	struct trace *t = trace_new();

	a.advert_cs = b.advert_cs;
	trace_add(t, &a, 1, false);
	trace_add(t, &b, 1, false);
	trace_resume_active(t, 0, 0);
	trace_start(t, 1);
	assert_trace(t, "[0.000000] A: advert 100, take, STOP -> MASTER (resumed)\n"
			"[0.000000] B: STOP -> BACKUP (startup)\n");
	return t;
}
