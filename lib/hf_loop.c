/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libevent behind hf_time: a precise-timer base with three priorities. */
#include "lib/hf_loop.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

struct hf_loop {
	struct event_base *base;
};

struct hf_timer {
	struct event *event;
	void (*fire)(void *arg);
	void *arg;
	hf_time due;
};

struct hf_watch {
	struct event *event;
	void (*ready)(void *arg, int fd);
	void *arg;
};

struct hf_signal {
	struct event *event;
	void (*caught)(void *arg, int signum);
	void *arg;
};

struct hf_loop *
hf_loop_new(void)
{
	struct hf_loop *loop = calloc(1, sizeof(*loop));
	struct event_config *config = event_config_new();

	if (!loop || !config)
		goto fail;
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	/* Timers and urgent descriptors get their turn again after this much of lesser work. */
	event_config_set_max_dispatch_interval(config, NULL, 64, HF_PRIO_NORMAL);
	loop->base = event_base_new_with_config(config);
	if (!loop->base || event_base_priority_init(loop->base, HF_PRIO_BULK + 1) < 0)
		goto fail;
	event_config_free(config);
	return loop;
fail:
	if (config)
		event_config_free(config);
	hf_loop_free(loop);
	return NULL;
}

void
hf_loop_free(struct hf_loop *loop)
{
	if (!loop)
		return;
	if (loop->base)
		event_base_free(loop->base);
	free(loop);
}

struct event_base *
hf_loop_base(struct hf_loop *loop)
{
	return loop->base;
}

int
hf_loop_run(struct hf_loop *loop)
{
	return event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0 ? -EIO : 0;
}

void
hf_loop_stop(struct hf_loop *loop)
{
	event_base_loopbreak(loop->base);
}

/* Arms the event for the time left, rounded up: libevent counts microseconds, and "never before" is
 * the promise. */
static void
timer_arm(struct hf_timer *timer)
{
	/* The base's idea of now dates from its last wake-up and would make the timer early. */
	event_base_update_cache_time(event_get_base(timer->event));
	int64_t left_ns = hf_between(hf_time_now(), timer->due);
	int64_t us = left_ns <= 0 ? 0 : (left_ns + 999) / 1000;
	struct timeval tv = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };

	event_add(timer->event, &tv);
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct hf_timer *timer = arg;

	(void)fd;
	(void)what;
	/* libevent's clock and ours are read one after the other: it may be a little early. */
	if (!hf_reached(hf_time_now(), timer->due)) {
		timer_arm(timer);
		return;
	}
	timer->due = HF_UNSET;
	timer->fire(timer->arg);
}

struct hf_timer *
hf_timer_new(struct hf_loop *loop, enum hf_priority prio, void (*fire)(void *arg), void *arg)
{
	struct hf_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->fire = fire;
	timer->arg = arg;
	timer->event = evtimer_new(loop->base, timer_fired, timer);
	if (!timer->event) {
		free(timer);
		return NULL;
	}
	event_priority_set(timer->event, prio);
	return timer;
}

void
hf_timer_set(struct hf_timer *timer, hf_time due)
{
	if (!hf_is_set(due) || due.ns == INT64_MAX) {
		timer->due = HF_UNSET;
		event_del(timer->event);
		return;
	}
	if (due.ns == timer->due.ns)
		return;
	timer->due = due;
	timer_arm(timer);
}

void
hf_timer_free(struct hf_timer *timer)
{
	if (!timer)
		return;
	event_free(timer->event);
	free(timer);
}

static void
watch_ready(evutil_socket_t fd, short what, void *arg)
{
	struct hf_watch *watch = arg;

	(void)what;
	watch->ready(watch->arg, fd);
}

static struct hf_watch *
watch_new(struct hf_loop *loop, enum hf_priority prio, int fd, short what,
	  void (*ready)(void *arg, int fd), void *arg)
{
	struct hf_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->ready = ready;
	watch->arg = arg;
	watch->event = event_new(loop->base, fd, (short)(what | EV_PERSIST), watch_ready, watch);
	if (!watch->event || event_priority_set(watch->event, prio) < 0 ||
	    event_add(watch->event, NULL) < 0) {
		hf_watch_free(watch);
		return NULL;
	}
	return watch;
}

struct hf_watch *
hf_watch_read(struct hf_loop *loop, enum hf_priority prio, int fd, void (*ready)(void *arg, int fd),
	      void *arg)
{
	return watch_new(loop, prio, fd, EV_READ, ready, arg);
}

struct hf_watch *
hf_watch_write(struct hf_loop *loop, enum hf_priority prio, int fd,
	       void (*ready)(void *arg, int fd), void *arg)
{
	return watch_new(loop, prio, fd, EV_WRITE, ready, arg);
}

void
hf_watch_enable(struct hf_watch *watch, bool on)
{
	if (on)
		event_add(watch->event, NULL);
	else
		event_del(watch->event);
}

void
hf_watch_free(struct hf_watch *watch)
{
	if (!watch)
		return;
	if (watch->event)
		event_free(watch->event);
	free(watch);
}

static void
signal_caught(evutil_socket_t signum, short what, void *arg)
{
	struct hf_signal *sig = arg;

	(void)what;
	sig->caught(sig->arg, signum);
}

struct hf_signal *
hf_signal_new(struct hf_loop *loop, int signum, void (*caught)(void *arg, int signum), void *arg)
{
	struct hf_signal *sig = calloc(1, sizeof(*sig));

	if (!sig)
		return NULL;
	sig->caught = caught;
	sig->arg = arg;
	sig->event = evsignal_new(loop->base, signum, signal_caught, sig);
	if (!sig->event || event_add(sig->event, NULL) < 0) {
		hf_signal_free(sig);
		return NULL;
	}
	return sig;
}

void
hf_signal_free(struct hf_signal *sig)
{
	if (!sig)
		return;
	if (sig->event)
		event_free(sig->event);
	free(sig);
}
