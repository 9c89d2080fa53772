/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays the supervisor and the checker for the ipvs room alone: orders come as lines on standard
 * input, what the room says goes to standard output. One order a line:
 *   begin [flush-foreign] [flush-on-stop]          end
 *   service PROTO ADDRESS PORT SCHEDULER [SECONDS [FLAGS]]    PROTO "fwm": PORT is the mark
 *   dest PROTO ADDRESS PORT ADDRESS PORT METHOD WEIGHT
 *   service-gone PROTO ADDRESS PORT                dest-gone PROTO ADDRESS PORT ADDRESS PORT
 *   many N             N services with 4 dests each, port 80 of 10.1.x.y
 *   status             asks for the room's status
 *   link               the checker is started again: a new link
 *   kill               the room dies by SIGKILL and is started again, with what it remembers
 *   stop [keep]        the supervisor says STOP; vanish: the supervisor dies
 * With the argument "quiet" the room logs no details.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipvs/ipvs.h"
#include "lib/hf_room.h"

#define RECORDS_MAX    70000
#define LINE_MAX_BYTES 256
#define WORDS_MAX      8

const struct hf_room_ops *ipvs_room(void);

struct record {
	char key[HF_ROOM_KEY_MAX];
	uint8_t bytes[64];
	size_t len;
};

struct driver {
	struct hf_loop *loop;
	struct hf_ipc *room, *link;
	struct hf_watch *input;
	pid_t pid;
	uint64_t generation;
	struct record *records;
	size_t n_records;
	char line[LINE_MAX_BYTES];
	size_t line_len;
	bool quiet;
};

static void start_room(struct driver *d, bool restarted);

static void
keep_record(struct driver *d, const void *payload, size_t len)
{
	struct hf_room_record head;
	size_t at = 0;

	assert(len >= sizeof(head));
	memcpy(&head, payload, sizeof(head));
	while (at < d->n_records && strcmp(d->records[at].key, head.key) != 0)
		at++;
	if (head.len == 0) {
		if (at < d->n_records)
			d->records[at] = d->records[--d->n_records];
		return;
	}
	assert(at < RECORDS_MAX && head.len <= sizeof(d->records[at].bytes));
	if (at == d->n_records)
		d->n_records++;
	memcpy(d->records[at].key, head.key, sizeof(head.key));
	memcpy(d->records[at].bytes, (const uint8_t *)payload + sizeof(head), head.len);
	d->records[at].len = head.len;
}

static void
print_fd(int fd)
{
	char text[4096];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	printf("status %s\n", text);
	close(fd);
}

static int
on_room_message(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len,
		int fd)
{
	struct hf_change change;
	char text[HF_LOG_LINE_MAX];

	if (type == HF_ROOM_MSG_CHANGE && len == sizeof(change)) {
		memcpy(&change, payload, len);
		printf("change %s\n", hf_change_text(&change, text));
	} else if (type == HF_ROOM_MSG_REMEMBER) {
		keep_record(arg, payload, len);
	} else if (type == HF_ROOM_MSG_STATUS_REPLY) {
		print_fd(fd);
	}
	return 0;
}

static void
on_room_closed(void *arg, struct hf_ipc *ipc)
{
	struct driver *d = arg;
	int status = 0;

	waitpid(d->pid, &status, 0);
	hf_ipc_free(d->room);
	hf_ipc_free(d->link);
	d->room = d->link = NULL;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		printf("killed\n");
		start_room(d, true);
		return;
	}
	printf("left %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	hf_loop_stop(d->loop);
}

static int
on_link_message(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len,
		int fd)
{
	return -EPROTO; /* the room has nothing to say to the checker */
}

static void
on_link_closed(void *arg, struct hf_ipc *ipc)
{
	struct driver *d = arg;

	printf("refused\n");
	hf_ipc_free(d->link);
	d->link = NULL;
}

static void
give_link(struct driver *d)
{
	static const struct hf_ipc_ops ops = { on_link_message, on_link_closed };
	struct hf_room_link msg = { .peer = HF_ROOM_CHECKER };
	int fds[2];

	hf_ipc_free(d->link);
	assert(hf_ipc_pair(fds) == 0);
	d->link = hf_ipc_new(d->loop, fds[0], &ops, d);
	hf_ipc_send(d->room, HF_ROOM_MSG_LINK, &msg, sizeof(msg), fds[1]);
	close(fds[1]);
}

