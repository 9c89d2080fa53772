/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the room: the one mutable object of the vrrp process, and who does what with it. The
 * engines decide; what stands here carries it out.
 */
#ifndef VRRP_SHELL_H
#define VRRP_SHELL_H

#include <stdio.h>
#include <sys/queue.h>

#include "lib/hf_room.h"
#include "vrrp/net/address_netlink.h"
#include "vrrp/net/address_plan.h"
#include "vrrp/net/announce.h"
#include "vrrp/net/arp_watch.h"
#include "vrrp/net/conflict.h"
#include "vrrp/net/link_monitor.h"
#include "vrrp/net/net_table.h"
#include "vrrp/vrrp_ear.h"
#include "vrrp/vrrp_notify.h"
#include "vrrp/vrrp_router.h"
#include "vrrp/vrrp_socket.h"
#include "vrrp/vrrp_timers.h"

#define VRRP_TIMER_BURST     64             /* instances whose timers are handled in one turn */
#define VRRP_TURN_NS         HF_MILLIS(2)   /* for addresses in one turn; then adverts may be due */
#define VRRP_ADDRESS_BATCH   32             /* address changes before the clock is looked at */
#define VRRP_RESTORE_BURST   32             /* addresses put back in one turn */
#define VRRP_LATE_NS         HF_MILLIS(5)   /* a timer this late: hear what is waiting first */
#define VRRP_RECHECK_NS      HF_SECONDS(10) /* the kernel is asked for everything again */
#define VRRP_FIRST_READ_NS   HF_SECONDS(5)  /* how long the first dump may take */
#define VRRP_GENERATIONS_MAX 16             /* configurations still in use by leaving instances */
#define VRRP_STOP_SLACK_NS   HF_SECONDS(1)  /* beyond what instances may wait when leaving */

struct vrrp_shell;
struct vrrp_generation;

/* What an instance's model ties it to. */
struct vrrp_ties {
	struct net_link *link; /* NULL: unicast without an interface */
	size_t n_addresses;
	struct net_address **addresses; /* advertised, then excluded */
	size_t n_watchers;
	struct net_watcher *watchers; /* own, tracked and addresses' links */
};

/* The shell's half of an instance; instance->shell points here. */
struct vrrp_local {
	struct vrrp_timer_slot slot; /* first: the heap hands it back */
	struct vrrp_shell *shell;
	struct vrrp_generation *generation;
	struct vrrp_instance *inst;
	struct vrrp_ties ties;
	struct vrrp_socket *socket;          /* NULL: none could be opened */
	struct vrrp_ear *ear;                /* NULL: none is needed */
	SLIST_ENTRY(vrrp_local) same_socket; /* those of one VRID on one socket */
	bool started, holding, done;
	bool complained;     /* about sending, since the last change of state */
	uint32_t drops_said; /* bits of enum vrrp_drop, since the last change of state */
	int socket_error;    /* negative errno of the last attempt */
	uint16_t ip_id;
	hf_time last_step; /* time of the last event: it never goes backwards */
	int64_t since_wall_us;
	uint64_t last_change; /* id of the last change of state */
};

/* One configuration and the instances that follow it. */
struct vrrp_generation {
	TAILQ_ENTRY(vrrp_generation) next;
	struct vrrp_model *model;
	struct vrrp_router router;
	uint64_t cause; /* the change that brought it */
};

/* What a predecessor of this process remembered. */
struct vrrp_recalled {
	SLIST_ENTRY(vrrp_recalled) next;
	char name[VRRP_NAME_MAX];
	uint8_t state;
};

struct vrrp_recalled_address {
	SLIST_ENTRY(vrrp_recalled_address) next;
	struct net_address *address; /* owned */
};

struct vrrp_shell {
	struct hf_room *room;
	struct hf_loop *loop;
	struct vrrp_generation *current;       /* NULL before the first configuration */
	TAILQ_HEAD(, vrrp_generation) retired; /* with instances that are still leaving */
	SLIST_HEAD(, vrrp_recalled) recalled;
	SLIST_HEAD(, vrrp_recalled_address) recalled_addresses;
	struct vrrp_timers timers;
	struct hf_timer *timer;       /* of the earliest instance */
	struct hf_timer *recheck;     /* the slow look at everything */
	struct hf_timer *start_delay; /* vrrp_startup_delay */
	struct hf_timer *stop_limit;
	struct hf_timer *retire;  /* deleted instances that are done are freed */
	struct hf_timer *proceed; /* with what did not fit into one turn */
	struct vrrp_actions actions;
	/* Of the actions, how many: have no adverts among them; are done; are talked about. */
	size_t n_kept, n_acted, n_said;
	struct net_table *table;
	struct address_plan plan;
	struct link_monitor *monitor;
	struct address_netlink *netlink;
	struct announce *announce;
	struct conflict *conflict;
	struct arp_watch *arp_watch;
	struct vrrp_sockets *sockets;
	struct vrrp_notify *notify;
	bool waiting_to_start; /* vrrp_startup_delay runs */
	bool stopping, left;
};

