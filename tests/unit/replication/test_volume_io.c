/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk engine on a file, by io_uring and by threads alike, and the layer that injects errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/hf_loop.h"
#include "replication/volume/volume_io.h"
#include "replication/volume/volume_io_fault.h"
#include "replication/volume/volume_io_step.h"

#define STORE_BYTES ((uint64_t)8 << 20)
#define BLOCK       ((uint64_t)4096)
#define MANY        200

struct bench {
	bool by_threads;
	struct hf_loop *loop;
	struct volume_io *io;
	char path[64];
	uint8_t *memory; /* MANY blocks and more */
	uint32_t open;   /* requests not ended */
	int last_err;
	struct volume_io_request requests[MANY];
};

static void
ended(struct volume_io_request *request, int err)
{
	struct bench *b = request->owner;

	if (err)
		b->last_err = err;
	if (--b->open == 0)
		hf_loop_stop(b->loop);
}

static int
open_store(struct bench *b, struct volume_io **out)
{
	struct volume_io_options options = {
		.path = b->path, .by_threads = b->by_threads, .depth = 8, .threads = 3
	};
	char why[VOLUME_IO_WHY_MAX];

	return volume_io_open(b->loop, &options, out, why);
}

static int
setup(void **state, bool by_threads)
{
	struct bench *b = calloc(1, sizeof(*b));
	int fd;

	b->by_threads = by_threads;
	(void)snprintf(b->path, sizeof(b->path), "./test_volume_io.XXXXXX");
	fd = mkstemp(b->path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, STORE_BYTES), 0);
	close(fd);
	b->loop = hf_loop_new();
	b->memory = aligned_alloc(BLOCK, (size_t)2 * MANY * BLOCK);
	memset(b->memory, 0, (size_t)2 * MANY * BLOCK);
	assert_int_equal(open_store(b, &b->io), 0);
	*state = b;
	return 0;
}

static int
setup_uring(void **state)
{
	return setup(state, false);
}

static int
setup_threads(void **state)
{
	return setup(state, true);
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	volume_io_close(b->io);
	hf_loop_free(b->loop);
	(void)unlink(b->path);
	free(b->memory);
	free(b);
	return 0;
}

static struct volume_io_request *
add(struct bench *b, enum volume_io_op op, uint64_t offset, uint32_t length, uint8_t *data)
{
	struct volume_io_request *request = &b->requests[b->open++];

	*request = (struct volume_io_request){ .op = op,
					       .offset = offset,
					       .length = length,
					       .data = data,
					       .done = ended,
					       .owner = b };
	return request;
}

/* Hands in what was added and waits for all of it. */
static int
run(struct bench *b)
{
	uint32_t n = b->open;

	b->last_err = 0;
	for (uint32_t i = 0; i < n; i++)
		volume_io_submit(b->io, &b->requests[i]);
	volume_io_kick(b->io);
	assert_int_equal(b->open, n); /* never from within submit or kick */
	assert_int_equal(hf_loop_run(b->loop), 0);
	return b->last_err;
}

static int
run_one(struct bench *b, enum volume_io_op op, uint64_t offset, uint32_t length, uint8_t *data)
{
	add(b, op, offset, length, data);
	return run(b);
}

static void
fill(uint8_t *bytes, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
	}
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void
what_is_written_is_read(void **state)
{
	struct bench *b = *state;
	uint8_t *out = b->memory, *in = b->memory + (size_t)64 * BLOCK;

	fill(out, (size_t)64 * BLOCK, 7);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 3 * BLOCK, 64 * BLOCK, out), 0);
	assert_int_equal(run_one(b, VOLUME_IO_FLUSH, 0, 0, NULL), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, 3 * BLOCK, 64 * BLOCK, in), 0);
	assert_memory_equal(out, in, (size_t)64 * BLOCK);
	add(b, VOLUME_IO_WRITE, STORE_BYTES - BLOCK, BLOCK, out)->fua = true;
	assert_int_equal(run(b), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, STORE_BYTES - BLOCK, BLOCK, in), 0);
	assert_memory_equal(out, in, BLOCK);
	assert_int_equal(volume_io_info(b->io)->by_threads, b->by_threads);
	assert_int_equal(volume_io_info(b->io)->size, STORE_BYTES);
}

static void
more_than_the_kernel_takes_at_once_waits(void **state)
{
	struct bench *b = *state;
	uint8_t *in = b->memory + (size_t)MANY * BLOCK;

	fill(b->memory, (size_t)MANY * BLOCK, 9);
	for (uint32_t i = 0; i < MANY; i++)
		add(b, VOLUME_IO_WRITE, (uint64_t)i * 2 * BLOCK, BLOCK,
		    b->memory + (size_t)i * BLOCK);
	assert_int_equal(run(b), 0);
	for (uint32_t i = 0; i < MANY; i++)
		add(b, VOLUME_IO_READ, (uint64_t)i * 2 * BLOCK, BLOCK, in + (size_t)i * BLOCK);
	assert_int_equal(run(b), 0);
	assert_memory_equal(b->memory, in, (size_t)MANY * BLOCK);
}

