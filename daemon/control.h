/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: one JSON object a line in, one a line out. Clients are bounded in number and
 * in what may wait for them; one that does not read is dropped.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_change.h"
#include "lib/hf_room.h"

#define CONTROL_CLIENTS_MAX  64
#define CONTROL_LINE_MAX     65536         /* bytes of a request */
#define CONTROL_WAITING_MAX  (64u << 20)   /* bytes that may wait for a client to read */
#define CONTROL_READ_LIMIT_S 30            /* a client that reads nothing for so long is dropped */
#define CONTROL_STATUS_NS    HF_SECONDS(2) /* what rooms get to answer a status request */
#define CONTROL_STATUS_MAX   (48u << 20)   /* bytes of one room's status */

struct control;
struct supervisor;

/* Makes the socket. NULL, with a line in the log, when that is impossible: the daemon runs on. */
struct control *control_open(struct supervisor *sup);
void control_close(struct control *control); /* NULL is fine, here and below; removes the socket */

/* A change was added to the journal. */
void control_publish(struct control *control, const struct hf_change *change);

/* A room's answer; takes over fd. */
void control_status_reply(struct control *control, enum hf_room_kind kind, uint64_t request,
			  int fd);

/* The reload that clients wait for is over. diagnostics may be "". */
void control_reload_done(struct control *control, bool ok, const char *diagnostics);

#endif
