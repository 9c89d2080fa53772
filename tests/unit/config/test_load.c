/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a whole configuration is blamed for, and what the rules of completion make of it. Nothing
 * of this machine is looked at, except where a test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/ip_vs.h>

#include "config/config.h"
#include "tests/unit/config/render.h"

#define INSTANCE(name, vrid, more)                                                                 \
	"vrrp_instance " name " {\n"                                                               \
	"interface eth0\n"                                                                         \
	"virtual_router_id " vrid "\n" more "\n"                                                   \
	"}\n"
#define VIP "virtual_ipaddress { 192.0.2.9 }\n"
#define SERVICE(more)                                                                              \
	"virtual_server 192.0.2.9 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\n" more "}\n"
#define REAL(addr) "real_server " addr " 80 { weight 1 }\n"

/* Reads text; *said gets the diagnostics, one a line, to be freed. */
static struct conf *
load(const char *text, bool check_system, char **said, int *status)
{
	struct conf_options options = { .path = "t",
					.text = text,
					.text_len = strlen(text),
					.config_id = "here",
					.check_system = check_system };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(&options, diags);
	size_t len;
	FILE *out = open_memstream(said, &len);

	render_diags(out, diags);
	fclose(out);
	if (status)
		*status = conf_diags_exit(diags);
	conf_diags_free(diags);
	return conf;
}

static void
assert_says_(const char *text, const char *expected, int want_status)
{
	char *said;
	int status;
	struct conf *conf = load(text, false, &said, &status);

	assert_string_equal(said, expected);
	assert_int_equal(status, want_status);
	assert_int_equal(conf == NULL, want_status == 3 || want_status == 4);
	free(said);
	conf_free(conf);
}

#define assert_refused(text, expected) assert_says_(text, expected, 4)
#define assert_warned(text, expected)  assert_says_(text, expected, 0)

/* For what completion makes of it: a configuration without a complaint. */
static struct conf *
load_clean(const char *text)
{
	char *said;
	struct conf *conf = load(text, false, &said, NULL);

	assert_string_equal(said, "");
	assert_non_null(conf);
	free(said);
	return conf;
}

static void
an_empty_file_is_an_empty_configuration(void **state)
{
	struct conf *conf = load_clean("");

	assert_int_equal(conf->vrrp->n_instances, 0);
	assert_int_equal(conf->checker->n_virtual, 0);
	assert_null(conf->runner->fifos[FIFO_ALL].path);
	assert_int_equal(conf->global->control_mode, 0600);
	conf_free(conf);
}

static void
an_instance_needs_identity(void **state)
{
	assert_refused("vrrp_instance A {\n" VIP "}\n",
		       "t:1:15: error: A has no virtual_router_id [vrid-missing]\n"
		       "t:1:15: error: A has no interface [interface-missing]\n");
	assert_refused(INSTANCE("A", "1", VIP "priority 300"),
		       "t:5:10: error: priority 300 is out of range [value-range]\n");
	assert_refused(INSTANCE("A", "0", VIP),
		       "t:3:19: error: virtual_router_id 0 is out of range [value-range]\n");
}

static void
a_vrid_stands_once_on_an_interface(void **state)
{
	assert_refused(INSTANCE("A", "7", VIP)
			       INSTANCE("B", "7", "virtual_ipaddress { 192.0.2.10 }"),
		       "t:9:19: error: A and B both have virtual_router_id 7 on eth0 [vrid-twice]\n"
		       "t:3:19: note: first used here\n");
	/* Unicast to other peers is told apart. */
	struct conf *conf = load_clean(INSTANCE("A", "7", VIP "unicast_peer { 10.0.0.1 }") INSTANCE(
		"B", "7", "virtual_ipaddress { 192.0.2.10 }\nunicast_peer { 10.0.0.2 }"));

	assert_int_equal(conf->vrrp->n_instances, 2);
	conf_free(conf);
}

static void
names_are_used_once(void **state)
{
	assert_refused(INSTANCE("A", "1", VIP) INSTANCE("A", "2", "virtual_ipaddress { 10.0.0.1 }"),
		       "t:7:15: error: there are two instances named A [name-twice]\n"
		       "t:1:15: note: first used here\n");
}

