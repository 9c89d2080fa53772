/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a server answers, the reader stays in bounds, ends, and does not depend on how the bytes
 * were cut. */
#include <assert.h>

#include "checker/http_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
count(void *arg, const uint8_t *bytes, size_t len)
{
	uint64_t *sum = arg;

	for (size_t i = 0; i < len; i++)
		*sum = *sum * 31 + bytes[i] + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct http_reader whole, cut;
	uint64_t whole_sum = 0, cut_sum = 0;
	enum http_step step = HTTP_MORE;

	http_reader_init(&whole);
	http_reader_init(&cut);
	enum http_step at_once = http_reader_feed(&whole, bytes, len, count, &whole_sum);
	for (size_t i = 0; i < len && step == HTTP_MORE; i++)
		step = http_reader_feed(&cut, bytes + i, 1, count, &cut_sum);
	assert(step == at_once);
	assert(whole_sum == cut_sum);
	assert(whole.body_len == cut.body_len);
	assert(whole.header_bytes <= HTTP_HEADERS_MAX);
	if (step == HTTP_MORE)
		assert(http_reader_eof(&whole) == http_reader_eof(&cut));
	(void)http_reader_short(&whole);
	return 0;
}
