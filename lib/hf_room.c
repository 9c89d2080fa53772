/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common half of every room process: greets the supervisor, hands its messages to the room's
 * callbacks, keeps the links to other rooms, and ends the process. What a room is for stands in its
 * own folder.
 */
#include "lib/hf_room.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Text of a configuration part: 2 GiB would be a mistake, not a configuration. */
#define CONFIG_TEXT_MAX (1u << 30)
#define LEAVE_FLUSH_NS  HF_SECONDS(1)

struct hf_room {
	const struct hf_room_ops *ops;
	void *state;
	struct hf_loop *loop;
	struct hf_ipc *supervisor;
	struct hf_ipc *links[HF_ROOM_KINDS];
	struct hf_room_hello hello;
	struct hf_change_ids ids;
	bool stopping;
	int status;
};

static const char *const room_names[HF_ROOM_KINDS] = {
	[HF_ROOM_DAEMON] = "daemon",   [HF_ROOM_RUNNER] = "runner", [HF_ROOM_IPVS] = "ipvs",
	[HF_ROOM_CHECKER] = "checker", [HF_ROOM_VRRP] = "vrrp",     [HF_ROOM_CLUSTER] = "cluster",
};

const char *
hf_room_name(enum hf_room_kind kind)
{
	return room_names[kind];
}

struct hf_loop *
hf_room_loop(struct hf_room *room)
{
	return room->loop;
}

const struct hf_room_hello *
hf_room_hello(const struct hf_room *room)
{
	return &room->hello;
}

struct hf_ipc *
hf_room_link(struct hf_room *room, enum hf_room_kind peer)
{
	return room->links[peer];
}

void
hf_room_leave(struct hf_room *room, int status)
{
	room->status = status;
	hf_loop_stop(room->loop);
}

void
hf_room_saw(struct hf_room *room, uint64_t change_id)
{
	hf_change_saw(&room->ids, change_id);
}

uint64_t
hf_room_change(struct hf_room *room, enum hf_log_level level, uint64_t cause, const char *subject,
	       const char *from, const char *to, const char *reason, const char *detail, ...)
{
	struct hf_change change = { .cause = cause,
				    .wall_us = hf_wall_us(),
				    .level = (uint8_t)level };
	char text[HF_LOG_LINE_MAX];

	hf_change_saw(&room->ids, cause);
	change.id = hf_change_next_id(&room->ids);
	change.mono_ns = hf_time_now().ns;
	snprintf(change.room, sizeof(change.room), "%s", hf_room_name(room->ops->kind));
	snprintf(change.subject, sizeof(change.subject), "%s", subject);
	snprintf(change.from, sizeof(change.from), "%s", from);
	snprintf(change.to, sizeof(change.to), "%s", to);
	snprintf(change.reason, sizeof(change.reason), "%s", reason);
	if (detail) {
		va_list args;

		va_start(args, detail);
		vsnprintf(change.detail, sizeof(change.detail), detail, args);
		va_end(args);
	}
	hf_log(level, NULL, "%s", hf_change_text(&change, text));
	if (room->supervisor)
		hf_ipc_send(room->supervisor, HF_ROOM_MSG_CHANGE, &change, sizeof(change), -1);
	return change.id;
}

void
hf_room_remember(struct hf_room *room, const char *key, const void *bytes, size_t len)
{
	uint8_t buf[sizeof(struct hf_room_record) + HF_ROOM_RECORD_MAX];
	struct hf_room_record record = { .len = (uint32_t)len };

	if (!room->supervisor || len > HF_ROOM_RECORD_MAX || strlen(key) >= HF_ROOM_KEY_MAX)
		return;
	snprintf(record.key, sizeof(record.key), "%s", key);
	memcpy(buf, &record, sizeof(record));
	if (len)
		memcpy(buf + sizeof(record), bytes, len);
	hf_ipc_send(room->supervisor, HF_ROOM_MSG_REMEMBER, buf, sizeof(record) + len, -1);
}

static void
link_drop(struct hf_room *room, enum hf_room_kind peer)
{
	struct hf_ipc *link = room->links[peer];

	if (!link)
		return;
	room->links[peer] = NULL;
	hf_ipc_free(link);
	if (room->state && room->ops->unlinked)
		room->ops->unlinked(room->state, peer);
}

static enum hf_room_kind
link_peer(const struct hf_room *room, const struct hf_ipc *ipc)
{
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++)
		if (room->links[kind] == ipc)
			return (enum hf_room_kind)kind;
	return HF_ROOM_KINDS;
}

static int
on_link_message(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len,
		int fd)
{
	struct hf_room *room = arg;
	enum hf_room_kind peer = link_peer(room, ipc);

	if (peer != HF_ROOM_KINDS && room->state && room->ops->message)
		return room->ops->message(room->state, peer, type, payload, len, fd);
	if (fd >= 0)
		close(fd);
	return -EPROTO;
}

