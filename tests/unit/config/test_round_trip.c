/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A room receives its model as text and must read back exactly what was sent. Many made-up
 * configurations (a seed each, so that a failure can be repeated) go through load, print, read and
 * print again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

#define SEEDS 400

struct maker {
	uint64_t state;
	FILE *out;
};

static unsigned int
below(struct maker *m, unsigned int n)
{
	m->state = m->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(m->state >> 33) % n;
}

/* Writes the line, or not. */
static void
maybe(struct maker *m, const char *line)
{
	if (below(m, 2))
		fprintf(m->out, "%s\n", line);
}

static void
maybe_number(struct maker *m, const char *keyword, unsigned int min, unsigned int max)
{
	if (below(m, 2))
		fprintf(m->out, "%s %u\n", keyword, min + below(m, max - min + 1));
}

static void
maybe_script(struct maker *m, const char *keyword)
{
	static const char *const commands[] = {
		"/bin/true",
		"\"/bin/echo one 'two words' \\x22 \\\\ $HOME ${X}\"",
		"'/bin/echo \"\" last'",
		"\"/bin/echo \\{ } # ! @x ~SEQ(a,1)\" root",
	};

	if (below(m, 3) == 0)
		fprintf(m->out, "%s %s\n", keyword, commands[below(m, 4)]);
}

static void
make_addresses(struct maker *m, const char *block, bool six, unsigned int base)
{
	fprintf(m->out, "%s {\n", block);
	for (unsigned int i = 0; i <= below(m, 4); i++) {
		if (six)
			fprintf(m->out, "2001:db8:%x::%x/%u", base, i + 1, 64 + below(m, 65));
		else
			fprintf(m->out, "10.%u.%u.%u/%u", base >> 8, base & 255, i + 1,
				8 + below(m, 25));
		if (below(m, 3) == 0)
			fprintf(m->out, " dev eth%u", below(m, 3));
		if (!six && below(m, 3) == 0)
			fprintf(m->out, " label \"l %u\"", i);
		if (!six && below(m, 4) == 0)
			fputs(" brd +", m->out);
		if (!six && below(m, 4) == 0)
			fputs(" scope link", m->out);
		if (below(m, 4) == 0)
			fputs(six ? " peer 2001:db8::77/90" : " peer 192.0.2.77/30", m->out);
		fputs(below(m, 4) ? "\n" : " no_track\n", m->out);
	}
	fputs("}\n", m->out);
}

static void
make_instance(struct maker *m, unsigned int number)
{
	bool six = below(m, 3) == 0;

	fprintf(m->out, "vrrp_instance \"VI %u\" {\ninterface eth0\nvirtual_router_id %u\n", number,
		number + 1);
	maybe_number(m, "priority", 1, 255);
	maybe(m, below(m, 2) ? "state MASTER" : "state BACKUP");
	maybe(m, "version 3");
	maybe(m, below(m, 2) ? "advert_int 0.37" : "advert_int 3");
	maybe(m, "nopreempt");
	maybe(m, "preempt_delay 1.5");
	maybe(m, "dont_track_primary");
	maybe(m, "lower_prio_no_advert");
	maybe(m, "higher_prio_send_advert off");
	maybe(m, "notify_priority_changes");
	maybe_number(m, "garp_master_delay", 0, 10);
	maybe_number(m, "garp_master_repeat", 1, 9);
	maybe_number(m, "garp_master_refresh", 0, 900);
	maybe_number(m, "down_timer_adverts", 1, 9);
	maybe(m, six ? "unicast_src_ip 2001:db8::5" : "unicast_src_ip 192.0.2.5");
	maybe(m,
	      six ? "unicast_peer {\n2001:db8::6\n2001:db8::7\n}" : "unicast_peer { 192.0.2.6 }");
	maybe(m, "track_interface {\neth1\neth2\n}");
	maybe_script(m, "notify_master");
	maybe_script(m, "notify_deleted");
	maybe_script(m, "notify");
	make_addresses(m, "virtual_ipaddress", six, 2 * number);
	if (below(m, 2))
		make_addresses(m, "virtual_ipaddress_excluded", six, 2 * number + 1);
	fputs("}\n", m->out);
}

