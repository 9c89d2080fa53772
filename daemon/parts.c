/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one configuration to the texts of the rooms. Not here: what stands in them (config/
 * *_model). */
#include "daemon/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define BIT(kind) (1u << (kind))

unsigned int
parts_needed(const struct conf *conf, const struct daemon_options *options)
{
	bool both = options->only_vrrp == options->only_checker;
	unsigned int needed = 0;

	if ((both || options->only_vrrp) && (options->all_rooms || conf->vrrp->n_instances > 0))
		needed |= BIT(HF_ROOM_VRRP);
	if ((both || options->only_checker) && (options->all_rooms || conf->checker->n_virtual > 0))
		needed |= BIT(HF_ROOM_CHECKER) | BIT(HF_ROOM_IPVS);
	if (needed != 0)
		needed |= BIT(HF_ROOM_RUNNER);
	return needed;
}

static void
print_part(enum hf_room_kind kind, const struct conf *conf, FILE *out)
{
	switch (kind) {
	case HF_ROOM_RUNNER:
		runner_model_print(conf->runner, out);
		break;
	case HF_ROOM_CHECKER:
		checker_model_print(conf->checker, out);
		break;
	case HF_ROOM_VRRP:
		vrrp_model_print(conf->vrrp, out);
		break;
	case HF_ROOM_IPVS: /* is told by the checker */
	case HF_ROOM_DAEMON:
	case HF_ROOM_CLUSTER:
	case HF_ROOM_KINDS:
		break;
	}
}

/* Returns the sealed descriptor or -errno. */
static int
make_part(enum hf_room_kind kind, const struct conf *conf)
{
	int fd = memfd_create(hf_room_name(kind), MFD_CLOEXEC | MFD_ALLOW_SEALING);
	FILE *out;
	int keep, err = 0;

	if (fd < 0)
		return -errno;
	keep = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	out = fdopen(fd, "w");
	if (keep < 0 || out == NULL) {
		err = -errno;
		close(out == NULL ? fd : -1);
		if (out != NULL)
			fclose(out);
		if (keep >= 0)
			close(keep);
		return err;
	}
	print_part(kind, conf, out);
	if (fclose(out) != 0 ||
	    fcntl(keep, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
		    0) {
		err = -errno;
		close(keep);
		return err;
	}
	return keep;
}

int
parts_make(const struct conf *conf, const struct daemon_options *options, struct parts *parts)
{
	int err = 0;

	(void)options;
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++)
		parts->fds[kind] = -1;
	for (int kind = HF_ROOM_RUNNER; kind <= HF_ROOM_VRRP && err == 0; kind++) {
		int fd = make_part((enum hf_room_kind)kind, conf);

		if (fd < 0)
			err = fd;
		else
			parts->fds[kind] = fd;
	}
	for (int kind = 0; kind < HF_ROOM_KINDS && err != 0; kind++) {
		if (parts->fds[kind] >= 0)
			close(parts->fds[kind]);
		parts->fds[kind] = -1;
	}
	return err;
}

void
parts_print(const struct conf *conf, FILE *out)
{
	for (int kind = HF_ROOM_RUNNER; kind <= HF_ROOM_VRRP; kind++) {
		if (kind == HF_ROOM_IPVS)
			continue;
		fprintf(out, "# room %s\n", hf_room_name((enum hf_room_kind)kind));
		print_part((enum hf_room_kind)kind, conf, out);
	}
}
