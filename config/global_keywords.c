/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the root and of global_defs. What follows from their values is in global_complete.c.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"

#define GLOBAL(field) CONF_INTO(struct conf_draft, global.field)

void
check_timing_init(struct check_timing *timing)
{
	*timing = (struct check_timing){ DRAFT_UNSET, DRAFT_UNSET, DRAFT_UNSET, DRAFT_UNSET,
					 DRAFT_UNSET, DRAFT_UNSET, NULL };
}

void
garp_draft_init(struct garp_draft *garp)
{
	*garp = (struct garp_draft){ DRAFT_UNSET, DRAFT_UNSET, DRAFT_UNSET,
				     DRAFT_UNSET, DRAFT_UNSET, DRAFT_UNSET };
}

void
conf_draft_init(struct conf_draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	garp_draft_init(&draft->global.garp);
	draft->global.vrrp_version = 2;
	draft->global.down_timer_adverts = 3;
	draft->global.model.child_wait_ns = 5000000000;
	draft->global.model.control_mode = 0600;
	draft->global.model.control_gid = (gid_t)-1;
	draft->global.mcast_group4 =
		(struct hf_addr){ .family = AF_INET, .bytes = { 224, 0, 0, 18 } };
	draft->global.mcast_group6 =
		(struct hf_addr){ .family = AF_INET6, .bytes = { 0xff, 0x02, [15] = 0x12 } };
}

/* "USER [GROUP]", "USER:GROUP" or "USER:". */
static void
set_script_user(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct global_draft *global = target;
	const char *user = conf_node_arg(node, 1);
	const char *colon = strchr(user, ':');
	const char *group = colon ? colon + 1 : conf_node_arg(node, 2);

	global->script_user = colon ? conf_arena_strn(walk->arena, user, (size_t)(colon - user))
				    : conf_arena_str(walk->arena, user);
	global->script_group = group && *group ? conf_arena_str(walk->arena, group) : NULL;
	global->script_user_place = conf_node_place(node, 1);
}

/* The bits of "IRUSR | IWUSR" and such; false at an unknown name. */
static bool
symbolic_mode(const char *text, mode_t *out)
{
	static const struct {
		const char *name;
		mode_t bits;
	} names[] = {
		{ "IRUSR", 0400 }, { "IWUSR", 0200 }, { "IXUSR", 0100 },
		{ "IRGRP", 0040 }, { "IWGRP", 0020 }, { "IXGRP", 0010 },
		{ "IROTH", 0004 }, { "IWOTH", 0002 }, { "IXOTH", 0001 },
	};

	*out = 0;
	while (*text) {
		size_t len = strcspn(text, "| \t");
		size_t i = 0;

		while (i < HF_COUNT_OF(names) &&
		       (strlen(names[i].name) != len || strncmp(names[i].name, text, len) != 0))
			i++;
		if (i == HF_COUNT_OF(names))
			return false;
		*out |= names[i].bits;
		text += len;
		text += strspn(text, "| \t");
	}
	return true;
}

static bool
octal_mode(const char *text, unsigned long max, mode_t *out)
{
	char *end;

	errno = 0;
	unsigned long value = strtoul(text, &end, 8);
	if (errno || end == text || *end || *text == '-' || value > max)
		return false;
	*out = (mode_t)value;
	return true;
}

static void
set_umask(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct global_model *model = target;
	const char *text = node->raw;
	mode_t bits;

	if (!octal_mode(text, 0777, &bits) && !symbolic_mode(text, &bits)) {
		conf_diag(walk->diags, CONF_ERROR, conf_raw_place(node), "value-syntax",
			  "expected an octal number up to 0777, or names as IWGRP|IWOTH",
			  "umask \"%s\" is not a file mode", text);
		return;
	}
	model->umask_bits = bits;
	model->has_umask = true;
}

static void
set_control_mode(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	mode_t mode;

	if (!octal_mode(conf_node_arg(node, 1), 0777, &mode)) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-syntax",
			  "expected an octal number up to 0777", "\"%s\" is not a file mode",
			  conf_node_arg(node, 1));
		return;
	}
	*(uint32_t *)target = mode;
}

static void
set_control_group(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	const char *name = conf_node_arg(node, 1);
	struct group entry, *found = NULL;
	char text[16384];

	if (getgrnam_r(name, &entry, text, sizeof(text), &found) != 0 || !found) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "group-unknown",
			  "expected the name of a group", "this machine has no group \"%s\"", name);
		return;
	}
	*(gid_t *)target = entry.gr_gid;
}

