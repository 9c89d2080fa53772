/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs seeds of the volume's simulator on all cores. A failing seed is shrunk (faults that do not
 * matter are left out) and printed with the command that replays it with its trace.
 *
 *   sim [-n SEEDS] [-f FIRST_SEED] [-j PROCESSES]   many seeds
 *   sim -s SEED [-k SKIPPED_FAULTS]                 one seed, with its trace
 *   sim -p [-n SEEDS]                               the planted faults: each must be caught
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/sim.h"

#define SEEDS_DEFAULT 300
#define PLANTED_SEEDS 1500 /* within which each planted fault must be caught */
#define BY_ASSERTION  2    /* how sigsetjmp() comes back from a failed assertion */
#define PLANTED_FIRST 1
#define PLANTED_LAST  24

int volume_fault;

static struct sim *running;

/* An assertion of the engine: invariant 0. */
static void
on_abort(int sig)
{
	if (!running)
		return;
	siglongjmp(running->out, BY_ASSERTION);
}

static const char *const planted[PLANTED_LAST + 1] = {
	[1] = "acknowledge without the peer's acknowledgement",
	[2] = "answer a flush without the peers",
	[3] = "forget the dirty bit of a peer that misses a write",
	[4] = "after a crash, take the members of the record as equal",
	[5] = "write into an extent before the log is stable",
	[6] = "let an extent leave the log before it is settled",
	[7] = "let an extent leave before its dirty bits are saved",
	[8] = "promote a replica that is not in sync",
	[9] = "do not remember that a resync has begun",
	[10] = "forget what the log covers after a crash",
	[11] = "let overlapping writes pass each other",
	[12] = "acknowledge before the record without the peer is stable",
	[13] = "answer a flush without the local disk",
	[14] = "acknowledge before the local write is done",
	[15] = "forget unstable writes when a peer is lost",
	[16] = "merge a split brain",
	[17] = "promote although the other member has more",
	[18] = "secondary: report stable without a flush",
	[19] = "secondary: ignore write epochs",
	[20] = "ignore the target's own dirty map",
	[21] = "let writes into a range that a resync is reading",
	[22] = "clear a dirty bit before the peer is stable",
	[23] = "end a resync with dirty blocks left",
	[24] = "let a peer in before all is stable there",
};

/* True when it went well. */
static bool
run(struct sim *s, uint64_t seed, uint64_t skip, bool trace)
{
	volatile bool well = false; /* changed between sigsetjmp and its return */

	memset(s, 0, sizeof(*s));
	s->skip = skip;
	s->trace = trace;
	running = s;
	switch (sigsetjmp(s->out, 1)) {
	case 0:
		sim_init(s, seed);
		sim_run(s);
		well = true;
		break;
	case BY_ASSERTION:
		s->invariant = 0;
		snprintf(s->text, sizeof(s->text), "an assertion of the engine failed");
		break;
	default:
		break; /* sim_fail() has said what it was */
	}
	running = NULL;
	sim_free(s);
	return well;
}

/* Leaves out every fault without which it fails all the same. */
static uint64_t
shrink(struct sim *s, uint64_t seed)
{
	uint64_t skip = 0;
	uint32_t n = s->n_faults;
	int invariant = s->invariant;

	for (uint32_t i = 0; i < n; i++)
		if (!run(s, seed, skip | (uint64_t)1 << i, false) && s->invariant == invariant)
			skip |= (uint64_t)1 << i;
	run(s, seed, skip, false);
	return skip;
}

static int
many(uint64_t first, uint64_t seeds, uint64_t processes, const char *self)
{
	struct sim *s = calloc(1, sizeof(*s));
	uint64_t steps = 0, acks = 0, resyncs = 0, switches = 0, failed = 0;
	int worst = 0;

	for (uint64_t p = 0; p < processes; p++) {
		pid_t pid = processes > 1 ? fork() : 0;

		if (pid > 0)
			continue;
		for (uint64_t seed = first + p; seed < first + seeds; seed += processes) {
			bool well = run(s, seed, 0, false);

			steps += s->steps;
			acks += s->acks;
			resyncs += s->resyncs;
			switches += s->switches;
			if (well)
				continue;
			failed++;
			printf("seed %lu: invariant %d: %s\n", (unsigned long)seed, s->invariant,
			       s->text);
			if (failed > 5)
				continue;
			printf("  replay: %s -s %lu -k %lu\n", self, (unsigned long)seed,
			       (unsigned long)shrink(s, seed));
		}
		printf("%lu seeds: %lu steps, %lu acknowledged writes and flushes, %lu times in "
		       "step, "
		       "%lu primaries, %lu failed\n",
		       (unsigned long)((seeds + processes - 1 - p) / processes),
		       (unsigned long)steps, (unsigned long)acks, (unsigned long)resyncs,
		       (unsigned long)switches, (unsigned long)failed);
		fflush(stdout);
		free(s);
		if (processes > 1)
			_exit(failed > 0);
		return failed > 0;
	}
	for (uint64_t p = 0; p < processes; p++) {
		int status;

		wait(&status);
		worst |= status;
	}
	free(s);
	return worst != 0;
}

static int
teeth(uint64_t seeds)
{
	struct sim *s = calloc(1, sizeof(*s));
	int missed = 0;

	printf("%-62s %9s %6s\n", "planted fault", "invariant", "seeds");
	for (volume_fault = PLANTED_FIRST; volume_fault <= PLANTED_LAST; volume_fault++) {
		uint64_t seed = 1;

		while (seed <= seeds && run(s, seed, 0, false))
			seed++;
		if (seed <= seeds)
			printf("%2d %-59s %9d %6lu\n", volume_fault, planted[volume_fault],
			       s->invariant, (unsigned long)seed);
		else
			printf("%2d %-59s %9s %6lu\n", volume_fault, planted[volume_fault],
			       "MISSED", (unsigned long)seeds);
		missed += seed > seeds;
		fflush(stdout);
	}
	free(s);
	return missed > 0;
}

int
main(int argc, char **argv)
{
	uint64_t first = 1, seeds = 0, one = 0, skip = 0;
	long processes = sysconf(_SC_NPROCESSORS_ONLN);
	bool table = false;
	struct sim *s;
	int opt, well;

	signal(SIGABRT, on_abort);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	while ((opt = getopt(argc, argv, "n:f:s:k:j:F:p")) != -1) {
		uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;

		if (opt == 'n')
			seeds = number;
		else if (opt == 'f')
			first = number;
		else if (opt == 's')
			one = number;
		else if (opt == 'k')
			skip = number;
		else if (opt == 'j')
			processes = (long)number;
		else if (opt == 'F')
			volume_fault = (int)number;
		else if (opt == 'p')
			table = true;
		else
			return 2;
	}
	if (table)
		return teeth(seeds ? seeds : PLANTED_SEEDS);
	if (one == 0)
		return many(first, seeds ? seeds : SEEDS_DEFAULT,
			    processes > 0 ? (uint64_t)processes : 1, argv[0]);
	s = calloc(1, sizeof(*s));
	well = run(s, one, skip, true);
	printf(well ? "seed %lu: all is well\n" : "seed %lu: invariant %d: %s\n",
	       (unsigned long)one, s->invariant, s->text);
	free(s);
	return !well;
}
