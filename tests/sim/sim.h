/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator of a replicated volume: two or three replicas' real cores over simulated disks,
 * connections, processes and machines, all from one seed.
 *
 *   sim.c        runs seeds, shrinks a failing one, tries the planted faults
 *   sim_world.c  time, nodes, faults, the operator
 *   sim_store.c  a node's disk and metadata: volatile cache, torn blocks, loss of power
 *   sim_net.c    connections
 *   sim_client.c what clients did and were told, and what they may read
 */
#ifndef SIM_H
#define SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_base.h"
#include "replication/volume/volume_dirty.h"
#include "replication/volume/volume_engine.h"
#include "replication/volume/volume_rejoin.h"

#define SIM_BLOCKS      64
#define SIM_EXTENT      8 /* blocks */
#define SIM_AL_SLOTS    3
#define SIM_REQUESTS    12
#define SIM_OPS_MAX     256 /* of one node's disk at once */
#define SIM_FAULTS_MAX  64
#define SIM_HISTORY_MAX 96 /* values that a block may still have */

struct sim;

/* One buffer of the shell: a value for each block. */
struct sim_data {
	struct sim_data *next, **prev; /* in sim.buffers */
	int refs;
	uint32_t n;
	uint64_t values[];
};

enum sim_kind {
	SIM_DISK,    /* an operation of a disk ends */
	SIM_MESSAGE, /* a message arrives */
	SIM_LINK,    /* a connection is tried */
	SIM_DOWN,    /* one end hears that the connection is gone */
	SIM_TIMER,
	SIM_CLIENT,   /* a client thinks of something to do */
	SIM_OPERATOR, /* so does the operator */
	SIM_FAULT,    /* fault `id` begins, SIM_HEAL: it ends */
	SIM_HEAL,
	SIM_START, /* a process starts */
};

struct sim_event {
	int64_t at;
	uint64_t order;
	enum sim_kind kind;
	uint8_t node, peer;
	uint32_t generation;
	uint32_t id;
};

enum sim_fault_kind {
	SIM_FAULT_KILL,  /* the process dies and is started again; its disk operations may still end
			  */
	SIM_FAULT_POWER, /* the machine loses power */
	SIM_FAULT_CUT,   /* two nodes hear nothing of each other */
	SIM_FAULT_DEAF,  /* one hears nothing of the other */
	SIM_FAULT_RESET, /* the connection breaks in the middle of whatever it carries */
	SIM_FAULT_PAUSE, /* a process stands still */
	SIM_FAULT_SLOW,  /* a disk is slow */
	SIM_FAULT_DISK,  /* a disk fails for good */
	SIM_FAULT_READ,  /* a disk cannot read for a while */
	SIM_FAULT_MOVE,  /* the operator moves the primary */
	SIM_FAULT_KINDS
};

struct sim_fault {
	enum sim_fault_kind kind;
	int64_t at, length;
	uint8_t node, peer;
	uint32_t countdown; /* KILL, POWER: after so many more actions of the node */
};

enum sim_op_kind {
	SIM_OP_NONE,
	SIM_OP_READ,
	SIM_OP_WRITE,
	SIM_OP_FLUSH,
	SIM_OP_AL,
	SIM_OP_META,
	SIM_OP_MAP
};

struct sim_op {
	enum sim_op_kind kind;
	uint32_t order; /* event of its end */
	uint64_t id, first, n;
	struct sim_data *data; /* READ (own or client's), WRITE (NULL: zeroes) */
	bool own;
	uint64_t snapshot[SIM_BLOCKS];       /* FLUSH */
	struct volume_superblock superblock; /* META */
	struct volume_al_transaction al;     /* AL */
	uint8_t peer;                        /* MAP */
	uint8_t page[SIM_BLOCKS / 8];
};

struct sim_store {
	uint64_t now[SIM_BLOCKS], stable[SIM_BLOCKS];
	struct volume_superblock superblock;
	uint32_t al[SIM_AL_SLOTS];
	uint8_t maps[VOLUME_NODES_MAX][SIM_BLOCKS / 8];
	struct sim_op ops[SIM_OPS_MAX];
	bool failed, blind;
	int slow; /* factor */
};

struct sim_request {
	bool open, known; /* known: the client has heard the end */
	enum volume_op op;
	bool fua;
	uint64_t first, n, value;
	uint64_t issued;
	struct sim_data *data; /* READ */
};

