/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbolic link /dev/holdfast/NAME. */
#include "replication/front/front_name.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 256

int
front_name_set(const char *volume, const char *device)
{
	char path[PATH_LEN], fresh[PATH_LEN], target[PATH_LEN];

	(void)snprintf(path, sizeof(path), FRONT_NAME_DIR "/%s", volume);
	(void)snprintf(fresh, sizeof(fresh), FRONT_NAME_DIR "/.%s", volume);
	(void)snprintf(target, sizeof(target), "../%s", device);
	if (mkdir(FRONT_NAME_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	unlink(fresh); /* left over from a crash */
	if (symlink(target, fresh) < 0 || rename(fresh, path) < 0)
		return -errno;
	return 0;
}

void
front_name_clear(const char *volume)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), FRONT_NAME_DIR "/%s", volume);
	unlink(path);
}
