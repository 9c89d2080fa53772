/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few routers on one simulated link with a virtual clock. Each runs the real router and engine;
 * adverts travel as encoded packets. What happens is written down as text that a test compares:
 *
 *   [3.609375] A: advert 100, take, announce 5, BACKUP -> MASTER (active-silent)
 *
 * One line for each step that says something; regular adverts alone are left out. Times are
 * seconds since trace_init(). Several virtual routers of a node are told apart by number: A1, A2.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "vrrp/vrrp_router.h"

#define TRACE_NODES_MAX   5
#define TRACE_VRS_MAX     3 /* virtual routers of a node */
#define TRACE_TEXT_MAX    65536
#define TRACE_FLIGHTS_MAX 4096 /* on the link; more are lost, as in a full queue */
#define TRACE_INBOX_MAX   64   /* packets that wait for a paused node, as in a socket's buffer */
#define TRACE_PACKET_MAX  64

struct trace_flight {
	hf_time at;
	size_t to;
	struct hf_addr source;
	size_t len;
	uint8_t buf[TRACE_PACKET_MAX];
};

struct trace_node {
	bool running, paused, cut; /* cut: its cable is unplugged and it does not see that */
	size_t generation;         /* which of the models is in use */
	struct vrrp_model models[2];
	struct vrrp_group_model group;
	struct vrrp_instance_model instances[2][TRACE_VRS_MAX];
	struct vrrp_router router;
	size_t n_done;
	size_t n_inbox;                /* packets on their way to it */
	bool addresses[TRACE_VRS_MAX]; /* in its kernel */
};

struct trace {
	hf_time zero, now;
	size_t n_nodes;
	struct trace_node nodes[TRACE_NODES_MAX];
	size_t n_flights;
	struct trace_flight flights[TRACE_FLIGHTS_MAX];
	struct vrrp_actions actions;
	int64_t latency_ns, jitter_ns;
	uint32_t loss_percent;
	uint64_t random;
	bool silent; /* writes no text */
	bool echo;   /* prints the text instead of keeping it */
	/* Called after each step of a node, for invariants. */
	void (*watch)(struct trace *t, size_t node);
	size_t text_len;
	char text[TRACE_TEXT_MAX];
};

/* Version, priority, one address, an interval of a second, garp as keepalived's defaults. */
struct vrrp_instance_model trace_model(uint8_t version, uint8_t priority);

struct trace *trace_new(void);
void trace_free(struct trace *t);

/* Adds a node (A, B, ..) with copies of the models; grouped: all in one sync group. */
size_t trace_add(struct trace *t, const struct vrrp_instance_model *models, size_t n, bool grouped);

/* A world with one node of one virtual router; with A, active at priority 100, and B, which has
 * just started. */
struct trace *trace_one(struct vrrp_instance_model model);
struct trace *trace_active_and(struct vrrp_instance_model b);

/* Gives the node's instances STARTUP. */
void trace_start(struct trace *t, size_t node);
void trace_resume_active(struct trace *t, size_t node, size_t vr);

void trace_event(struct trace *t, size_t node, size_t vr, const struct vrrp_event *ev);
/* Somebody else has announced all addresses of the node's first virtual router. */
void trace_announced(struct trace *t, size_t node);
void trace_conditions(struct trace *t, size_t node, size_t vr, uint32_t unmet);
void trace_hear(struct trace *t, size_t node, uint8_t priority, const char *source,
		uint16_t advert_cs);
void trace_shutdown(struct trace *t, size_t node);
void trace_kill(struct trace *t, size_t node);
void trace_pause(struct trace *t, size_t node);
void trace_continue(struct trace *t, size_t node);

/* A reload: n models in the node's new generation. */
void trace_reload(struct trace *t, size_t node, const struct vrrp_instance_model *models, size_t n);

/* Runs until this time since trace_new(); nothing at that very moment is left out. */
void trace_run(struct trace *t, int64_t until_ns);

/* Which of the node's virtual routers it is. */
size_t trace_index_of(const struct trace_node *n, const struct vrrp_instance *inst);

/* Writes down the actions of a step and what its group did; regular: leaves a lone advert out. */
void trace_say_step(struct trace *t, size_t node, bool regular);
void trace_say_groups(struct trace *t, size_t node);

struct vrrp_instance *trace_instance(struct trace *t, size_t node, size_t vr);

/* Compares the text written since the last call with the expected one. */
#define assert_trace(t, expected) trace_compare(t, expected, __FILE__, __LINE__)
void trace_compare(struct trace *t, const char *expected, const char *file, int line);

/* Starts a new text. */
void trace_forget(struct trace *t);

/* A number below `below`, the same for the same seed (t->random). */
uint32_t trace_random(struct trace *t, uint32_t below);

#endif
