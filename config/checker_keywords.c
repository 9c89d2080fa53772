/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of virtual_server and real_server. Those of the checks are in check_keywords.c; what
 * follows from the values, in checker_complete.c.
 */
#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <string.h>

#include "config/draft.h"

#define VIRTUAL(field) CONF_INTO(struct virtual_draft, field)
#define REAL(field)    CONF_INTO(struct real_draft, field)

#define PERSISTENCE_MAX_S 2678400

bool
conf_word_endpoint(struct conf_walk *walk, const struct conf_node *node, size_t word,
		   struct hf_addr *addr, uint16_t *port, bool *port_given)
{
	uint64_t number = 0;

	if (!conf_word_addr(walk, node, word, "address", addr))
		return false;
	*port_given = node->n_words > word + 1;
	if (*port_given && !conf_word_uint(walk, node, word + 1, "port", 0, 65535, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static void *
virtual_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	struct conf_completion *c = walk->user;
	struct virtual_draft *vs = conf_arena_alloc(c->scratch, sizeof(*vs));
	uint64_t mark = 0;
	bool port_given;

	if (strcmp(node->words[1].text, "group") == 0) {
		conf_not_supported(walk, node, 1);
		return NULL;
	}
	if (strcmp(node->words[1].text, "fwmark") == 0) {
		if (!conf_word_uint(walk, node, 2, "fwmark", 1, UINT32_MAX, &mark))
			return NULL;
		vs->model.fwmark = (uint32_t)mark;
	} else if (!conf_word_endpoint(walk, node, 1, &vs->model.addr, &vs->model.port,
				       &port_given)) {
		return NULL;
	}
	vs->place = conf_node_place(node, mark ? 2 : 1);
	vs->weight = 1;
	vs->model.quorum = 1;
	check_timing_init(&vs->own);
	return vs;
}

static void
virtual_close(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct conf_completion *c = walk->user;

	/* Without its "}" it is not all there, and would only be blamed for what it lacks. */
	if (node->end_line > 0 && virtual_complete(c, target))
		virtual_assemble(c, target);
	conf_arena_reset(c->scratch);
}

static void
real_init(struct real_draft *real, const struct conf_node *node)
{
	real->place = conf_node_place(node, 1);
	real->weight = DRAFT_UNSET;
	real->inhibit = DRAFT_UNSET;
	check_timing_init(&real->own);
}

static void *
real_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	struct conf_completion *c = walk->user;
	struct virtual_draft *vs = parent;
	struct real_draft real = { 0 };

	real_init(&real, node);
	if (!conf_word_endpoint(walk, node, 1, &real.model.addr, &real.model.port,
				&real.port_given))
		return NULL;
	real.written_port = real.model.port;
	vs->real = conf_arena_grow(c->scratch, vs->real, vs->n_real, sizeof(real));
	vs->real[vs->n_real] = real;
	return &vs->real[vs->n_real++];
}

static void
set_sorry(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct virtual_draft *vs = target;
	struct real_draft sorry = { 0 };

	real_init(&sorry, node);
	if (!conf_word_endpoint(walk, node, 1, &sorry.model.addr, &sorry.model.port,
				&sorry.port_given))
		return;
	sorry.written_port = sorry.model.port;
	vs->sorry = sorry;
	vs->model.has_sorry = true;
}

static const struct conf_choice schedulers[] = {
	{ "rr", 0 },  { "wrr", 0 }, { "lc", 0 },    { "wlc", 0 },  { "lblc", 0 },
	{ "sh", 0 },  { "mh", 0 },  { "dh", 0 },    { "fo", 0 },   { "ovf", 0 },
	{ "sed", 0 }, { "nq", 0 },  { "lblcr", 0 }, { "twos", 0 }, { NULL, 0 },
};

static void
set_scheduler(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct virtual_draft *vs = target;
	int64_t ignored;

	if (conf_word_choice(walk, node, 1, "scheduler", schedulers, &ignored))
		snprintf(vs->model.scheduler, sizeof(vs->model.scheduler), "%s",
			 node->words[1].text);
}

/* Words behind "TUN". */
static bool
tunnel_words(struct conf_walk *walk, const struct conf_node *node, struct check_tunnel *tunnel)
{
	static const struct conf_choice types[] = {
		{ "ipip", IP_VS_CONN_F_TUNNEL_TYPE_IPIP },
		{ "gue", IP_VS_CONN_F_TUNNEL_TYPE_GUE },
		{ "gre", IP_VS_CONN_F_TUNNEL_TYPE_GRE },
		{ NULL, 0 },
	};
	static const struct conf_choice words[] = {
		{ "nocsum", IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM },
		{ "csum", IP_VS_TUNNEL_ENCAP_FLAG_CSUM },
		{ "remcsum", IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM },
		{ "type", -1 },
		{ "port", -2 },
		{ NULL, 0 },
	};

	for (size_t i = 2; i < node->n_words; i++) {
		int64_t what, type = 0;
		uint64_t port = 0;

		if (!conf_word_choice(walk, node, i, "tunnel option", words, &what))
			return false;
		if (what == -1 && !conf_word_choice(walk, node, i + 1, "tunnel type", types, &type))
			return false;
		if (what == -2 && !conf_word_uint(walk, node, i + 1, "port", 1, 65535, &port))
			return false;
		if (what >= 0)
			tunnel->flags = (uint16_t)what;
		else if (what == -1)
			tunnel->type = (uint8_t)type;
		else
			tunnel->port = (uint16_t)port;
		i += what < 0;
	}
	return true;
}

static void
set_forwarding(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct conf_choice kinds[] = {
		{ "NAT", CHECK_MASQ }, { "DR", CHECK_DROUTE }, { "TUN", CHECK_TUNNEL }, { NULL, 0 }
	};
	struct forwarding_draft read = { .given = true };
	int64_t kind;

	if (!conf_word_choice(walk, node, 1, "forwarding method", kinds, &kind))
		return;
	read.forwarding = (enum check_forwarding)kind;
	if (read.forwarding == CHECK_TUNNEL && !tunnel_words(walk, node, &read.tunnel))
		return;
	if (read.forwarding != CHECK_TUNNEL && node->n_words > 2)
		conf_extra_words(walk, node, 2);
	if (read.tunnel.type == IP_VS_CONN_F_TUNNEL_TYPE_GUE && read.tunnel.port == 0) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "tunnel-port-missing",
			  "add \"port 1..65535\"", "a gue tunnel needs a port");
		return;
	}
	*(struct forwarding_draft *)target = read;
}