/* "lvs_flush_on_stop [VS]": both empty the table of what is ours; without VS of everything. */
static void
set_flush_on_stop(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	if (node->n_words > 1 && strcmp(node->words[1].text, "VS") == 0)
		return; /* our own services go in any case */
	conf_extra_words(walk, node, 1);
	*(bool *)target = true;
}

static void
set_mcast_group(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct hf_addr *addr = target;
	bool six = strcmp(node->words[0].text, "vrrp_mcast_group6") == 0;
	struct hf_addr read;

	if (!conf_word_addr(walk, node, 1, NULL, &read))
		return;
	if (read.family != (six ? AF_INET6 : AF_INET) || !hf_addr_is_multicast(&read)) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "not-multicast",
			  six ? "expected an IPv6 multicast address, as ff02::12"
			      : "expected an IPv4 multicast address, as 224.0.0.18",
			  "%s cannot be the group of adverts", node->words[1].text);
		return;
	}
	*addr = read;
}

static void
fifo_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct global_draft *global = target;
	uint64_t kind, uid, gid;

	if (!conf_word_uint(walk, node, 1, "kind", 0, FIFO_KINDS - 1, &kind) ||
	    !conf_word_uint(walk, node, 2, "uid", 0, UINT32_MAX, &uid) ||
	    !conf_word_uint(walk, node, 3, "gid", 0, UINT32_MAX, &gid) || node->n_words < 5)
		return;
	struct fifo_model *fifo = &global->fifos[kind].exact;

	fifo->path = conf_arena_str(walk->arena, node->words[4].text);
	fifo->uid = (uid_t)uid;
	fifo->gid = (gid_t)gid;
}

static void
global_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct script_slot slots[] = {
		{ "notify_fifo_script",
		  offsetof(struct global_draft, fifos[FIFO_ALL].exact.script) },
		{ "vrrp_notify_fifo_script",
		  offsetof(struct global_draft, fifos[FIFO_VRRP].exact.script) },
		{ "lvs_notify_fifo_script",
		  offsetof(struct global_draft, fifos[FIFO_LVS].exact.script) },
	};

	script_exec_read(walk, node, target, slots, HF_COUNT_OF(slots));
}

