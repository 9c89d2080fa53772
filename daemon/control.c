/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients of the control socket: lines in, lines out, and what each of them waits for. Not here:
 * what the answers say (status.c, event_json.c, reload.c).
 */
#include "daemon/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/event_json.h"
#include "daemon/reload.h"
#include "daemon/status.h"
#include "daemon/supervisor.h"

#define BIT(kind) (1u << (kind))

/* One client; at most one of its requests is being answered at a time. */
struct client {
	TAILQ_ENTRY(client) next;
	struct control *control;
	struct bufferevent *io;
	bool follows;              /* gets every new change */
	bool no_more;              /* it has closed its side: ends when everything is answered */
	unsigned int reload_round; /* waits for this reload; 0: for none */
	uint64_t status_request;   /* waits for answers with this id; 0: for none */
	unsigned int awaited;      /* rooms that have not answered it */
	json_t *answers[HF_ROOM_KINDS];
	struct hf_timer *limit;
};
TAILQ_HEAD(clients, client);

struct control {
	struct supervisor *sup;
	struct evconnlistener *listener;
	struct clients clients;
	size_t n_clients;
};

/* The client behind this one, looked up before this one may be dropped. */
#define EACH_CLIENT(control, client, after)                                                        \
	for ((client) = TAILQ_FIRST(&(control)->clients);                                          \
	     (client) != NULL && ((after) = TAILQ_NEXT(client, next), true); (client) = (after))

static void
forget_answers(struct client *client)
{
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		json_decref(client->answers[kind]);
		client->answers[kind] = NULL;
	}
	client->status_request = 0;
	client->awaited = 0;
}

static void
client_drop(struct client *client)
{
	struct control *control = client->control;

	forget_answers(client);
	hf_timer_free(client->limit);
	bufferevent_free(client->io);
	TAILQ_REMOVE(&control->clients, client, next);
	control->n_clients--;
	free(client);
}

/* Sends one line. Returns false when the client was dropped because it does not read. */
static bool
send_text(struct client *client, const char *text)
{
	struct evbuffer *out = bufferevent_get_output(client->io);
	size_t len = strlen(text);

	if (evbuffer_get_length(out) + len > CONTROL_WAITING_MAX ||
	    evbuffer_add(out, text, len) != 0 || evbuffer_add(out, "\n", 1) != 0) {
		hf_log(HF_WARNING, NULL, "control socket: a client that does not read is dropped");
		client_drop(client);
		return false;
	}
	return true;
}

/* As send_text(); takes over the value. */
static bool
send_json(struct client *client, json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
	bool kept = send_text(client, text != NULL ? text : "{\"error\":\"out of memory\"}");

	free(text);
	json_decref(value);
	return kept;
}

static bool
send_error(struct client *client, const char *error)
{
	return send_json(client, json_pack("{s:i, s:s}", "schema", 1, "error", error));
}

static bool
is_busy(const struct client *client)
{
	return client->reload_round != 0 || client->status_request != 0;
}

/* Sends a late answer; what the client asked meanwhile is looked at in a turn of its own. */
static void
answer_late(struct client *client, json_t *answer)
{
	hf_timer_set(client->limit, hf_time_now());
	send_json(client, answer);
}

static void
status_complete(struct client *client)
{
	json_t *status = status_json(client->control->sup, client->answers, client->awaited);

	forget_answers(client);
	answer_late(client, status);
}

/* A client that will ask no more goes when all it asked is answered and sent. */
static void
end_if_answered(struct client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->io);
	struct evbuffer *out = bufferevent_get_output(client->io);

	if (client->no_more && !is_busy(client) && evbuffer_get_length(out) == 0 &&
	    evbuffer_search(in, "\n", 1, NULL).pos < 0)
		client_drop(client);
}

static void client_read(struct client *client);

static void
on_limit(void *arg)
{
	struct client *client = arg;

	if (client->status_request != 0)
		status_complete(client);
	else
		client_read(client);
}