static void
registered_memory_gives_the_same(void **state)
{
	struct bench *b = *state;
	uint8_t *in = b->memory + (size_t)MANY * BLOCK;
	int err = volume_io_register(b->io, b->memory, (size_t)2 * MANY * BLOCK);

	if (err && !b->by_threads)
		print_message("not registered: %s\n", strerror(-err));
	fill(b->memory, (size_t)MANY * BLOCK, 11);
	add(b, VOLUME_IO_WRITE, 0, MANY * BLOCK, b->memory)->fua = true;
	assert_int_equal(run(b), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, 0, MANY * BLOCK, in), 0);
	assert_memory_equal(b->memory, in, (size_t)MANY * BLOCK);
}

static void
zero_and_discard_read_as_zeros(void **state)
{
	struct bench *b = *state;
	uint8_t *in = b->memory + (size_t)MANY * BLOCK;
	struct stat before, after;

	fill(b->memory, (size_t)MANY * BLOCK, 13);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 0, MANY * BLOCK, b->memory), 0);
	add(b, VOLUME_IO_FLUSH, 0, 0, NULL);
	assert_int_equal(run(b), 0);
	assert_int_equal(stat(b->path, &before), 0);
	add(b, VOLUME_IO_ZERO, BLOCK, 10 * BLOCK, NULL)->fua = true;
	add(b, VOLUME_IO_DISCARD, 20 * BLOCK, 100 * BLOCK, NULL)->fua = true;
	assert_int_equal(run(b), 0);
	assert_int_equal(stat(b->path, &after), 0);
	assert_true(after.st_blocks < before.st_blocks);
	assert_int_equal(run_one(b, VOLUME_IO_READ, 0, MANY * BLOCK, in), 0);
	assert_memory_equal(in, b->memory, BLOCK);
	assert_true(is_zero(in + BLOCK, (size_t)10 * BLOCK));
	assert_memory_equal(in + (size_t)11 * BLOCK, b->memory + (size_t)11 * BLOCK,
			    (size_t)9 * BLOCK);
	assert_true(is_zero(in + (size_t)20 * BLOCK, (size_t)100 * BLOCK));
}

static void
a_store_that_became_shorter_is_an_error(void **state)
{
	struct bench *b = *state;

	assert_int_equal(truncate(b->path, (off_t)STORE_BYTES - BLOCK), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, STORE_BYTES - 2 * BLOCK, 2 * BLOCK, b->memory),
			 -EIO);
}

static void
a_claimed_store_is_refused_to_the_next(void **state)
{
	struct bench *b = *state;
	struct volume_io *second = NULL;

	assert_int_equal(open_store(b, &second), -EBUSY);
	assert_null(second);
}

static void
drain_ends_everything_without_the_loop(void **state)
{
	struct bench *b = *state;

	for (uint32_t i = 0; i < MANY; i++)
		add(b, VOLUME_IO_WRITE, (uint64_t)i * BLOCK, BLOCK, b->memory);
	for (uint32_t i = 0; i < MANY; i++)
		volume_io_submit(b->io, &b->requests[i]);
	volume_io_drain(b->io);
	assert_int_equal(b->open, 0);
	assert_int_equal(b->last_err, 0);
}

static void
what_does_not_exist_is_said(void **state)
{
	struct hf_loop *loop = hf_loop_new();
	struct volume_io_options options = { .path = "./no-such-store" };
	struct volume_io *io = NULL;
	char why[VOLUME_IO_WHY_MAX];

	(void)state;
	assert_int_equal(volume_io_open(loop, &options, &io, why), -ENOENT);
	assert_string_equal(why, "./no-such-store: cannot be opened: No such file or directory");
	options.path = "/dev/null";
	assert_int_equal(volume_io_open(loop, &options, &io, why), -ENOTBLK);
	assert_string_equal(why, "/dev/null: neither a block device nor a file");
	hf_loop_free(loop);
}

static void
add_fault(struct bench *b, struct volume_io_fault fault)
{
	volume_io_fault_add(b->io, &fault);
}