static void
on_link_closed(void *arg, struct hf_ipc *ipc)
{
	struct hf_room *room = arg;
	enum hf_room_kind peer = link_peer(room, ipc);

	if (peer != HF_ROOM_KINDS)
		link_drop(room, peer);
}

static const struct hf_ipc_ops link_ops = { on_link_message, on_link_closed };

static int
take_link(struct hf_room *room, const void *payload, size_t len, int *fd)
{
	struct hf_room_link msg;

	if (len != sizeof(msg) || *fd < 0)
		return -EBADMSG;
	memcpy(&msg, payload, len);
	if (msg.peer >= HF_ROOM_KINDS)
		return -EBADMSG;
	link_drop(room, msg.peer);
	room->links[msg.peer] = hf_ipc_new(room->loop, *fd, &link_ops, room);
	*fd = -1;
	if (!room->links[msg.peer])
		return -ENOMEM;
	if (room->ops->linked)
		room->ops->linked(room->state, msg.peer, room->links[msg.peer]);
	return 0;
}

static int
take_hello(struct hf_room *room, const void *payload, size_t len)
{
	if (len != sizeof(room->hello) || room->state)
		return -EBADMSG;
	memcpy(&room->hello, payload, len);
	hf_log_setup(&room->hello.log);
	room->ids = (struct hf_change_ids){ .last = room->hello.last_change_id,
					    .room = room->ops->kind };
	room->state = room->ops->start(room);
	if (!room->state) {
		room->stopping = true;
		hf_room_leave(room, 1);
	}
	return 0;
}

static int
take_recall(struct hf_room *room, const void *payload, size_t len)
{
	struct hf_room_record record;

	if (len < sizeof(record))
		return -EBADMSG;
	memcpy(&record, payload, sizeof(record));
	if (record.len != len - sizeof(record) || !memchr(record.key, '\0', sizeof(record.key)))
		return -EBADMSG;
	if (room->ops->recall)
		room->ops->recall(room->state, record.key,
				  (const uint8_t *)payload + sizeof(record), record.len);
	return 0;
}

/* Maps the descriptor's text privately and applies it. The reader gets a NUL behind the text. */
static int
apply_text(struct hf_room *room, const struct hf_room_config *how, int fd, char why[512])
{
	struct stat st;
	char *text;
	int error;

	if (fstat(fd, &st) < 0) {
		snprintf(why, 512, "the configuration text cannot be read: %s", strerror(errno));
		return 1;
	}
	if (st.st_size > CONFIG_TEXT_MAX) {
		snprintf(why, 512, "%lld bytes of configuration: at most %lld are taken",
			 (long long)st.st_size, (long long)CONFIG_TEXT_MAX);
		return 1;
	}
	text = malloc((size_t)st.st_size + 1);
	if (!text) {
		snprintf(why, 512, "out of memory for %lld bytes of configuration",
			 (long long)st.st_size);
		return 1;
	}
	if (pread(fd, text, (size_t)st.st_size, 0) != st.st_size) {
		snprintf(why, 512, "the configuration text cannot be read: %s", strerror(errno));
		free(text);
		return 1;
	}
	text[st.st_size] = '\0';
	error = room->ops->config(room->state, how, text, (size_t)st.st_size, why);
	free(text);
	return error;
}

static int
take_config(struct hf_room *room, const void *payload, size_t len, int fd)
{
	struct hf_room_config_done done = { 0 };
	struct hf_room_config how;

	if (len != sizeof(how) || fd < 0)
		return -EBADMSG;
	memcpy(&how, payload, len);
	hf_change_saw(&room->ids, how.cause);
	done.generation = how.generation;
	done.error = apply_text(room, &how, fd, done.text);
	return hf_ipc_send(room->supervisor, HF_ROOM_MSG_CONFIG_DONE, &done, sizeof(done), -1);
}

static void
take_stop(struct hf_room *room, const struct hf_room_stop *how, bool supervisor_gone)
{
	if (room->stopping)
		return;
	room->stopping = true;
	if (room->state)
		room->ops->stop(room->state, how, supervisor_gone);
	else
		hf_room_leave(room, 0);
}

static int
take_status(struct hf_room *room, const void *payload, size_t len)
{
	struct hf_room_request request;
	int fd, err;
	FILE *out;

	if (len != sizeof(request))
		return -EBADMSG;
	memcpy(&request, payload, len);
	fd = memfd_create("status", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		return 0;
	}
	room->ops->status(room->state, out);
	fflush(out);
	err = hf_ipc_send(room->supervisor, HF_ROOM_MSG_STATUS_REPLY, &request, sizeof(request),
			  fd);
	fclose(out);
	return err == -EPIPE ? err : 0;
}