static bool
do_status(struct client *client, const json_t *request)
{
	static const enum hf_room_kind asked[] = { HF_ROOM_VRRP, HF_ROOM_CHECKER, HF_ROOM_IPVS };
	struct supervisor *sup = client->control->sup;

	client->status_request = ++sup->next_request;
	for (size_t i = 0; i < HF_COUNT_OF(asked); i++) {
		if (room_ask_status(&sup->rooms[asked[i]], client->status_request))
			client->awaited |= BIT(asked[i]);
	}
	if (client->awaited == 0) {
		json_t *status = status_json(sup, client->answers, 0);

		forget_answers(client);
		return send_json(client, status);
	}
	hf_timer_set(client->limit, hf_after(hf_time_now(), CONTROL_STATUS_NS));
	return true;
}

static bool
do_events(struct client *client, const json_t *request)
{
	const struct journal *journal = client->control->sup->journal;
	json_int_t since = json_integer_value(json_object_get(request, "since"));
	size_t from = journal_after(journal, since > 0 ? (uint64_t)since : 0);

	client->follows = json_is_true(json_object_get(request, "follow"));
	return send_json(client, event_json_from(journal, from));
}

static bool
do_reload(struct client *client, const json_t *request)
{
	struct supervisor *sup = client->control->sup;

	if (sup->phase == PHASE_STOPPING)
		return send_error(client, "the daemon is stopping");
	client->reload_round = sup->reload_round + 1;
	return true;
}

static const struct command {
	const char *name;
	bool (*run)(struct client *client, const json_t *request); /* false: the client is gone */
} commands[] = {
	{ "status", do_status },
	{ "events", do_events },
	{ "reload", do_reload },
};

static bool
run_line(struct client *client, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error);
	const char *name = json_string_value(json_object_get(request, "cmd"));
	bool kept = true, known = false;

	for (size_t i = 0; name != NULL && i < HF_COUNT_OF(commands) && !known; i++) {
		known = strcmp(name, commands[i].name) == 0;
		if (known)
			kept = commands[i].run(client, request);
	}
	if (!known)
		kept = send_error(client, request == NULL ? "expected one JSON object on a line"
							  : "unknown \"cmd\": expected status, "
							    "events or reload");
	json_decref(request);
	return kept;
}

/* Runs the complete lines that have arrived, one after the other. */
static void
client_read(struct client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->io);
	struct supervisor *sup = client->control->sup;
	bool kept = true;

	while (kept && !is_busy(client)) {
		size_t len;
		char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

		if (line == NULL)
			break;
		kept = run_line(client, line, len);
		free(line);
		if (kept && client->reload_round == sup->reload_round + 1) {
			reload_start(sup); /* may answer, and drop, any client */
			return;
		}
	}
	if (kept && !is_busy(client) && evbuffer_get_length(in) >= CONTROL_LINE_MAX) {
		hf_log(HF_WARNING, NULL, "control socket: a request over %d bytes: client dropped",
		       CONTROL_LINE_MAX);
		client_drop(client);
		return;
	}
	if (kept)
		end_if_answered(client);
}

static void
on_read(struct bufferevent *io, void *arg)
{
	client_read(arg);
}

/* End of file from one that only wrote requests still gets its answers; errors end it. */
static void
on_event(struct bufferevent *io, short what, void *arg)
{
	struct client *client = arg;
	struct evbuffer *out = bufferevent_get_output(io);

	if ((what & BEV_EVENT_EOF) && !client->follows &&
	    (is_busy(client) || evbuffer_get_length(out) > 0)) {
		bufferevent_disable(io, EV_READ);
		client->no_more = true;
		return;
	}
	client_drop(client);
}

/* Everything that waited is sent. */
static void
on_written(struct bufferevent *io, void *arg)
{
	struct client *client = arg;

	end_if_answered(client);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len,
	  void *arg)
{
	const struct timeval limit = { .tv_sec = CONTROL_READ_LIMIT_S };
	struct control *control = arg;
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL || control->n_clients >= CONTROL_CLIENTS_MAX)
		goto fail;
	client->control = control;
	client->limit = hf_timer_new(control->sup->loop, HF_PRIO_BULK, on_limit, client);
	client->io = bufferevent_socket_new(hf_loop_base(control->sup->loop), fd,
					    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (client->limit == NULL || client->io == NULL)
		goto fail;
	bufferevent_setcb(client->io, on_read, on_written, on_event, client);
	bufferevent_set_timeouts(client->io, NULL, &limit);
	bufferevent_setwatermark(client->io, EV_READ, 0, CONTROL_LINE_MAX);
	bufferevent_enable(client->io, EV_READ | EV_WRITE);
	TAILQ_INSERT_TAIL(&control->clients, client, next);
	control->n_clients++;
	return;
fail:
	if (client != NULL)
		hf_timer_free(client->limit);
	free(client);
	close(fd);
}

