/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pid files and their locks. Not here: their names (paths.c). */
#include "daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hf_log.h"

#define TAKE_TRIES 10 /* a leaving daemon may delete the file between our open and our lock */

/* Is the open file still the one that the name leads to? */
static bool
is_current(int fd, const char *path)
{
	struct stat open_st, name_st;

	return fstat(fd, &open_st) == 0 && stat(path, &name_st) == 0 &&
	       open_st.st_dev == name_st.st_dev && open_st.st_ino == name_st.st_ino;
}

/* Returns a locked descriptor, -EALREADY or -errno. */
static int
open_locked(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
		(void)fchmod(fd, 0644);
		return fd;
	}
	err = errno == EAGAIN || errno == EACCES ? -EALREADY : -errno;
	close(fd);
	return err;
}

int
pidfile_take(struct pidfile *pidfile, const char *path)
{
	for (int i = 0; i < TAKE_TRIES; i++) {
		int fd = open_locked(path);

		if (fd < 0)
			return fd;
		if (is_current(fd, path)) {
			*pidfile = (struct pidfile){ .path = path, .fd = fd };
			return 0;
		}
		close(fd);
	}
	return -EBUSY;
}

void
pidfile_write(struct pidfile *pidfile, pid_t pid)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)pid);

	if (pidfile->path == NULL)
		return;
	if (!is_current(pidfile->fd, pidfile->path)) {
		const char *path = pidfile->path;
		struct pidfile fresh;

		if (pidfile_take(&fresh, path) == 0) {
			close(pidfile->fd);
			*pidfile = fresh;
		}
	}
	if (ftruncate(pidfile->fd, 0) != 0 || pwrite(pidfile->fd, text, (size_t)len, 0) != len)
		hf_log(HF_WARNING, NULL, "pid file %s cannot be written: %s", pidfile->path,
		       strerror(errno));
}

void
pidfile_remove(struct pidfile *pidfile)
{
	if (pidfile->path == NULL)
		return;
	if (is_current(pidfile->fd, pidfile->path))
		(void)unlink(pidfile->path);
	close(pidfile->fd);
	*pidfile = (struct pidfile){ .fd = -1 };
}
