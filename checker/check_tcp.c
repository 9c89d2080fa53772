/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP_CHECK: a connection that is accepted is all it asks for. */
#include "checker/checker_probe.h"

static void
connected(struct checker_probe *probe)
{
	checker_probe_end(probe, CHECKER_RESULT_CONNECTED, 0);
}

const struct check_ops check_tcp_ops = { .name = "TCP_CHECK", .connected = connected };
