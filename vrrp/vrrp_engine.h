/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One virtual router as a pure state machine (RFC 9568 section 6.4; RFC 3768 for version 2;
 * keepalived's behaviour where users rely on it). It takes an event and the time, changes only its
 * own struct and appends actions; the shell carries them out in order. Instances that move together
 * go through vrrp_router.h, which calls this.
 */
#ifndef VRRP_ENGINE_H
#define VRRP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/vrrp_model.h"
#include "lib/hf_time.h"
#include "vrrp/vrrp_packet.h"

#define VRRP_OWNER_PRIORITY 255 /* the virtual addresses are the router's own */

enum vrrp_state {
	VRRP_INITIALIZE, /* not started, or stopped */
	VRRP_BACKUP,
	VRRP_ACTIVE, /* MASTER for users */
	VRRP_FAULT,  /* may not take part: unmet is not 0 */
};

/* MASTER, BACKUP, FAULT, STOP (initialize): the words of keepalived.conf, notify scripts, status
 * and log. */
const char *vrrp_state_word(enum vrrp_state state);

/* What is missing for taking part: a set, recomputed from the kernel's truth, never a counter. */
enum vrrp_unmet {
	VRRP_UNMET_INTERFACE = 1u << 0,    /* the interface does not exist */
	VRRP_UNMET_LINK = 1u << 1,         /* it is down or has no carrier */
	VRRP_UNMET_SOURCE = 1u << 2,       /* no address to send from */
	VRRP_UNMET_SOCKET = 1u << 3,       /* the kernel refused the socket */
	VRRP_UNMET_TRACKED_LINK = 1u << 4, /* a tracked interface is down */
	VRRP_UNMET_GROUP = 1u << 5,        /* another member of the sync group is in FAULT */
	VRRP_UNMET_DISABLED = 1u << 6,     /* configuration or operator */
};
#define VRRP_UNMET_KINDS 7
const char *vrrp_unmet_word(enum vrrp_unmet one); /* "interface-missing", "link-down", ... */

/* One list feeds the enum, the log and the manual. */
#define VRRP_WHYS(X)                                                                               \
	X(STARTUP, "startup", "the instance was started")                                          \
	X(OWNER, "address-owner", "priority 255: active at once")                                  \
	X(ACTIVE_SILENT, "active-silent", "nothing was heard for the active down interval")        \
	X(ACTIVE_RESIGNED, "active-resigned", "the active router sent priority 0")                 \
	X(PREEMPT, "preempt", "the active router's priority is lower than ours")                   \
	X(HIGHER_PRIORITY, "higher-priority", "an advert with a higher priority was heard")        \
	X(HIGHER_ADDRESS, "higher-address", "same priority, but the sender's address is higher")   \
	X(CONDITIONS, "conditions-unmet", "something the instance needs is missing")               \
	X(CONDITIONS_MET, "conditions-met", "everything the instance needs is there again")        \
	X(GROUP, "sync-group", "the sync group moves as one")                                      \
	X(PAUSED, "was-paused", "this process stood still for longer than the others wait")        \
	X(RESUMED, "resumed", "the room was restarted in time and goes on as it was")              \
	X(ADDRESS_TAKEN, "address-removed", "somebody removed an address of ours")                 \
	X(RELOAD, "reload", "the configuration changed")                                           \
	X(STOPPED, "stopped", "the daemon stops")                                                  \
	X(DELETED, "deleted", "the configuration has it no longer")                                \
	X(SUCCESSOR, "successor-heard", "while stopping: another router has taken over")           \
	X(NO_SUCCESSOR, "no-successor", "while stopping: nobody took over in time")

enum vrrp_why {
#define VRRP_WHY_ENUM(name, code, text) VRRP_WHY_##name,
	VRRP_WHYS(VRRP_WHY_ENUM)
#undef VRRP_WHY_ENUM
		VRRP_WHY_KINDS
};
const char *vrrp_why_code(enum vrrp_why why);

enum vrrp_event_type {
	VRRP_EV_STARTUP,    /* once; resume_active: a predecessor was active and the shell has found
			       that it is not too late */
	VRRP_EV_TIMER,      /* owed at vrrp_next_due() */
	VRRP_EV_ADVERT,     /* a valid advert of this virtual router */
	VRRP_EV_CONDITIONS, /* unmet is now this set; may be the same as before */
	VRRP_EV_SOURCE,     /* our primary address is now this one (breaks ties) */
	VRRP_EV_MODEL,      /* a reload: same identity, new model */
	VRRP_EV_SHUTDOWN,   /* leave: priority 0, keep address and forwarding until the successor is
			       heard or the wait is over */
	VRRP_EV_ANNOUNCED,  /* leaving: another router has told the neighbours that every address
			       is its; else: that one of them is */
	VRRP_EV_GROUP,      /* from vrrp_router: take the state `order` because the group moves;
			       active already: speak up as after a lower priority advert */
};

struct vrrp_event {
	enum vrrp_event_type type;
	struct vrrp_advert advert;               /* ADVERT */
	uint32_t unmet;                          /* STARTUP, CONDITIONS */
	bool resume_active;                      /* STARTUP */
	struct hf_addr source;                   /* STARTUP, SOURCE */
	const struct vrrp_instance_model *model; /* MODEL; the old one must live until the call
						    returns */
	enum vrrp_state order;                   /* GROUP */
	enum vrrp_why why;                       /* GROUP, SHUTDOWN (STOPPED or DELETED) */
};

enum vrrp_action_type {
	VRRP_DO_ADVERT,   /* send an advert with `priority` to the group or every peer */
	VRRP_DO_TAKE,     /* addresses (then what depends on them) must be in the kernel */
	VRRP_DO_RELEASE,  /* and out of it */
	VRRP_DO_ANNOUNCE, /* a block of `repeat` rounds of garp/NA for every address */
	VRRP_DO_CHANGE,   /* state went from -> to because of why: log, notify, status */
	VRRP_DO_NOTE,     /* something worth an event without a change of state: see note */
	VRRP_DO_DONE,     /* after SHUTDOWN: nothing is left to do for this instance */
};

enum vrrp_note {
	VRRP_NOTE_RX_LOWER_PRIORITY, /* active, and heard a lower priority advert:
					notify_master_rx_lower_pri */
	VRRP_NOTE_INTERVAL_DIFFERS,  /* v3: the active router's interval is not ours: learned */
	VRRP_NOTE_ADDRESSES_DIFFER,  /* the advert lists other addresses than ours */
	VRRP_NOTE_SAME_ADDRESS,      /* an advert with our own source address: duplicate address or
					reflected */
	VRRP_NOTE_TWO_ACTIVE_BEGIN,  /* another router is active beside us; peer in the action */
	VRRP_NOTE_TWO_ACTIVE_END,
};

struct vrrp_action {
	enum vrrp_action_type type;
	struct vrrp_instance *inst;
	uint8_t priority;
	uint32_t repeat;
	enum vrrp_state from, to;
	enum vrrp_why why;
	enum vrrp_note note;
	struct hf_addr peer; /* whose advert led to it; AF_UNSPEC: nobody's */
	uint8_t peer_priority;
	int64_t silence_ns; /* ACTIVE_SILENT: since the last advert; else 0 */
};

/*
 * A list that grows by doubling up to VRRP_ACTIONS_MAX; the engine never appends more than
 * VRRP_ACTIONS_PER_STEP for one instance in one step. Owned by the shell, reused for every step.
 */
#define VRRP_ACTIONS_PER_STEP 12
#define VRRP_ACTIONS_MAX      (1u << 20)
struct vrrp_actions {
	struct vrrp_action *list;
	size_t n, cap;
};
/* Appends a zeroed action; ends the process when memory or VRRP_ACTIONS_MAX is exhausted, because
 * an action that is lost leaves the kernel in an unknown state. */
struct vrrp_action *vrrp_actions_add(struct vrrp_actions *actions, struct vrrp_instance *inst,
				     enum vrrp_action_type type);
void vrrp_actions_reset(struct vrrp_actions *actions);
void vrrp_actions_free(struct vrrp_actions *actions);

/* The engine counts what it decides (sent, received, own packets); the shell counts the other
 * drops. */
struct vrrp_counters {
	uint64_t advert_rcvd, advert_sent, become_master, release_master;
	uint64_t pri_zero_rcvd, pri_zero_sent;
	uint64_t drops[VRRP_DROP_KINDS]; /* by enum vrrp_drop */
	uint64_t two_active, paused;
};

struct vrrp_instance {
	const struct vrrp_instance_model *model; /* the shell's; replaced by VRRP_EV_MODEL */
	enum vrrp_state state;
	bool leaving; /* SHUTDOWN was seen while active: addresses are kept for the successor */
	enum vrrp_why leave_why; /* leaving: STOPPED or DELETED */
	bool succeeded;          /* leaving: the successor was heard or has announced */
	bool wants_active;       /* backup in a group: the timer has expired, the others have not */
	uint32_t unmet;
	struct hf_addr source; /* our primary address */
	uint8_t effective_priority;
	hf_time adver_due;       /* active only */
	hf_time active_down_due; /* backup only */
	enum vrrp_why down_why;  /* backup: the reason once active_down_due is reached */
	hf_time garp_block_due;  /* second block after taking over */
	hf_time garp_refresh_due;
	hf_time garp_defend_due; /* repeat after another one's announcement; till then once is
				    enough */
	hf_time garp_lower_due;  /* repeat after a lower priority advert */
	hf_time preempt_ok; /* preempt_delay: when preempting becomes allowed; unset: not started */
	hf_time release_due;        /* leaving: when the wait is over */
	hf_time last_sent;          /* our last advert */
	uint32_t answers;           /* to others, since our last regular advert */
	hf_time last_heard;         /* the last accepted advert */
	hf_time since;              /* in this state */
	enum vrrp_why why;          /* the reason of the last change of state */
	uint32_t noted;             /* 1 << enum vrrp_note: said once until the state changes */
	uint32_t active_adver_cs;   /* Active_Adver_Interval (v3: learned) */
	struct hf_addr active_addr; /* who is active as far as we know; ours when we are; AF_UNSPEC:
				       unknown */
	uint8_t active_priority;
	hf_time other_active_seen;  /* two masters: the other one's last advert, */
	hf_time other_active_until; /* and when its silence means that it is gone */
	struct hf_addr other_active_addr;
	uint64_t transitions;
	struct vrrp_counters counters;
	struct vrrp_group *group; /* set by vrrp_router; NULL: alone */
	void *shell;              /* the shell's own data for this instance */
};

/* An interval of adverts as a span of time. */
static inline int64_t
vrrp_advert_ns(uint32_t cs)
{
	return HF_MILLIS(10) * cs;
}

/* Skew_Time for any priority and interval: (256 - priority) / 256 of a second (version 2) or of the
 * interval (version 3). */
int64_t vrrp_skew_for_ns(uint8_t version, uint32_t adver_cs, uint8_t priority);

/* Skew_Time and Active_Down_Interval of 6.1 with the present effective priority and learned
 * interval. */
int64_t vrrp_skew_ns(const struct vrrp_instance *inst);
int64_t vrrp_active_down_interval_ns(const struct vrrp_instance *inst);

/*
 * How long after its last advert a restarted room may still go on as active without listening
 * first: shorter than any peer waits.
 */
int64_t vrrp_resume_limit_ns(const struct vrrp_instance_model *model);

/*
 * How long a leaving active router keeps address and forwarding: at most, for a successor that
 * nobody hears; after its successor's first advert, for its announcements (it may take a while to
 * take the address; IPv6 ones are not heard); after these, for what is under way.
 */
int64_t vrrp_leave_wait_ns(const struct vrrp_instance_model *model);
#define VRRP_LEAVE_TAKING_NS  HF_MILLIS(500)
#define VRRP_LEAVE_TAKING6_NS HF_MILLIS(90)
#define VRRP_LEAVE_LINGER_NS  HF_MILLIS(20)
#define VRRP_LEAVE_SLACK_NS   HF_MILLIS(150) /* for a successor whose machine is busy */

/* From an announcement that answers another router's to its repeat. */
#define VRRP_DEFEND_NS HF_MILLIS(200)

/*
 * An active router answers a lower or resigning one at once, but no more often than this between
 * two regular adverts: a flood of their adverts must not become a flood of ours, of scripts and of
 * announcements.
 */
#define VRRP_ANSWERS_MAX 8

void vrrp_instance_init(struct vrrp_instance *inst, const struct vrrp_instance_model *model);
void vrrp_handle(struct vrrp_instance *inst, const struct vrrp_event *ev, hf_time now,
		 struct vrrp_actions *out);
hf_time vrrp_next_due(const struct vrrp_instance *inst); /* HF_NEVER: no timer */

/* Asserts the invariants that tie the fields together; vrrp_handle() calls it on the way in and
 * out. */
void vrrp_instance_check(const struct vrrp_instance *inst);

#endif
