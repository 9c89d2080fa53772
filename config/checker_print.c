/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checker room's model as plain text, every value spelled out. */
#include <linux/ip_vs.h>

#include "config/draft.h"
#include "config/print.h"

#define VS "\t"
#define RS "\t\t"
#define CK "\t\t\t"

static void
print_forwarding(FILE *out, const char *indent, const char *keyword,
		 enum check_forwarding forwarding, const struct check_tunnel *tunnel)
{
	static const char *const names[] = { "NAT", "DR", "TUN" };
	static const char *const types[] = { "ipip", "gue", "gre" };

	fprintf(out, "%s%s %s", indent, keyword, names[forwarding]);
	if (forwarding == CHECK_TUNNEL) {
		fprintf(out, " type %s", types[tunnel->type]);
		if (tunnel->port)
			fprintf(out, " port %u", (unsigned int)tunnel->port);
		fputs(tunnel->flags == IP_VS_TUNNEL_ENCAP_FLAG_CSUM      ? " csum"
		      : tunnel->flags == IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM ? " remcsum"
									 : " nocsum",
		      out);
	}
	fputc('\n', out);
}

/* As few words as possible: runs of accepted codes. */
static void
print_statuses(FILE *out, const struct check_status_set *set)
{
	unsigned int last = CHECK_STATUS_LAST - CHECK_STATUS_FIRST;

	fputs(CK "\tstatus_code", out);
	for (unsigned int bit = 0; bit <= last; bit++) {
		unsigned int from = bit;

		while (bit <= last && (set->bits[bit / 64] >> (bit % 64) & 1))
			bit++;
		if (bit > from)
			fprintf(out, " %u-%u", CHECK_STATUS_FIRST + from,
				CHECK_STATUS_FIRST + bit - 1);
	}
	fputc('\n', out);
}

static void
print_url(FILE *out, const struct check_url *url)
{
	fputs(CK "url {\n", out);
	conf_print_text(out, CK "\t", "path", url->path);
	if (url->virtualhost)
		conf_print_text(out, CK "\t", "virtualhost", url->virtualhost);
	if (url->has_digest) {
		fputs(CK "\tdigest ", out);
		for (size_t i = 0; i < sizeof(url->digest); i++)
			fprintf(out, "%02x", url->digest[i]);
		fputc('\n', out);
	}
	print_statuses(out, &url->status);
	fputs(CK "}\n", out);
}

static void
print_check(FILE *out, const struct check_model *check)
{
	fputs(check->type == CHECK_HTTP ? RS "HTTP_GET {\n" : RS "TCP_CHECK {\n", out);
	conf_print_addr(out, CK, "connect_ip", &check->connect_addr);
	conf_print_number(out, CK, "connect_port", check->connect_port);
	conf_print_addr(out, CK, "bindto", &check->bind_addr);
	if (check->bind_port)
		conf_print_number(out, CK, "bind_port", check->bind_port);
	if (check->bind_if[0])
		conf_print_text(out, CK, "bind_if", check->bind_if);
	conf_print_number(out, CK, "fwmark", check->fwmark);
	conf_print_seconds(out, CK, "connect_timeout", check->connect_timeout_ns);
	conf_print_seconds(out, CK, "delay_loop", check->delay_loop_ns);
	conf_print_seconds(out, CK, "delay_before_retry", check->delay_before_retry_ns);
	conf_print_seconds(out, CK, "warmup", check->warmup_ns);
	conf_print_number(out, CK, "retry", check->retry);
	conf_print_switch(out, CK, "alpha", check->alpha);
	if (check->type == CHECK_HTTP) {
		fprintf(out, CK "http_protocol %s\n",
			check->http_version == 11 ? "1.1"
			: check->http_close       ? "1.0C"
						  : "1.0");
		conf_print_switch(out, CK, "fast_recovery", check->fast_recovery);
		for (size_t i = 0; i < check->n_urls; i++)
			print_url(out, &check->urls[i]);
	}
	fputs(RS "}\n", out);
}

