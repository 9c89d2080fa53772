/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nbd_file [OPTION...] SOCKET FILE       on a unix socket
 * nbd_file -k [OPTION...] FILE           as a kernel device by nbd, /dev/holdfast/NAME
 * nbd_file -U [OPTION...] FILE           the same by ublk
 * The volume's NBD server over a plain file instead of a volume, so that real NBD clients can be
 * run against it. Every request is done at once, with a system call.
 *
 *   -b N  smallest block that may be asked for (1)     -d    O_DIRECT (then -b 512 or more)
 *   -n X  the export's name (data)                     -r    read-only
 *   -u    by the disk engine, past the page cache (then -b 512 or more)
 *   -s    refuses as a secondary does                  -e N  every N-th request fails with EIO
 *   -w MS holds requests back so long, now and then, as a volume does that has lost its peer
 *
 * TERM ends it in order; HUP takes over the file's new size. Prints "ready" when it serves.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "lib/hf_loop.h"
#include "replication/front/front.h"
#include "replication/front/front_nbd.h"
#include "replication/front/front_ublk.h"
#include "replication/front/nbd_engine.h"
#include "replication/front/nbd_server.h"
#include "replication/volume/volume_io.h"

#define BLOCK 4096

#define IO_MAX ((size_t)NBD_CONNECTIONS_MAX * NBD_PIECES_MAX)

struct store {
	struct hf_loop *loop;
	struct hf_timer *timer;
	struct hf_signal *term, *hup;
	struct front front;
	struct nbd_server *server;
	struct front_nbd *device;
	struct front_ublk *ublk;
	bool by_ublk;
	const char *socket; /* NULL: a kernel device */
	int fd;
	uint8_t *dirty; /* a byte for each block that was changed since the start */
	unsigned long fail_every, n;
	long hold_ms;
	bool holding;
	bool by_engine;
	struct volume_io *io; /* NULL: by system calls */
	struct volume_io_queue free;
	struct volume_io_request *requests; /* IO_MAX */
};

static int
all_of(ssize_t done, uint32_t wanted)
{
	return done < 0 ? -errno : (uint32_t)done == wanted ? 0 : -EIO;
}

static int
zero(const struct store *s, const struct front_request *r)
{
	static const uint8_t zeroes[BLOCK] __attribute__((aligned(BLOCK)));
	int how = r->no_hole ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE;

	if (fallocate(s->fd, how | FALLOC_FL_KEEP_SIZE, (off_t)r->offset, r->length) == 0)
		return 0;
	if (errno != EOPNOTSUPP || r->op == FRONT_TRIM)
		return errno == EOPNOTSUPP ? 0 : -errno; /* a trim is advice */
	for (uint32_t at = 0; at < r->length;) {
		uint32_t len = r->length - at < BLOCK ? r->length - at : BLOCK;
		int err = all_of(pwrite(s->fd, zeroes, len, (off_t)(r->offset + at)), len);

		if (err)
			return err;
		at += len;
	}
	return 0;
}

static int
carry_out(struct store *s, const struct front_request *r)
{
	int err = 0;

	switch (r->op) {
	case FRONT_READ:
		return all_of(pread(s->fd, r->data, r->length, (off_t)r->offset), r->length);
	case FRONT_FLUSH:
		return fdatasync(s->fd) < 0 ? -errno : 0;
	case FRONT_WRITE:
		err = all_of(pwrite(s->fd, r->data, r->length, (off_t)r->offset), r->length);
		break;
	case FRONT_TRIM:
	case FRONT_WRITE_ZEROES:
		err = zero(s, r);
		break;
	}
	for (uint64_t b = r->offset / BLOCK; b <= (r->offset + r->length - 1) / BLOCK; b++)
		s->dirty[b] = 1;
	if (!err && r->fua && fdatasync(s->fd) < 0)
		err = -errno;
	return err;
}

static void
io_done(struct volume_io_request *io, int err)
{
	struct front_request *request = io->owner;
	struct store *s = request->volume;

	STAILQ_INSERT_HEAD(&s->free, io, next);
	front_complete(&s->front, request, err);
}

static enum volume_io_op
io_op(const struct front_request *r)
{
	switch (r->op) {
	case FRONT_READ:
		return VOLUME_IO_READ;
	case FRONT_WRITE:
		return VOLUME_IO_WRITE;
	case FRONT_FLUSH:
		return VOLUME_IO_FLUSH;
	case FRONT_TRIM:
		return VOLUME_IO_DISCARD;
	case FRONT_WRITE_ZEROES:
		return r->no_hole ? VOLUME_IO_ZERO : VOLUME_IO_DISCARD;
	}
	return VOLUME_IO_FLUSH;
}