static inline struct vrrp_local *
vrrp_local_of(const struct vrrp_instance *inst)
{
	return inst->shell;
}

/* vrrp_act.c: an event for an instance, and carrying out what came of it. */
void vrrp_shell_step(struct vrrp_local *local, const struct vrrp_event *ev, hf_time now);
void vrrp_shell_carry_out(struct vrrp_shell *shell, hf_time now);
void vrrp_shell_rearm(struct vrrp_shell *shell);

/* vrrp_conditions.c: what the kernel's truth means for an instance. */
uint32_t vrrp_local_unmet(const struct vrrp_local *local);
struct hf_addr vrrp_local_source(const struct vrrp_local *local);
void vrrp_local_recheck(struct vrrp_local *local, hf_time now);
struct vrrp_local *vrrp_shell_holder_of(struct vrrp_shell *shell,
					const struct net_address *address);
void vrrp_shell_links_changed(void *shell);
void vrrp_shell_restore(struct vrrp_shell *shell, hf_time now);
void vrrp_shell_recheck_all(struct vrrp_shell *shell, hf_time now);

/* vrrp_conflict.c: another machine uses an address of ours; as conflict_found. */
bool vrrp_shell_conflict(void *shell, struct net_address *address, const uint8_t mac[6], bool tell,
			 hf_time now);
/* vrrp_others.c: what others say of our addresses. */
void vrrp_shell_announced_by_other(void *shell, struct net_address *address, const uint8_t mac[6]);
void vrrp_local_await_successor(struct vrrp_local *local); /* before it is told to leave */

/* vrrp_apply.c: a configuration comes into force. */
int vrrp_shell_apply(struct vrrp_shell *shell, struct vrrp_model *model,
		     const struct hf_room_config *how, char why[512]);
void vrrp_shell_retire_done(struct vrrp_shell *shell);
void vrrp_generation_free(struct vrrp_shell *shell, struct vrrp_generation *generation);
void vrrp_shell_start_instances(struct vrrp_shell *shell, hf_time now);

/* vrrp_memory.c: what survives this process. */
void vrrp_memory_keep_state(struct vrrp_shell *shell, const char *name, enum vrrp_state now);
void vrrp_memory_forget_state(struct vrrp_shell *shell, const char *name);
/* What the predecessor said of the instance, consumed; INITIALIZE: nothing. */
enum vrrp_state vrrp_memory_take_state(struct vrrp_shell *shell, const char *name);
void vrrp_memory_keep_addresses(struct vrrp_local *local); /* those not kept yet */
void vrrp_memory_forget_address(struct vrrp_shell *shell, struct net_address *address);
/* The predecessor's addresses that no instance has any more leave the kernel. */
void vrrp_memory_sweep(struct vrrp_shell *shell);
void vrrp_memory_recall(void *shell, const char *key, const void *bytes, size_t len);
void vrrp_memory_free(struct vrrp_shell *shell);

/* vrrp_ties.c */
int vrrp_ties_make(struct vrrp_shell *shell, const struct vrrp_instance_model *model,
		   struct vrrp_ties *out) HF_MUST_CHECK;
void vrrp_ties_free(struct vrrp_shell *shell, struct vrrp_ties *ties);
void vrrp_local_attach(struct vrrp_local *local, struct vrrp_ties *ties);
void vrrp_local_hold(struct vrrp_local *local, bool hold);
void vrrp_local_strip(struct vrrp_local *local);   /* removes left-overs from the kernel */
void vrrp_local_abandon(struct vrrp_local *local); /* its addresses stay in the kernel for good */
void vrrp_local_free(struct vrrp_local *local);

/* vrrp_status.c, vrrp_dump.c */
void vrrp_shell_status(void *shell, FILE *out);
void vrrp_shell_dump(void *shell, enum hf_room_dump_kind kind, FILE *out);
void vrrp_dump_address(FILE *out, const struct vrrp_address_model *address);
void vrrp_dump_json(const struct vrrp_router *router, FILE *out); /* vrrp_dump_json.c */

/* vrrp_main.c: everybody is done. */
void vrrp_shell_leave(struct vrrp_shell *shell);

#endif
