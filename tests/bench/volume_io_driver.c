/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volume_io_driver FILE OP BLOCK-BYTES DEPTH SECONDS FLUSH-EVERY [threads]
 * Keeps DEPTH requests under way on the disk engine for so long and prints operations a second and
 * KiB a second. OP: write, randwrite, read, randread. FLUSH-EVERY 0: never. The load of
 * tests/bench/volume_io.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_loop.h"
#include "lib/hf_time.h"
#include "replication/volume/volume_io.h"

#define DEPTH_MAX 256

struct load {
	struct hf_loop *loop;
	struct volume_io *io;
	enum volume_io_op op;
	bool random;
	uint32_t block, flush_every;
	uint64_t blocks, next, done, since_flush, seed;
	unsigned int open;
	hf_time end;
	struct volume_io_request requests[DEPTH_MAX];
};

static uint64_t
next_block(struct load *load)
{
	if (!load->random)
		return load->next++ % load->blocks;
	load->seed ^= load->seed << 13;
	load->seed ^= load->seed >> 7;
	load->seed ^= load->seed << 17;
	return load->seed % load->blocks;
}

static void
issue(struct load *load, struct volume_io_request *request)
{
	bool flush = load->flush_every && load->op == VOLUME_IO_WRITE &&
		     load->since_flush >= load->flush_every;

	load->since_flush = flush ? 0 : load->since_flush + 1;
	request->op = flush ? VOLUME_IO_FLUSH : load->op;
	request->length = flush ? 0 : load->block;
	request->offset = flush ? 0 : next_block(load) * load->block;
	load->open++;
	volume_io_submit(load->io, request);
}

static void
ended(struct volume_io_request *request, int err)
{
	struct load *load = request->owner;

	load->open--;
	if (err) {
		(void)fprintf(stderr, "%s: %s\n", volume_io_op_name(request->op), strerror(-err));
		hf_loop_stop(load->loop);
		return;
	}
	load->done += request->op != VOLUME_IO_FLUSH;
	if (!hf_reached(hf_time_now(), load->end))
		issue(load, request);
	else if (load->open == 0)
		hf_loop_stop(load->loop);
	/* The engine sends what was gathered when it has reported all that had ended. */
}

static int
run(struct load *load, unsigned int depth, int seconds)
{
	size_t bytes = (size_t)depth * load->block;
	uint8_t *memory = aligned_alloc(VOLUME_IO_DATA_ALIGNED, bytes);
	hf_time start = hf_time_now();
	double taken;

	if (!memory)
		return 1;
	memset(memory, 0x5a, bytes);
	(void)volume_io_register(load->io, memory, bytes);
	load->end = hf_after(start, HF_SECONDS(seconds));
	for (unsigned int i = 0; i < depth; i++) {
		load->requests[i] = (struct volume_io_request){
			.data = memory + (size_t)i * load->block, .done = ended, .owner = load
		};
		issue(load, &load->requests[i]);
	}
	volume_io_kick(load->io);
	if (hf_loop_run(load->loop) != 0)
		return 1;
	taken = (double)hf_between(start, hf_time_now()) / 1e9;
	printf("%.0f %.0f\n", (double)load->done / taken,
	       (double)load->done * load->block / 1024 / taken);
	volume_io_drain(load->io);
	volume_io_close(load->io);
	hf_loop_free(load->loop);
	free(memory);
	return 0;
}

int
main(int argc, char **argv)
{
	struct load load = { .seed = 88172645463325252ULL };
	struct volume_io_options options = { 0 };
	char why[VOLUME_IO_WHY_MAX];
	unsigned int depth;

	if (argc < 7) {
		(void)fprintf(stderr, "usage: volume_io_driver FILE OP BLOCK-BYTES DEPTH SECONDS "
				      "FLUSH-EVERY [threads]\n");
		return 2;
	}
	options.path = argv[1];
	options.by_threads = argc > 7 && strcmp(argv[7], "threads") == 0;
	load.op = strstr(argv[2], "write") ? VOLUME_IO_WRITE : VOLUME_IO_READ;
	load.random = strncmp(argv[2], "rand", 4) == 0;
	load.block = (uint32_t)strtoul(argv[3], NULL, 10);
	depth = (unsigned int)strtoul(argv[4], NULL, 10);
	load.flush_every = (uint32_t)strtoul(argv[6], NULL, 10);
	load.loop = hf_loop_new();
	if (!load.loop || depth < 1 || depth > DEPTH_MAX || load.block % 4096 != 0 ||
	    load.block == 0)
		return 2;
	if (volume_io_open(load.loop, &options, &load.io, why) != 0) {
		(void)fprintf(stderr, "%s\n", why);
		return 1;
	}
	load.blocks = volume_io_info(load.io)->size / load.block;
	return run(&load, depth, (int)strtol(argv[5], NULL, 10));
}
