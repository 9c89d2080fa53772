/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd is told, read from the socket that it would listen on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/sd_notify.h"

struct listener {
	int fd;
	char dir[64];
	struct sockaddr_un addr;
};

static int
setup(void **state)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -1;
	snprintf(l->dir, sizeof(l->dir), "/tmp/test_sd_notify.XXXXXX");
	if (mkdtemp(l->dir) == NULL)
		return -1;
	l->addr.sun_family = AF_UNIX;
	snprintf(l->addr.sun_path, sizeof(l->addr.sun_path), "%s/notify", l->dir);
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(l->fd, (struct sockaddr *)&l->addr, sizeof(l->addr)) != 0)
		return -1;
	setenv("NOTIFY_SOCKET", l->addr.sun_path, 1);
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct listener *l = *state;

	close(l->fd);
	unlink(l->addr.sun_path);
	rmdir(l->dir);
	free(l);
	return 0;
}

static const char *
heard(const struct listener *l, char buf[512])
{
	ssize_t n = recv(l->fd, buf, 511, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void
systemd_hears_each_step(void **state)
{
	struct sd_notify *notify = sd_notify_open();
	char buf[512];

	assert_non_null(notify);
	sd_notify_ready(notify, "Running");
	assert_non_null(strstr(heard(*state, buf), "READY=1\nMAINPID="));
	assert_non_null(strstr(buf, "\nSTATUS=Running"));
	sd_notify_reloading(notify);
	assert_non_null(strstr(heard(*state, buf), "RELOADING=1\nMONOTONIC_USEC="));
	sd_notify_stopping(notify, "Leaving");
	assert_non_null(strstr(heard(*state, buf), "STOPPING=1"));
	sd_notify_close(notify);
}

static void
children_do_not_speak_for_us(void **state)
{
	struct sd_notify *notify = sd_notify_open();

	assert_null(getenv("NOTIFY_SOCKET"));
	sd_notify_close(notify);
}

static void
nobody_listening_is_fine(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	assert_null(sd_notify_open());
	sd_notify_ready(NULL, "Running");
	sd_notify_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(systemd_hears_each_step, setup, teardown),
		cmocka_unit_test_setup_teardown(children_do_not_speak_for_us, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_listening_is_fine, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
