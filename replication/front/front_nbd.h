/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volume as a kernel block device by the nbd driver (`frontend nbd`): /dev/nbdN, and
 * /dev/holdfast/NAME as the name that stays. The device is there while the volume may be opened
 * here (front_info.refusal) and goes away when it may not.
 *
 * The device outlives this process: when it ends without front_nbd_detach(), requests wait in the
 * kernel for whoever serves the volume next, which finds the device by the volume's name and takes
 * it over. Requests without an answer are sent again then: the same write may arrive twice.
 *
 * The driver's netlink family exists in the first network namespace only.
 */
#ifndef FRONT_NBD_H
#define FRONT_NBD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_loop.h"
#include "replication/front/front.h"

/* How long requests wait for this process to come back before they fail. */
#define FRONT_NBD_DEAD_S 86400

struct front_nbd;

/*
 * Serves the volume, now or as soon as it may be opened. 0 or a negative errno: -EPROTONOSUPPORT
 * when the kernel has no nbd. What goes wrong with the device later is logged and tried again.
 * front outlives it.
 */
int front_nbd_new(struct hf_loop *loop, struct front *front, struct front_nbd **out) HF_MUST_CHECK;

/* Number of the device, or -1. */
int front_nbd_index(const struct front_nbd *nbd);

/*
 * Takes the device away. What waits in it fails, so whoever has mounted it must have left before.
 * (Do not open the device from this process to find out: an open may read, and who would answer?)
 */
void front_nbd_detach(struct front_nbd *nbd);

/* Leaves the device as it is; it waits for the next one. Requests at the volume must have ended.
 * NULL is fine. */
void front_nbd_free(struct front_nbd *nbd);

#endif