static void
print_real(FILE *out, const struct real_server_model *real)
{
	char text[HF_ADDR_TEXT_MAX];

	fprintf(out, VS "real_server %s %u {\n", hf_addr_text(&real->addr, text),
		(unsigned int)real->port);
	conf_print_number(out, RS, "weight", (uint64_t)real->weight);
	print_forwarding(out, RS, "lvs_method", real->forwarding, &real->tunnel);
	conf_print_number(out, RS, "uthreshold", real->u_threshold);
	conf_print_number(out, RS, "lthreshold", real->l_threshold);
	conf_print_switch(out, RS, "inhibit_on_failure", real->inhibit_on_failure);
	script_exec_print(out, RS, "notify_up", &real->notify_up);
	script_exec_print(out, RS, "notify_down", &real->notify_down);
	for (size_t i = 0; i < real->n_checks; i++)
		print_check(out, &real->checks[i]);
	fputs(VS "}\n", out);
}

static void
print_sorry(FILE *out, const struct virtual_server_model *vs)
{
	char text[HF_ADDR_TEXT_MAX];

	if (!vs->has_sorry)
		return;
	fprintf(out, VS "sorry_server %s %u\n", hf_addr_text(&vs->sorry.addr, text),
		(unsigned int)vs->sorry.port);
	print_forwarding(out, VS, "sorry_server_lvs_method", vs->sorry.forwarding,
			 &vs->sorry.tunnel);
	if (vs->sorry_inhibit)
		fputs(VS "sorry_server_inhibit\n", out);
}

static void
print_service(FILE *out, const struct virtual_server_model *vs)
{
	fprintf(out, VS "ip_family %s\n", vs->family == AF_INET6 ? "inet6" : "inet");
	if (vs->protocol)
		fprintf(out, VS "protocol %s\n",
			vs->protocol == IPPROTO_TCP   ? "TCP"
			: vs->protocol == IPPROTO_UDP ? "UDP"
						      : "SCTP");
	conf_print_text(out, VS, "lb_algo", vs->scheduler);
	conf_print_number(out, VS, "sched_flags", vs->sched_flags);
	if (vs->one_packet)
		fputs(VS "ops\n", out);
	if (vs->persistence_timeout_s)
		conf_print_number(out, VS, "persistence_timeout", vs->persistence_timeout_s);
	conf_print_number(out, VS, "granularity", vs->persistence_granularity);
	if (vs->persistence_engine[0])
		conf_print_text(out, VS, "persistence_engine", vs->persistence_engine);
	if (vs->alpha)
		fputs(VS "alpha\n", out);
	if (vs->omega)
		fputs(VS "omega\n", out);
	conf_print_number(out, VS, "quorum", vs->quorum);
	conf_print_number(out, VS, "hysteresis", vs->hysteresis);
	script_exec_print(out, VS, "quorum_up", &vs->quorum_up);
	script_exec_print(out, VS, "quorum_down", &vs->quorum_down);
}

static void
print_virtual(FILE *out, const struct virtual_server_model *vs)
{
	char text[HF_ADDR_TEXT_MAX];

	if (vs->fwmark)
		fprintf(out, "virtual_server fwmark %u {\n", vs->fwmark);
	else
		fprintf(out, "virtual_server %s %u {\n", hf_addr_text(&vs->addr, text),
			(unsigned int)vs->port);
	print_service(out, vs);
	print_sorry(out, vs);
	for (size_t i = 0; i < vs->n_real; i++)
		print_real(out, &vs->real[i]);
	fputs("}\n", out);
}

void
checker_model_print(const struct checker_model *model, FILE *out)
{
	fputs("global_defs {\n", out);
	if (model->router_id[0])
		conf_print_text(out, "\t", "router_id", model->router_id);
	if (model->fifo)
		fputs("\tlvs_fifo\n", out);
	conf_print_switch(out, "\t", "rs_init_notifies", model->rs_init_notifies);
	if (model->flush_at_start)
		fputs("\tlvs_flush\n", out);
	if (model->flush_at_stop)
		fputs("\tlvs_flush_on_stop\n", out);
	fputs("}\n", out);
	for (size_t i = 0; i < model->n_virtual; i++)
		print_virtual(out, &model->virtual_servers[i]);
}
