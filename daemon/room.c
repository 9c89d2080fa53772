/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's half of the conversation with a room (the other half is lib/hf_room.c). Not
 * here: starting the process itself (spawn.c), decisions (supervisor.c).
 */
#include "daemon/room.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon/spawn.h"

static const char *const state_names[] = {
	[ROOM_OFF] = "off",         [ROOM_STARTING] = "starting", [ROOM_RUNNING] = "running",
	[ROOM_WAITING] = "waiting", [ROOM_REFUSED] = "refused",   [ROOM_LEAVING] = "leaving",
};

const char *
room_state_name(enum room_state state)
{
	return state_names[state];
}

void
room_set_state(struct room *room, enum room_state state)
{
	room->state = state;
	room->since_us = hf_wall_us();
}

/* Both signs of an end are there: the process is reaped and nothing is left to read. */
static void
end_if_complete(struct room *room)
{
	if (!room->reaped || room->ipc != NULL)
		return;
	hf_timer_set(room->timer, HF_UNSET);
	room->reaped = false;
	room->pid = 0;
	room->had_config = false;
	room->predecessor_end_ns = hf_time_now().ns;
	room->events->ended(room->arg, room, room->wait_status);
}

static void
on_timer(void *arg)
{
	struct room *room = arg;

	if (room->pid == 0) {
		room->events->due(room->arg, room);
		return;
	}
	if (room->reaped) { /* somebody else holds the other end of its channel */
		hf_ipc_free(room->ipc);
		room->ipc = NULL;
		end_if_complete(room);
		return;
	}
	hf_log(HF_WARNING, NULL, "room %s: process %ld does not leave: killing it",
	       hf_room_name(room->kind), (long)room->pid);
	kill(room->pid, SIGKILL);
}

static int
take_change(struct room *room, const void *payload, size_t len)
{
	struct hf_change change;

	if (len != sizeof(change))
		return -EBADMSG;
	memcpy(&change, payload, len);
	if (change.level > HF_DEBUG)
		return -EBADMSG;
	room->events->changed(room->arg, room, &change);
	return 0;
}

static int
take_configured(struct room *room, const void *payload, size_t len)
{
	struct hf_room_config_done done;

	if (len != sizeof(done))
		return -EBADMSG;
	memcpy(&done, payload, len);
	done.text[sizeof(done.text) - 1] = '\0';
	room->events->configured(room->arg, room, &done);
	if (done.error == 0) {
		room->had_config = true;
		room->good_generation = done.generation;
	}
	return 0;
}

static int
take_record(struct room *room, const void *payload, size_t len)
{
	struct hf_room_record record;
	int err;

	if (len < sizeof(record))
		return -EBADMSG;
	memcpy(&record, payload, sizeof(record));
	if (record.len != len - sizeof(record) || record.len > HF_ROOM_RECORD_MAX ||
	    memchr(record.key, '\0', sizeof(record.key)) == NULL)
		return -EBADMSG;
	err = memory_put(room->memory, record.key, (const uint8_t *)payload + sizeof(record),
			 record.len);
	if (err != 0 && !room->memory_full_said) {
		room->memory_full_said = true;
		hf_log(HF_WARNING, NULL, "room %s: \"%s\" will not outlive it: %s",
		       hf_room_name(room->kind), record.key, strerror(-err));
	}
	return 0;
}

static int
take_status(struct room *room, const void *payload, size_t len, int *fd)
{
	struct hf_room_request request;

	if (len != sizeof(request) || *fd < 0)
		return -EBADMSG;
	memcpy(&request, payload, len);
	room->events->status(room->arg, room, request.id, *fd);
	*fd = -1;
	return 0;
}

static int
take_message(struct room *room, uint16_t type, const void *payload, size_t len, int *fd)
{
	switch ((enum hf_room_msg)type) {
	case HF_ROOM_MSG_CONFIG_DONE:
		return take_configured(room, payload, len);
	case HF_ROOM_MSG_CHANGE:
		return take_change(room, payload, len);
	case HF_ROOM_MSG_REMEMBER:
		return take_record(room, payload, len);
	case HF_ROOM_MSG_STATUS_REPLY:
		return take_status(room, payload, len, fd);
	case HF_ROOM_MSG_HELLO:
	case HF_ROOM_MSG_RECALL:
	case HF_ROOM_MSG_LINK:
	case HF_ROOM_MSG_CONFIG:
	case HF_ROOM_MSG_STATUS:
	case HF_ROOM_MSG_COMMAND:
	case HF_ROOM_MSG_DUMP:
	case HF_ROOM_MSG_STOP:
	case HF_ROOM_MSG_COMMAND_REPLY:
		break;
	}
	return -EPROTO;
}

