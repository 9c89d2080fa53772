/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completing one check: each value comes from it, else its real server, else the virtual server. */
#include "config/draft.h"

#define DEFAULT_DELAY_LOOP_NS      INT64_C(60000000000)
#define DEFAULT_CONNECT_TIMEOUT_NS INT64_C(5000000000)
#define DEFAULT_RETRY              1

static int64_t
first_set(int64_t a, int64_t b, int64_t c, int64_t fallback)
{
	if (a != DRAFT_UNSET)
		return a;
	if (b != DRAFT_UNSET)
		return b;
	return c != DRAFT_UNSET ? c : fallback;
}

static void
settle_timing(const struct check_timing *vs, const struct check_timing *rs,
	      struct check_draft *check)
{
	struct check_timing *own = &check->own;
	int64_t retry_delay_ns = check->model.type == CHECK_HTTP ? 3000000000 : 1000000000;

	own->delay_loop_ns = first_set(own->delay_loop_ns, rs->delay_loop_ns, vs->delay_loop_ns,
				       DEFAULT_DELAY_LOOP_NS);
	own->delay_before_retry_ns =
		first_set(own->delay_before_retry_ns, rs->delay_before_retry_ns,
			  vs->delay_before_retry_ns, retry_delay_ns);
	own->warmup_ns =
		first_set(own->warmup_ns, rs->warmup_ns, vs->warmup_ns, own->delay_loop_ns);
	own->connect_timeout_ns = first_set(own->connect_timeout_ns, rs->connect_timeout_ns,
					    vs->connect_timeout_ns, DEFAULT_CONNECT_TIMEOUT_NS);
	own->retry = first_set(own->retry, rs->retry, vs->retry, DEFAULT_RETRY);
	own->alpha = (int8_t)first_set(own->alpha, rs->alpha, vs->alpha, 0);
}

static bool
is_empty(const struct check_status_set *set)
{
	uint64_t all = 0;

	for (size_t i = 0; i < HF_COUNT_OF(set->bits); i++)
		all |= set->bits[i];
	return all == 0;
}

static void
settle_urls(struct conf_completion *c, const struct check_timing *vs, const struct check_timing *rs,
	    struct check_draft *check)
{
	const char *host = check->own.virtualhost ? check->own.virtualhost
			   : rs->virtualhost      ? rs->virtualhost
						  : vs->virtualhost;

	if (check->n_urls == 0)
		conf_diag(c->diags, CONF_ERROR, check->place, "url-missing", "add url { path / }",
			  "HTTP_GET has no url to ask for");
	for (size_t i = 0; i < check->n_urls; i++) {
		struct check_url *url = &check->urls[i];

		if (!url->virtualhost)
			url->virtualhost = host;
		if (is_empty(&url->status)) {
			for (unsigned int bit = 100; bit < 200; bit++)
				url->status.bits[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
}

/* Sets the port to 0 when the check cannot be made; the caller drops it then. */
static void
settle_target(struct conf_completion *c, const struct real_draft *real, struct check_draft *check)
{
	struct check_model *model = &check->model;

	if (!hf_addr_is_set(&model->connect_addr))
		model->connect_addr = real->model.addr;
	if (model->connect_port == 0)
		model->connect_port = real->written_port;
	if (model->connect_port == 0)
		conf_diag(c->diags, CONF_ERROR, check->place, "check-port-missing",
			  "add connect_port, or a port to the real server",
			  "the check has no port to connect to");
	if (hf_addr_is_set(&model->bind_addr) &&
	    model->bind_addr.family != model->connect_addr.family)
		conf_diag(c->diags, CONF_ERROR, check->place, "family-mismatch", NULL,
			  "bindto is of another family than the address to connect to");
	if (hf_addr_is_link_local(&model->connect_addr) && !model->bind_if[0] &&
	    model->connect_addr.family == AF_INET6) {
		conf_diag(c->diags, CONF_WARNING, check->place, "check-needs-bind-if",
			  "add bind_if NAME",
			  "a link-local address is reached only through a named interface: the "
			  "check is left out");
		model->connect_port = 0;
	}
}

void
check_complete(struct conf_completion *c, const struct virtual_draft *vs,
	       const struct real_draft *real, struct check_draft *check)
{
	settle_target(c, real, check);
	settle_timing(&vs->own, &real->own, check);
	if (check->model.type == CHECK_HTTP)
		settle_urls(c, &vs->own, &real->own, check);
}