static void
addresses_stand_once(void **state)
{
	assert_warned(INSTANCE("A", "1", "virtual_ipaddress {\n192.0.2.9\n192.0.2.9/24\n}"),
		      "t:6:1: warning: A has the address 192.0.2.9 twice; this one is left out "
		      "[address-twice]\n");
	assert_warned(INSTANCE("A", "1", VIP) INSTANCE("B", "2", VIP),
		      "t:10:21: warning: another instance has the address 192.0.2.9 too "
		      "[address-twice]\n"
		      "t:4:21: note: first used here\n");
}

static void
the_interval_fits_the_version(void **state)
{
	char *said;
	struct conf *conf = load(INSTANCE("A", "1", VIP "advert_int 0.5"), false, &said, NULL);

	assert_string_equal(said, "t:5:12: warning: VRRP version 2 counts whole seconds: "
				  "advert_int 1 is used (version 3 has hundredths) "
				  "[advert-int-rounded]\n");
	assert_int_equal(conf->vrrp->instances[0].advert_cs, 100);
	free(said);
	conf_free(conf);
	conf = load_clean(INSTANCE("A", "1", VIP "advert_int 0.25\nversion 3"));
	assert_int_equal(conf->vrrp->instances[0].advert_cs, 25);
	conf_free(conf);
	assert_refused(INSTANCE("A", "1", VIP "advert_int 41\nversion 3"),
		       "t:5:12: error: VRRP version 3 has no room for an advert_int above 40.95 "
		       "seconds [advert-int-range]\n");
}

static void
preempt_rules_are_explained(void **state)
{
	assert_warned(INSTANCE("A", "1", VIP "state MASTER\npriority 100\nnopreempt"),
		      "t:7:1: warning: nopreempt has no effect with state MASTER; A preempts "
		      "[nopreempt-ignored]\n"
		      "t:5:7: note: write \"state BACKUP\" on all routers to keep nopreempt\n");
	assert_warned(INSTANCE("A", "1", VIP "priority 255\nnopreempt"),
		      "t:6:1: warning: nopreempt has no effect with priority 255; A preempts "
		      "[nopreempt-ignored]\n"
		      "t:5:10: note: the owner of the addresses always takes them back\n");
	assert_warned(INSTANCE("A", "1", VIP "nopreempt\npreempt_delay 5"),
		      "t:6:15: warning: preempt_delay has no effect with nopreempt "
		      "[preempt-delay-ignored]\n");
}

static void
families_are_not_mixed(void **state)
{
	assert_warned(INSTANCE("A", "1", VIP "unicast_peer {\n10.0.0.1\n2001:db8::1\n}"),
		      "t:7:1: warning: A speaks another family: this peer is left out "
		      "[family-mismatch]\n");
	assert_refused(SERVICE("real_server 2001:db8::1 80 { }\n"),
		       "t:5:13: error: the address is of another family than the virtual server; "
		       "only tunnels (TUN) can join the two [family-mismatch]\n");
}

static void
what_is_not_supported_says_so(void **state)
{
	assert_warned(INSTANCE("A", "1", VIP "authentication {\nauth_type PASS\nauth_pass x\n}"),
		      "t:5:1: warning: authentication is not supported yet: adverts are sent "
		      "unauthenticated, and peers that ask for it will refuse them "
		      "[authentication-unsupported]\n");
	assert_warned(INSTANCE("A", "1", VIP "no_accept"),
		      "t:5:1: warning: no_accept is not supported yet and has no effect "
		      "[keyword-unsupported]\n");
	assert_warned(INSTANCE("A", "1", VIP "track_interface { eth1 weight 10 }"),
		      "t:5:24: warning: track_interface with a weight is not supported yet: eth1 "
		      "is not tracked [keyword-unsupported]\n");
}

static void
an_ipv6_instance_is_version_3(void **state)
{
	struct conf *conf = load_clean(
		INSTANCE("A", "1", "virtual_ipaddress {\nfe80::1/64\n2001:db8::9/64\n}"));
	const struct vrrp_instance_model *inst = &conf->vrrp->instances[0];
	char text[HF_ADDR_TEXT_MAX];

	assert_int_equal(inst->family, AF_INET6);
	assert_int_equal(inst->version, 3);
	assert_string_equal(hf_addr_text(&inst->group, text), "ff02::12");
	assert_int_equal(inst->n_addresses, 2);
	conf_free(conf);
}

