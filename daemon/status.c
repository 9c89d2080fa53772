/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Composes the status. Not here: asking the rooms (control_status.c), showing it (ctl/). */
#include "daemon/status.h"

#include <unistd.h>

#include "daemon/event_json.h"
#include "daemon/supervisor.h"

static json_t *
room_json(const struct room *room, bool silent)
{
	char since[HF_WALL_TEXT_MAX];

	return json_pack("{s:s, s:I, s:s, s:b, s:i, s:s}", "name", hf_room_name(room->kind), "pid",
			 (json_int_t)room->pid, "state", room_state_name(room->state), "answers",
			 !silent, "restarts", (int)room->restarts, "since",
			 hf_wall_text(room->since_us, since));
}

static json_t *
rooms_json(const struct supervisor *sup, unsigned int silent)
{
	json_t *rooms = json_array();

	for (int kind = HF_ROOM_RUNNER; kind <= HF_ROOM_VRRP; kind++) {
		const struct room *room = &sup->rooms[kind];

		if (room->state == ROOM_OFF && room->since_us == 0)
			continue; /* never needed */
		json_array_append_new(rooms, room_json(room, (silent & (1u << kind)) != 0));
	}
	return rooms;
}

/* What the room said, or an empty value of the right kind. */
static json_t *
answer_or(json_t *answer, json_t *empty)
{
	if (answer == NULL)
		return empty;
	json_decref(empty);
	return json_incref(answer);
}

json_t *
status_json(const struct supervisor *sup, json_t *const answers[HF_ROOM_KINDS], unsigned int silent)
{
	double uptime = (double)hf_between(sup->started, hf_time_now()) / 1e9;

	return json_pack("{s:i, s:s, s:{s:I, s:f, s:s, s:s, s:I, s:o}, s:o, s:o, s:o}", "schema", 1,
			 "version", PACKAGE_VERSION, "daemon", "pid", (json_int_t)getpid(),
			 "uptime_s", uptime, "config", sup->paths->config, "run_dir",
			 sup->paths->run_dir, "generation", (json_int_t)sup->generation, "rooms",
			 rooms_json(sup, silent), "vrrp",
			 answer_or(answers[HF_ROOM_VRRP], json_array()), "virtual_servers",
			 answer_or(answers[HF_ROOM_CHECKER], json_array()), "ipvs",
			 answer_or(answers[HF_ROOM_IPVS], json_object()));
}
