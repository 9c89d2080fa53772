/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the keyword rows fill while a configuration is read: each draft holds the model that it is
 * to become, and beside it what only the reading needs (places, texts that must be looked up,
 * values that others inherit). *_complete.c turns drafts into models. Private to config/.
 */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "config/config.h"
#include "config/keyword.h"

enum { DRAFT_UNSET = -1 }; /* of signed fields that another level may set instead */

/* ---- global_defs ---- */

struct fifo_draft {
	struct conf_script_line path; /* its command is the path, not split into words */
	struct conf_script_line script;
	struct fifo_model exact; /* from plain text */
};

/* -1: not set. Those of an instance win over those of global_defs. */
struct garp_draft {
	int64_t master_delay_ms, master_repeat, master_refresh_ms, master_refresh_repeat;
	int64_t lower_prio_delay_ms, lower_prio_repeat;
};

struct global_draft {
	struct global_model model;
	const char *router_id;
	struct conf_script_line startup_script, shutdown_script;
	const char *script_user, *script_group; /* NULL: not given */
	struct conf_place script_user_place;
	struct fifo_draft fifos[FIFO_KINDS];
	bool vrrp_fifo, lvs_fifo;       /* some FIFO wants lines of that room */
	struct allowed_script *allowed; /* from plain text */
	size_t n_allowed;
	/* vrrp */
	uint8_t vrrp_version;
	struct hf_addr mcast_group4, mcast_group6;
	bool vrrp_strict, min_garp, lower_prio_no_advert, higher_prio_send_advert;
	bool notify_priority_changes;
	uint8_t down_timer_adverts;
	int64_t startup_delay_ns;
	struct garp_draft garp;
	uint64_t garp_interval_us, gna_interval_us;
	/* checker */
	bool lvs_flush, lvs_flush_on_stop, rs_init_notifies;
};

/* ---- vrrp ---- */

struct notify_draft {
	struct conf_script_line master, backup, fault, stop, deleted, any, master_rx_lower_pri;
};

struct vrrp_address_draft {
	struct vrrp_address_model model;
	struct conf_place place;
};

struct vrrp_address_list {
	struct vrrp_address_draft *items;
	size_t n;
};

struct vrrp_peer_draft {
	struct hf_addr addr;
	struct conf_place place;
};

struct ifname_draft {
	char name[IFNAMSIZ];
	struct conf_place place;
};

enum vrrp_state_draft { STATE_UNSET, STATE_MASTER, STATE_BACKUP };

struct vrrp_instance_draft {
	struct vrrp_instance_model model; /* 0 in vrid, priority, version, ...: not set */
	struct conf_place place;          /* of its name */
	struct conf_seen_list seen;
	enum vrrp_state_draft state;
	int64_t advert_ns;
	int8_t strict, lower_prio_no_advert, higher_prio_send_advert, notify_priority_changes;
	bool native_ipv6, no_addresses_wanted;
	struct hf_addr mcast_group;
	struct garp_draft garp;
	struct vrrp_peer_draft *peers;
	size_t n_peers;
	bool unicast_given;
	struct vrrp_address_list addresses, excluded;
	struct ifname_draft *tracked;
	size_t n_tracked;
	struct notify_draft notify;
};

struct vrrp_member_draft {
	const char *name;
	struct conf_place place;
	size_t index; /* into the instances, after completion */
};

struct vrrp_group_draft {
	struct vrrp_group_model model;
	struct conf_place place;
	struct vrrp_member_draft *members;
	size_t n_members;
	int8_t notify_priority_changes;
	struct notify_draft notify;
};

/* ---- checker ---- */

/* What a check takes from itself, else the real server, else the virtual server. -1: not set. */
struct check_timing {
	int64_t delay_loop_ns, delay_before_retry_ns, warmup_ns, connect_timeout_ns;
	int64_t retry;
	int8_t alpha;
	const char *virtualhost;
};

struct check_draft {
	struct check_model model;
	struct check_timing own;
	struct conf_place place;
	struct check_url *urls;
	size_t n_urls;
};

struct forwarding_draft {
	bool given;
	enum check_forwarding forwarding;
	struct check_tunnel tunnel;
};

struct real_draft {
	struct real_server_model model;
	struct conf_place place; /* of its address */
	bool port_given;
	uint16_t written_port; /* what its checks connect to, whatever IPVS gets */
	int64_t weight;        /* -1: the virtual server's */
	int8_t inhibit;
	struct forwarding_draft forwarding;
	struct check_timing own;
	struct conf_script_line notify_up, notify_down;
	struct check_draft *checks;
	size_t n_checks;
};

struct virtual_draft {
	struct virtual_server_model model;
	struct conf_place place; /* of its address */
	struct conf_seen_list seen;
	struct forwarding_draft forwarding, sorry_forwarding;
	bool inhibit;
	uint32_t weight;
	uint32_t generic_flags, sh_flags, mh_flags;
	struct hf_addr granularity_mask; /* AF_UNSPEC: bits or none */
	struct check_timing own;
	struct conf_script_line quorum_up, quorum_down;
	struct real_draft sorry;
	struct real_draft *real;
	size_t n_real;
};

