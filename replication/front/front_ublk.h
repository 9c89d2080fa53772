/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volume as a kernel block device by the ublk driver (`frontend ublk`): /dev/ublkbN, and
 * /dev/holdfast/NAME as the name that stays. The device is there while the volume may be opened
 * here (front_info.refusal) and goes away when it may not.
 *
 * The device outlives this process: when it ends without front_ublk_detach(), requests wait in the
 * kernel for whoever serves the volume next, which finds the device by a number made from the
 * volume's name and takes it over. Requests without an answer are delivered again then: the same
 * write may arrive twice.
 */
#ifndef FRONT_UBLK_H
#define FRONT_UBLK_H

#include "lib/hf_base.h"
#include "lib/hf_loop.h"
#include "replication/front/front.h"

#define FRONT_UBLK_DEPTH  64U          /* requests at once */
#define FRONT_UBLK_BUFFER (512U << 10) /* bytes of one request */

struct front_ublk;

/*
 * Serves the volume, now or as soon as it may be opened. 0 or a negative errno: -EPROTONOSUPPORT
 * when the kernel has no ublk. What goes wrong with the device later is logged and tried again.
 * front outlives it.
 */
int front_ublk_new(struct hf_loop *loop, struct front *front,
		   struct front_ublk **out) HF_MUST_CHECK;

/*
 * Takes the device away; what waits in it fails, so whoever has mounted it must have left before.
 * `gone` (may be NULL) is called from the loop, or from within when there is no device.
 */
void front_ublk_detach(struct front_ublk *ublk, void (*gone)(void *arg), void *arg);

/* Leaves a device that is there as it is; it waits for the next one. Requests at the volume must
 * have ended. NULL is fine. */
void front_ublk_free(struct front_ublk *ublk);

#endif
