/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A numeric address and port as a socket address, for the lab's static programs, where getaddrinfo
 * would ask for shared libraries.
 */
#ifndef TESTS_LAB_ADDRESS_H
#define TESTS_LAB_ADDRESS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

/* False when the text is neither an IPv4 nor an IPv6 address. The port is not judged. */
static inline bool
parse_address(const char *text, const char *port, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	uint16_t number = htons((uint16_t)strtoul(port, NULL, 10));

	*out = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = number;
		*len = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = number;
	*len = sizeof(*v6);
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

#endif
