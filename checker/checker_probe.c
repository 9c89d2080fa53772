/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of a probe: socket, connection, limits, end. Elsewhere: what is said over the connection
 * (check_tcp.c, check_http.c), and what a result means (checker_verdict.c).
 */
#include "checker/checker_probe.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct check_ops *
check_ops_of(enum check_type type)
{
	switch (type) {
	case CHECK_TCP:
		return &check_tcp_ops;
	case CHECK_HTTP:
		return &check_http_ops;
	}
	return NULL;
}

void
checker_probes_init(struct checker_probes *all, struct event_base *base, struct checker_heap *heap)
{
	memset(all, 0, offsetof(struct checker_probes, buf));
	all->base = base;
	all->heap = heap;
	all->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
}

void
checker_probes_free(struct checker_probes *all)
{
	assert(all->n_running == 0);
	while (all->free_list) {
		struct checker_probe *probe = all->free_list;

		all->free_list = probe->next_free;
		EVP_MD_CTX_free(probe->md);
		free(probe);
	}
	EVP_MD_free(all->md5);
	all->md5 = NULL;
}

static struct checker_probe *
probe_new(struct checker_probes *all)
{
	struct checker_probe *probe = all->free_list;

	if (probe)
		all->free_list = probe->next_free;
	else
		probe = calloc(1, sizeof(*probe));
	if (probe)
		all->n_running++;
	return probe;
}

/* Gives back everything but the struct itself, which waits for its next run. */
static void
probe_release(struct checker_probe *probe)
{
	struct checker_probes *all = probe->all;

	if (probe->fd >= 0) {
		if (event_initialized(&probe->event))
			event_del(&probe->event);
		close(probe->fd);
		probe->fd = -1;
	}
	probe->check->probe = NULL;
	probe->check = NULL;
	probe->next_free = all->free_list;
	all->free_list = probe;
	all->n_running--;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct checker_probe *probe = arg;

	if (!probe->is_connected) {
		int err = 0;
		socklen_t len = sizeof(err);

		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			err = errno;
		if (err) {
			checker_probe_end(probe, checker_result_of_errno(err), err);
			return;
		}
		probe->is_connected = true;
		probe->ops->connected(probe);
		return;
	}
	probe->ops->ready(probe, what);
}

void
checker_probe_wait(struct checker_probe *probe, short what)
{
	if (event_initialized(&probe->event))
		event_del(&probe->event);
	event_assign(&probe->event, probe->all->base, probe->fd, (short)(what | EV_PERSIST),
		     on_event, probe);
	event_add(&probe->event, NULL);
}

static void
set_due(struct checker_probe *probe, hf_time now)
{
	hf_time due = hf_after(now, probe->check->model->connect_timeout_ns);

	checker_heap_set(probe->all->heap, &probe->check->due, hf_earlier(due, probe->limit));
}

void
checker_probe_progress(struct checker_probe *probe, hf_time now)
{
	set_due(probe, now);
}

/* Source address, port, interface and mark. Returns 0 or -errno. */
static int
set_source(int fd, const struct check_model *model)
{
	int on = 1;

	if (model->bind_if[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, model->bind_if,
					    (socklen_t)strlen(model->bind_if)) < 0)
		return -errno;
	if (model->fwmark &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &model->fwmark, sizeof(model->fwmark)) < 0)
		return -errno;
	if (!hf_addr_is_set(&model->bind_addr) && !model->bind_port)
		return 0;

	struct hf_addr any = { .family = model->connect_addr.family };
	struct sockaddr_storage ss;
	socklen_t len =
		hf_addr_sockaddr(hf_addr_is_set(&model->bind_addr) ? &model->bind_addr : &any,
				 model->bind_port, &ss);

	/* A fixed port is used again while its last connection still lingers; any other is chosen
	 * at connect, when the destination is known and many checks can share one. */
	if (model->bind_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (const struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

/* Begins to connect. CHECKER_RESULT_NONE: on its way. */
static enum checker_result
begin_connect(struct checker_probe *probe)
{
	const struct check_model *model = probe->check->model;
	struct sockaddr_storage ss;
	socklen_t len = hf_addr_sockaddr(&model->connect_addr, model->connect_port, &ss);

	if (hf_addr_is_link_local(&model->connect_addr) && ss.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&ss)->sin6_scope_id = if_nametoindex(model->bind_if);
	probe->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (probe->fd < 0) {
		probe->err = errno;
		return CHECKER_RESULT_SOCKET_FAILED;
	}
	probe->err = -set_source(probe->fd, model);
	if (probe->err)
		return CHECKER_RESULT_BIND_FAILED;
	if (connect(probe->fd, (const struct sockaddr *)&ss, len) == 0 || errno == EINPROGRESS)
		return CHECKER_RESULT_NONE;
	probe->err = errno;
	if (probe->err == EADDRNOTAVAIL || probe->err == EADDRINUSE) /* out of local ports */
		return CHECKER_RESULT_BIND_FAILED;
	return checker_result_of_errno(probe->err);
}

int
checker_probe_start(struct checker_probes *all, struct checker_check *check, hf_time now)
{
	const struct check_model *model = check->model;
	struct checker_probe *probe;
	enum checker_result result;
	int64_t longest_ns = CHECKER_RUN_TIMEOUTS * model->connect_timeout_ns;

	assert(!check->probe);
	if (all->n_running >= CHECKER_PROBES_MAX)
		return -EAGAIN;
	probe = probe_new(all);
	if (!probe)
		return -ENOMEM;
	probe->all = all;
	probe->check = check;
	probe->ops = check_ops_of(model->type);
	probe->err = 0;
	probe->is_connected = false;
	probe->started = now;
	if (longest_ns < model->delay_loop_ns)
		longest_ns = model->delay_loop_ns;
	probe->limit = hf_after(now, longest_ns);
	memset(&probe->event, 0, sizeof(probe->event));
	check->probe = probe;

	result = begin_connect(probe);
	if (result != CHECKER_RESULT_NONE) {
		checker_probe_end(probe, result, probe->err);
		return 0;
	}
	set_due(probe, now);
	checker_probe_wait(probe, EV_WRITE);
	return 0;
}

void
checker_probe_end(struct checker_probe *probe, enum checker_result result, int err)
{
	struct checker_probes *all = probe->all;
	struct checker_check *check = probe->check;
	struct checker_report report = {
		.result = result,
		.latency_ns = hf_between(probe->started, hf_time_now()),
	};

	probe_release(probe);
	all->ended(all->arg, check, &report, err);
}

void
checker_probe_expired(struct checker_probe *probe, hf_time now)
{
	checker_probe_end(probe,
			  hf_reached(now, probe->limit) ? CHECKER_RESULT_TOO_SLOW
							: CHECKER_RESULT_TIMEOUT,
			  0);
}

void
checker_probe_cancel(struct checker_probe *probe)
{
	probe_release(probe);
}
