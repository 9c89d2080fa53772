/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notify FIFOs as files: made, opened, written, removed. Elsewhere: which line goes where, and the
 * scripts that read them (runner_main.c).
 */
#include "runner/runner_fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
refuse(char why[512], const char *path, const char *what, int error)
{
	snprintf(why, 512, "notify FIFO %.400s: %s%s%s", path, what, error ? ": " : "",
		 error ? strerror(error) : "");
	return -1;
}

/* Is what stands at fd a FIFO that we may write to? */
static int
check_open_fifo(int fd, const struct fifo_model *model, char why[512])
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(why, model->path, "cannot be looked at", errno);
	if (!S_ISFIFO(st.st_mode))
		return refuse(why, model->path, "exists and is not a FIFO", 0);
	if (st.st_uid != geteuid() && st.st_uid != model->uid)
		return refuse(why, model->path, "belongs to another user: not used", 0);
	return 0;
}

/* Opening a device or a socket by mistake could do something: looked at before it is opened. */
static int
check_path(const struct fifo_model *model, char why[512])
{
	struct stat st;

	if (lstat(model->path, &st) != 0)
		return refuse(why, model->path, "cannot be looked at", errno);
	if (!S_ISFIFO(st.st_mode))
		return refuse(why, model->path, "exists and is not a FIFO", 0);
	return 0;
}

int
runner_fifo_open(struct runner_fifo *fifo, const struct fifo_model *model, char why[512])
{
	bool made;
	int fd;

	*fifo = (struct runner_fifo){ .fd = -1 };
	if (strlen(model->path) >= sizeof(fifo->path))
		return refuse(why, model->path, "the path is too long", 0);
	made = mkfifo(model->path, 0644) == 0;
	if (!made && errno != EEXIST)
		return refuse(why, model->path, "cannot be made", errno);
	if (!made && check_path(model, why) != 0)
		return -1;
	/* For reading too: then it opens without a reader and never breaks when one leaves. */
	fd = open(model->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return refuse(why, model->path, "cannot be opened", errno);
	if (check_open_fifo(fd, model, why) != 0) {
		close(fd);
		return -1;
	}
	if (made && geteuid() == 0 && fchown(fd, model->uid, model->gid) != 0) {
		(void)refuse(why, model->path, "cannot be given to its owner", errno);
		unlink(model->path);
		close(fd);
		return -1;
	}
	memcpy(fifo->path, model->path, strlen(model->path) + 1);
	fifo->fd = fd;
	fifo->made_here = made;
	return 0;
}

void
runner_fifo_close(struct runner_fifo *fifo)
{
	struct stat open_st, path_st;

	if (fifo->path[0] == '\0')
		return;
	/* Somebody may have put another file in its place meanwhile. */
	if (fifo->made_here && fstat(fifo->fd, &open_st) == 0 && lstat(fifo->path, &path_st) == 0 &&
	    open_st.st_ino == path_st.st_ino && open_st.st_dev == path_st.st_dev)
		unlink(fifo->path);
	close(fifo->fd);
	*fifo = (struct runner_fifo){ .fd = -1 };
}

bool
runner_fifo_write(struct runner_fifo *fifo, const void *line, size_t len)
{
	bool written = fifo->path[0] != '\0' && len <= RUNNER_FIFO_LINE_MAX &&
		       write(fifo->fd, line, len) == (ssize_t)len;

	if (written)
		fifo->lines++;
	else
		fifo->lost++;
	return written;
}
