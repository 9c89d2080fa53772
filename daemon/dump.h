/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text dumps of SIGUSR1, SIGUSR2 and the realtime signals, under keepalived's file names. */
#ifndef DAEMON_DUMP_H
#define DAEMON_DUMP_H

#include "lib/hf_room.h"

struct supervisor;

/* Opens the file of each room that has something to say, and asks the room to write it. */
void dump_write(struct supervisor *sup, enum hf_room_dump_kind kind);

#endif
