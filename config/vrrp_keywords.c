/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of vrrp_instance and vrrp_sync_group. The lines of virtual_ipaddress are read in
 * vrrp_address.c; what follows from the values is in vrrp_complete.c.
 */
#include <string.h>

#include "config/draft.h"

#define INSTANCE(field) CONF_INTO(struct vrrp_instance_draft, field)
#define GROUP(field)    CONF_INTO(struct vrrp_group_draft, field)
#define NOTIFY_SLOT(type, kw, field)                                                               \
	{                                                                                          \
		kw, offsetof(type, model.notify.field)                                             \
	}

static bool
name_fits(struct conf_walk *walk, const struct conf_node *node, char name[VRRP_NAME_MAX])
{
	size_t len = strlen(node->words[1].text);

	if (len == 0 || len >= VRRP_NAME_MAX) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-length",
			  "expected 1 to 63 bytes", "the name has %zu bytes", len);
		return false;
	}
	/* A line of a FIFO has it in the middle. */
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)node->words[1].text[i];

		if (byte < ' ' || byte == 0x7f) {
			conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-syntax",
				  "expected no control characters",
				  "the name has a byte 0x%02x in it", byte);
			return false;
		}
	}
	memcpy(name, node->words[1].text, len + 1);
	return true;
}

static void *
instance_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	struct conf_draft *draft = parent;
	struct vrrp_instance_draft *inst = conf_arena_alloc(walk->arena, sizeof(*inst));

	if (!name_fits(walk, node, inst->model.name))
		return NULL;
	inst->place = conf_node_place(node, 1);
	inst->strict = DRAFT_UNSET;
	inst->lower_prio_no_advert = DRAFT_UNSET;
	inst->higher_prio_send_advert = DRAFT_UNSET;
	inst->notify_priority_changes = DRAFT_UNSET;
	inst->model.preempt = true;
	inst->model.accept = true;
	inst->model.group_index = SIZE_MAX;
	garp_draft_init(&inst->garp);
	draft->instances = conf_arena_grow(walk->arena, draft->instances, draft->n_instances,
					   sizeof(struct vrrp_instance_draft *));
	draft->instances[draft->n_instances++] = inst;
	return inst;
}

static void *
group_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	struct conf_draft *draft = parent;
	struct vrrp_group_draft *group = conf_arena_alloc(walk->arena, sizeof(*group));

	if (!name_fits(walk, node, group->model.name))
		return NULL;
	group->place = conf_node_place(node, 1);
	group->notify_priority_changes = DRAFT_UNSET;
	draft->groups = conf_arena_grow(walk->arena, draft->groups, draft->n_groups,
					sizeof(struct vrrp_group_draft *));
	draft->groups[draft->n_groups++] = group;
	return group;
}

/* "group { NAME NAME ... }", names spread over lines at will. */
static void
group_line(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct vrrp_group_draft *group = target;

	for (size_t i = 0; i < node->n_words; i++) {
		group->members = conf_arena_grow(walk->arena, group->members, group->n_members,
						 sizeof(*group->members));
		group->members[group->n_members++] = (struct vrrp_member_draft){
			.name = conf_arena_str(walk->arena, node->words[i].text),
			.place = conf_node_place(node, i),
		};
	}
}

static const struct conf_block members_block = { .context = "vrrp_sync_group/group",
						 .line = group_line };

/* "unicast_peer { ADDRESS [min_ttl N] [max_ttl N] }" */
static void
peer_line(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct vrrp_instance_draft *inst = target;
	struct vrrp_peer_draft peer = { .place = conf_node_place(node, 0) };

	inst->unicast_given = true;
	if (!conf_word_addr(walk, node, 0, "unicast peer", &peer.addr))
		return;
	for (size_t i = 1; i < node->n_words; i++) {
		const char *word = node->words[i].text;

		if (strcmp(word, "min_ttl") != 0 && strcmp(word, "max_ttl") != 0) {
			conf_extra_words(walk, node, i);
			break;
		}
		conf_not_supported(walk, node, i++);
	}
	inst->peers = conf_arena_grow(walk->arena, inst->peers, inst->n_peers, sizeof(peer));
	inst->peers[inst->n_peers++] = peer;
}

static const struct conf_block peers_block = { .context = "vrrp_instance/unicast_peer",
					       .line = peer_line };