static int
take_command(struct hf_room *room, const void *payload, size_t len)
{
	static const char unknown[] = "{\"error\": \"this room takes no orders\"}";
	char reply[sizeof(struct hf_room_request) + HF_IPC_PAYLOAD_MAX / 2] = { 0 };
	size_t head = sizeof(struct hf_room_request), used;
	char *json;
	FILE *out;

	if (len < head)
		return -EBADMSG;
	memcpy(reply, payload, head);
	json = strndup((const char *)payload + head, len - head);
	out = fmemopen(reply + head, sizeof(reply) - head, "w");
	if (json && out && room->ops->command)
		room->ops->command(room->state, json, out);
	else if (out)
		fputs(unknown, out);
	if (out)
		fclose(out);
	free(json);
	used = head + strnlen(reply + head, sizeof(reply) - head);
	return hf_ipc_send(room->supervisor, HF_ROOM_MSG_COMMAND_REPLY, reply, used, -1);
}

static int
take_dump(struct hf_room *room, const void *payload, size_t len, int *fd)
{
	struct hf_room_dump dump;
	FILE *out;

	if (len != sizeof(dump) || *fd < 0)
		return -EBADMSG;
	memcpy(&dump, payload, len);
	out = fdopen(*fd, "w");
	if (!out)
		return 0;
	*fd = -1;
	if (room->ops->dump)
		room->ops->dump(room->state, (enum hf_room_dump_kind)dump.kind, out);
	fclose(out);
	return 0;
}

static int
take_message(struct hf_room *room, uint16_t type, const void *payload, size_t len, int *fd)
{
	struct hf_room_stop stop;

	if (!room->state &&
	    room->stopping) /* what came with a greeting that could not be answered */
		return 0;
	if (!room->state && type != HF_ROOM_MSG_HELLO && type != HF_ROOM_MSG_STOP)
		return -EPROTO;
	switch ((enum hf_room_msg)type) {
	case HF_ROOM_MSG_HELLO:
		return take_hello(room, payload, len);
	case HF_ROOM_MSG_RECALL:
		return take_recall(room, payload, len);
	case HF_ROOM_MSG_LINK:
		return take_link(room, payload, len, fd);
	case HF_ROOM_MSG_CONFIG:
		return take_config(room, payload, len, *fd);
	case HF_ROOM_MSG_STATUS:
		return take_status(room, payload, len);
	case HF_ROOM_MSG_COMMAND:
		return take_command(room, payload, len);
	case HF_ROOM_MSG_DUMP:
		return take_dump(room, payload, len, fd);
	case HF_ROOM_MSG_STOP:
		if (len != sizeof(stop))
			return -EBADMSG;
		memcpy(&stop, payload, len);
		take_stop(room, &stop, false);
		return 0;
	case HF_ROOM_MSG_CONFIG_DONE:
	case HF_ROOM_MSG_CHANGE:
	case HF_ROOM_MSG_REMEMBER:
	case HF_ROOM_MSG_STATUS_REPLY:
	case HF_ROOM_MSG_COMMAND_REPLY:
		break;
	}
	return -EPROTO;
}

static int
on_supervisor_message(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len,
		      int fd)
{
	int err = take_message(arg, type, payload, len, &fd);

	(void)ipc;
	if (fd >= 0)
		close(fd);
	return err;
}

static void
on_supervisor_closed(void *arg, struct hf_ipc *ipc)
{
	struct hf_room *room = arg;
	struct hf_room_stop how = { 0 };

	room->supervisor = NULL;
	hf_ipc_free(ipc);
	if (!room->stopping)
		hf_log(HF_ERROR, NULL, "the supervisor is gone: leaving in order");
	take_stop(room, &how, true);
}

static const struct hf_ipc_ops supervisor_ops = { on_supervisor_message, on_supervisor_closed };

/* A room leaves when its supervisor says so, not when a terminal sends ^C to the whole process
 * group. */
static void
ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
}

int
hf_room_main(const struct hf_room_ops *ops)
{
	struct hf_room room = { .ops = ops };
	char name[16];

	ignore_signals();
	snprintf(name, sizeof(name), "hf_%s", hf_room_name(ops->kind));
	prctl(PR_SET_NAME, name);
	if (fcntl(HF_ROOM_FD, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(HF_ROOM_FD, F_SETFL, O_NONBLOCK) < 0) {
		hf_log(HF_ERROR, NULL, "a room is started by holdfastd, not by hand");
		return 1;
	}
	room.loop = hf_loop_new();
	if (room.loop)
		room.supervisor = hf_ipc_new(room.loop, HF_ROOM_FD, &supervisor_ops, &room);
	if (!room.supervisor) {
		hf_log(HF_ERROR, NULL, "cannot start: out of memory or descriptors");
		hf_loop_free(room.loop);
		return 1;
	}
	if (hf_loop_run(room.loop) < 0)
		room.status = 1;
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		if (room.links[kind])
			hf_ipc_flush(room.links[kind], LEAVE_FLUSH_NS);
		hf_ipc_free(room.links[kind]);
		room.links[kind] = NULL;
	}
	if (room.state)
		ops->end(room.state);
	if (room.supervisor)
		hf_ipc_flush(room.supervisor, LEAVE_FLUSH_NS);
	hf_ipc_free(room.supervisor);
	hf_loop_free(room.loop);
	return room.status;
}