/* ---- all of it ---- */

/* A virtual server is completed and assembled when its block ends, so that only one draft is in
 * memory at a time; what needs the whole text is kept for later. */
struct virtual_done {
	struct virtual_server_model *model;
	struct conf_place place;
};

struct script_pending {
	struct conf_script_line line;
	const char *keyword;
	struct script_model *model; /* to be filled */
};

struct conf_draft {
	struct global_draft global;
	struct vrrp_instance_draft **instances;
	size_t n_instances;
	struct vrrp_group_draft **groups;
	size_t n_groups;
	struct virtual_done *virtual_servers;
	size_t n_virtual;
	bool needs_raw; /* of the checker */
	struct script_pending *scripts;
	size_t n_scripts;
};

/* Fills in what is not zero by default. */
void conf_draft_init(struct conf_draft *draft);
void check_timing_init(struct check_timing *timing);
void garp_draft_init(struct garp_draft *garp);

/* The tables. The root's rows fill a struct conf_draft. */
extern const struct conf_block conf_root_block;
extern const struct conf_block global_block;
extern const struct conf_block vrrp_instance_block;
extern const struct conf_block vrrp_group_block;
extern const struct conf_block virtual_server_block;
extern const struct conf_block tcp_check_block;
extern const struct conf_block http_get_block;

/* Lines of virtual_ipaddress and its sister: appends to the struct vrrp_address_list target. */
void vrrp_address_line(struct conf_walk *walk, const struct conf_node *node, void *target);

/* Reads "ADDRESS [PORT]" of the node from word on; false with a diagnostic. */
bool conf_word_endpoint(struct conf_walk *walk, const struct conf_node *node, size_t word,
			struct hf_addr *addr, uint16_t *port, bool *port_given);

/*
 * Plain text only: "exec KEYWORD UID GID WORD..." into the script of that name. scripts lists the
 * names that the block has, and where they are in target.
 */
struct script_slot {
	const char *keyword;
	size_t offset; /* of a struct script_model in the target */
};
void script_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target,
		      const struct script_slot *slots, size_t n_slots);
void script_exec_print(FILE *out, const char *indent, const char *keyword,
		       const struct script_model *script);

/* ---- completion ---- */

struct script_resolver;

/* Also what walk->user points to. */
struct conf_completion {
	struct conf_draft *draft;
	struct conf_diags *diags;
	struct conf_arena *arena;   /* what the models keep */
	struct conf_arena *scratch; /* of the virtual server that is being read */
	bool check_system;
	bool plain; /* the text is complete: nothing is to be corrected */
	struct script_resolver *scripts;
};

/* Each applies the rules of its part, reporting every correction. */
void global_complete(struct conf_completion *c);
void vrrp_complete(struct conf_completion *c);
void vrrp_group_complete(struct conf_completion *c); /* called by vrrp_complete() */
void checker_complete(struct conf_completion *c);

/* Called when the block of a virtual server ends: completes it, unless the text is plain. False:
 * it is to be left out. */
bool virtual_complete(struct conf_completion *c, struct virtual_draft *vs);

/* Appends it to the draft's virtual_servers. */
void virtual_assemble(struct conf_completion *c, const struct virtual_draft *vs);

/* Called by virtual_complete(); a check whose connect_port is 0 afterwards cannot be made. */
void check_complete(struct conf_completion *c, const struct virtual_draft *vs,
		    const struct real_draft *real, struct check_draft *check);

/* Contradictions between instances, and of instances with this machine. */
void vrrp_check(struct conf_completion *c);

/* Fill in the names, from addresses, ports, protocol and mark. */
void virtual_server_name(struct virtual_server_model *vs);
void real_server_name(const struct virtual_server_model *vs, struct real_server_model *real);

/* From completed drafts to models in the arena. */
struct global_model *global_assemble(struct conf_draft *draft, struct conf_arena *arena);
struct runner_model *runner_assemble(struct conf_draft *draft, struct conf_arena *arena);

/* Fills in the scripts that the runner may run: those of both rooms. */
void runner_allow_scripts(struct runner_model *model, const struct vrrp_model *vrrp,
			  const struct checker_model *checker, struct conf_arena *arena);

/* Plain text only: "allow ASKER UID GID WORD...". */
void allowed_script_read(struct conf_walk *walk, const struct conf_node *node, void *target);
void allowed_script_print(FILE *out, const char *indent, const struct allowed_script *allowed);
struct vrrp_model *vrrp_assemble(struct conf_draft *draft, struct conf_arena *arena);
struct checker_model *checker_assemble(struct conf_draft *draft, struct conf_arena *arena);

/* Reads what a printer wrote. Returns the arena that holds *draft, or NULL with why filled. */
struct conf_arena *conf_read_plain(const char *text, size_t len, struct conf_draft **draft,
				   char why[512]);

#endif
