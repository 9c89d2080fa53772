/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of TCP_CHECK, HTTP_GET and its url blocks. */
#include <string.h>

#include "config/draft.h"

#define CHECK(field) CONF_INTO(struct check_draft, field)

static void *
check_open(struct conf_walk *walk, const struct conf_node *node, void *parent, enum check_type type)
{
	struct conf_completion *c = walk->user;
	struct real_draft *real = parent;

	real->checks =
		conf_arena_grow(c->scratch, real->checks, real->n_checks, sizeof(*real->checks));
	struct check_draft *check = &real->checks[real->n_checks++];

	check->place = conf_keyword_place(node);
	check->model.type = type;
	check->model.http_version = type == CHECK_HTTP ? 10 : 0;
	check_timing_init(&check->own);
	return check;
}

static void *
tcp_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	return check_open(walk, node, parent, CHECK_TCP);
}

static void *
http_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	return check_open(walk, node, parent, CHECK_HTTP);
}

static void *
url_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	struct conf_completion *c = walk->user;
	struct check_draft *check = parent;

	(void)node;
	check->urls = conf_arena_grow(c->scratch, check->urls, check->n_urls, sizeof(*check->urls));
	return &check->urls[check->n_urls++];
}

static void
url_close(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct check_url *url = target;

	if (!url->path) {
		conf_diag(walk->diags, CONF_ERROR, conf_keyword_place(node), "url-path-missing",
			  "expected a line \"path /...\" in it", "a url needs a path");
		url->path = "/";
	}
}

static void
set_protocol(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	static const struct conf_choice versions[] = {
		{ "1.0", 10 }, { "1.0C", 110 }, { "1.0c", 110 }, { "1.1", 111 }, { NULL, 0 }
	};
	struct check_draft *check = target;
	int64_t version;

	if (!conf_word_choice(walk, node, 1, "HTTP version", versions, &version))
		return;
	check->model.http_close = version > 100;
	check->model.http_version = version == 111 ? 11 : 10;
}

static int
nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void
set_digest(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct check_url *url = target;
	const char *text = node->words[1].text;
	uint8_t digest[sizeof(url->digest)];
	size_t n = 0;

	while (n < sizeof(digest) && nibble(text[2 * n]) >= 0 && nibble(text[2 * n + 1]) >= 0) {
		digest[n] = (uint8_t)(nibble(text[2 * n]) * 16 + nibble(text[2 * n + 1]));
		n++;
	}
	if (n < sizeof(digest) || text[2 * n]) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-syntax",
			  "expected 32 hexadecimal digits", "\"%s\" is not an MD5 digest", text);
		return;
	}
	memcpy(url->digest, digest, sizeof(digest));
	url->has_digest = true;
}

static void
add_statuses(struct check_status_set *set, unsigned int from, unsigned int to)
{
	for (unsigned int code = from; code <= to; code++) {
		unsigned int bit = code - CHECK_STATUS_FIRST;

		set->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
	}
}

/* "200", "200-299"; returns false when it is neither. */
static bool
read_statuses(const char *text, unsigned int *from, unsigned int *to)
{
	unsigned int codes[2] = { 0, 0 };
	size_t n = 0;

	for (;; text++) {
		size_t digits = strspn(text, "0123456789");

		if (digits != 3)
			return false;
		codes[n++] = (unsigned int)((text[0] - '0') * 100 + (text[1] - '0') * 10 +
					    (text[2] - '0'));
		text += digits;
		if (*text != '-' || n == 2)
			break;
	}
	*from = codes[0];
	*to = n == 2 ? codes[1] : codes[0];
	return !*text && *from >= CHECK_STATUS_FIRST && *to <= CHECK_STATUS_LAST && *from <= *to;
}

static void
set_statuses(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct check_url *url = target;

	for (size_t i = 1; i < node->n_words; i++) {
		unsigned int from, to;

		if (!read_statuses(node->words[i].text, &from, &to)) {
			conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, i), "value-syntax",
				  "expected 100 to 599, or two of them as 200-299",
				  "\"%s\" is not a status code", node->words[i].text);
			continue;
		}
		add_statuses(&url->status, from, to);
	}
}