static int
on_message(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len, int fd)
{
	int err = take_message(arg, type, payload, len, &fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static void
on_closed(void *arg, struct hf_ipc *ipc)
{
	struct room *room = arg;

	assert(room->ipc == ipc);
	hf_ipc_free(ipc);
	room->ipc = NULL;
	if (room->pid != 0 && !room->reaped)
		hf_timer_set(room->timer, hf_after(hf_time_now(), ROOM_LINGER_NS));
	end_if_complete(room);
}

static const struct hf_ipc_ops channel_ops = { on_message, on_closed };

static void
text_drop(struct room_text *text)
{
	if (text->fd >= 0)
		close(text->fd);
	text->fd = -1;
}

int
room_init(struct room *room, enum hf_room_kind kind, struct hf_loop *loop,
	  const struct room_events *events, void *arg)
{
	*room = (struct room){ .kind = kind, .events = events, .arg = arg, .loop = loop };
	room->text.fd = room->before.fd = -1;
	/* The kernel goes on answering for its addresses, whoever has taken them over. */
	room->backoff.urgent = kind == HF_ROOM_VRRP;
	room->timer = hf_timer_new(loop, HF_PRIO_NORMAL, on_timer, room);
	room->memory = memory_new(HF_ROOM_RECORDS_MAX);
	return room->timer != NULL && room->memory != NULL ? 0 : -ENOMEM;
}

void
room_clear(struct room *room)
{
	if (room->events == NULL)
		return; /* never prepared */
	hf_ipc_free(room->ipc);
	room->ipc = NULL;
	hf_timer_free(room->timer);
	memory_free(room->memory);
	text_drop(&room->text);
	text_drop(&room->before);
}

static void
send_record(void *arg, const char *key, const void *bytes, size_t len)
{
	uint8_t buf[sizeof(struct hf_room_record) + HF_ROOM_RECORD_MAX];
	struct hf_room_record record = { .len = (uint32_t)len };
	struct room *room = arg;

	assert(len <= HF_ROOM_RECORD_MAX);
	memcpy(record.key, key, strlen(key) + 1);
	memcpy(buf, &record, sizeof(record));
	memcpy(buf + sizeof(record), bytes, len);
	if (hf_ipc_send(room->ipc, HF_ROOM_MSG_RECALL, buf, sizeof(record) + len, -1) != 0)
		hf_log(HF_WARNING, NULL, "room %s: \"%s\" could not be handed to the successor",
		       hf_room_name(room->kind), key);
}

int
room_spawn(struct room *room, struct hf_room_hello *hello)
{
	int fds[2];
	int err = hf_ipc_pair(fds);

	assert(room->ipc == NULL && room->pid == 0);
	if (err != 0)
		return err;
	err = spawn_room(hf_room_name(room->kind), fds[1], &room->pid);
	close(fds[1]);
	if (err != 0) {
		close(fds[0]);
		return err;
	}
	room->started = hf_time_now();
	room->ipc = hf_ipc_new(room->loop, fds[0], &channel_ops, room);
	if (room->ipc == NULL) { /* its end of the channel closes: it leaves */
		hf_timer_set(room->timer, hf_after(room->started, ROOM_LINGER_NS));
		return -ENOMEM;
	}
	hello->restarted = room->predecessor_end_ns != 0;
	hello->predecessor_end_ns = room->predecessor_end_ns;
	hf_ipc_send(room->ipc, HF_ROOM_MSG_HELLO, hello, sizeof(*hello), -1);
	memory_each(room->memory, send_record, room);
	return 0;
}

static void
send_config(struct room *room, uint64_t cause)
{
	struct hf_room_config config = { .generation = room->text.generation,
					 .cause = cause,
					 .first = !room->had_config };

	if (room->ipc != NULL)
		hf_ipc_send(room->ipc, HF_ROOM_MSG_CONFIG, &config, sizeof(config), room->text.fd);
}

void
room_configure(struct room *room, int fd, uint64_t generation, uint64_t cause)
{
	text_drop(&room->before);
	room->before = room->text;
	room->text = (struct room_text){ .fd = fd, .generation = generation };
	send_config(room, cause);
}

void
room_revert(struct room *room, bool send, uint64_t generation, uint64_t cause)
{
	if (room->before.fd < 0)
		return;
	text_drop(&room->text);
	room->text = room->before;
	room->before.fd = -1;
	if (!send)
		return;
	room->text.generation = generation;
	send_config(room, cause);
}

void
room_configure_again(struct room *room, uint64_t cause)
{
	if (room->text.fd >= 0)
		send_config(room, cause);
}

void
room_send_link(struct room *room, enum hf_room_kind peer, int fd)
{
	struct hf_room_link link = { .peer = (uint8_t)peer };

	if (room->ipc != NULL)
		hf_ipc_send(room->ipc, HF_ROOM_MSG_LINK, &link, sizeof(link), fd);
}

void
room_send_stop(struct room *room, const struct hf_room_stop *how)
{
	if (room->ipc != NULL)
		hf_ipc_send(room->ipc, HF_ROOM_MSG_STOP, how, sizeof(*how), -1);
}

bool
room_ask_status(struct room *room, uint64_t request)
{
	struct hf_room_request message = { .id = request };

	return room->ipc != NULL &&
	       hf_ipc_send(room->ipc, HF_ROOM_MSG_STATUS, &message, sizeof(message), -1) == 0;
}

void
room_send_dump(struct room *room, enum hf_room_dump_kind kind, int fd)
{
	struct hf_room_dump dump = { .kind = (uint8_t)kind };

	if (room->ipc != NULL)
		hf_ipc_send(room->ipc, HF_ROOM_MSG_DUMP, &dump, sizeof(dump), fd);
}

void
room_was_reaped(struct room *room, int wait_status)
{
	room->reaped = true;
	room->wait_status = wait_status;
	if (room->ipc != NULL)
		hf_timer_set(room->timer, hf_after(hf_time_now(), HF_SECONDS(1)));
	end_if_complete(room);
}

void
room_wait_until(struct room *room, hf_time due)
{
	hf_timer_set(room->timer, due);
}
