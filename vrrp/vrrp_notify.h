/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notify scripts and FIFO lines of instances and groups, as keepalived words them (sections 11.1
 * and 11.2 of its behaviour). The runner runs and writes; while it is away, a bounded number of
 * messages waits here.
 */
#ifndef VRRP_NOTIFY_H
#define VRRP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_room.h"
#include "vrrp/vrrp_engine.h"

#define VRRP_NOTIFY_WAITING_MAX                                                                    \
	4096 /* messages kept while there is no runner; then the oldest go */

struct vrrp_notify;

struct vrrp_notify *vrrp_notify_new(struct hf_room *room); /* NULL when out of memory */
void vrrp_notify_free(struct vrrp_notify *notify);         /* NULL is fine */

/* An instance changed its state: the state's script, the general script, the FIFO line. */
void vrrp_notify_change(struct vrrp_notify *notify, const struct vrrp_action *action,
			uint64_t cause, bool fifo);
/* The instance is stopped, or (deleted) gone from the configuration. */
void vrrp_notify_end(struct vrrp_notify *notify, const struct vrrp_instance *inst, bool deleted,
		     uint64_t cause, bool fifo);
/* Active, and a lower priority advert was heard. */
void vrrp_notify_rx_lower(struct vrrp_notify *notify, const struct vrrp_instance *inst,
			  uint64_t cause, bool fifo);
/* A group changed its state; state is a word, also "STOP". */
void vrrp_notify_group(struct vrrp_notify *notify, const struct vrrp_group_model *group,
		       const char *state, const char *prev, uint64_t cause, bool fifo);

/* The runner is there (again): what waited is sent. */
void vrrp_notify_linked(struct vrrp_notify *notify);

#endif