/* clang-format off */
static const struct conf_keyword url_rows[] = {
	{ "path", CONF_STRING, CONF_INTO(struct check_url, path), .min = 1, .max = 1023,
	  .doc = "what to ask for" },
	{ "digest", CONF_CUSTOM, .min = 1, .max = 1, .set = set_digest,
	  .doc = "MD5 that the body must have, 32 hexadecimal digits" },
	{ "status_code", CONF_CUSTOM, .min = 1, .max = 500, .flags = CONF_EXTRA_ARGS | CONF_REPEATABLE,
	  .set = set_statuses, .doc = "acceptable status codes and ranges (default: 200-299)" },
	{ "virtualhost", CONF_STRING, CONF_INTO(struct check_url, virtualhost), .min = 1,
	  .max = 1023, .doc = "Host header of this page" },
};

static const struct conf_block url_block = {
	.context = "virtual_server/real_server/HTTP_GET/url", .rows = url_rows,
	.n_rows = HF_COUNT_OF(url_rows), .open = url_open, .close = url_close,
};

#define COMMON_ROWS                                                                                \
	{ "connect_ip", CONF_ADDR, CHECK(model.connect_addr),                                      \
	  .doc = "address to connect to (default: the real server's)" },                           \
	{ "connect_port", CONF_UINT, CHECK(model.connect_port), .min = 1, .max = 65535,            \
	  .doc = "port to connect to (default: the real server's)" },                              \
	{ "bindto", CONF_ADDR, CHECK(model.bind_addr), .doc = "source address" },                  \
	{ "bind_port", CONF_UINT, CHECK(model.bind_port), .min = 1, .max = 65535,                  \
	  .doc = "source port" },                                                                  \
	{ "bind_if", CONF_IFNAME, CHECK(model.bind_if), .doc = "interface to use" },               \
	{ "fwmark", CONF_UINT, CHECK(model.fwmark), .min = 0, .max = UINT32_MAX,                   \
	  .doc = "mark of the packets" },                                                          \
	{ "connect_timeout", CONF_TIME, CHECK(own.connect_timeout_ns), .unit_ns = 1, .min = 1000,  \
	  .max = 4294967295000, .doc = "seconds that the connection and then each read may take" }, \
	{ "delay_loop", CONF_TIME, CHECK(own.delay_loop_ns), .unit_ns = 1, .min = 1000,            \
	  .max = 4294967295000000, .doc = "seconds between two checks" },                          \
	{ "retry", CONF_INT, CHECK(own.retry), .min = 0, .max = UINT32_MAX,                        \
	  .doc = "failures after the first one before it counts as failed" },                      \
	{ "delay_before_retry", CONF_TIME, CHECK(own.delay_before_retry_ns), .unit_ns = 1,         \
	  .min = 0, .max = 4294967295000000, .doc = "seconds before a retry" },                    \
	{ "warmup", CONF_TIME, CHECK(own.warmup_ns), .unit_ns = 1, .min = 0,                       \
	  .max = 4294967295000000, .doc = "seconds over which first checks are spread" },          \
	{ "alpha", CONF_SWITCH, CHECK(own.alpha), .doc = "down until it succeeds" }

static const struct conf_keyword tcp_rows[] = {
	COMMON_ROWS,
};

static const struct conf_keyword http_rows[] = {
	COMMON_ROWS,
	{ "nb_get_retry", CONF_INT, CHECK(own.retry), .min = 0, .max = UINT32_MAX,
	  .doc = "old spelling of retry" },
	{ "virtualhost", CONF_STRING, CHECK(own.virtualhost), .min = 1, .max = 1023,
	  .doc = "Host header (default: the real server's, the virtual server's, ADDRESS:PORT)" },
	{ "http_protocol", CONF_CUSTOM, .min = 1, .max = 1, .set = set_protocol,
	  .doc = "1.0, 1.0C or 1.1; the latter two send Connection: close (default: 1.0)" },
	{ "fast_recovery", CONF_SWITCH, CHECK(model.fast_recovery),
	  .doc = "ask for all pages at once after a failure" },
	{ "url", CONF_BLOCK, .block = &url_block, .flags = CONF_REPEATABLE,
	  .doc = "one page; all must be as expected" },
};

const struct conf_block tcp_check_block = {
	.context = "virtual_server/real_server/TCP_CHECK", .rows = tcp_rows,
	.n_rows = HF_COUNT_OF(tcp_rows), .open = tcp_open,
};

const struct conf_block http_get_block = {
	.context = "virtual_server/real_server/HTTP_GET", .rows = http_rows,
	.n_rows = HF_COUNT_OF(http_rows), .open = http_open,
};
/* clang-format on */