/* Only interfaces whose loss is a fault: with a weight they would change the priority instead. */
static void
track_line(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct vrrp_instance_draft *inst = target;
	struct ifname_draft tracked = { .place = conf_node_place(node, 0) };

	if (!conf_word_ifname(walk, node, 0, "interface", tracked.name))
		return;
	if (node->n_words > 1 && strcmp(node->words[1].text, "weight") == 0) {
		int64_t weight = 0;

		if (!conf_word_int(walk, node, 2, "weight", -253, 253, &weight))
			return;
		if (weight != 0) {
			conf_diag(walk->diags, CONF_WARNING, conf_node_place(node, 1),
				  "keyword-unsupported", NULL,
				  "track_interface with a weight is not supported yet: %s is not "
				  "tracked",
				  tracked.name);
			return;
		}
	} else if (node->n_words > 1) {
		conf_extra_words(walk, node, 1);
	}
	inst->tracked =
		conf_arena_grow(walk->arena, inst->tracked, inst->n_tracked, sizeof(tracked));
	inst->tracked[inst->n_tracked++] = tracked;
}

static const struct conf_block track_block = { .context = "vrrp_instance/track_interface",
					       .line = track_line };

static const struct conf_block addresses_block = {
	.context = "vrrp_instance/virtual_ipaddress",
	.line = vrrp_address_line,
};
static const struct conf_block excluded_block = {
	.context = "vrrp_instance/virtual_ipaddress_excluded",
	.line = vrrp_address_line,
};

static void
set_authentication(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	(void)target;
	conf_diag(
		walk->diags, CONF_WARNING, conf_keyword_place(node), "authentication-unsupported",
		NULL,
		"authentication is not supported yet: adverts are sent unauthenticated, and peers "
		"that ask for it will refuse them");
}

static void
set_mcast_dst(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct hf_addr *group = target;

	if (!hf_addr_is_multicast(group)) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "not-multicast",
			  "expected a multicast address, as 224.0.0.18 or ff02::12",
			  "%s cannot be the group of adverts", node->words[1].text);
		*group = (struct hf_addr){ .family = AF_UNSPEC };
	}
}

/* A bare "notify_deleted" only asks for the word DELETED, which is always used. */
static void
set_notify_deleted(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	if (node->n_words > 1)
		(void)conf_word_script(walk, node, target);
}

static void
instance_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct script_slot slots[] = {
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify_master", master),
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify_backup", backup),
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify_fault", fault),
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify_stop", stop),
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify_deleted", deleted),
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify", any),
		NOTIFY_SLOT(struct vrrp_instance_draft, "notify_master_rx_lower_pri",
			    master_rx_lower_pri),
	};

	script_exec_read(walk, node, target, slots, HF_COUNT_OF(slots));
}

static void
group_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct script_slot slots[] = {
		NOTIFY_SLOT(struct vrrp_group_draft, "notify_master", master),
		NOTIFY_SLOT(struct vrrp_group_draft, "notify_backup", backup),
		NOTIFY_SLOT(struct vrrp_group_draft, "notify_fault", fault),
		NOTIFY_SLOT(struct vrrp_group_draft, "notify_stop", stop),
		NOTIFY_SLOT(struct vrrp_group_draft, "notify", any),
	};

	script_exec_read(walk, node, target, slots, HF_COUNT_OF(slots));
}

static const struct conf_choice states[] = {
	{ "MASTER", STATE_MASTER },
	{ "BACKUP", STATE_BACKUP },
	{ NULL, 0 },
};

