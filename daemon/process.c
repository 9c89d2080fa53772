/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to the daemon's own process. Not here: other processes (spawn.c). */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NETNS_DIR "/run/netns"

int
process_daemonise(void)
{
	pid_t child = fork();
	int null;

	if (child < 0)
		return -errno;
	if (child > 0)
		_exit(0);
	if (setsid() < 0 || chdir("/") != 0)
		return -errno;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	return 0;
}

int
process_enter_netns(const char *name)
{
	char path[PATH_MAX];
	int fd, err = 0;

	if (name[0] == '\0' || strchr(name, '/') != NULL ||
	    snprintf(path, sizeof(path), NETNS_DIR "/%s", name) >= (int)sizeof(path))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET) != 0)
		err = -errno;
	close(fd);
	return err;
}

void
process_allow_core(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_CORE, &all);
	(void)prctl(PR_SET_DUMPABLE, 1);
}