static void
make_check(struct maker *m)
{
	bool http = below(m, 2);

	fputs(http ? "HTTP_GET {\n" : "TCP_CHECK {\n", m->out);
	maybe(m, "connect_ip 192.0.2.200");
	maybe_number(m, "connect_port", 1, 65535);
	maybe(m, "bindto 192.0.2.1");
	maybe(m, "bind_if eth1");
	maybe_number(m, "fwmark", 0, 99);
	maybe(m, "connect_timeout 0.25");
	maybe(m, "delay_loop 0.000001");
	maybe_number(m, "retry", 0, 5);
	maybe(m, "alpha on");
	if (http) {
		maybe(m, below(m, 2) ? "http_protocol 1.1" : "http_protocol 1.0C");
		maybe(m, "fast_recovery");
		maybe(m, "virtualhost www.example.com");
		for (unsigned int i = 0; i <= below(m, 3); i++) {
			fprintf(m->out, "url {\npath \"/a b/%u?x=#1&y=$z\"\n", i);
			maybe(m, "digest 00112233445566778899aAbBcCdDeEfF");
			maybe(m, "status_code 200 204-206 301 599");
			fputs("}\n", m->out);
		}
	}
	fputs("}\n", m->out);
}

static void
make_virtual(struct maker *m, unsigned int number)
{
	static const char *const kinds[] = { "NAT", "DR", "TUN", "TUN type gue port 5555 csum",
					     "TUN type gre nocsum" };

	if (below(m, 4) == 0)
		fprintf(m->out, "virtual_server fwmark %u {\n", number + 1);
	else
		fprintf(m->out, "virtual_server 192.0.2.9 %u {\nprotocol %s\n", number + 1,
			below(m, 2) ? "TCP" : "UDP");
	fprintf(m->out, "lb_kind %s\nlb_algo %s\n", kinds[below(m, 5)], below(m, 2) ? "sh" : "wlc");
	maybe(m, "sh-port");
	maybe(m, "flag-3");
	maybe(m, "ops");
	maybe(m, "persistence_timeout");
	maybe(m,
	      below(m, 2) ? "persistence_granularity 255.255.255.0" : "persistence_granularity 24");
	maybe(m, "persistence_engine sip");
	maybe(m, "alpha");
	maybe(m, "omega");
	maybe(m, "inhibit_on_failure");
	maybe_number(m, "quorum", 1, 9);
	maybe_number(m, "hysteresis", 0, 3);
	maybe_script(m, "quorum_up");
	maybe_script(m, "quorum_down");
	maybe(m, "sorry_server 10.0.0.200 81");
	maybe(m, "sorry_server_inhibit");
	for (unsigned int i = 0; i <= below(m, 4); i++) {
		fprintf(m->out, "real_server 10.0.0.%u %u {\n", i + 1, 1 + below(m, 65535));
		maybe_number(m, "weight", 0, 65535);
		maybe(m, "inhibit_on_failure off");
		maybe_number(m, "uthreshold", 50, 99);
		maybe_number(m, "lthreshold", 0, 49);
		maybe_script(m, "notify_up");
		for (unsigned int k = 0; k < below(m, 3); k++)
			make_check(m);
		fputs("}\n", m->out);
	}
	fputs("}\n", m->out);
}

static void
make_globals(struct maker *m)
{
	fputs("global_defs {\n", m->out);
	maybe(m, "router_id \"a b\"");
	maybe(m, "vrrp_startup_delay 2.5");
	maybe(m, "vrrp_garp_interval 0.001");
	maybe(m, "vrrp_min_garp");
	maybe(m, "vrrp_mcast_group4 224.0.0.19");
	maybe(m, "notify_fifo /run/a");
	maybe(m, "vrrp_notify_fifo \"/run/b c\" root");
	maybe(m, "lvs_notify_fifo /run/d");
	maybe_script(m, "lvs_notify_fifo_script");
	maybe(m, "rs_init_notifies");
	maybe(m, "lvs_flush");
	maybe(m, "lvs_flush_on_stop");
	fputs("}\n", m->out);
}

/* malloc'd */
static char *
make(uint64_t seed)
{
	char *text;
	size_t len;
	struct maker m = { .state = seed, .out = open_memstream(&text, &len) };
	unsigned int n = below(&m, 5);

	make_globals(&m);
	for (unsigned int i = 0; i < n; i++)
		make_instance(&m, i);
	if (n > 2) {
		fputs("vrrp_sync_group \"G 1\" {\ngroup {\n\"VI 2\"\n\"VI 0\"\n}\n", m.out);
		maybe_script(&m, "notify_stop");
		fputs("}\n", m.out);
	}
	n = below(&m, 4);
	for (unsigned int i = 0; i < n; i++)
		make_virtual(&m, i);
	fclose(m.out);
	return text;
}