static void
address_lines_carry_their_words(void **state)
{
	struct conf *conf = load_clean(INSTANCE(
		"A", "1",
		"virtual_ipaddress {\n192.0.2.9/24 brd + dev eth1 scope link label eth1:v\n"
		"10.0.0.1 peer 10.0.0.2/30 no_track\n}"));
	const struct vrrp_address_model *first = &conf->vrrp->instances[0].addresses[0];
	const struct vrrp_address_model *second = &conf->vrrp->instances[0].addresses[1];
	char text[HF_ADDR_TEXT_MAX];

	assert_string_equal(first->ifname, "eth1");
	assert_string_equal(first->label, "eth1:v");
	assert_int_equal(first->scope, 253);
	assert_int_equal(first->prefix.len, 24);
	assert_string_equal(hf_addr_text(&first->broadcast, text), "192.0.2.255");
	assert_true(first->track_interface);
	assert_string_equal(second->ifname, "eth0");
	assert_int_equal(second->prefix.len, 30);
	assert_string_equal(hf_addr_text(&second->peer, text), "10.0.0.2");
	assert_false(second->track_interface);
	conf_free(conf);
}

static void
groups_name_instances_once(void **state)
{
	assert_refused(
		INSTANCE("VI_1", "1", VIP) INSTANCE(
			"VI_2", "2",
			"virtual_ipaddress { 10.0.0.1 }") "vrrp_sync_group G { group { VI_1 VI_2 } "
							  "}\n"
							  "vrrp_sync_group H { group { VI_2 VI_1 } "
							  "}\n",
		"t:13:29: error: VI_2 is already in sync group G [instance-in-two-groups]\n"
		"t:12:34: note: here\n"
		"t:13:34: error: VI_1 is already in sync group G [instance-in-two-groups]\n"
		"t:12:29: note: here\n");
	assert_refused(INSTANCE("VI_1", "1", VIP) "vrrp_sync_group G { group { VI_1 VI_9 } }\n",
		       "t:7:34: error: sync group G: there is no vrrp_instance \"VI_9\" "
		       "[instance-unknown]\n");
}

static void
ports_and_schedulers_are_checked(void **state)
{
	assert_refused("virtual_server 192.0.2.9 70000 {\n" REAL("10.0.0.1") "}\n",
		       "t:1:26: error: port 70000 is out of range [value-range]\n");
	assert_warned("virtual_server 192.0.2.9 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\n" REAL(
			      "10.0.0.1") "}\n",
		      "t:1:16: warning: a service of all ports has to be persistent: "
		      "persistence_timeout 360 is used [port-needs-persistence]\n");
	assert_refused(
		"virtual_server 192.0.2.9 80 {\nprotocol TCP\nlb_algo wrx\nlb_kind NAT\n" REAL(
			"10.0.0.1") "}\n",
		"t:3:9: error: scheduler wrx is unknown [value-unknown]\n");
}

static void
a_service_without_words_gets_defaults(void **state)
{
	assert_warned("virtual_server 192.0.2.9 80 {\n" REAL("10.0.0.1") "}\n",
		      "t:1:16: warning: the virtual server has no protocol: UDP is used "
		      "[protocol-missing]\n"
		      "t:1:16: warning: the virtual server has no lb_algo: wlc is used "
		      "[scheduler-missing]\n"
		      "t:1:16: warning: the virtual server has no lb_kind: NAT is used "
		      "[forwarding-missing]\n");
	assert_warned(SERVICE(""),
		      "t:1:16: warning: the virtual server has no real server; ignored "
		      "[virtual-server-empty]\n");
}

static void
servers_stand_once(void **state)
{
	assert_refused(SERVICE(REAL("10.0.0.1")) SERVICE(REAL("10.0.0.2")),
		       "t:7:16: error: virtual server [192.0.2.9]:tcp:80 is defined twice "
		       "[virtual-server-twice]\n"
		       "t:1:16: note: first used here\n");
	assert_warned(SERVICE(REAL("10.0.0.1") REAL("10.0.0.1")),
		      "t:6:13: warning: real server [10.0.0.1]:tcp:80 stands twice in this "
		      "virtual server; this one is left out [real-server-twice]\n"
		      "t:5:13: note: first used here\n");
}

