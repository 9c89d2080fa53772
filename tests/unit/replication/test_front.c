/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meeting place of front-ends and volume, and the buffers of requests. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replication/front/front.h"
#include "replication/front/front_pool.h"

struct volume_double {
	struct front front;
	struct front_request requests[4];
	char trace[256];
};

static void
note(struct volume_double *v, const char *what, uint64_t n)
{
	size_t at = strlen(v->trace);

	(void)snprintf(v->trace + at, sizeof(v->trace) - at, "%s %u\n", what, (unsigned int)n);
}

static void
take(void *volume, struct front_request *request)
{
	struct volume_double *v = volume;

	note(v, front_op_name(request->op), request->offset);
	if (request->offset == 1) /* this one stops the volume in the middle of the others */
		front_suspend(&v->front);
}

static void
ended(struct front_request *request, int err)
{
	note(request->owner, "done", (uint64_t)-err);
}

static const struct front_ops take_ops = { .submit = take };
static const struct front_info small = {
	.name = "data", .size = 8U << 20, .min_block = 1, .preferred_block = 4096
};

static void
setup(struct volume_double *v)
{
	memset(v, 0, sizeof(*v));
	front_init(&v->front, &small, &take_ops, v);
	for (uint64_t i = 0; i < 4; i++)
		v->requests[i] = (struct front_request){
			.op = FRONT_WRITE, .offset = i, .length = 1, .done = ended, .owner = v
		};
}

static void
suspended_requests_wait_in_order(void **state)
{
	struct volume_double v;

	setup(&v);
	front_suspend(&v.front);
	for (int i = 0; i < 4; i++)
		front_submit(&v.front, &v.requests[i]);
	assert_string_equal(v.trace, "");
	assert_int_equal(v.front.n_waiting, 4);
	front_resume(&v.front); /* suspends itself at the second */
	assert_string_equal(v.trace, "write 0\nwrite 1\n");
	assert_int_equal(v.front.in_flight, 2);
	front_resume(&v.front);
	assert_string_equal(v.trace, "write 0\nwrite 1\nwrite 2\nwrite 3\n");
	for (int i = 0; i < 4; i++)
		front_complete(&v.front, &v.requests[i], 0);
	assert_int_equal(v.front.in_flight, 0);
}

static void
waiting_requests_can_be_refused(void **state)
{
	struct volume_double v;

	setup(&v);
	front_suspend(&v.front);
	front_submit(&v.front, &v.requests[0]);
	front_submit(&v.front, &v.requests[2]);
	front_refuse_waiting(&v.front, -ESHUTDOWN);
	assert_string_equal(v.trace, "done 108\ndone 108\n");
	front_resume(&v.front);
	assert_int_equal(v.front.in_flight, 0);
}

static void
pieces_stay_within_their_bounds(void **state)
{
	assert_int_equal(front_piece(FRONT_WRITE, 0, 512), 512);
	assert_int_equal(front_piece(FRONT_WRITE, 0, 32U << 20), FRONT_DATA_MAX);
	assert_int_equal(front_piece(FRONT_READ, FRONT_EXTENT - 4096, 8192), 4096);
	assert_int_equal(front_piece(FRONT_TRIM, 4096, UINT32_MAX), FRONT_RANGE_MAX - 4096);
	assert_int_equal(front_piece(FRONT_WRITE_ZEROES, FRONT_RANGE_MAX, 100), 100);
}

static void
buffers_are_aligned_apart_and_come_back(void **state)
{
	static const size_t lengths[] = { 1, 4096, 4097, 65536, 100000, 262144, 1U << 20 };
	struct front_pool pool;
	uint8_t *memory = aligned_alloc(4096, FRONT_POOL_BYTES);
	struct held {
		uint8_t *buffer;
		size_t length;
	} held[64] = { 0 };
	unsigned int seed = 1;

	assert_non_null(memory);
	front_pool_init(&pool, memory);
	for (int round = 0; round < 20000; round++) {
		seed = seed * 1103515245 + 12345;
		struct held *h = &held[seed / 65536 % 64];

		if (h->buffer) { /* nobody else wrote into it */
			assert_int_equal(h->buffer[0], h - held);
			assert_int_equal(h->buffer[h->length - 1], h - held);
			front_pool_put(&pool, h->buffer, h->length);
			h->buffer = NULL;
			continue;
		}
		h->length = lengths[seed / 4096 % 7];
		h->buffer = front_pool_get(&pool, h->length);
		if (!h->buffer)
			continue;
		assert_int_equal((uintptr_t)h->buffer % 4096, 0);
		assert_true(h->buffer + h->length <= memory + FRONT_POOL_BYTES);
		h->buffer[0] = h->buffer[h->length - 1] = (uint8_t)(h - held);
	}
	for (struct held *h = held; h < held + 64; h++)
		if (h->buffer)
			front_pool_put(&pool, h->buffer, h->length);
	assert_int_equal(pool.used_units, 0);
	assert_ptr_equal(front_pool_get(&pool, FRONT_POOL_BYTES), memory);
	assert_null(front_pool_get(&pool, 1));
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suspended_requests_wait_in_order),
		cmocka_unit_test(waiting_requests_can_be_refused),
		cmocka_unit_test(pieces_stay_within_their_bounds),
		cmocka_unit_test(buffers_are_aligned_apart_and_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