static struct conf *
load(const char *text)
{
	struct conf_options options = {
		.path = "t", .text = text, .text_len = strlen(text), .config_id = "here"
	};
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(&options, diags);

	if (!conf) {
		conf_diags_print(diags, stderr, false);
		print_error("of this text:\n%s\n", text);
	}
	conf_diags_free(diags);
	return conf;
}

/* Prints, reads and prints a part; "same" is asked about both models. */
#define assert_returns(kind, model, same)                                                          \
	do {                                                                                       \
		char *sent_, *again_, why_[512] = "";                                              \
		size_t len_, len_again_;                                                           \
		FILE *out_ = open_memstream(&sent_, &len_);                                        \
		kind##_print((model), out_);                                                       \
		fclose(out_);                                                                      \
		struct kind *got_ = kind##_read(sent_, len_, why_);                                \
		assert_string_equal(why_, "");                                                     \
		assert_non_null(got_);                                                             \
		out_ = open_memstream(&again_, &len_again_);                                       \
		kind##_print(got_, out_);                                                          \
		fclose(out_);                                                                      \
		assert_string_equal(again_, sent_);                                                \
		assert_true(same((model), got_));                                                  \
		kind##_free(got_);                                                                 \
		free(sent_);                                                                       \
		free(again_);                                                                      \
	} while (0)

static bool
same_vrrp(const struct vrrp_model *a, const struct vrrp_model *b)
{
	if (a->n_instances != b->n_instances || a->n_groups != b->n_groups || a->fifo != b->fifo ||
	    a->startup_delay_ns != b->startup_delay_ns || strcmp(a->router_id, b->router_id) != 0)
		return false;
	for (size_t i = 0; i < a->n_instances; i++) {
		if (!vrrp_instance_model_equal(&a->instances[i], &b->instances[i]))
			return false;
	}
	for (size_t i = 0; i < a->n_groups; i++) {
		const struct vrrp_group_model *x = &a->groups[i], *y = &b->groups[i];

		if (x->n_members != y->n_members ||
		    memcmp(x->members, y->members, x->n_members * sizeof(*x->members)) != 0 ||
		    !script_model_equal(&x->notify.stop, &y->notify.stop))
			return false;
	}
	return true;
}

static bool
same_real(const struct real_server_model *x, const struct real_server_model *y)
{
	if (x->weight != y->weight || x->forwarding != y->forwarding || x->port != y->port ||
	    x->inhibit_on_failure != y->inhibit_on_failure || x->n_checks != y->n_checks ||
	    x->u_threshold != y->u_threshold || x->l_threshold != y->l_threshold ||
	    x->tunnel.type != y->tunnel.type || x->tunnel.port != y->tunnel.port ||
	    x->tunnel.flags != y->tunnel.flags || strcmp(x->name, y->name) != 0 ||
	    !script_model_equal(&x->notify_up, &y->notify_up))
		return false;
	for (size_t i = 0; i < x->n_checks; i++) {
		if (!check_model_equal(&x->checks[i], &y->checks[i]))
			return false;
	}
	return true;
}

static bool
same_service(const struct virtual_server_model *x, const struct virtual_server_model *y)
{
	return strcmp(x->name, y->name) == 0 && x->family == y->family &&
	       x->protocol == y->protocol && strcmp(x->scheduler, y->scheduler) == 0 &&
	       x->sched_flags == y->sched_flags && x->one_packet == y->one_packet &&
	       x->persistence_timeout_s == y->persistence_timeout_s &&
	       x->persistence_granularity == y->persistence_granularity &&
	       strcmp(x->persistence_engine, y->persistence_engine) == 0 && x->alpha == y->alpha &&
	       x->omega == y->omega && x->quorum == y->quorum && x->hysteresis == y->hysteresis &&
	       script_model_equal(&x->quorum_up, &y->quorum_up) &&
	       script_model_equal(&x->quorum_down, &y->quorum_down) &&
	       x->has_sorry == y->has_sorry && x->sorry_inhibit == y->sorry_inhibit &&
	       (!x->has_sorry || same_real(&x->sorry, &y->sorry)) && x->n_real == y->n_real;
}

