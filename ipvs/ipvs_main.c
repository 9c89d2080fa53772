/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ipvs room: takes the checker's orders, and leaves in order. Orders that arrive together are
 * applied together. Elsewhere: applying (ipvs_apply.c), drift (ipvs_drift.c), the sync daemon of
 * the kernel (not driven yet).
 */
#include <errno.h>
#include <jansson.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipvs/ipvs_state.h"
#include "lib/hf_privilege.h"

/* With the supervisor gone: how long the virtual addresses get to move before the table goes. */
#define LEAVE_AFTER_VRRP_NS HF_SECONDS(5)

static void
apply_soon(struct ipvs_state *st)
{
	hf_timer_set(st->apply_timer, hf_time_now());
}

static void
on_apply(void *arg)
{
	ipvs_state_apply(arg);
}

static void
on_scan(void *arg)
{
	ipvs_drift_turn(arg);
}

static void
on_retry(void *arg)
{
	struct ipvs_state *st = arg;

	ipvs_table_release_held(st->desired);
	st->apply_all = true;
	apply_soon(st);
}

static int
take_begin(struct ipvs_state *st, const struct ipvs_order *order)
{
	ipvs_table_free(st->incoming);
	st->incoming = ipvs_table_new();
	st->incoming_flags = order->flags;
	return st->incoming == NULL ? -ENOMEM : 0;
}

/* What the kernel refused before and is ordered again as it was stays refused until its retry. */
static void
carry_over(struct ipvs_state *st)
{
	struct ipvs_table_service *service;

	TAILQ_FOREACH (service, &st->incoming->services, link) {
		const struct ipvs_table_service *before =
			ipvs_table_find(st->desired, &service->service.key);

		if (before == NULL)
			continue;
		service->stamp = before->stamp;
		service->held =
			before->held && ipvs_service_same(&before->service, &service->service);
	}
}

static int
take_end(struct ipvs_state *st)
{
	if (st->incoming == NULL)
		return -EPROTO;
	carry_over(st);
	ipvs_drift_cancel(st);
	ipvs_table_free(st->desired);
	st->desired = st->incoming;
	st->incoming = NULL;
	st->flags = st->incoming_flags;
	st->flush_foreign = (st->flags & IPVS_ORDER_FLUSH_FOREIGN) != 0;
	/* Other people's services are not followed: to remove them they have to be read first. */
	if (st->flush_foreign)
		st->actual_known = false;
	st->apply_all = true;
	st->announce = true;
	st->complete = true;
	apply_soon(st);
	hf_timer_set(st->scan_timer, hf_after(hf_time_now(), IPVS_SCAN_INTERVAL_NS));
	return 0;
}

/* Notes that the service has to be looked at by the next apply. */
static int
mark_dirty(struct ipvs_state *st, const struct ipvs_service *service)
{
	if (st->incoming != NULL)
		return 0;
	apply_soon(st);
	return ipvs_table_put(st->dirty, service, NULL) == NULL ? -ENOMEM : 0;
}

static int
take_edit(struct ipvs_state *st, enum ipvs_msg type, const struct ipvs_order *order)
{
	struct ipvs_table *table = st->incoming != NULL ? st->incoming : st->desired;
	struct ipvs_table_service *service = ipvs_table_find(table, &order->service.key);
	struct ipvs_table_dest *dest;

	if (st->incoming == NULL && !st->complete)
		return -EPROTO;
	if (type == IPVS_MSG_SERVICE)
		return ipvs_table_put(table, &order->service, order->label) == NULL
			       ? -ENOMEM
			       : mark_dirty(st, &order->service);
	if (service == NULL)
		return type == IPVS_MSG_DEST ? -EPROTO : 0;
	if (type == IPVS_MSG_DEST) {
		if (ipvs_table_put_dest(table, service, &order->dest, order->label) == NULL)
			return -ENOMEM;
	} else if (type == IPVS_MSG_SERVICE_GONE) {
		ipvs_table_remove(table, service);
	} else {
		dest = ipvs_table_find_dest(service, &order->dest.key);
		if (dest != NULL)
			ipvs_table_remove_dest(table, service, dest);
	}
	return mark_dirty(st, &order->service);
}

static int
take_order(struct ipvs_state *st, uint16_t type, struct ipvs_order *order)
{
	order->label[IPVS_LABEL_MAX - 1] = '\0';
	ipvs_service_normalise(&order->service);
	ipvs_dest_normalise(&order->dest);
	hf_room_saw(st->room, order->cause);
	switch ((enum ipvs_msg)type) {
	case IPVS_MSG_BEGIN:
		return take_begin(st, order);
	case IPVS_MSG_END:
		return take_end(st);
	case IPVS_MSG_SERVICE:
	case IPVS_MSG_DEST:
	case IPVS_MSG_SERVICE_GONE:
	case IPVS_MSG_DEST_GONE:
		return take_edit(st, (enum ipvs_msg)type, order);
	}
	return -EPROTO;
}

static int
ipvs_message(void *state, enum hf_room_kind peer, uint16_t type, const void *payload, size_t len,
	     int fd)
{
	struct ipvs_order order;

	if (fd >= 0)
		close(fd);
	if (peer != HF_ROOM_CHECKER || len != sizeof(order))
		return -EPROTO;
	memcpy(&order, payload, sizeof(order));
	return take_order(state, type, &order);
}

static void
remove_and_leave(void *arg)
{
	struct ipvs_state *st = arg;

	ipvs_state_remove_all(st);
	hf_room_leave(st->room, 0);
}