static void
io_submit(struct store *s, struct front_request *r)
{
	struct volume_io_request *io = STAILQ_FIRST(&s->free);

	STAILQ_REMOVE_HEAD(&s->free, next);
	*io = (struct volume_io_request){ .op = io_op(r),
					  .fua = r->fua,
					  .length = r->length,
					  .offset = r->offset,
					  .data = r->data,
					  .done = io_done,
					  .owner = r };
	r->volume = s;
	volume_io_submit(s->io, io);
}

static void
kick(void *volume)
{
	struct store *s = volume;

	if (s->io)
		volume_io_kick(s->io);
}

static bool
io_open(struct store *s, const char *path)
{
	struct volume_io_options options = { .path = path, .shared = true };
	char why[VOLUME_IO_WHY_MAX];

	s->requests = calloc(IO_MAX, sizeof(*s->requests));
	if (!s->requests)
		return false;
	STAILQ_INIT(&s->free);
	for (size_t i = 0; i < IO_MAX; i++)
		STAILQ_INSERT_TAIL(&s->free, &s->requests[i], next);
	if (volume_io_open(s->loop, &options, &s->io, why) == 0)
		return true;
	(void)fprintf(stderr, "nbd_file: %s\n", why);
	return false;
}

static void
submit(void *volume, struct front_request *request)
{
	struct store *s = volume;

	if (s->io) {
		io_submit(s, request);
		return;
	}

	int err = s->fail_every && ++s->n % s->fail_every == 0 ? -EIO : carry_out(s, request);

	front_complete(&s->front, request, err);
}

static size_t
map_file(const struct store *s, uint64_t offset, uint64_t end, struct front_extent *out, size_t max)
{
	size_t n = 0;

	while (n < max && offset < end) {
		off_t data = lseek(s->fd, (off_t)offset, SEEK_DATA);
		bool hole = data < 0 || (uint64_t)data > offset;
		off_t next = hole ? data : lseek(s->fd, (off_t)offset, SEEK_HOLE);
		uint64_t edge = next < 0 || (uint64_t)next > end ? end : (uint64_t)next;

		out[n++] = (struct front_extent){ (uint32_t)(edge - offset), hole ? 3 : 0 };
		offset = edge;
	}
	return n;
}

static size_t
map(void *volume, size_t context, uint64_t offset, uint64_t length, struct front_extent *out,
    size_t max)
{
	const struct store *s = volume;
	uint64_t end = offset + length;
	size_t n = 0;

	if (context == 0)
		return map_file(s, offset, end, out, max);
	while (n < max && offset < end) {
		uint8_t dirty = s->dirty[offset / BLOCK];
		uint64_t edge = offset;

		while (edge < end && s->dirty[edge / BLOCK] == dirty)
			edge = (edge / BLOCK + 1) * BLOCK;
		edge = edge < end ? edge : end;
		out[n++] = (struct front_extent){ (uint32_t)(edge - offset), dirty };
		offset = edge;
	}
	return n;
}

static const struct front_ops ops = { .submit = submit, .kick = kick, .map = map };

static void
hold_or_go(void *arg)
{
	struct store *s = arg;

	s->holding = !s->holding;
	if (s->holding)
		front_suspend(&s->front);
	else
		front_resume(&s->front);
	hf_timer_set(s->timer, hf_after(hf_time_now(), HF_MILLIS(s->hold_ms)));
}

static void
stopped(void *arg)
{
	struct store *s = arg;

	hf_loop_stop(s->loop);
}

static void
on_term(void *arg, int signum)
{
	struct store *s = arg;

	hf_timer_set(s->timer, HF_NEVER);
	front_resume(&s->front);
	if (s->server) {
		nbd_server_stop(s->server, stopped, s);
		return;
	}
	if (s->ublk) {
		front_ublk_detach(s->ublk, stopped, s);
		return;
	}
	front_nbd_detach(s->device);
	hf_loop_stop(s->loop);
}

