/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the daemon's files. Not here: opening them. */
#include "daemon/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_RUN_DIR   RUNSTATEDIR "/holdfast"
#define OWN_CONFIG        SYSCONFDIR "/holdfast/holdfast.conf"
#define KEEPALIVED_CONFIG "/etc/keepalived/keepalived.conf"

static int
fits(int printed, size_t size)
{
	return printed < 0 || (size_t)printed >= size ? -ENAMETOOLONG : 0;
}

/* Absolute form of a name given by the user. */
static int
absolute(char *out, size_t size, const char *name)
{
	char here[PATH_MAX];

	if (name[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		return fits(snprintf(out, size, "%s", name), size);
	return fits(snprintf(out, size, "%s/%s", strcmp(here, "/") == 0 ? "" : here, name), size);
}

int
paths_find_config(struct daemon_paths *paths, const struct daemon_options *options)
{
	const char *name = options->config;

	if (name == NULL)
		name = access(OWN_CONFIG, F_OK) == 0 ? OWN_CONFIG : KEEPALIVED_CONFIG;
	return absolute(paths->config, sizeof(paths->config), name);
}

static int
find_pid_files(struct daemon_paths *paths, const struct daemon_options *options)
{
	const struct {
		char *path;
		const char *given;
		const char *name;
	} files[] = {
		{ paths->pid, options->pid_file, "holdfastd.pid" },
		{ paths->vrrp_pid, options->vrrp_pid_file, "vrrp.pid" },
		{ paths->checkers_pid, options->checkers_pid_file, "checkers.pid" },
	};
	int err = 0;

	for (size_t i = 0; i < HF_COUNT_OF(files) && err == 0; i++) {
		if (files[i].given != NULL)
			err = absolute(files[i].path, PATH_MAX, files[i].given);
		else
			err = fits(snprintf(files[i].path, PATH_MAX, "%s/%s", paths->run_dir,
					    files[i].name),
				   PATH_MAX);
	}
	return err;
}

static void
find_dump_dir(struct daemon_paths *paths)
{
	const char *given = getenv("TMPDIR");
	struct stat st;

	if (given == NULL || given[0] != '/' || strlen(given) >= sizeof(paths->dump_dir) ||
	    stat(given, &st) != 0 || !S_ISDIR(st.st_mode))
		given = "/tmp";
	snprintf(paths->dump_dir, sizeof(paths->dump_dir), "%s", given);
}

int
paths_find_run(struct daemon_paths *paths, const struct daemon_options *options,
	       const char *net_namespace, const char *instance, FILE *err)
{
	const char *a = net_namespace != NULL ? net_namespace : "";
	const char *b = instance != NULL ? instance : "";
	int bad;

	if (options->run_dir != NULL)
		bad = absolute(paths->run_dir, sizeof(paths->run_dir), options->run_dir);
	else
		bad = fits(snprintf(paths->run_dir, sizeof(paths->run_dir), "%s%s%s%s%s",
				    DEFAULT_RUN_DIR, *a || *b ? "/" : "", a, *a && *b ? "_" : "",
				    b),
			   sizeof(paths->run_dir));
	if (bad != 0) {
		fprintf(err,
			"holdfastd: the run directory's name is too long: expected at most %d "
			"bytes\n",
			PATHS_RUN_DIR_MAX - 1);
		return bad;
	}
	snprintf(paths->control, sizeof(paths->control), "%s/" PATHS_SOCKET, paths->run_dir);
	find_dump_dir(paths);
	bad = find_pid_files(paths, options);
	if (bad != 0)
		fputs("holdfastd: the name of a pid file is too long\n", err);
	return bad;
}

static int
make_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	return -errno;
}

int
paths_make_run_dir(const struct daemon_paths *paths)
{
	char path[PATHS_RUN_DIR_MAX];
	int err = 0;

	memcpy(path, paths->run_dir, sizeof(path));
	for (char *slash = strchr(path + 1, '/'); slash != NULL && err == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = make_dir(path);
		*slash = '/';
	}
	return err != 0 ? err : make_dir(path);
}