/* clang-format off */
static const struct conf_keyword global_rows[] = {
	{ "router_id", CONF_STRING, GLOBAL(router_id), .min = 1, .max = 255,
	  .doc = "name of this director (default: the host name)" },
	{ "script_user", CONF_CUSTOM, CONF_INTO(struct conf_draft, global), .min = 1, .max = 2,
	  .set = set_script_user,
	  .doc = "USER [GROUP] that scripts run as (default: keepalived_script if there is such a user, else root)" },
	{ "enable_script_security", CONF_FLAG, GLOBAL(model.script_security), .value = 1,
	  .doc = "refuse scripts that root would run and others may change" },
	{ "startup_script", CONF_SCRIPT, GLOBAL(startup_script),
	  .doc = "command run before anything else starts" },
	{ "shutdown_script", CONF_SCRIPT, GLOBAL(shutdown_script),
	  .doc = "command run after everything else has stopped" },
	{ "umask", CONF_CUSTOM, GLOBAL(model), .min = 1, .max = 32, .set = set_umask,
	  .doc = "file creation mask, octal or as IWGRP|IWOTH; the command line wins" },
	{ "control_socket_mode", CONF_CUSTOM, GLOBAL(model.control_mode), .min = 1, .max = 1,
	  .set = set_control_mode,
	  .doc = "octal mode of the control socket (default: 0600)" },
	{ "control_socket_group", CONF_CUSTOM, GLOBAL(model.control_gid), .min = 1, .max = 1,
	  .set = set_control_group, .doc = "group that owns the control socket" },
	{ "notify_fifo", CONF_SCRIPT, GLOBAL(fifos[FIFO_ALL].path),
	  .doc = "PATH [USER [GROUP]]: named pipe that gets the lines of all changes" },
	{ "notify_fifo_script", CONF_SCRIPT, GLOBAL(fifos[FIFO_ALL].script),
	  .doc = "reader of notify_fifo, started with the path as its last argument" },
	{ "vrrp_notify_fifo", CONF_SCRIPT, GLOBAL(fifos[FIFO_VRRP].path),
	  .doc = "PATH [USER [GROUP]]: named pipe for instances and groups" },
	{ "vrrp_notify_fifo_script", CONF_SCRIPT, GLOBAL(fifos[FIFO_VRRP].script),
	  .doc = "reader of vrrp_notify_fifo" },
	{ "lvs_notify_fifo", CONF_SCRIPT, GLOBAL(fifos[FIFO_LVS].path),
	  .doc = "PATH [USER [GROUP]]: named pipe for virtual and real servers" },
	{ "lvs_notify_fifo_script", CONF_SCRIPT, GLOBAL(fifos[FIFO_LVS].script),
	  .doc = "reader of lvs_notify_fifo" },

	{ "vrrp_version", CONF_UINT, GLOBAL(vrrp_version), .min = 2, .max = 3,
	  .doc = "protocol version of IPv4 instances without a version (default: 2)" },
	{ "vrrp_mcast_group4", CONF_CUSTOM, GLOBAL(mcast_group4), .min = 1, .max = 1,
	  .set = set_mcast_group, .doc = "destination of IPv4 adverts (default: 224.0.0.18)" },
	{ "vrrp_mcast_group6", CONF_CUSTOM, GLOBAL(mcast_group6), .min = 1, .max = 1,
	  .set = set_mcast_group, .doc = "destination of IPv6 adverts (default: ff02::12)" },
	{ "vrrp_strict", CONF_SWITCH, GLOBAL(vrrp_strict),
	  .doc = "hold every instance to the RFC" },
	{ "vrrp_startup_delay", CONF_TIME, GLOBAL(startup_delay_ns), .unit_ns = 1,
	  .min = 1000000, .max = 4294967295000,
	  .doc = "seconds to wait at start before any instance acts" },
	{ "vrrp_down_timer_adverts", CONF_UINT, GLOBAL(down_timer_adverts), .min = 1, .max = 100,
	  .doc = "missed adverts before taking over (default: 3)" },
	{ "vrrp_garp_master_delay", CONF_TIME, GLOBAL(garp.master_delay_ms), .unit_ns = 1000000,
	  .min = 0, .max = 4294000, .flags = CONF_WHOLE,
	  .doc = "seconds from becoming MASTER to the second block of gratuitous ARPs (default: 5)" },
	{ "vrrp_garp_master_repeat", CONF_INT, GLOBAL(garp.master_repeat), .min = 1, .max = 2147483647,
	  .flags = CONF_ZERO_IS_MIN, .doc = "gratuitous ARPs for each address in a block (default: 5)" },
	{ "vrrp_garp_master_refresh", CONF_TIME, GLOBAL(garp.master_refresh_ms), .unit_ns = 1000000,
	  .min = 0, .max = 4294967000, .flags = CONF_WHOLE,
	  .doc = "seconds between refreshes while MASTER (default: 0, never)" },
	{ "vrrp_garp_master_refresh_repeat", CONF_INT, GLOBAL(garp.master_refresh_repeat), .min = 1,
	  .max = 2147483647, .flags = CONF_ZERO_IS_MIN,
	  .doc = "gratuitous ARPs for each address in a refresh (default: 1)" },
	{ "vrrp_garp_lower_prio_delay", CONF_TIME, GLOBAL(garp.lower_prio_delay_ms),
	  .unit_ns = 1000000, .min = 0, .max = 4294000, .flags = CONF_WHOLE,
	  .doc = "seconds to the second block after an advert of lower priority (default: vrrp_garp_master_delay)" },
	{ "vrrp_garp_lower_prio_repeat", CONF_INT, GLOBAL(garp.lower_prio_repeat), .min = 0,
	  .max = 2147483647,
	  .doc = "gratuitous ARPs after an advert of lower priority (default: vrrp_garp_master_repeat)" },
	{ "vrrp_garp_interval", CONF_TIME, GLOBAL(garp_interval_us), .unit_ns = 1000, .min = 0,
	  .max = 4294967295, .doc = "least seconds between two gratuitous ARPs on an interface; 0: none (default)" },
	{ "vrrp_gna_interval", CONF_TIME, GLOBAL(gna_interval_us), .unit_ns = 1000, .min = 0,
	  .max = 4294967295, .doc = "the same for unsolicited neighbour advertisements" },
	{ "vrrp_min_garp", CONF_SWITCH, GLOBAL(min_garp),
	  .doc = "one gratuitous ARP and no second block, where nothing else is set" },
	{ "vrrp_lower_prio_no_advert", CONF_SWITCH, GLOBAL(lower_prio_no_advert),
	  .doc = "do not answer an advert of lower priority" },
	{ "vrrp_higher_prio_send_advert", CONF_SWITCH, GLOBAL(higher_prio_send_advert),
	  .doc = "send an advert before giving way to a higher priority" },
	{ "vrrp_notify_priority_changes", CONF_SWITCH, GLOBAL(notify_priority_changes),
	  .doc = "write changes of the priority to the FIFOs" },

	{ "lvs_flush", CONF_FLAG, GLOBAL(lvs_flush), .value = 1,
	  .doc = "empty the whole IPVS table at start" },
	{ "lvs_flush_on_stop", CONF_CUSTOM, GLOBAL(lvs_flush_on_stop), .min = 0, .max = 1,
	  .set = set_flush_on_stop, .doc = "empty the whole IPVS table at stop (VS: only what is ours)" },
	{ "lvs_flush_onstop", CONF_CUSTOM, GLOBAL(lvs_flush_on_stop), .min = 0, .max = 1,
	  .set = set_flush_on_stop, .doc = "old spelling of lvs_flush_on_stop" },
	{ "rs_init_notifies", CONF_SWITCH, GLOBAL(rs_init_notifies),
	  .doc = "notify real servers that are up from the start" },

	{ "vrrp_fifo", CONF_FLAG, GLOBAL(vrrp_fifo), .value = 1, .flags = CONF_INTERNAL },
	{ "lvs_fifo", CONF_FLAG, GLOBAL(lvs_fifo), .value = 1, .flags = CONF_INTERNAL },
	{ "fifo", CONF_CUSTOM, CONF_INTO(struct conf_draft, global), .min = 4, .max = 4,
	  .flags = CONF_INTERNAL | CONF_REPEATABLE, .set = fifo_read },
	{ "exec", CONF_CUSTOM, CONF_INTO(struct conf_draft, global), .min = 3,
	  .flags = CONF_INTERNAL | CONF_REPEATABLE | CONF_EXTRA_ARGS, .set = global_exec_read },
	{ "allow", CONF_CUSTOM, CONF_INTO(struct conf_draft, global), .min = 4,
	  .flags = CONF_INTERNAL | CONF_REPEATABLE | CONF_EXTRA_ARGS, .set = allowed_script_read },
};