static void
send_records(struct driver *d)
{
	for (size_t i = 0; i < d->n_records; i++) {
		struct {
			struct hf_room_record head;
			uint8_t bytes[64];
		} msg = { .head.len = (uint32_t)d->records[i].len };

		memcpy(msg.head.key, d->records[i].key, sizeof(msg.head.key));
		memcpy(msg.bytes, d->records[i].bytes, d->records[i].len);
		hf_ipc_send(d->room, HF_ROOM_MSG_RECALL, &msg, sizeof(msg.head) + msg.head.len, -1);
	}
}

static void
start_room(struct driver *d, bool restarted)
{
	static const struct hf_ipc_ops ops = { on_room_message, on_room_closed };
	struct hf_room_hello hello = { .restarted = restarted };
	int fds[2];

	assert(hf_ipc_pair(fds) == 0);
	fflush(stdout);
	d->pid = fork();
	assert(d->pid >= 0);
	if (d->pid == 0) {
		dup2(fds[1], HF_ROOM_FD);
		close_range(HF_ROOM_FD + 1, ~0U, 0);
		_exit(hf_room_main(ipvs_room()));
	}
	close(fds[1]);
	d->room = hf_ipc_new(d->loop, fds[0], &ops, d);
	hello.log = (struct hf_log_options){ .room = "ipvs",
					     .console = true,
					     .most = d->quiet ? HF_INFO : HF_DEBUG };
	hf_ipc_send(d->room, HF_ROOM_MSG_HELLO, &hello, sizeof(hello), -1);
	send_records(d);
	give_link(d);
}