/* Does somebody answer at the address? Then the socket is not ours to take. */
static bool
is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;

	if (fd >= 0)
		close(fd);
	return served;
}

/* Returns a listening socket at the path, -errno otherwise. */
static int
listen_at(const char *path, const struct global_model *global)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before;
	int err;

	if (fd < 0)
		return -errno;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (is_served(&addr)) {
		close(fd);
		return -EADDRINUSE;
	}
	(void)unlink(path);
	before = umask(0177);
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(before);
	if (err != 0)
		goto fail;
	if (global != NULL && global->control_gid != (gid_t)-1 &&
	    chown(path, (uid_t)-1, global->control_gid) != 0)
		goto fail;
	if (global != NULL && chmod(path, global->control_mode & 0777) != 0)
		goto fail;
	if (listen(fd, CONTROL_CLIENTS_MAX) == 0)
		return fd;
fail:
	err = -errno;
	close(fd);
	return err;
}

struct control *
control_open(struct supervisor *sup)
{
	struct control *control = calloc(1, sizeof(*control));
	int fd = listen_at(sup->paths->control, sup->conf != NULL ? sup->conf->global : NULL);

	if (control == NULL || fd < 0)
		goto fail;
	control->sup = sup;
	TAILQ_INIT(&control->clients);
	control->listener =
		evconnlistener_new(hf_loop_base(sup->loop), on_accept, control,
				   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (control->listener != NULL)
		return control;
	close(fd);
	fd = -ENOMEM;
fail:
	hf_log(HF_ERROR, NULL, "control socket %s cannot be made: %s", sup->paths->control,
	       strerror(fd < 0 ? -fd : ENOMEM));
	free(control);
	return NULL;
}

void
control_close(struct control *control)
{
	struct client *client, *after;

	if (control == NULL)
		return;
	EACH_CLIENT(control, client, after)
	{
		client_drop(client);
	}
	(void)unlink(control->sup->paths->control);
	evconnlistener_free(control->listener);
	free(control);
}

void
control_publish(struct control *control, const struct hf_change *change)
{
	struct client *client, *after;
	char *text = NULL;

	if (control == NULL)
		return;
	EACH_CLIENT(control, client, after)
	{
		if (!client->follows)
			continue;
		if (text == NULL) {
			json_t *line = json_pack("{s:i, s:[o]}", "schema", 1, "events",
						 event_json(change));

			text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
			json_decref(line);
		}
		if (text != NULL)
			send_text(client, text);
	}
	free(text);
}

/* Reads a room's answer. NULL: it is not JSON, or too long. */
static json_t *
read_answer(int fd)
{
	json_error_t error;
	struct stat st;
	json_t *value = NULL;
	char *text;

	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > CONTROL_STATUS_MAX)
		return NULL;
	text = malloc((size_t)st.st_size);
	if (text != NULL && pread(fd, text, (size_t)st.st_size, 0) == st.st_size)
		value = json_loadb(text, (size_t)st.st_size, JSON_DECODE_ANY, &error);
	free(text);
	return value;
}

void
control_status_reply(struct control *control, enum hf_room_kind kind, uint64_t request, int fd)
{
	struct client *client = NULL;

	if (control != NULL) {
		TAILQ_FOREACH (client, &control->clients, next)
			if (client->status_request == request && (client->awaited & BIT(kind)))
				break;
	}
	if (client != NULL) {
		json_decref(client->answers[kind]);
		client->answers[kind] = read_answer(fd);
		client->awaited &= ~BIT(kind);
	}
	close(fd);
	if (client != NULL && client->awaited == 0)
		status_complete(client);
}

void
control_reload_done(struct control *control, bool ok, const char *diagnostics)
{
	struct client *client, *after;

	if (control == NULL)
		return;
	EACH_CLIENT(control, client, after)
	{
		struct supervisor *sup = control->sup;

		if (client->reload_round == 0 || client->reload_round > sup->reload_round)
			continue;
		client->reload_round = 0;
		answer_late(client,
			    json_pack("{s:i, s:b, s:I, s:s}", "schema", 1, "ok", ok, "generation",
				      (json_int_t)sup->generation, "diagnostics", diagnostics));
	}
}