static void
quorum_is_what_the_weights_allow(void **state)
{
	char *said;
	struct conf *conf =
		load(SERVICE("quorum 9\nhysteresis 2\n" REAL("10.0.0.1")), false, &said, NULL);

	assert_string_equal(said,
			    "t:5:8: warning: quorum 9 is above the weight of all real servers; 1 "
			    "is used [quorum-too-high]\n"
			    "t:6:12: warning: hysteresis has to be below the quorum; 0 is used "
			    "[hysteresis-too-high]\n");
	assert_int_equal(conf->checker->virtual_servers[0].quorum, 1);
	assert_int_equal(conf->checker->virtual_servers[0].hysteresis, 0);
	free(said);
	conf_free(conf);
}

static void
direct_routing_keeps_the_port_but_checks_the_written_one(void **state)
{
	struct conf *conf = load_clean("virtual_server fwmark 7 {\nlb_algo rr\nlb_kind DR\n"
				       "real_server 10.0.0.1 8080 { TCP_CHECK { } }\n}\n");
	const struct virtual_server_model *vs = &conf->checker->virtual_servers[0];

	assert_string_equal(vs->name, "FWM 7");
	assert_int_equal(vs->protocol, 0);
	assert_int_equal(vs->real[0].port, 0);
	assert_string_equal(vs->real[0].name, "[10.0.0.1]:none:0");
	assert_int_equal(vs->real[0].checks[0].connect_port, 8080);
	conf_free(conf);
}

static void
checks_inherit_from_real_and_virtual_server(void **state)
{
	struct conf *conf = load_clean(
		SERVICE("delay_loop 6\nretry 4\nalpha\nvirtualhost vs.example\n"
			"real_server 10.0.0.1 80 {\nretry 2\nTCP_CHECK { connect_timeout 3 }\n"
			"HTTP_GET {\nhttp_protocol 1.1\nurl { path / }\nurl { path /x\n"
			"virtualhost x\nstatus_code 200 301-302 }\n}\n}\n"));
	const struct real_server_model *real = &conf->checker->virtual_servers[0].real[0];
	const struct check_model *tcp = &real->checks[0], *http = &real->checks[1];

	assert_int_equal(real->n_checks, 2);
	assert_true(tcp->delay_loop_ns == 6000000000);
	assert_true(tcp->warmup_ns == 6000000000);
	assert_true(tcp->connect_timeout_ns == 3000000000);
	assert_true(tcp->delay_before_retry_ns == 1000000000);
	assert_int_equal(tcp->retry, 2);
	assert_true(tcp->alpha);
	assert_int_equal(http->http_version, 11);
	assert_true(http->http_close);
	assert_true(http->delay_before_retry_ns == 3000000000);
	assert_true(http->connect_timeout_ns == 5000000000);
	assert_string_equal(http->urls[0].virtualhost, "vs.example");
	assert_true(http->urls[0].status.bits[1] >> (200 - 164) & 1);
	assert_string_equal(http->urls[1].virtualhost, "x");
	assert_false(http->urls[1].status.bits[1] >> (201 - 164) & 1);
	conf_free(conf);
}

static void
scheduler_flags_wait_for_the_scheduler(void **state)
{
	struct conf *conf = load_clean("virtual_server 192.0.2.9 80 {\nsh-port\nprotocol TCP\n"
				       "lb_algo sh\nlb_kind NAT\n" REAL("10.0.0.1") "}\n");

	assert_int_equal(conf->checker->virtual_servers[0].sched_flags, IP_VS_SVC_F_SCHED_SH_PORT);
	conf_free(conf);
	assert_warned(
		SERVICE("mh-port\n" REAL("10.0.0.1")),
		"t:5:1: warning: mh flags have no effect with scheduler rr [scheduler-flag]\n");
}

static void
interfaces_of_this_machine_are_looked_up(void **state)
{
	char *said;
	int status;
	struct conf *conf =
		load("vrrp_instance A {\ninterface nosuchif0\nvirtual_router_id 1\n" VIP "}\n",
		     true, &said, &status);

	assert_null(conf);
	assert_int_equal(status, 4);
	assert_string_equal(said, "t:2:11: error: there is no interface nosuchif0 here "
				  "[interface-unknown]\n");
	free(said);
}