/* The flags of a service that mean different things to each scheduler. */
static void
set_sched_flag(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct virtual_draft *vs = target;
	const char *name = node->words[0].text;

	(void)walk;
	if (strcmp(name, "flag-1") == 0)
		vs->generic_flags |= IP_VS_SVC_F_SCHED1;
	else if (strcmp(name, "flag-2") == 0)
		vs->generic_flags |= IP_VS_SVC_F_SCHED2;
	else if (strcmp(name, "flag-3") == 0)
		vs->generic_flags |= IP_VS_SVC_F_SCHED3;
	else if (strcmp(name, "sh-fallback") == 0)
		vs->sh_flags |= IP_VS_SVC_F_SCHED_SH_FALLBACK;
	else if (strcmp(name, "sh-port") == 0)
		vs->sh_flags |= IP_VS_SVC_F_SCHED_SH_PORT;
	else if (strcmp(name, "mh-fallback") == 0)
		vs->mh_flags |= IP_VS_SVC_F_SCHED1;
	else
		vs->mh_flags |= IP_VS_SVC_F_SCHED2;
}

/* An IPv4 mask with all its ones on the left, or a number of bits. */
static void
set_granularity(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct virtual_draft *vs = target;
	struct hf_addr mask;
	uint64_t bits;

	if (!strchr(node->words[1].text, '.')) {
		if (conf_word_uint(walk, node, 1, NULL, 1, 128, &bits)) {
			vs->model.persistence_granularity = (uint32_t)bits;
			vs->granularity_mask.family = AF_UNSPEC;
		}
		return;
	}
	if (!conf_word_addr(walk, node, 1, NULL, &mask))
		return;
	uint32_t value = (uint32_t)mask.bytes[0] << 24 | (uint32_t)mask.bytes[1] << 16 |
			 (uint32_t)mask.bytes[2] << 8 | mask.bytes[3];

	if (mask.family != AF_INET || value == 0 || (~value & (~value + 1)) != 0) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-syntax",
			  "expected an IPv4 mask, as 255.255.255.0, or 1 to 128 bits",
			  "\"%s\" is not a network mask", node->words[1].text);
		return;
	}
	vs->granularity_mask = mask;
	vs->model.persistence_granularity = value;
}