/* clang-format off */
static const struct conf_keyword instance_rows[] = {
	{ "state", CONF_CHOICE, INSTANCE(state), .choices = states,
	  .doc = "MASTER or BACKUP: what to be at start (default: MASTER with priority 255, else BACKUP)" },
	{ "interface", CONF_IFNAME, INSTANCE(model.ifname),
	  .doc = "interface that adverts and addresses are on" },
	{ "virtual_router_id", CONF_UINT, INSTANCE(model.vrid), .min = 1, .max = 255,
	  .doc = "identifier shared by the routers of a group" },
	{ "priority", CONF_UINT, INSTANCE(model.priority), .min = 1, .max = 255,
	  .doc = "255 is the address owner (default: 100)" },
	{ "advert_int", CONF_TIME, INSTANCE(advert_ns), .unit_ns = 1, .min = 10000000,
	  .max = 255000000000,
	  .doc = "seconds between adverts: version 2 whole ones, version 3 0.01 to 40.95 (default: 1)" },
	{ "version", CONF_UINT, INSTANCE(model.version), .min = 2, .max = 3,
	  .doc = "VRRP version (default: IPv6 3, IPv4 vrrp_version)" },
	{ "preempt", CONF_FLAG, INSTANCE(model.preempt), .value = 1,
	  .doc = "take over from a MASTER of lower priority (default)" },
	{ "nopreempt", CONF_FLAG, INSTANCE(model.preempt), .value = 0,
	  .doc = "leave a MASTER of lower priority alone; needs state BACKUP" },
	{ "preempt_delay", CONF_TIME, INSTANCE(model.preempt_delay_ns), .unit_ns = 1, .min = 0,
	  .max = 1000000000000, .doc = "seconds to wait before taking over from a lower priority" },
	{ "unicast_src_ip", CONF_ADDR, INSTANCE(model.source),
	  .doc = "source of unicast adverts (default: the interface's first address)" },
	{ "mcast_src_ip", CONF_ADDR, INSTANCE(model.source),
	  .doc = "source of multicast adverts (default: the interface's first address)" },
	{ "mcast_dst_ip", CONF_ADDR, INSTANCE(mcast_group), .set = set_mcast_dst,
	  .doc = "multicast group of this instance" },
	{ "unicast_peer", CONF_BLOCK, .block = &peers_block, .flags = CONF_REPEATABLE,
	  .doc = "addresses to send adverts to instead of multicast" },
	{ "virtual_ipaddress", CONF_BLOCK, INSTANCE(addresses), .block = &addresses_block,
	  .flags = CONF_REPEATABLE,
	  .doc = "addresses to hold while MASTER: ADDRESS[/BITS] [brd ADDRESS|+|-] [dev IF] [scope S] [label L] [peer ADDRESS] [no_track]" },
	{ "virtual_ipaddress_excluded", CONF_BLOCK, INSTANCE(excluded), .block = &excluded_block,
	  .flags = CONF_REPEATABLE, .doc = "addresses to hold too, but not to name in adverts" },
	{ "no_virtual_ipaddress", CONF_FLAG, INSTANCE(no_addresses_wanted), .value = 1,
	  .doc = "no complaint when there are no addresses" },
	{ "native_ipv6", CONF_FLAG, INSTANCE(native_ipv6), .value = 1,
	  .doc = "an IPv6 instance, whatever its addresses" },
	{ "dont_track_primary", CONF_FLAG, INSTANCE(model.dont_track_primary), .value = 1,
	  .doc = "the interface going down is no fault" },
	{ "track_interface", CONF_BLOCK, .block = &track_block, .flags = CONF_REPEATABLE,
	  .doc = "other interfaces that have to be up" },
	{ "strict_mode", CONF_SWITCH, INSTANCE(strict),
	  .doc = "hold this instance to the RFC (default: vrrp_strict)" },
	{ "accept", CONF_FLAG, INSTANCE(model.accept), .value = 1,
	  .doc = "accept packets for the addresses (default)" },
	{ "lower_prio_no_advert", CONF_SWITCH, INSTANCE(lower_prio_no_advert),
	  .doc = "do not answer an advert of lower priority" },
	{ "higher_prio_send_advert", CONF_SWITCH, INSTANCE(higher_prio_send_advert),
	  .doc = "send an advert before giving way to a higher priority" },
	{ "down_timer_adverts", CONF_UINT, INSTANCE(model.down_timer_adverts), .min = 1,
	  .max = 100, .doc = "missed adverts before taking over (default: vrrp_down_timer_adverts)" },
	{ "notify_priority_changes", CONF_SWITCH, INSTANCE(notify_priority_changes),
	  .doc = "write changes of the priority to the FIFOs" },
	{ "authentication", CONF_CUSTOM, .min = 0, .max = 0, .flags = CONF_BLOCK_OPTIONAL,
	  .set = set_authentication, .doc = "not supported yet: adverts are sent unauthenticated" },

	{ "garp_master_delay", CONF_TIME, INSTANCE(garp.master_delay_ms), .unit_ns = 1000000,
	  .min = 0, .max = 4294000, .flags = CONF_WHOLE,
	  .doc = "seconds to the second block of gratuitous ARPs" },
	{ "garp_master_repeat", CONF_INT, INSTANCE(garp.master_repeat), .min = 1,
	  .max = 2147483647, .flags = CONF_ZERO_IS_MIN,
	  .doc = "gratuitous ARPs for each address in a block" },
	{ "garp_master_refresh", CONF_TIME, INSTANCE(garp.master_refresh_ms), .unit_ns = 1000000,
	  .min = 0, .max = 4294967000, .flags = CONF_WHOLE,
	  .doc = "seconds between refreshes while MASTER" },
	{ "garp_master_refresh_repeat", CONF_INT, INSTANCE(garp.master_refresh_repeat), .min = 1,
	  .max = 2147483647, .flags = CONF_ZERO_IS_MIN,
	  .doc = "gratuitous ARPs for each address in a refresh" },
	{ "garp_lower_prio_delay", CONF_TIME, INSTANCE(garp.lower_prio_delay_ms),
	  .unit_ns = 1000000, .min = 0, .max = 4294000, .flags = CONF_WHOLE,
	  .doc = "seconds to the second block after an advert of lower priority" },
	{ "garp_lower_prio_repeat", CONF_INT, INSTANCE(garp.lower_prio_repeat), .min = 0,
	  .max = 2147483647, .doc = "gratuitous ARPs after an advert of lower priority" },

	{ "notify_master", CONF_SCRIPT, INSTANCE(notify.master), .flags = CONF_FIRST_WINS,
	  .doc = "run on entering MASTER" },
	{ "notify_backup", CONF_SCRIPT, INSTANCE(notify.backup), .flags = CONF_FIRST_WINS,
	  .doc = "run on entering BACKUP" },
	{ "notify_fault", CONF_SCRIPT, INSTANCE(notify.fault), .flags = CONF_FIRST_WINS,
	  .doc = "run on entering FAULT" },
	{ "notify_stop", CONF_SCRIPT, INSTANCE(notify.stop), .flags = CONF_FIRST_WINS,
	  .doc = "run when the daemon stops" },
	{ "notify_deleted", CONF_CUSTOM, INSTANCE(notify.deleted), .min = 0,
	  .flags = CONF_FIRST_WINS | CONF_EXTRA_ARGS, .set = set_notify_deleted,
	  .doc = "run when a reload has removed the instance" },
	{ "notify", CONF_SCRIPT, INSTANCE(notify.any), .flags = CONF_FIRST_WINS,
	  .doc = "run on every change with INSTANCE NAME STATE PRIORITY" },
	{ "notify_master_rx_lower_pri", CONF_SCRIPT, INSTANCE(notify.master_rx_lower_pri),
	  .flags = CONF_FIRST_WINS, .doc = "run when a MASTER hears a lower priority" },

	{ "family", CONF_UINT, INSTANCE(model.family), .min = 0, .max = 255, .flags = CONF_INTERNAL },
	{ "advert_cs", CONF_UINT, INSTANCE(model.advert_cs), .min = 0, .max = 65535, .flags = CONF_INTERNAL },
	{ "start_as_active", CONF_SWITCH, INSTANCE(model.start_as_active), .flags = CONF_INTERNAL },
	{ "accepting", CONF_SWITCH, INSTANCE(model.accept), .flags = CONF_INTERNAL },
	{ "garp_interval_us", CONF_UINT, INSTANCE(model.garp.interval_us), .min = 0, .max = INT64_MAX,
	  .flags = CONF_INTERNAL },
	{ "exec", CONF_CUSTOM, .min = 3, .flags = CONF_INTERNAL | CONF_REPEATABLE | CONF_EXTRA_ARGS,
	  .set = instance_exec_read },
};

