/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a room: libevent with precise timers, wrapped so that a room sees hf_time and
 * nothing of libevent unless it asks (hf_loop_base(), for bufferevents). One loop a process.
 */
#ifndef HF_LOOP_H
#define HF_LOOP_H

#include <stdbool.h>

#include "lib/hf_time.h"

struct event_base;
struct hf_loop;
struct hf_timer;
struct hf_watch;
struct hf_signal;

/* Lower runs first within one wake-up. */
enum hf_priority { HF_PRIO_URGENT, HF_PRIO_NORMAL, HF_PRIO_BULK };

/* Returns NULL when the system refuses (no memory, no descriptors). */
struct hf_loop *hf_loop_new(void);
void hf_loop_free(struct hf_loop *loop);
struct event_base *hf_loop_base(struct hf_loop *loop);

/* Runs until hf_loop_stop(). Returns 0, or -EIO when the loop itself failed. */
int hf_loop_run(struct hf_loop *loop);
void hf_loop_stop(struct hf_loop *loop);

/*
 * A timer for an absolute time. It fires once at or after `due` (never before); set it again for
 * the next. Setting replaces the earlier due time; HF_NEVER or HF_UNSET cancels. NULL when out of
 * memory.
 */
struct hf_timer *hf_timer_new(struct hf_loop *loop, enum hf_priority prio, void (*fire)(void *arg),
			      void *arg);
void hf_timer_set(struct hf_timer *timer, hf_time due);
void hf_timer_free(struct hf_timer *timer); /* NULL is fine */

/* Watches a descriptor for reading; the caller keeps the descriptor and frees the watch before
 * closing it. */
struct hf_watch *hf_watch_read(struct hf_loop *loop, enum hf_priority prio, int fd,
			       void (*ready)(void *arg, int fd), void *arg);
struct hf_watch *hf_watch_write(struct hf_loop *loop, enum hf_priority prio, int fd,
				void (*ready)(void *arg, int fd), void *arg);
void hf_watch_enable(struct hf_watch *watch, bool on);
void hf_watch_free(struct hf_watch *watch); /* NULL is fine */

/* Signals arrive in the loop, never in the middle of work. */
struct hf_signal *hf_signal_new(struct hf_loop *loop, int signum,
				void (*caught)(void *arg, int signum), void *arg);
void hf_signal_free(struct hf_signal *sig);

#endif