static void
ipvs_unlinked(void *state, enum hf_room_kind peer)
{
	struct ipvs_state *st = state;

	/* A list that was cut off in the middle is nothing; the table stays as it is. */
	if (peer == HF_ROOM_CHECKER) {
		ipvs_table_free(st->incoming);
		st->incoming = NULL;
	}
	if (peer == HF_ROOM_VRRP && st->waits_for_vrrp) {
		st->waits_for_vrrp = false;
		hf_timer_set(st->leave_timer, hf_time_now());
	}
}

static void
ipvs_stop(void *state, const struct hf_room_stop *how, bool supervisor_gone)
{
	struct ipvs_state *st = state;

	hf_timer_set(st->scan_timer, HF_NEVER);
	hf_timer_set(st->apply_timer, HF_NEVER);
	hf_timer_set(st->retry_timer, HF_NEVER);
	if (how->keep_ipvs) {
		hf_room_leave(st->room, 0);
	} else if (supervisor_gone && hf_room_link(st->room, HF_ROOM_VRRP) != NULL) {
		st->waits_for_vrrp = true;
		hf_timer_set(st->leave_timer, hf_after(hf_time_now(), LEAVE_AFTER_VRRP_NS));
	} else {
		remove_and_leave(st);
	}
}

static void
ipvs_recall(void *state, const char *key, const void *bytes, size_t len)
{
	struct ipvs_state *st = state;
	struct ipvs_service service = { 0 };

	if (len != sizeof(service.key))
		return;
	memcpy(&service.key, bytes, len);
	ipvs_table_put(st->owned, &service, NULL);
}

static int
ipvs_config(void *state, const struct hf_room_config *how, const char *text, size_t len,
	    char why[512])
{
	return 0; /* what should be in the table comes from the checker */
}

static void
ipvs_status(void *state, FILE *out)
{
	const struct ipvs_state *st = state;
	struct ipvs_traffic traffic = { 0 };
	json_t *json;

	if (st->sock != NULL)
		traffic = *ipvs_socket_traffic(st->sock);
	json = json_pack(
		"{s:b, s:I, s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I}, s:I, s:s}", "available",
		st->sock != NULL, "services", (json_int_t)st->desired->n_services, "dests",
		(json_int_t)st->desired->n_dests, "netlink", "requests",
		(json_int_t)traffic.requests, "dumps", (json_int_t)traffic.dumps, "refused",
		(json_int_t)traffic.refused, "drift", "found", (json_int_t)st->counts.drift_found,
		"put_back", (json_int_t)st->counts.drift_put_back, "scans",
		(json_int_t)st->counts.scans, "interval_ms",
		(json_int_t)(st->scan_interval_ns / HF_MILLIS(1)), "steps",
		(json_int_t)st->counts.steps, "last_error", st->last_error);
	if (json == NULL || json_dumpf(json, out, JSON_COMPACT) != 0)
		fputs("{}", out);
	json_decref(json);
}

static void
ipvs_end(void *state)
{
	struct ipvs_state *st = state;

	ipvs_drift_cancel(st);
	hf_timer_free(st->apply_timer);
	hf_timer_free(st->scan_timer);
	hf_timer_free(st->retry_timer);
	hf_timer_free(st->leave_timer);
	ipvs_table_free(st->desired);
	ipvs_table_free(st->incoming);
	ipvs_table_free(st->actual);
	ipvs_table_free(st->owned);
	ipvs_table_free(st->dirty);
	ipvs_plan_free(&st->plan);
	ipvs_socket_close(st->sock);
	free(st);
}

static bool
make_parts(struct ipvs_state *st)
{
	struct hf_loop *loop = hf_room_loop(st->room);

	st->desired = ipvs_table_new();
	st->actual = ipvs_table_new();
	st->owned = ipvs_table_new();
	st->dirty = ipvs_table_new();
	st->apply_timer = hf_timer_new(loop, HF_PRIO_NORMAL, on_apply, st);
	st->scan_timer = hf_timer_new(loop, HF_PRIO_BULK, on_scan, st);
	st->retry_timer = hf_timer_new(loop, HF_PRIO_BULK, on_retry, st);
	st->leave_timer = hf_timer_new(loop, HF_PRIO_NORMAL, remove_and_leave, st);
	return st->desired != NULL && st->actual != NULL && st->owned != NULL &&
	       st->dirty != NULL && st->apply_timer != NULL && st->scan_timer != NULL &&
	       st->retry_timer != NULL && st->leave_timer != NULL;
}

static void *
ipvs_start(struct hf_room *room)
{
	static const int caps[] = { CAP_NET_ADMIN };
	struct ipvs_state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return NULL;
	st->room = room;
	st->scan_interval_ns = IPVS_SCAN_INTERVAL_NS;
	/* Without IPVS the room lives on: the other rooms have work that does not need it. */
	if (!make_parts(st)) {
		ipvs_end(st);
		return NULL;
	}
	ipvs_state_connect(st, true);
	if (hf_privilege_keep(caps, HF_COUNT_OF(caps), false) != 0) {
		ipvs_end(st);
		return NULL;
	}
	return st;
}

const struct hf_room_ops *
ipvs_room(void)
{
	static const struct hf_room_ops ops = {
		.kind = HF_ROOM_IPVS,
		.start = ipvs_start,
		.recall = ipvs_recall,
		.config = ipvs_config,
		.message = ipvs_message,
		.unlinked = ipvs_unlinked,
		.status = ipvs_status,
		.stop = ipvs_stop,
		.end = ipvs_end,
	};

	return &ops;
}
