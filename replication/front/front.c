/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the front-ends of one volume meet: counts what is in flight, holds requests back while the
 * volume is suspended, tells of changes. Pure: no I/O, no clock, no allocation.
 */
#include "replication/front/front.h"

#include <assert.h>

const char *
front_op_name(enum front_op op)
{
	switch (op) {
	case FRONT_READ:
		return "read";
	case FRONT_WRITE:
		return "write";
	case FRONT_FLUSH:
		return "flush";
	case FRONT_TRIM:
		return "trim";
	case FRONT_WRITE_ZEROES:
		return "write_zeroes";
	}
	return "unknown";
}

static bool
is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static void
check_info(const struct front_info *info)
{
	assert(is_power_of_two(info->min_block) && info->min_block <= FRONT_ALIGNMENT);
	assert(is_power_of_two(info->preferred_block));
	assert(info->preferred_block >= info->min_block);
	assert(info->size % info->min_block == 0);
	assert(info->n_contexts <= FRONT_CONTEXTS_MAX);
}

void
front_init(struct front *front, const struct front_info *info, const struct front_ops *ops,
	   void *volume)
{
	check_info(info);
	*front = (struct front){ .info = *info, .ops = ops, .volume = volume };
	STAILQ_INIT(&front->waiting);
	LIST_INIT(&front->listeners);
}

void
front_submit(struct front *front, struct front_request *request)
{
	assert(request->done);
	if (front->suspended) {
		STAILQ_INSERT_TAIL(&front->waiting, request, waiting);
		front->n_waiting++;
		return;
	}
	front->in_flight++;
	front->ops->submit(front->volume, request);
}

void
front_kick(struct front *front)
{
	if (front->ops->kick)
		front->ops->kick(front->volume);
}

void
front_complete(struct front *front, struct front_request *request, int err)
{
	assert(front->in_flight > 0);
	assert(err <= 0);
	front->in_flight--;
	request->done(request, err);
}

void
front_suspend(struct front *front)
{
	front->suspended = true;
}

/* Takes the first of those held back, or NULL. */
static struct front_request *
waiting_steal(struct front *front)
{
	struct front_request *request = STAILQ_FIRST(&front->waiting);

	if (request) {
		STAILQ_REMOVE_HEAD(&front->waiting, waiting);
		front->n_waiting--;
	}
	return request;
}

void
front_resume(struct front *front)
{
	struct front_request *request;

	front->suspended = false;
	/* The volume may suspend again in the middle: the rest keeps its order. */
	while (!front->suspended && (request = waiting_steal(front))) {
		front->in_flight++;
		front->ops->submit(front->volume, request);
	}
	front_kick(front);
}

void
front_refuse_waiting(struct front *front, int err)
{
	/* A client may answer its refusal with the next request, which waits again: only those that
	 * are here now. */
	for (uint32_t n = front->n_waiting; n > 0; n--) {
		struct front_request *request = waiting_steal(front);

		request->done(request, err);
	}
}

void
front_set_info(struct front *front, const struct front_info *info)
{
	struct front_listener *listener = LIST_FIRST(&front->listeners);

	check_info(info);
	assert(info->n_contexts == front->info.n_contexts);
	front->info = *info;
	while (listener) { /* one may leave while it is told */
		struct front_listener *next = LIST_NEXT(listener, others);

		listener->changed(listener->arg);
		listener = next;
	}
}

void
front_listen(struct front *front, struct front_listener *listener)
{
	LIST_INSERT_HEAD(&front->listeners, listener, others);
}

void
front_unlisten(struct front_listener *listener)
{
	LIST_REMOVE(listener, others);
}

uint32_t
front_piece(enum front_op op, uint64_t offset, uint64_t length)
{
	uint64_t most = length, edge;

	switch (op) {
	case FRONT_READ:
	case FRONT_WRITE:
		edge = FRONT_EXTENT - offset % FRONT_EXTENT;
		most = edge < FRONT_DATA_MAX ? edge : FRONT_DATA_MAX;
		break;
	case FRONT_TRIM:
	case FRONT_WRITE_ZEROES:
		most = FRONT_RANGE_MAX - offset % FRONT_RANGE_MAX;
		break;
	case FRONT_FLUSH:
		return 0;
	}
	return (uint32_t)(length < most ? length : most);
}