static void
virtual_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct script_slot slots[] = {
		{ "quorum_up", offsetof(struct virtual_draft, model.quorum_up) },
		{ "quorum_down", offsetof(struct virtual_draft, model.quorum_down) },
	};

	script_exec_read(walk, node, target, slots, HF_COUNT_OF(slots));
}

static void
real_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct script_slot slots[] = {
		{ "notify_up", offsetof(struct real_draft, model.notify_up) },
		{ "notify_down", offsetof(struct real_draft, model.notify_down) },
	};

	script_exec_read(walk, node, target, slots, HF_COUNT_OF(slots));
}

static const struct conf_choice protocols[] = {
	{ "TCP", IPPROTO_TCP },
	{ "UDP", IPPROTO_UDP },
	{ "SCTP", IPPROTO_SCTP },
	{ NULL, 0 },
};

static const struct conf_choice families[] = {
	{ "inet", AF_INET },
	{ "inet6", AF_INET6 },
	{ NULL, 0 },
};

/* clang-format off */

/* What checks take from the level above; the maximum of seconds is keepalived's. */
#define TIMING_ROWS(into)                                                                          \
	{ "delay_loop", CONF_TIME, into(own.delay_loop_ns), .unit_ns = 1, .min = 1000,             \
	  .max = 4294967295000000, .doc = "seconds between two checks (default: 60)" },            \
	{ "retry", CONF_INT, into(own.retry), .min = 0, .max = UINT32_MAX,                         \
	  .doc = "failures after the first one before a check counts as failed (default: 1)" },    \
	{ "delay_before_retry", CONF_TIME, into(own.delay_before_retry_ns), .unit_ns = 1,          \
	  .min = 0, .max = 4294967295000000,                                                       \
	  .doc = "seconds before a retry (default: 1, HTTP_GET 3)" },                              \
	{ "warmup", CONF_TIME, into(own.warmup_ns), .unit_ns = 1, .min = 0,                        \
	  .max = 4294967295000000,                                                                 \
	  .doc = "seconds over which the first checks are spread (default: delay_loop)" },         \
	{ "connect_timeout", CONF_TIME, into(own.connect_timeout_ns), .unit_ns = 1, .min = 1000,   \
	  .max = 4294967295000, .doc = "seconds that a connection may take (default: 5)" },     \
	{ "virtualhost", CONF_STRING, into(own.virtualhost), .min = 1, .max = 1023,                \
	  .doc = "Host header of HTTP_GET" }

