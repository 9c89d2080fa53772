/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layer that makes things go wrong. A request that is struck is put aside with its own memory
 * of what shall happen; the caller's fields that the layer changes on the way down (length, done,
 * owner) are put back before the caller hears of the end. At most HELD_MAX are struck at once; the
 * next ones pass.
 */
#include "replication/volume/volume_io_fault.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/hf_loop.h"

#define HELD_MAX 256

struct layer;

struct held {
	struct layer *layer;
	struct volume_io_request *request; /* NULL: free */
	const struct volume_io_fault *fault;
	void (*done)(struct volume_io_request *request, int err);
	void *owner;
	uint32_t length;
	hf_time due; /* set while it waits here: for its end, or a DELAY for its start */
};

struct layer {
	struct volume_io io;
	struct volume_io *below;
	struct hf_timer *timer;
	uint32_t struck;
	size_t n_faults;
	struct volume_io_fault faults[VOLUME_IO_FAULTS_MAX];
	uint32_t seen[VOLUME_IO_FAULTS_MAX];
	struct held held[HELD_MAX];
};

static bool
fits(const struct volume_io_fault *fault, const struct volume_io_request *request)
{
	if (fault->op != request->op)
		return false;
	if (fault->end == 0 || request->op == VOLUME_IO_FLUSH)
		return true;
	return request->offset < fault->end && request->offset + request->length > fault->first;
}

static const struct volume_io_fault *
fault_for(struct layer *layer, const struct volume_io_request *request)
{
	for (size_t i = 0; i < layer->n_faults; i++) {
		const struct volume_io_fault *fault = &layer->faults[i];
		uint32_t nth;

		if (!fits(fault, request))
			continue;
		nth = layer->seen[i]++;
		if (nth >= fault->skip && (fault->times == 0 || nth - fault->skip < fault->times))
			return fault;
	}
	return NULL;
}

static struct held *
free_place(struct layer *layer)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (!layer->held[i].request)
			return &layer->held[i];
	return NULL;
}

static void
arm(struct layer *layer)
{
	hf_time next = HF_NEVER;

	for (size_t i = 0; i < HELD_MAX; i++)
		if (layer->held[i].request)
			next = hf_earlier(next, layer->held[i].due);
	hf_timer_set(layer->timer, next);
}

/* The caller's request as it was, and its end. */
static void
give_back(struct held *held, int err)
{
	struct volume_io_request *request = held->request;

	request->done = held->done;
	request->owner = held->owner;
	request->length = held->length;
	held->request = NULL;
	held->layer->io.under_way--;
	request->done(request, err);
}

static void
ended_below(struct volume_io_request *request, int err)
{
	struct held *held = request->owner;

	if (held->fault && !err && held->fault->kind == VOLUME_IO_FAULT_FLIP) {
		uint32_t bit = held->fault->bit % (request->length * 8);

		request->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	} else if (held->fault && !err && held->fault->kind == VOLUME_IO_FAULT_TORN) {
		err = held->fault->err;
	}
	give_back(held, err);
}

static void
hand_on(struct held *held)
{
	held->due = HF_UNSET;
	volume_io_submit(held->layer->below, held->request);
}

static void
strike(struct held *held)
{
	const struct volume_io_fault *fault = held->fault;

	held->layer->struck++;
	switch (fault->kind) {
	case VOLUME_IO_FAULT_ERROR:
	case VOLUME_IO_FAULT_LOST:
		held->due = hf_time_now();
		break;
	case VOLUME_IO_FAULT_DELAY:
		held->due = hf_after(hf_time_now(), fault->delay_ns);
		break;
	case VOLUME_IO_FAULT_TORN:
		if (fault->bytes == 0) {
			held->due = hf_time_now();
			break;
		}
		if (fault->bytes < held->request->length)
			held->request->length = fault->bytes;
		hand_on(held);
		break;
	case VOLUME_IO_FAULT_FLIP:
		hand_on(held);
		break;
	}
}

static void
layer_submit(struct volume_io *io, struct volume_io_request *request)
{
	struct layer *layer = (struct layer *)io;
	struct held *held = free_place(layer);

	assert(held != NULL); /* tests stay below HELD_MAX */
	*held = (struct held){ .layer = layer,
			       .request = request,
			       .fault = fault_for(layer, request),
			       .done = request->done,
			       .owner = request->owner,
			       .length = request->length };
	request->done = ended_below;
	request->owner = held;
	if (held->fault)
		strike(held);
	else
		hand_on(held);
	arm(layer);
}

static void
layer_kick(struct volume_io *io)
{
	volume_io_kick(((struct layer *)io)->below);
}

static void
due_now(void *arg)
{
	struct layer *layer = arg;
	hf_time now = hf_time_now();

	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *held = &layer->held[i];

		if (!held->request || !hf_reached(now, held->due))
			continue;
		if (held->fault->kind == VOLUME_IO_FAULT_DELAY)
			hand_on(held);
		else
			give_back(held,
				  held->fault->kind == VOLUME_IO_FAULT_LOST ? 0 : held->fault->err);
	}
	volume_io_kick(layer->below);
	arm(layer);
}

/* Nothing is late any more. */
static void
layer_drain(struct volume_io *io)
{
	struct layer *layer = (struct layer *)io;

	while (io->under_way > 0) {
		for (size_t i = 0; i < HELD_MAX; i++)
			if (layer->held[i].request && hf_is_set(layer->held[i].due))
				layer->held[i].due = hf_time_now();
		due_now(layer);
		volume_io_drain(layer->below);
	}
}

static int
layer_add_region(struct volume_io *io, void *memory, size_t length)
{
	return volume_io_register(((struct layer *)io)->below, memory, length);
}

static void
layer_close(struct volume_io *io)
{
	struct layer *layer = (struct layer *)io;

	hf_timer_free(layer->timer);
	volume_io_close(layer->below);
	free(layer);
}

static const struct volume_io_ops layer_ops = {
	.submit = layer_submit,
	.kick = layer_kick,
	.drain = layer_drain,
	.add_region = layer_add_region,
	.close = layer_close,
};

struct volume_io *
volume_io_fault_new(struct hf_loop *loop, struct volume_io *below)
{
	struct layer *layer = calloc(1, sizeof(*layer));

	if (!layer)
		return NULL;
	layer->io = (struct volume_io){ .ops = &layer_ops, .info = below->info };
	layer->below = below;
	layer->timer = hf_timer_new(loop, HF_PRIO_NORMAL, due_now, layer);
	if (!layer->timer) {
		free(layer);
		return NULL;
	}
	return &layer->io;
}

void
volume_io_fault_add(struct volume_io *io, const struct volume_io_fault *fault)
{
	struct layer *layer = (struct layer *)io;

	assert(layer->n_faults < VOLUME_IO_FAULTS_MAX);
	layer->faults[layer->n_faults++] = *fault;
}

/* Those that were struck keep their fault: its place is not used again before the next add. */
void
volume_io_fault_clear(struct volume_io *io)
{
	struct layer *layer = (struct layer *)io;

	layer->n_faults = 0;
	for (size_t i = 0; i < VOLUME_IO_FAULTS_MAX; i++)
		layer->seen[i] = 0;
}

uint32_t
volume_io_fault_struck(const struct volume_io *io)
{
	return ((const struct layer *)io)->struck;
}