static bool
same_checker(const struct checker_model *a, const struct checker_model *b)
{
	if (a->n_virtual != b->n_virtual || a->fifo != b->fifo || a->needs_raw != b->needs_raw ||
	    a->rs_init_notifies != b->rs_init_notifies || a->flush_at_start != b->flush_at_start ||
	    a->flush_at_stop != b->flush_at_stop)
		return false;
	for (size_t i = 0; i < a->n_virtual; i++) {
		const struct virtual_server_model *x = &a->virtual_servers[i];
		const struct virtual_server_model *y = &b->virtual_servers[i];

		if (!same_service(x, y))
			return false;
		for (size_t k = 0; k < x->n_real; k++) {
			if (!same_real(&x->real[k], &y->real[k]))
				return false;
		}
	}
	return true;
}

static bool
same_runner(const struct runner_model *a, const struct runner_model *b)
{
	for (size_t i = 0; i < FIFO_KINDS; i++) {
		const struct fifo_model *x = &a->fifos[i], *y = &b->fifos[i];

		if (!x->path != !y->path || (x->path && strcmp(x->path, y->path) != 0) ||
		    x->uid != y->uid || !script_model_equal(&x->script, &y->script))
			return false;
	}
	if (a->n_allowed != b->n_allowed)
		return false;
	for (size_t i = 0; i < a->n_allowed; i++) {
		if (allowed_script_compare(&a->allowed[i], &b->allowed[i]) != 0 ||
		    (i > 0 && allowed_script_compare(&a->allowed[i - 1], &a->allowed[i]) >= 0))
			return false;
	}
	return true;
}

static bool
is_allowed(const struct runner_model *model, enum script_asker asker,
	   const struct script_model *script)
{
	const struct allowed_script wanted = { asker, *script };

	for (size_t i = 0; i < model->n_allowed; i++) {
		if (allowed_script_compare(&model->allowed[i], &wanted) == 0)
			return true;
	}
	return script->argc == 0;
}

static void
assert_all_allowed(const struct conf *conf)
{
	for (size_t i = 0; i < conf->vrrp->n_instances; i++) {
		const struct vrrp_notify_model *notify = &conf->vrrp->instances[i].notify;

		assert_true(is_allowed(conf->runner, SCRIPT_OF_VRRP, &notify->master));
		assert_true(is_allowed(conf->runner, SCRIPT_OF_VRRP, &notify->deleted));
		assert_true(is_allowed(conf->runner, SCRIPT_OF_VRRP_WORDS, &notify->any));
	}
	for (size_t i = 0; i < conf->vrrp->n_groups; i++)
		assert_true(is_allowed(conf->runner, SCRIPT_OF_VRRP,
				       &conf->vrrp->groups[i].notify.stop));
	for (size_t i = 0; i < conf->checker->n_virtual; i++) {
		const struct virtual_server_model *vs = &conf->checker->virtual_servers[i];

		assert_true(is_allowed(conf->runner, SCRIPT_OF_CHECKER, &vs->quorum_up));
		assert_true(is_allowed(conf->runner, SCRIPT_OF_CHECKER, &vs->quorum_down));
		for (size_t k = 0; k < vs->n_real; k++)
			assert_true(is_allowed(conf->runner, SCRIPT_OF_CHECKER,
					       &vs->real[k].notify_up));
	}
}

static void
rooms_read_what_was_sent(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		char *text = make(seed);
		struct conf *conf = load(text);

		assert_non_null(conf);
		assert_returns(vrrp_model, conf->vrrp, same_vrrp);
		assert_returns(checker_model, conf->checker, same_checker);
		assert_returns(runner_model, conf->runner, same_runner);
		assert_all_allowed(conf);
		conf_free(conf);
		free(text);
	}
}

static void
text_that_no_printer_wrote_is_refused(void **state)
{
	char why[512] = "";

	assert_null(vrrp_model_read("vrrp_instance A {\npriority 300\n}\n", 32, why));
	assert_non_null(strstr(why, "priority 300 is out of range"));
	assert_null(checker_model_read("virtual_server x {\n}\n", 21, why));
	assert_non_null(strstr(why, "error"));

	static const char tab[] = "vrrp_instance \"A\tB\" {\n}\n";

	assert_null(vrrp_model_read(tab, strlen(tab), why));
	assert_non_null(strstr(why, "the name has a byte 0x09 in it"));

	static const char twice[] = "global_defs {\nallow vrrp 0 0 /a\nallow vrrp 0 0 /a\n}\n";

	assert_null(runner_model_read(twice, strlen(twice), why));
	assert_non_null(strstr(why, "allow of /a is out of order"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rooms_read_what_was_sent),
		cmocka_unit_test(text_that_no_printer_wrote_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
