/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells systemd how we are (its notification protocol, sd_notify(3)): one datagram of lines to the
 * socket named in NOTIFY_SOCKET. Without that variable every call is a no-op.
 */
#ifndef DAEMON_SD_NOTIFY_H
#define DAEMON_SD_NOTIFY_H

struct sd_notify;

/* Takes NOTIFY_SOCKET out of the environment, so that scripts and rooms do not speak for us. NULL:
 * nobody listens. */
struct sd_notify *sd_notify_open(void);
void sd_notify_close(struct sd_notify *notify); /* NULL is fine, here and below */

void sd_notify_ready(struct sd_notify *notify, const char *status);
void sd_notify_reloading(struct sd_notify *notify);
void sd_notify_stopping(struct sd_notify *notify, const char *status);
void sd_notify_status(struct sd_notify *notify, const char *status);

#endif