static void
faults_strike_what_they_are_made_for(void **state)
{
	struct bench *b = *state;
	uint8_t *in = b->memory + (size_t)MANY * BLOCK;

	b->io = volume_io_fault_new(b->loop, b->io);
	fill(b->memory, (size_t)4 * BLOCK, 17);
	add_fault(b, (struct volume_io_fault){ .kind = VOLUME_IO_FAULT_ERROR,
					       .op = VOLUME_IO_WRITE,
					       .first = BLOCK,
					       .end = 2 * BLOCK,
					       .skip = 1,
					       .times = 1,
					       .err = -EIO });
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 0, 4 * BLOCK, b->memory), 0);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 2 * BLOCK, BLOCK, b->memory), 0);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, BLOCK, BLOCK, b->memory), -EIO);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, BLOCK, BLOCK, b->memory), 0);
	assert_int_equal(volume_io_fault_struck(b->io), 1);
	volume_io_fault_clear(b->io);
	memset(b->memory, 0, (size_t)2 * BLOCK);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 0, 2 * BLOCK, b->memory), 0);
	memset(b->memory, 0xaa, (size_t)2 * BLOCK);
	add_fault(b, (struct volume_io_fault){
			     .kind = VOLUME_IO_FAULT_TORN, .op = VOLUME_IO_WRITE, .bytes = BLOCK });
	add_fault(b, (struct volume_io_fault){
			     .kind = VOLUME_IO_FAULT_FLIP, .op = VOLUME_IO_READ, .bit = 9 });
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 0, 2 * BLOCK, b->memory), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, 0, 2 * BLOCK, in), 0);
	assert_int_equal(in[0], 0xaa);
	assert_int_equal(in[1], 0xa8);
	assert_int_equal(in[BLOCK], 0);
	volume_io_fault_clear(b->io);
	add_fault(b,
		  (struct volume_io_fault){ .kind = VOLUME_IO_FAULT_LOST, .op = VOLUME_IO_WRITE });
	add_fault(b, (struct volume_io_fault){ .kind = VOLUME_IO_FAULT_DELAY,
					       .op = VOLUME_IO_READ,
					       .delay_ns = HF_MILLIS(2) });
	memset(b->memory, 0x55, BLOCK);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 0, BLOCK, b->memory), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, 0, BLOCK, in), 0);
	assert_int_equal(in[0], 0xaa);
}

/* No store here lacks anything, so the fallbacks are shown on the steps themselves. */
static void
what_a_store_cannot_do_is_done_otherwise(void **state)
{
	struct volume_io_lacks lacks = { 0 };
	struct volume_io_request r = { .op = VOLUME_IO_DISCARD,
				       .length = VOLUME_IO_ZEROS_BYTES + BLOCK,
				       .fua = true };

	(void)state;
	volume_io_step_first(&r, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_PUNCH);
	volume_io_step_next(&r, -EINTR, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_PUNCH);
	volume_io_step_next(&r, -EOPNOTSUPP, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_ZERO_RANGE);
	volume_io_step_next(&r, -EOPNOTSUPP, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_WRITE_ZEROS);
	assert_int_equal(volume_io_step_length(&r), VOLUME_IO_ZEROS_BYTES);
	volume_io_step_next(&r, VOLUME_IO_ZEROS_BYTES, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_WRITE_ZEROS);
	assert_int_equal(volume_io_step_length(&r), BLOCK);
	volume_io_step_next(&r, BLOCK, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_SYNC);
	volume_io_step_next(&r, 0, &lacks);
	assert_int_equal(r.step, VOLUME_IO_STEP_END);
	assert_int_equal(r.err, 0);
	volume_io_step_first(&r, &lacks); /* it was learned */
	assert_int_equal(r.step, VOLUME_IO_STEP_WRITE_ZEROS);
	volume_io_step_next(&r, -ENOSPC, &lacks);
	assert_int_equal(r.err, -ENOSPC);
}

/* As containers do. From here on this process has no io_uring, so it is the last test. */
static bool
forbid_io_uring(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = HF_COUNT_OF(program), .filter = program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void
threads_take_over_where_io_uring_is_refused(void **state)
{
	struct bench *b = *state;

	volume_io_close(b->io);
	b->io = NULL;
	if (!forbid_io_uring())
		skip();
	assert_int_equal(open_store(b, &b->io), 0);
	assert_true(volume_io_info(b->io)->by_threads);
	memset(b->memory, 0x77, BLOCK);
	assert_int_equal(run_one(b, VOLUME_IO_WRITE, 0, BLOCK, b->memory), 0);
	assert_int_equal(run_one(b, VOLUME_IO_READ, 0, BLOCK, b->memory + BLOCK), 0);
	assert_memory_equal(b->memory, b->memory + BLOCK, BLOCK);
}

#define BOTH(test)                                                                                 \
	cmocka_unit_test_setup_teardown(test, setup_uring, teardown),                              \
		cmocka_unit_test_setup_teardown(test, setup_threads, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(what_is_written_is_read),
		BOTH(more_than_the_kernel_takes_at_once_waits),
		BOTH(registered_memory_gives_the_same),
		BOTH(zero_and_discard_read_as_zeros),
		BOTH(a_store_that_became_shorter_is_an_error),
		BOTH(a_claimed_store_is_refused_to_the_next),
		BOTH(drain_ends_everything_without_the_loop),
		BOTH(faults_strike_what_they_are_made_for),
		cmocka_unit_test(what_does_not_exist_is_said),
		cmocka_unit_test(what_a_store_cannot_do_is_done_otherwise),
		cmocka_unit_test_setup_teardown(threads_take_over_where_io_uring_is_refused,
						setup_uring, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
