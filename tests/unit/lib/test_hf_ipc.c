/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's timers and the channel between rooms, over a real socketpair in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_ipc.h"
#include "lib/hf_loop.h"

struct end {
	struct hf_loop *loop;
	struct hf_ipc *ipc;
	unsigned int got;
	unsigned int stop_at;
	uint16_t last_type;
	uint32_t expect;
	bool order_kept;
	bool closed;
	int fd;
	int answer;
};

static int
on_message(void *arg, struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len, int fd)
{
	struct end *end = arg;
	uint32_t n = 0;

	(void)ipc;
	if (len >= sizeof(n))
		memcpy(&n, payload, sizeof(n));
	end->order_kept = end->order_kept && n == end->expect;
	end->expect++;
	end->last_type = type;
	end->fd = fd;
	if (++end->got == end->stop_at)
		hf_loop_stop(end->loop);
	return end->answer;
}

static void
on_closed(void *arg, struct hf_ipc *ipc)
{
	struct end *end = arg;

	hf_ipc_free(ipc);
	end->ipc = NULL;
	end->closed = true;
	hf_loop_stop(end->loop);
}

static const struct hf_ipc_ops ops = { on_message, on_closed };

static void
open_pair(struct hf_loop *loop, struct end *a, struct end *b)
{
	int fds[2];

	assert_int_equal(hf_ipc_pair(fds), 0);
	*a = (struct end){ .loop = loop, .order_kept = true, .fd = -1 };
	*b = *a;
	a->ipc = hf_ipc_new(loop, fds[0], &ops, a);
	b->ipc = hf_ipc_new(loop, fds[1], &ops, b);
	assert_non_null(a->ipc);
	assert_non_null(b->ipc);
}

static void
close_pair(struct hf_loop *loop, struct end *a, struct end *b)
{
	hf_ipc_free(a->ipc);
	hf_ipc_free(b->ipc);
	hf_loop_free(loop);
}

static void
messages_arrive_whole_and_in_order(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct end a, b;
	uint8_t payload[HF_IPC_PAYLOAD_MAX] = { 0 };

	(void)state;
	open_pair(loop, &a, &b);
	b.stop_at = 3000;
	/* More than the kernel holds: the rest waits in the queue. */
	for (uint32_t n = 0; n < b.stop_at; n++) {
		memcpy(payload, &n, sizeof(n));
		assert_int_equal(hf_ipc_send(a.ipc, 7, payload, sizeof(payload), -1), 0);
	}
	assert_int_equal(hf_loop_run(loop), 0);
	assert_int_equal(b.got, 3000);
	assert_true(b.order_kept);
	assert_int_equal(b.last_type, 7);
	close_pair(loop, &a, &b);
}

static void
a_reader_that_hangs_is_noticed(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct end a, b;
	static uint8_t payload[HF_IPC_PAYLOAD_MAX];
	int err = 0;

	(void)state;
	open_pair(loop, &a, &b);
	for (unsigned int n = 0; n < 10000 && err == 0; n++)
		err = hf_ipc_send(a.ipc, 1, payload, sizeof(payload), -1);
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(hf_ipc_send(a.ipc, 1, payload, HF_IPC_PAYLOAD_MAX + 1, -1), -EMSGSIZE);
	close_pair(loop, &a, &b);
}

static void
descriptors_travel(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct end a, b;
	int pipes[2];
	char c;

	(void)state;
	open_pair(loop, &a, &b);
	b.stop_at = 1;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(hf_ipc_send(a.ipc, 2, NULL, 0, pipes[0]), 0);
	close(pipes[0]);
	hf_loop_run(loop);
	assert_true(b.fd >= 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(read(b.fd, &c, 1), 1);
	assert_int_equal(c, 'x');
	close(b.fd);
	close(pipes[1]);
	close_pair(loop, &a, &b);
}

static void
the_other_ends_death_is_told(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct end a, b;

	(void)state;
	open_pair(loop, &a, &b);
	hf_ipc_free(a.ipc);
	a.ipc = NULL;
	hf_loop_run(loop);
	assert_true(b.closed);
	close_pair(loop, &a, &b);
}

static void
a_refused_message_closes_the_channel(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct end a, b;

	(void)state;
	open_pair(loop, &a, &b);
	b.answer = -EPROTO;
	assert_int_equal(hf_ipc_send(a.ipc, 99, NULL, 0, -1), 0);
	hf_loop_run(loop);
	assert_true(b.closed);
	close_pair(loop, &a, &b);
}

static void
a_damaged_header_closes_the_channel(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct end b = { .loop = loop, .order_kept = true };
	static const uint8_t junk[] = { 9, 9, 1, 0, 4, 0, 0, 0, 1, 2, 3, 4 };
	int fds[2];

	(void)state;
	assert_int_equal(hf_ipc_pair(fds), 0);
	b.ipc = hf_ipc_new(loop, fds[1], &ops, &b);
	assert_int_equal(send(fds[0], junk, sizeof(junk), 0), sizeof(junk));
	hf_loop_run(loop);
	assert_true(b.closed);
	assert_int_equal(b.got, 0);
	close(fds[0]);
	hf_loop_free(loop);
}

struct alarm {
	struct hf_loop *loop;
	struct hf_timer *timer;
	hf_time due;
	bool early;
	unsigned int fired;
};

static void
on_alarm(void *arg)
{
	struct alarm *alarm = arg;

	alarm->early = alarm->early || hf_time_now().ns < alarm->due.ns;
	if (++alarm->fired == 20) {
		hf_loop_stop(alarm->loop);
		return;
	}
	alarm->due = hf_after(alarm->due, HF_MICROS(700));
	hf_timer_set(alarm->timer, alarm->due);
}

static void
a_timer_never_fires_early(void **state)
{
	struct alarm alarm = { .loop = hf_loop_new() };

	(void)state;
	alarm.timer = hf_timer_new(alarm.loop, HF_PRIO_URGENT, on_alarm, &alarm);
	alarm.due = hf_after(hf_time_now(), HF_MILLIS(1));
	hf_timer_set(alarm.timer, alarm.due);
	assert_int_equal(hf_loop_run(alarm.loop), 0);
	assert_false(alarm.early);
	assert_int_equal(alarm.fired, 20);
	hf_timer_free(alarm.timer);
	hf_loop_free(alarm.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_arrive_whole_and_in_order),
		cmocka_unit_test(a_reader_that_hangs_is_noticed),
		cmocka_unit_test(descriptors_travel),
		cmocka_unit_test(the_other_ends_death_is_told),
		cmocka_unit_test(a_refused_message_closes_the_channel),
		cmocka_unit_test(a_damaged_header_closes_the_channel),
		cmocka_unit_test(a_timer_never_fires_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