static void
read_key(char *const *words, struct ipvs_service_key *key)
{
	struct hf_addr addr;

	if (hf_addr_parse(words[1], &addr) != 0) {
		fprintf(stderr, "ipvs_driver: no address: %s\n", words[1]);
		exit(2);
	}
	key->family = addr.family;
	if (strcmp(words[0], "fwm") == 0) {
		key->fwmark = (uint32_t)strtoul(words[2], NULL, 10);
		return;
	}
	key->protocol = strcmp(words[0], "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	memcpy(key->addr, addr.bytes, sizeof(key->addr));
	key->port = (uint16_t)strtoul(words[2], NULL, 10);
}

static void
read_dest_key(char *const *words, struct ipvs_dest_key *key)
{
	struct hf_addr addr = { 0 };

	if (hf_addr_parse(words[0], &addr) != 0)
		exit(2);
	key->family = addr.family;
	memcpy(key->addr, addr.bytes, sizeof(key->addr));
	key->port = (uint16_t)strtoul(words[1], NULL, 10);
}

static uint32_t
method(const char *word)
{
	return strcmp(word, "tunnel") == 0   ? IP_VS_CONN_F_TUNNEL
	       : strcmp(word, "droute") == 0 ? IP_VS_CONN_F_DROUTE
					     : IP_VS_CONN_F_MASQ;
}

static void
send_order(struct driver *d, enum ipvs_msg type, const struct ipvs_order *order)
{
	if (d->link != NULL)
		hf_ipc_send(d->link, type, order, sizeof(*order), -1);
}

static void
send_many(struct driver *d, unsigned int n)
{
	struct ipvs_order order = { .service.sched = "rr" };

	for (unsigned int i = 0; i < n; i++) {
		order.service.key = (struct ipvs_service_key){ .family = AF_INET,
							       .protocol = IPPROTO_TCP,
							       .port = 80 };
		memcpy(order.service.key.addr, (uint8_t[]){ 10, 1, i >> 8, i & 255 }, 4);
		send_order(d, IPVS_MSG_SERVICE, &order);
		for (uint8_t k = 1; k <= 4; k++) {
			order.dest = (struct ipvs_dest){ .key = { .family = AF_INET, .port = 80 },
							 .weight = 1 };
			memcpy(order.dest.key.addr, (uint8_t[]){ 10, 2, 0, k }, 4);
			send_order(d, IPVS_MSG_DEST, &order);
		}
	}
}

/* Words 0: the order, 1 to 3: the service, then what belongs to the order. */
static bool
take_table_order(struct driver *d, char **words, int n)
{
	struct ipvs_order order = { 0 };
	bool dest = strncmp(words[0], "dest", 4) == 0;

	if ((!dest && strncmp(words[0], "service", 7) != 0) || n < (dest ? 6 : 4))
		return false;
	read_key(words + 1, &order.service.key);
	snprintf(order.label, sizeof(order.label), "%s:%s", dest ? words[4] : words[2],
		 dest ? words[5] : words[3]);
	if (dest)
		read_dest_key(words + 4, &order.dest.key);
	if (strcmp(words[0], "service-gone") == 0) {
		send_order(d, IPVS_MSG_SERVICE_GONE, &order);
	} else if (strcmp(words[0], "dest-gone") == 0) {
		send_order(d, IPVS_MSG_DEST_GONE, &order);
	} else if (dest && n == 8) {
		order.dest.fwd_method = method(words[6]);
		order.dest.weight = (int32_t)strtol(words[7], NULL, 10);
		send_order(d, IPVS_MSG_DEST, &order);
	} else if (!dest && n >= 5) {
		snprintf(order.service.sched, sizeof(order.service.sched), "%s", words[4]);
		order.service.timeout_s = n > 5 ? (uint32_t)strtoul(words[5], NULL, 10) : 0;
		order.service.flags = n > 6 ? (uint32_t)strtoul(words[6], NULL, 0) : 0;
		if (order.service.timeout_s != 0)
			order.service.flags |= IP_VS_SVC_F_PERSISTENT;
		send_order(d, IPVS_MSG_SERVICE, &order);
	} else {
		return false;
	}
	return true;
}

static void
take_begin(struct driver *d, char **words, int n)
{
	struct ipvs_order order = { 0 };

	for (int i = 1; i < n; i++)
		order.flags |= strcmp(words[i], "flush-foreign") == 0 ? IPVS_ORDER_FLUSH_FOREIGN
								      : IPVS_ORDER_FLUSH_ON_STOP;
	send_order(d, IPVS_MSG_BEGIN, &order);
}

static void
take_words(struct driver *d, char **words, int n)
{
	static const struct ipvs_order none;
	struct hf_room_request request = { .id = 1 };
	struct hf_room_stop stop = { .keep_ipvs = n > 1 };

	if (strcmp(words[0], "begin") == 0)
		take_begin(d, words, n);
	else if (strcmp(words[0], "end") == 0)
		send_order(d, IPVS_MSG_END, &none);
	else if (strcmp(words[0], "many") == 0 && n == 2)
		send_many(d, (unsigned int)strtoul(words[1], NULL, 10));
	else if (strcmp(words[0], "status") == 0)
		hf_ipc_send(d->room, HF_ROOM_MSG_STATUS, &request, sizeof(request), -1);
	else if (strcmp(words[0], "link") == 0)
		give_link(d);
	else if (strcmp(words[0], "kill") == 0)
		kill(d->pid, SIGKILL);
	else if (strcmp(words[0], "stop") == 0)
		hf_ipc_send(d->room, HF_ROOM_MSG_STOP, &stop, sizeof(stop), -1);
	else if (strcmp(words[0], "vanish") == 0)
		exit(0);
	else if (!take_table_order(d, words, n))
		fprintf(stderr, "ipvs_driver: no such order: %s\n", words[0]);
}

static void
take_line(struct driver *d)
{
	char *words[WORDS_MAX], *rest = NULL;
	int n = 0;

	for (char *word = strtok_r(d->line, " \n", &rest); word != NULL && n < WORDS_MAX;
	     word = strtok_r(NULL, " \n", &rest))
		words[n++] = word;
	if (n > 0)
		take_words(d, words, n);
	d->line_len = 0;
}

static void
on_input(void *arg, int fd)
{
	struct driver *d = arg;
	char byte;

	if (read(fd, &byte, 1) != 1) {
		hf_watch_enable(d->input, false); /* the room goes on; "stop" ends it */
		return;
	}
	if (d->line_len < sizeof(d->line) - 1)
		d->line[d->line_len++] = byte;
	d->line[d->line_len] = '\0';
	if (byte == '\n')
		take_line(d);
}

int
main(int argc, char **argv)
{
	struct driver d = { .loop = hf_loop_new(),
			    .quiet = argc > 1 && strcmp(argv[1], "quiet") == 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	d.records = calloc(RECORDS_MAX, sizeof(*d.records));
	assert(d.loop != NULL && d.records != NULL);
	start_room(&d, false);
	d.input = hf_watch_read(d.loop, HF_PRIO_NORMAL, STDIN_FILENO, on_input, &d);
	assert(d.input != NULL);
	hf_loop_run(d.loop);
	hf_watch_free(d.input);
	hf_loop_free(d.loop);
	free(d.records);
	return 0;
}