static void
a_script_that_is_missing_is_disabled(void **state)
{
	char *said;
	int status;
	struct conf *conf =
		load(SERVICE("quorum_up \"/nowhere/script.sh up\" root\n"
			     "real_server 10.0.0.1 80 {\nnotify_up /bin/sh no_such_user\n}\n"),
		     true, &said, &status);

	assert_non_null(conf);
	assert_int_equal(status, 5);
	assert_string_equal(
		said, "t:5:11: security: /nowhere/script.sh does not exist: disabled "
		      "[script-not-found]\n"
		      "t:7:19: security: this machine has no user \"no_such_user\": notify_up is "
		      "disabled [script-user-unknown]\n"
		      "t:7:11: note: if \"no_such_user\" is an argument, quote the whole command: "
		      "notify_up \"/bin/sh no_such_user\"\n");
	assert_int_equal(conf->checker->virtual_servers[0].quorum_up.argc, 0);
	free(said);
	conf_free(conf);
}

static void
the_words_of_a_script_are_kept(void **state)
{
	struct conf *conf =
		load_clean(SERVICE("quorum_up \"/bin/echo 'a b' c\\x41\"\n" REAL("10.0.0.1")));
	const struct script_model *script = &conf->checker->virtual_servers[0].quorum_up;

	assert_int_equal(script->argc, 3);
	assert_string_equal(script->argv[0], "/bin/echo");
	assert_string_equal(script->argv[1], "a b");
	assert_string_equal(script->argv[2], "cA");
	conf_free(conf);
}

static void
strict_mode_holds_to_the_rfc(void **state)
{
	char *said;
	struct conf *conf = load("global_defs { vrrp_strict }\n" INSTANCE(
					 "A", "1", VIP "state MASTER\npriority 100"),
				 false, &said, NULL);
	const struct vrrp_instance_model *inst = &conf->vrrp->instances[0];

	assert_non_null(strstr(said, "state BACKUP is used [state-strict]"));
	assert_non_null(strstr(said, "[accept-strict]"));
	assert_false(inst->start_as_active);
	assert_false(inst->accept);
	assert_true(inst->lower_prio_no_advert);
	assert_int_equal(inst->garp.lower_prio_repeat, 0);
	free(said);
	conf_free(conf);
}

static void
announcements_come_from_instance_then_globals_then_defaults(void **state)
{
	struct conf *conf = load_clean(
		"global_defs {\nvrrp_garp_master_repeat 2\n"
		"vrrp_garp_interval 0.001\n}\n" INSTANCE("A", "1", VIP "garp_master_delay 7"));
	const struct vrrp_garp_model *garp = &conf->vrrp->instances[0].garp;

	assert_int_equal(garp->master_delay_ms, 7000);
	assert_int_equal(garp->master_repeat, 2);
	assert_int_equal(garp->lower_prio_delay_ms, 5000);
	assert_int_equal(garp->lower_prio_repeat, 2);
	assert_int_equal(garp->master_refresh_repeat, 1);
	assert_true(garp->interval_us == 1000);
	conf_free(conf);
	conf = load_clean("global_defs { vrrp_min_garp }\n" INSTANCE("A", "1", VIP));
	assert_int_equal(conf->vrrp->instances[0].garp.master_repeat, 1);
	assert_int_equal(conf->vrrp->instances[0].garp.master_delay_ms, 0);
	conf_free(conf);
}

static void
priority_and_state_imply_each_other(void **state)
{
	struct conf *conf = load_clean(INSTANCE("A", "1", VIP "priority 255"));

	assert_true(conf->vrrp->instances[0].start_as_active);
	conf_free(conf);
	conf = load_clean(INSTANCE("A", "1", VIP));
	assert_int_equal(conf->vrrp->instances[0].priority, 100);
	assert_false(conf->vrrp->instances[0].start_as_active);
	assert_int_equal(conf->vrrp->instances[0].advert_cs, 100);
	assert_int_equal(conf->vrrp->instances[0].version, 2);
	assert_int_equal(conf->vrrp->instances[0].down_timer_adverts, 3);
	conf_free(conf);
}

static void
addresses_beyond_an_advert_are_excluded(void **state)
{
	char *text, *said;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs("vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n", out);
	for (unsigned int i = 0; i < 260; i++)
		fprintf(out, "10.0.%u.%u\n", i >> 8, i & 255);
	fputs("}\n}\n", out);
	fclose(out);
	struct conf *conf = load(text, false, &said, NULL);

	assert_non_null(strstr(said, "t:260:1: warning: an advert holds at most 255 addresses"));
	assert_int_equal(conf->vrrp->instances[0].n_addresses, 255);
	assert_int_equal(conf->vrrp->instances[0].n_excluded, 5);
	free(text);
	free(said);
	conf_free(conf);
}

