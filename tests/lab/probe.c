/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks an address once a millisecond whether it is still there, and tells which questions were not
 *answered. The question is an ICMP echo, answered by the kernel that holds the address, or with -u
 *a datagram to a UDP echo.
 *
 *	probe [-u PORT] [-i MICROSECONDS] [-n COUNT] [-w LINGER-MS] ADDRESS
 *
 * Output: for each run of lost probes "lost FIRST..LAST from MS for MS", where MS counts from the
 *first probe, and last "sent N lost N longest MS". TERM or INT ends the sending early; the answers
 *of the last LINGER-MS are waited for. Exit status 0 when nothing was lost, 1 when something was.
 *Probes are sent at their times, not after their answers.
 */
#include "tests/lab/address.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PROBES_MAX  10000000U
#define NS_PER_S    1000000000LL
#define NS_PER_MS   1000000.0
#define MAGIC       0x68666c61U
#define ICMP_HEADER 8

struct payload {
	uint32_t magic, run, seq;
};

struct probe {
	int fd;
	bool icmp;
	uint32_t run; /* tells our answers from another prober's */
	uint32_t count, sent;
	int64_t interval_ns, linger_ns;
	uint8_t *answered; /* one byte for each probe */
	int64_t *sent_at;
};

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static uint16_t
internet_checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | (i + 1 < len ? bytes[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
send_one(struct probe *p, int64_t now)
{
	struct payload load = { .magic = MAGIC, .run = p->run, .seq = p->sent };
	uint8_t bytes[ICMP_HEADER + sizeof(load)] = { ICMP_ECHO };
	size_t head = p->icmp ? ICMP_HEADER : 0, len = head + sizeof(load);

	memcpy(bytes + head, &load, sizeof(load));
	if (p->icmp) {
		uint16_t sum;

		memcpy(bytes + 4, &p->run, 2);
		bytes[6] = (uint8_t)(p->sent >> 8);
		bytes[7] = (uint8_t)p->sent;
		sum = htons(internet_checksum(bytes, len));
		memcpy(bytes + 2, &sum, sizeof(sum));
	}
	/* A refused send (no route, no neighbour) is a lost probe, nothing else. */
	(void)send(p->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	p->sent_at[p->sent++] = now;
}

static void
receive_all(struct probe *p)
{
	uint8_t bytes[256];

	for (unsigned int burst = 0; burst < 64; burst++) {
		ssize_t got = recv(p->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		size_t head = 0;
		struct payload load;

		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (got <= 0)
			continue; /* an ICMP error that the socket reports; the probe stays lost */
		if (p->icmp) {
			head = (size_t)(bytes[0] & 0xf) * 4;
			if (bytes[head] != ICMP_ECHOREPLY)
				continue;
			head += ICMP_HEADER;
		}
		if ((size_t)got < head + sizeof(load))
			continue;
		memcpy(&load, bytes + head, sizeof(load));
		if (load.magic == MAGIC && load.run == p->run && load.seq < p->sent)
			p->answered[load.seq] = 1;
	}
}

static void
run(struct probe *p, int stop_fd)
{
	int64_t due = now_ns(), end = 0;
	struct pollfd polls[2] = { { .fd = p->fd, .events = POLLIN },
				   { .fd = stop_fd, .events = POLLIN } };

	for (;;) {
		int64_t now = now_ns(), until;
		struct timespec wait;

		if (!end && now >= due && p->sent < p->count) {
			send_one(p, now);
			due += p->interval_ns;
			continue;
		}
		if (!end && p->sent == p->count)
			end = now + p->linger_ns;
		if (end && now >= end)
			return;
		until = (end ? end : due) - now;
		wait = (struct timespec){ until / NS_PER_S, until % NS_PER_S };
		(void)ppoll(polls, end ? 1 : 2, &wait, NULL);
		receive_all(p);
		if (!end && polls[1].revents)
			end = now_ns() + p->linger_ns;
	}
}

static bool
report(const struct probe *p)
{
	uint32_t lost = 0;
	double longest = 0;

	for (uint32_t i = 0; i < p->sent; i++) {
		uint32_t first = i;
		double length;

		while (i < p->sent && !p->answered[i])
			i++;
		if (i == first)
			continue;
		lost += i - first;
		length = (double)((i < p->sent ? p->sent_at[i]
					       : p->sent_at[i - 1] + p->interval_ns) -
				  p->sent_at[first]) /
			 NS_PER_MS;
		if (length > longest)
			longest = length;
		printf("lost %u..%u from %.1f for %.1f\n", first, i - 1,
		       (double)(p->sent_at[first] - p->sent_at[0]) / NS_PER_MS, length);
	}
	printf("sent %u lost %u longest %.1f\n", p->sent, lost, longest);
	return lost == 0 && p->sent > 0;
}

static int
connect_to(const char *address, const char *udp_port)
{
	struct sockaddr_storage to;
	socklen_t len;
	int fd = -1, buffer = 4 << 20;

	if (!parse_address(address, udp_port ? udp_port : "0", &to, &len) ||
	    (!udp_port && to.ss_family != AF_INET)) {
		fprintf(stderr, "probe: '%s' is not an address%s\n", address,
			udp_port ? "" : " (IPv4 for ICMP)");
		exit(2);
	}
	fd = socket(to.ss_family, (udp_port ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC,
		    udp_port ? 0 : IPPROTO_ICMP);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, len) < 0) {
		fprintf(stderr, "probe: %s: %s\n", address, strerror(errno));
		exit(2);
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	return fd;
}

int
main(int argc, char **argv)
{
	struct probe p = { .count = 1000, .interval_ns = 1000000, .linger_ns = 1000000000 };
	const char *udp_port = NULL;
	sigset_t stops;
	int option;

	while ((option = getopt(argc, argv, "u:i:n:w:")) >= 0) {
		if (option == 'u')
			udp_port = optarg;
		else if (option == 'i')
			p.interval_ns = strtoll(optarg, NULL, 10) * 1000;
		else if (option == 'n')
			p.count = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'w')
			p.linger_ns = strtoll(optarg, NULL, 10) * 1000000;
		else
			return 2;
	}
	if (optind + 1 != argc || p.count < 1 || p.count > PROBES_MAX || p.interval_ns < 1000) {
		fprintf(stderr,
			"usage: probe [-u PORT] [-i MICROSECONDS] [-n COUNT] [-w LINGER-MS] "
			"ADDRESS\n");
		return 2;
	}
	p.icmp = udp_port == NULL;
	p.run = (uint32_t)getpid() ^ (uint32_t)now_ns();
	p.answered = calloc(p.count, sizeof(*p.answered));
	p.sent_at = calloc(p.count, sizeof(*p.sent_at));
	if (!p.answered || !p.sent_at)
		exit(2);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	p.fd = connect_to(argv[optind], udp_port);
	run(&p, signalfd(-1, &stops, SFD_CLOEXEC));
	exit(report(&p) ? 0 : 1);
}