const struct conf_block vrrp_instance_block = {
	.context = "vrrp_instance", .rows = instance_rows, .n_rows = HF_COUNT_OF(instance_rows),
	.open = instance_open, .has_seen = true,
	.seen_offset = offsetof(struct vrrp_instance_draft, seen),
};

static const struct conf_keyword group_rows[] = {
	{ "group", CONF_BLOCK, .block = &members_block, .flags = CONF_REPEATABLE,
	  .doc = "names of the instances" },
	{ "notify_master", CONF_SCRIPT, GROUP(notify.master), .flags = CONF_FIRST_WINS,
	  .doc = "run on entering MASTER" },
	{ "notify_backup", CONF_SCRIPT, GROUP(notify.backup), .flags = CONF_FIRST_WINS,
	  .doc = "run on entering BACKUP" },
	{ "notify_fault", CONF_SCRIPT, GROUP(notify.fault), .flags = CONF_FIRST_WINS,
	  .doc = "run on entering FAULT" },
	{ "notify_stop", CONF_SCRIPT, GROUP(notify.stop), .flags = CONF_FIRST_WINS,
	  .doc = "run when the daemon stops" },
	{ "notify", CONF_SCRIPT, GROUP(notify.any), .flags = CONF_FIRST_WINS,
	  .doc = "run on every change with GROUP NAME STATE 0" },
	{ "notify_priority_changes", CONF_SWITCH, GROUP(notify_priority_changes),
	  .doc = "default of the members" },
	{ "exec", CONF_CUSTOM, .min = 3, .flags = CONF_INTERNAL | CONF_REPEATABLE | CONF_EXTRA_ARGS,
	  .set = group_exec_read },
};

const struct conf_block vrrp_group_block = {
	.context = "vrrp_sync_group", .rows = group_rows, .n_rows = HF_COUNT_OF(group_rows),
	.open = group_open,
};
/* clang-format on */
