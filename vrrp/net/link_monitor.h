/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a net_table true: listens to the kernel's link and address messages, and asks for all of
 * them at start, after a loss, and whenever told to.
 */
#ifndef LINK_MONITOR_H
#define LINK_MONITOR_H

#include <stdint.h>

#include "lib/hf_base.h"
#include "lib/hf_loop.h"
#include "vrrp/net/net_table.h"

struct link_monitor;

/*
 * changed() is called once after each batch of messages that was read into the table. Returns NULL
 * with errno set when the kernel refuses the socket.
 */
struct link_monitor *link_monitor_new(struct hf_loop *loop, struct net_table *table,
				      void (*changed)(void *arg), void *arg);
void link_monitor_free(struct link_monitor *monitor); /* NULL is fine */

/* Reads everything now, waiting for the kernel at most limit_ns. Returns 0 or -errno. */
int link_monitor_read_all(struct link_monitor *monitor, int64_t limit_ns) HF_MUST_CHECK;

/* Asks for everything; the answer is read by the loop. Does nothing while one is under way. */
void link_monitor_refresh(struct link_monitor *monitor);

#endif