static const struct conf_keyword real_rows[] = {
	TIMING_ROWS(REAL),
	{ "alpha", CONF_SWITCH, REAL(own.alpha),
	  .doc = "down until the first check succeeds (default: the virtual server's)" },
	{ "weight", CONF_INT, REAL(weight), .min = 0, .max = CHECK_WEIGHT_MAX,
	  .doc = "IPVS weight (default: the virtual server's)" },
	{ "lvs_method", CONF_CUSTOM, REAL(forwarding), .min = 1, .flags = CONF_EXTRA_ARGS,
	  .set = set_forwarding, .doc = "NAT, DR or TUN, as lb_kind" },
	{ "uthreshold", CONF_UINT, REAL(model.u_threshold), .min = 0, .max = UINT32_MAX,
	  .doc = "most connections; 0: no limit (default)" },
	{ "lthreshold", CONF_UINT, REAL(model.l_threshold), .min = 0, .max = UINT32_MAX,
	  .doc = "connections below which a full server is used again" },
	{ "inhibit_on_failure", CONF_SWITCH, REAL(inhibit),
	  .doc = "weight 0 instead of removal when checks fail" },
	{ "notify_up", CONF_SCRIPT, REAL(notify_up), .flags = CONF_FIRST_WINS,
	  .doc = "run when it comes up" },
	{ "notify_down", CONF_SCRIPT, REAL(notify_down), .flags = CONF_FIRST_WINS,
	  .doc = "run when it goes down" },
	{ "TCP_CHECK", CONF_BLOCK, .block = &tcp_check_block, .flags = CONF_REPEATABLE,
	  .doc = "up when it accepts a connection" },
	{ "HTTP_GET", CONF_BLOCK, .block = &http_get_block, .flags = CONF_REPEATABLE,
	  .doc = "up when all its pages are as expected" },
	{ "exec", CONF_CUSTOM, .min = 3, .flags = CONF_INTERNAL | CONF_REPEATABLE | CONF_EXTRA_ARGS,
	  .set = real_exec_read },
};

static const struct conf_block real_block = {
	.context = "virtual_server/real_server", .rows = real_rows, .n_rows = HF_COUNT_OF(real_rows),
	.open = real_open,
};