/* The place for the dirty map was made for twice the size. */
static void
on_hup(void *arg, int signum)
{
	struct store *s = arg;
	struct front_info info = s->front.info;
	struct stat st;

	if (fstat(s->fd, &st) == 0 && st.st_size / 2 <= (off_t)info.size) {
		info.size = (uint64_t)st.st_size / info.min_block * info.min_block;
		front_set_info(&s->front, &info);
	}
}

static void
usage(const char *why)
{
	(void)fprintf(stderr, "nbd_file: %s; see the head of tests/lab/nbd_file.c\n", why);
	exit(2);
}

static int
parse(int argc, char **argv, struct store *s, struct front_info *info)
{
	int c, flags = O_RDWR;

	while ((c = getopt(argc, argv, "b:dkn:rsuUe:w:")) != -1) {
		switch (c) {
		case 'b':
			info->min_block = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			flags |= O_DIRECT;
			break;
		case 'U':
			s->by_ublk = true;
			s->socket = NULL;
			break;
		case 'k':
			s->socket = NULL;
			break;
		case 'n':
			(void)snprintf(info->name, sizeof(info->name), "%s", optarg);
			break;
		case 'r':
			info->read_only = true;
			break;
		case 's':
			info->refusal = FRONT_SECONDARY;
			break;
		case 'u':
			s->by_engine = true;
			break;
		case 'e':
			s->fail_every = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			s->hold_ms = strtol(optarg, NULL, 10);
			break;
		default:
			usage("an option is not known");
		}
	}
	if (argc - optind != (s->socket ? 2 : 1))
		usage("a socket and a file are needed, or -k and a file");
	s->socket = s->socket ? argv[optind++] : NULL;
	return flags;
}

static bool
open_store(struct store *s, const char *path, int flags, struct front_info *info)
{
	struct stat st;

	s->fd = open(path, flags | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		perror(path);
		return false;
	}
	info->size = (uint64_t)st.st_size / info->min_block * info->min_block;
	s->dirty = calloc(2 * info->size / BLOCK + 1, 1);
	s->loop = hf_loop_new();
	return s->dirty && s->loop && (!s->by_engine || io_open(s, path));
}

static bool
start(struct store *s, const struct front_info *info)
{
	int err;

	front_init(&s->front, info, &ops, s);
	s->timer = hf_timer_new(s->loop, HF_PRIO_NORMAL, hold_or_go, s);
	s->term = hf_signal_new(s->loop, SIGTERM, on_term, s);
	s->hup = hf_signal_new(s->loop, SIGHUP, on_hup, s);
	if (!s->timer || !s->term || !s->hup)
		return false;
	if (s->socket)
		err = nbd_server_new(s->loop, &s->front, s->socket, 0600, &s->server);
	else if (s->by_ublk)
		err = front_ublk_new(s->loop, &s->front, &s->ublk);
	else
		err = front_nbd_new(s->loop, &s->front, &s->device);
	if (err) {
		(void)fprintf(stderr, "nbd_file: %s: %s\n", s->socket ? s->socket : "kernel device",
			      strerror(-err));
		return false;
	}
	if (s->hold_ms > 0)
		hf_timer_set(s->timer, hf_after(hf_time_now(), HF_MILLIS(s->hold_ms)));
	(void)puts("ready");
	(void)fflush(stdout);
	return true;
}

static void
release(struct store *s)
{
	if (s->io)
		volume_io_drain(s->io);
	nbd_server_free(s->server);
	front_nbd_free(s->device);
	front_ublk_free(s->ublk);
	volume_io_close(s->io);
	hf_timer_free(s->timer);
	hf_signal_free(s->term);
	hf_signal_free(s->hup);
	hf_loop_free(s->loop);
	free(s->requests);
	free(s->dirty);
	if (s->fd >= 0)
		close(s->fd);
}

int
main(int argc, char **argv)
{
	struct front_info info = {
		.name = "data",
		.min_block = 1,
		.preferred_block = BLOCK,
		.refusal_text = "secondary here",
		.n_contexts = 2,
		.contexts = { { "base:allocation" }, { "holdfast:dirty:beta" } },
	};
	struct hf_log_options log = { .room = "nbd_file", .console = true, .most = HF_INFO };
	struct store s = { .fd = -1, .socket = "" };
	int flags = parse(argc, argv, &s, &info);
	bool well;

	hf_log_setup(&log);
	well = open_store(&s, argv[optind], flags, &info) && start(&s, &info) &&
	       hf_loop_run(s.loop) == 0;
	release(&s);
	return well ? 0 : 1;
}