static void
a_sorry_server_follows_the_real_server_that_it_is(void **state)
{
	char *said;
	struct conf *conf =
		load(SERVICE("sorry_server 10.0.0.1 80\ninhibit_on_failure\n" REAL("10.0.0.1")),
		     false, &said, NULL);

	assert_non_null(strstr(said, "[sorry-inhibit]"));
	assert_true(conf->checker->virtual_servers[0].sorry_inhibit);
	assert_string_equal(conf->checker->virtual_servers[0].sorry.name, "[10.0.0.1]:tcp:80");
	free(said);
	conf_free(conf);
}

static void
granularity_of_ipv4_is_a_mask(void **state)
{
	struct conf *conf = load_clean(SERVICE("persistence_granularity 24\n" REAL("10.0.0.1")));

	assert_true(conf->checker->virtual_servers[0].persistence_granularity == 0xffffff00);
	assert_int_equal(conf->checker->virtual_servers[0].persistence_timeout_s, 360);
	conf_free(conf);
}

/* Each of the ready examples, as it would be read on another machine. */
static void
the_examples_load_without_a_complaint(void **state)
{
	static const char *const names[] = { "web-nat", "direct-routing", "ipv6", "cloud-unicast",
					     "sync-group" };
	const char *srcdir = getenv("HF_SRCDIR");

	for (size_t i = 0; i < HF_COUNT_OF(names); i++) {
		char path[4096];
		struct conf_options options = { .path = path, .config_id = "lb1" };
		struct conf_diags *diags = conf_diags_new();

		snprintf(path, sizeof(path), "%s/keepalived.conf.d/%s.conf", srcdir ? srcdir : ".",
			 names[i]);
		struct conf *conf = conf_load(&options, diags);

		conf_diags_print(diags, stderr, false);
		assert_non_null(conf);
		assert_int_equal(conf_diags_count(diags, CONF_WARNING), 0);
		assert_true(conf->vrrp->n_instances > 0);
		conf_free(conf);
		conf_diags_free(diags);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_is_an_empty_configuration),
		cmocka_unit_test(an_instance_needs_identity),
		cmocka_unit_test(a_vrid_stands_once_on_an_interface),
		cmocka_unit_test(names_are_used_once),
		cmocka_unit_test(addresses_stand_once),
		cmocka_unit_test(the_interval_fits_the_version),
		cmocka_unit_test(preempt_rules_are_explained),
		cmocka_unit_test(families_are_not_mixed),
		cmocka_unit_test(what_is_not_supported_says_so),
		cmocka_unit_test(an_ipv6_instance_is_version_3),
		cmocka_unit_test(address_lines_carry_their_words),
		cmocka_unit_test(groups_name_instances_once),
		cmocka_unit_test(ports_and_schedulers_are_checked),
		cmocka_unit_test(a_service_without_words_gets_defaults),
		cmocka_unit_test(servers_stand_once),
		cmocka_unit_test(quorum_is_what_the_weights_allow),
		cmocka_unit_test(direct_routing_keeps_the_port_but_checks_the_written_one),
		cmocka_unit_test(checks_inherit_from_real_and_virtual_server),
		cmocka_unit_test(scheduler_flags_wait_for_the_scheduler),
		cmocka_unit_test(interfaces_of_this_machine_are_looked_up),
		cmocka_unit_test(a_script_that_is_missing_is_disabled),
		cmocka_unit_test(the_words_of_a_script_are_kept),
		cmocka_unit_test(strict_mode_holds_to_the_rfc),
		cmocka_unit_test(announcements_come_from_instance_then_globals_then_defaults),
		cmocka_unit_test(priority_and_state_imply_each_other),
		cmocka_unit_test(addresses_beyond_an_advert_are_excluded),
		cmocka_unit_test(a_sorry_server_follows_the_real_server_that_it_is),
		cmocka_unit_test(granularity_of_ipv4_is_a_mask),
		cmocka_unit_test(the_examples_load_without_a_complaint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