struct sim_node {
	struct volume *v;
	struct volume_dirty *dirty[VOLUME_NODES_MAX];
	struct volume_actions actions;
	uint32_t generation; /* of the process */
	bool up, off;        /* off: no power */
	uint64_t live_epoch; /* of the process that died, as long as the machine goes on */
	bool was_primary;    /* the process that died was, and the machine went on */
	bool mixed;          /* a resync into it has begun, and it is no member yet */
	bool serving;        /* as of the last step */
	uint64_t serving_epoch;
	bool order; /* an order is under way */
	enum volume_refusal refusal;
	int64_t paused_until, timer_at;
	uint64_t lost_power; /* the clients' clock then */
	uint32_t countdown;  /* actions until it dies; 0: not */
	bool power_too;
	struct sim_store store;
	struct sim_request requests[SIM_REQUESTS * 2];
	uint64_t acked_writes;
};

struct sim_link {
	uint32_t generation;
	bool end[2];     /* this end (lower, higher node) has a session */
	bool broken;     /* nothing more passes */
	bool cut;        /* no new connection, nothing passes */
	bool deaf[2];    /* this end hears nothing */
	int64_t last[2]; /* when the last message to this end arrives */
};

struct sim_value {
	uint64_t value;
	uint64_t issued, ended; /* ended UINT64_MAX: may still take effect */
	bool acked, flushed;
};

struct sim_block {
	uint32_t n;
	struct sim_value values[SIM_HISTORY_MAX];
};

struct sim {
	uint64_t seed, random, order;
	int64_t now;
	struct sim_event *heap;
	size_t n_events, cap;
	uint8_t n_nodes;
	struct volume_model model;
	struct sim_node nodes[VOLUME_NODES_MAX];
	struct sim_link links[VOLUME_NODES_MAX][VOLUME_NODES_MAX]; /* [lower][higher] */
	struct sim_data *buffers; /* all that are in use, also by processes that died */
	struct link_msg **messages;
	size_t n_messages, cap_messages;
	struct sim_block blocks[SIM_BLOCKS];
	uint64_t next_value;  /* also the clients' clock */
	uint8_t session_node; /* the primary session that the model follows */
	uint64_t session_epoch;
	bool may_force; /* the operator accepts losses in this run */
	bool forked;    /* an operator's order may have made two histories */
	bool lossy;     /* and may have lost writes */
	bool disk_lost;
	struct sim_fault faults[SIM_FAULTS_MAX];
	uint32_t n_faults;
	uint64_t skip; /* faults left out: a bit for each */
	bool ending;   /* no more faults or clients */
	bool trace;
	uint64_t steps, acks, resyncs, switches;
	/* how it failed */
	int invariant;
	char text[256];
	sigjmp_buf out;
};

/* Deterministic: xorshift from the seed. */
uint64_t sim_random(struct sim *s, uint64_t below);
bool sim_chance(struct sim *s, uint64_t percent);
void sim_push(struct sim *s, int64_t after, struct sim_event ev);
void sim_trace(struct sim *s, const char *fmt, ...) HF_PRINTF(2, 3);
void sim_fail(struct sim *s, int invariant, const char *fmt, ...) HF_PRINTF(3, 4) HF_NORETURN;

void sim_init(struct sim *s, uint64_t seed);
void sim_run(struct sim *s); /* comes back, or leaves by sim_fail() */
void sim_free(struct sim *s);

/* Gives an event to a node's core and carries out what it asks for. */
void sim_step(struct sim *s, uint8_t node, const struct volume_event *ev);

struct sim_data *sim_data_new(struct sim *s, uint32_t n);
void sim_data_free(struct sim_data *data);

void sim_store_create(struct sim *s, uint8_t node);
void sim_store_action(struct sim *s, uint8_t node, const struct volume_action *a);
void sim_store_done(struct sim *s, uint8_t node, uint32_t op);
void sim_store_kill(struct sim *s, uint8_t node);
void sim_store_power(struct sim *s, uint8_t node);

void sim_net_send(struct sim *s, uint8_t node, const struct volume_action *a);
void sim_net_message(struct sim *s, const struct sim_event *ev);
void sim_net_try(struct sim *s, const struct sim_event *ev);
void sim_net_down(struct sim *s, const struct sim_event *ev);
void sim_net_break(struct sim *s, uint8_t a, uint8_t b);
void sim_net_reset(struct sim *s, uint8_t node, uint8_t peer);
void sim_net_free(struct sim *s);
void sim_net_node_gone(struct sim *s, uint8_t node);
struct sim_link *sim_link_of(struct sim *s, uint8_t a, uint8_t b);

void sim_client_think(struct sim *s, uint8_t node);
void sim_client_complete(struct sim *s, uint8_t node, uint64_t tag, int error,
			 const struct sim_data *data);
void sim_client_gone(struct sim *s, uint8_t node);
void sim_client_session(struct sim *s, uint8_t node, uint64_t epoch);
void sim_client_member(struct sim *s, uint8_t primary, uint8_t member);
void sim_client_applied(struct sim *s, uint8_t node, const struct sim_data *data);
void sim_client_final(struct sim *s);

extern int volume_fault;

#endif
