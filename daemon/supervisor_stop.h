/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving, one room after the other. Only for supervisor.c; others call supervisor_stop(). */
#ifndef DAEMON_SUPERVISOR_STOP_H
#define DAEMON_SUPERVISOR_STOP_H

struct supervisor;

/* A room ended while the daemon leaves. */
void supervisor_stop_step_done(struct supervisor *sup);

/* The room whose turn it is has had its time. */
void supervisor_stop_step_overdue(struct supervisor *sup);

#endif
