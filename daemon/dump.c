/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens dump files for the rooms, and writes the supervisor's own. Their texts are the rooms'. */
#include "daemon/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/supervisor.h"

/*
 * A new file each time: the directory may be everybody's, and a reader of the old one keeps it
 * whole.
 */
static int
open_fresh(const struct supervisor *sup, const char *name)
{
	char path[PATH_MAX + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", sup->paths->dump_dir, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		hf_log(HF_WARNING, NULL, "%s cannot be written: %s", path, strerror(errno));
	return fd;
}

static void
ask_room(struct supervisor *sup, enum hf_room_kind room, enum hf_room_dump_kind kind,
	 const char *name)
{
	int fd;

	if (!room_is_alive(&sup->rooms[room]))
		return;
	fd = open_fresh(sup, name);
	if (fd < 0)
		return;
	room_send_dump(&sup->rooms[room], kind, fd);
	close(fd);
}

static void
write_own(struct supervisor *sup)
{
	const struct global_model *global = sup->conf != NULL ? sup->conf->global : NULL;
	int fd = open_fresh(sup, "keepalived_parent.data");
	FILE *out;

	if (fd < 0)
		return;
	out = fdopen(fd, "w");
	if (out == NULL) {
		close(fd);
		return;
	}
	fputs("------< Global definitions >------\n", out);
	if (global != NULL) {
		fprintf(out, " Router ID = %s\n",
			global->router_id != NULL ? global->router_id : "");
		fprintf(out, " Network namespace = %s\n",
			global->net_namespace != NULL ? global->net_namespace : "(default)");
		fprintf(out, " Script security %s\n",
			global->script_security ? "enabled" : "disabled");
	}
	fprintf(out, " Configuration file = %s\n", sup->paths->config);
	fprintf(out, " Configuration generation = %" PRIu64 "\n", sup->generation);
	for (int kind = HF_ROOM_RUNNER; kind <= HF_ROOM_VRRP; kind++)
		fprintf(out, " Room %s = %s, pid %ld, restarts %u\n",
			hf_room_name((enum hf_room_kind)kind),
			room_state_name(sup->rooms[kind].state), (long)sup->rooms[kind].pid,
			sup->rooms[kind].restarts);
	fclose(out);
}

void
dump_write(struct supervisor *sup, enum hf_room_dump_kind kind)
{
	switch (kind) {
	case HF_ROOM_DUMP_DATA:
		write_own(sup);
		ask_room(sup, HF_ROOM_VRRP, kind, "keepalived.data");
		ask_room(sup, HF_ROOM_CHECKER, kind, "keepalived_check.data");
		break;
	case HF_ROOM_DUMP_STATS:
	case HF_ROOM_DUMP_STATS_CLEAR:
		ask_room(sup, HF_ROOM_VRRP, kind, "keepalived.stats");
		break;
	case HF_ROOM_DUMP_JSON:
		ask_room(sup, HF_ROOM_VRRP, kind, "keepalived.json");
		break;
	}
}
