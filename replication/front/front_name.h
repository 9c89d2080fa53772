/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of a volume's device that stays the same: /dev/holdfast/NAME, a symbolic link. */
#ifndef FRONT_NAME_H
#define FRONT_NAME_H

#include "lib/hf_base.h"

#define FRONT_NAME_DIR "/dev/holdfast"

/* Makes the link point at a device of /dev ("nbd0"), in one step: at no time is it missing or
 * half. 0 or a negative errno. */
int front_name_set(const char *volume, const char *device) HF_MUST_CHECK;

/* Removes it; it need not be there. */
void front_name_clear(const char *volume);

#endif