const struct conf_block global_block = {
	.context = "global_defs", .rows = global_rows, .n_rows = HF_COUNT_OF(global_rows),
};

static const struct conf_keyword root_rows[] = {
	{ "global_defs", CONF_BLOCK, .block = &global_block, .flags = CONF_REPEATABLE,
	  .doc = "settings of the whole daemon" },
	{ "vrrp_instance", CONF_BLOCK, .block = &vrrp_instance_block, .min = 1, .max = 1,
	  .flags = CONF_REPEATABLE, .doc = "one virtual router" },
	{ "vrrp_sync_group", CONF_BLOCK, .block = &vrrp_group_block, .min = 1, .max = 1,
	  .flags = CONF_REPEATABLE, .doc = "instances that change state together" },
	{ "virtual_server", CONF_BLOCK, .block = &virtual_server_block, .min = 1, .max = 2,
	  .flags = CONF_REPEATABLE, .doc = "one IPVS service: ADDRESS PORT, or fwmark NUMBER" },
	{ "net_namespace", CONF_STRING, GLOBAL(model.net_namespace), .min = 1, .max = 255,
	  .doc = "network namespace to run in" },
	{ "instance", CONF_STRING, GLOBAL(model.instance), .min = 1, .max = 63,
	  .doc = "name of this daemon, where several run" },
	{ "child_wait_time", CONF_TIME, GLOBAL(model.child_wait_ns), .unit_ns = 1, .min = 0,
	  .max = 4294967295000000000, .flags = CONF_WHOLE,
	  .doc = "seconds that the rooms get to leave at stop (default: 5)" },
};

const struct conf_block conf_root_block = {
	.context = "", .rows = root_rows, .n_rows = HF_COUNT_OF(root_rows),
};
/* clang-format on */