static const struct conf_keyword virtual_rows[] = {
	TIMING_ROWS(VIRTUAL),
	{ "alpha", CONF_FLAG, VIRTUAL(own.alpha), .value = 1,
	  .doc = "real servers are down until a check succeeds" },
	{ "omega", CONF_FLAG, VIRTUAL(model.omega), .value = 1,
	  .doc = "run the down notifications at stop" },
	{ "ip_family", CONF_CHOICE, VIRTUAL(model.family), .choices = families,
	  .doc = "inet or inet6: family of a fwmark service (default: its real servers')" },
	{ "lb_algo", CONF_CUSTOM, .min = 1, .max = 1, .set = set_scheduler,
	  .doc = "scheduler: rr wrr lc wlc lblc lblcr sh mh dh fo ovf sed nq twos (default: wlc)" },
	{ "lvs_sched", CONF_CUSTOM, .min = 1, .max = 1, .set = set_scheduler,
	  .doc = "the same as lb_algo" },
	{ "lb_kind", CONF_CUSTOM, VIRTUAL(forwarding), .min = 1, .flags = CONF_EXTRA_ARGS,
	  .set = set_forwarding,
	  .doc = "NAT, DR or TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum] (default: NAT)" },
	{ "lvs_method", CONF_CUSTOM, VIRTUAL(forwarding), .min = 1, .flags = CONF_EXTRA_ARGS,
	  .set = set_forwarding, .doc = "the same as lb_kind" },
	{ "flag-1", CONF_CUSTOM, .set = set_sched_flag, .doc = "first flag of the scheduler" },
	{ "flag-2", CONF_CUSTOM, .set = set_sched_flag, .doc = "second flag of the scheduler" },
	{ "flag-3", CONF_CUSTOM, .set = set_sched_flag, .doc = "third flag of the scheduler" },
	{ "sh-port", CONF_CUSTOM, .set = set_sched_flag, .doc = "sh: hash the port too" },
	{ "sh-fallback", CONF_CUSTOM, .set = set_sched_flag,
	  .doc = "sh: another server when the chosen one is down" },
	{ "mh-port", CONF_CUSTOM, .set = set_sched_flag, .doc = "mh: hash the port too" },
	{ "mh-fallback", CONF_CUSTOM, .set = set_sched_flag,
	  .doc = "mh: another server when the chosen one is down" },
	{ "ops", CONF_FLAG, VIRTUAL(model.one_packet), .value = 1,
	  .doc = "schedule every packet by itself; UDP or fwmark only" },
	{ "persistence_timeout", CONF_UINT, VIRTUAL(model.persistence_timeout_s), .min = 0,
	  .max = PERSISTENCE_MAX_S, .flags = CONF_OPTIONAL, .value = 360,
	  .doc = "seconds that a client stays with its server (bare: 360; 0: off)" },
	{ "persistence_granularity", CONF_CUSTOM, .min = 1, .max = 1, .set = set_granularity,
	  .doc = "IPv4 mask or bits: clients of one network share a server" },
	{ "persistence_engine", CONF_TEXT, VIRTUAL(model.persistence_engine),
	  .doc = "persistence engine of the kernel, as sip" },
	{ "protocol", CONF_CHOICE, VIRTUAL(model.protocol), .choices = protocols,
	  .doc = "TCP, UDP or SCTP (default: UDP, with a warning)" },
	{ "inhibit_on_failure", CONF_FLAG, VIRTUAL(inhibit), .value = 1,
	  .doc = "failed real servers get weight 0 instead of being removed" },
	{ "weight", CONF_UINT, VIRTUAL(weight), .min = 1, .max = CHECK_WEIGHT_MAX,
	  .doc = "weight of real servers without one (default: 1)" },
	{ "quorum", CONF_UINT, VIRTUAL(model.quorum), .min = 1, .max = UINT32_MAX,
	  .flags = CONF_ZERO_IS_MIN,
	  .doc = "weight that must be alive (default: 1)" },
	{ "hysteresis", CONF_UINT, VIRTUAL(model.hysteresis), .min = 0, .max = UINT32_MAX,
	  .doc = "margin around quorum (default: 0)" },
	{ "quorum_up", CONF_SCRIPT, VIRTUAL(quorum_up), .flags = CONF_FIRST_WINS,
	  .doc = "run when the quorum is gained" },
	{ "quorum_down", CONF_SCRIPT, VIRTUAL(quorum_down), .flags = CONF_FIRST_WINS,
	  .doc = "run when the quorum is lost" },
	{ "sorry_server", CONF_CUSTOM, .min = 1, .max = 2, .set = set_sorry,
	  .doc = "ADDRESS [PORT] used while there is no quorum" },
	{ "sorry_server_inhibit", CONF_FLAG, VIRTUAL(model.sorry_inhibit), .value = 1,
	  .doc = "keep the sorry server in the table with weight 0" },
	{ "sorry_server_lvs_method", CONF_CUSTOM, VIRTUAL(sorry_forwarding), .min = 1,
	  .flags = CONF_EXTRA_ARGS, .set = set_forwarding,
	  .doc = "forwarding to the sorry server (default: lb_kind)" },
	{ "real_server", CONF_BLOCK, .block = &real_block, .min = 1, .max = 2,
	  .flags = CONF_REPEATABLE, .doc = "ADDRESS [PORT]: one destination" },
	{ "granularity", CONF_UINT, VIRTUAL(model.persistence_granularity), .min = 0,
	  .max = UINT32_MAX, .flags = CONF_INTERNAL },
	{ "sched_flags", CONF_UINT, VIRTUAL(model.sched_flags), .min = 0, .max = UINT32_MAX,
	  .flags = CONF_INTERNAL },
	{ "exec", CONF_CUSTOM, .min = 3, .flags = CONF_INTERNAL | CONF_REPEATABLE | CONF_EXTRA_ARGS,
	  .set = virtual_exec_read },
};

const struct conf_block virtual_server_block = {
	.context = "virtual_server", .rows = virtual_rows, .n_rows = HF_COUNT_OF(virtual_rows),
	.open = virtual_open, .close = virtual_close, .has_seen = true, .seen_offset = offsetof(struct virtual_draft, seen),
};
/* clang-format on */
