/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an NBD client hears in answer to what it says, and what reaches the volume. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nbd_client.h"

#define FIXED  (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)
#define MIB(n) ((n) << 20)

/* --- handshake ---------------------------------------------------------------------------- */

static void
go_tells_size_flags_and_blocks(void **state)
{
	struct nbd_client *c = client_new();

	client_flags(c, FIXED);
	client_go(c, NBD_OPT_INFO, "", false);
	client_go(c, NBD_OPT_GO, "data", true);
	assert_client(c, "greeting 3\n"
			 "option 6: size 8388608 flags 0xd6d\n"
			 "option 6: ack\n"
			 "option 7: size 8388608 flags 0xd6d\n"
			 "option 7: blocks 512 4096 33554432\n"
			 "option 7: ack\n");
	assert_int_equal(c->engine.phase, NBD_IN_REQUEST);
	client_free(c);
}

static void
options_may_come_byte_by_byte(void **state)
{
	struct nbd_client *c = client_new();

	c->piece = 1;
	client_flags(c, FIXED);
	client_option(c, NBD_OPT_LIST, "", 0);
	client_option(c, NBD_OPT_STRUCTURED_REPLY, "", 0);
	client_meta(c, NBD_OPT_LIST_META_CONTEXT, "data", NULL);
	client_meta(c, NBD_OPT_LIST_META_CONTEXT, "data", "base:");
	client_meta(c, NBD_OPT_LIST_META_CONTEXT, "data", "other:");
	client_meta(c, NBD_OPT_SET_META_CONTEXT, "data", "holdfast:dirty:beta");
	client_go(c, NBD_OPT_GO, "data", false);
	assert_client(c, "greeting 3\n"
			 "option 3: server data\n"
			 "option 3: ack\n"
			 "option 8: ack\n"
			 "option 9: context 0 base:allocation\n"
			 "option 9: context 0 holdfast:dirty:beta\n"
			 "option 9: ack\n"
			 "option 9: context 0 base:allocation\n"
			 "option 9: ack\n"
			 "option 9: ack\n"
			 "option 10: context 1 holdfast:dirty:beta\n"
			 "option 10: ack\n"
			 "option 7: size 8388608 flags 0xded\n"
			 "option 7: ack\n");
	client_request(c, NBD_CMD_BLOCK_STATUS, 0, 0, 65536);
	assert_client(c, "1: context 1 65536=0 done\n");
	client_free(c);
}

static void
wrong_options_are_refused_and_the_handshake_goes_on(void **state)
{
	struct nbd_client *c = client_new();
	uint8_t big[NBD_OPTION_MAX + 1] = { 0 };
	static const uint8_t too_many[] = { 0, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t lengths[] = { 0xff, 0xff, 0xff, 0xff, 0, 0 };

	client_flags(c, FIXED);
	client_trace(c);
	client_option(c, 4711, "abc", 3);
	client_option(c, NBD_OPT_STARTTLS, "", 0);
	client_option(c, NBD_OPT_LIST, "x", 1);
	client_option(c, NBD_OPT_GO, lengths, sizeof(lengths));
	client_option(c, NBD_OPT_GO, big, sizeof(big));
	client_go(c, NBD_OPT_GO, "other", true);
	client_meta(c, NBD_OPT_SET_META_CONTEXT, "data", "base:allocation");
	client_option(c, NBD_OPT_STRUCTURED_REPLY, "x", 1);
	client_option(c, NBD_OPT_STRUCTURED_REPLY, "", 0);
	client_option(c, NBD_OPT_SET_META_CONTEXT, too_many, sizeof(too_many));
	client_meta(c, NBD_OPT_SET_META_CONTEXT, "other", NULL);
	client_go(c, NBD_OPT_GO, "", true);
	assert_client(c, "option 4711: error 1 \n"
			 "option 5: error 1 \n"
			 "option 3: error 3 a list needs no data\n"
			 "option 7: error 3 the option's lengths do not fit\n"
			 "option 7: error 9 the option is too long\n"
			 "option 7: error 6 no such volume here\n"
			 "option 10: error 3 contexts need structured replies\n"
			 "option 8: error 3 structured replies need no data\n"
			 "option 8: ack\n"
			 "option 10: error 9 too many queries\n"
			 "option 10: error 6 no such volume here\n"
			 "option 7: size 8388608 flags 0xded\n"
			 "option 7: blocks 512 4096 33554432\n"
			 "option 7: ack\n");
	client_free(c);
}

static void
a_secondary_refuses_and_says_why(void **state)
{
	struct nbd_client *c = client_new();

	c->front.info.refusal = FRONT_SECONDARY;
	client_flags(c, FIXED);
	client_trace(c);
	client_go(c, NBD_OPT_GO, "data", true);
	c->front.info.refusal = FRONT_STOPPING;
	client_go(c, NBD_OPT_GO, "data", true);
	assert_client(c, "option 7: error 2 secondary here\n"
			 "option 7: error 7 secondary here\n");
	client_option(c, NBD_OPT_EXPORT_NAME, "data", 4);
	assert_int_equal(c->engine.why, NBD_CLOSE_EXPORT_NAME);
	client_free(c);
}

static void
large_blocks_must_be_asked_for(void **state)
{
	struct nbd_client *c = client_new();

	c->front.info.min_block = 4096;
	client_flags(c, FIXED);
	client_trace(c);
	client_go(c, NBD_OPT_GO, "data", false);
	client_go(c, NBD_OPT_GO, "data", true);
	assert_client(c, "option 7: error 8 ask for the block sizes\n"
			 "option 7: size 8388608 flags 0xd6d\n"
			 "option 7: blocks 4096 4096 33554432\n"
			 "option 7: ack\n");
	client_request(c, NBD_CMD_READ, 0, 512, 4096);
	assert_client(c, "513: error 22\n");
	client_free(c);
}

static void
the_old_way_in_still_works(void **state)
{
	struct nbd_client *c = client_new();

	client_flags(c, 0);
	client_trace(c);
	c->deaf = true; /* its answer has no header to tell it by */
	client_option(c, NBD_OPT_EXPORT_NAME, "", 0);
	assert_int_equal(c->engine.phase, NBD_IN_REQUEST);
	assert_int_equal(c->engine.hello_out.data_len, 8 + 2 + 124);
	client_free(c);

	c = client_new();
	client_flags(c, NBD_FLAG_NO_ZEROES);
	client_option(c, NBD_OPT_LIST, "", 0);
	assert_int_equal(c->engine.why, NBD_CLOSE_NOT_FIXED);
	client_free(c);
}

static void
contexts_hold_for_their_export_only(void **state)
{
	struct nbd_client *c = client_new();

	client_flags(c, FIXED);
	client_option(c, NBD_OPT_STRUCTURED_REPLY, "", 0);
	client_meta(c, NBD_OPT_SET_META_CONTEXT, "data", "base:allocation");
	client_go(c, NBD_OPT_GO, "", false);
	client_trace(c);
	client_request(c, NBD_CMD_BLOCK_STATUS, 0, 0, 65536);
	assert_client(c, "1: error 22 done\n");
	client_free(c);
}

static void
nonsense_ends_the_connection(void **state)
{
	struct nbd_client *c = client_new();

	client_flags(c, 4);
	assert_int_equal(c->engine.why, NBD_CLOSE_CLIENT_FLAGS);
	client_free(c);

	c = client_new();
	client_flags(c, FIXED);
	client_send(c, "GET / HTTP/1.0\r\n\r\n", 18);
	assert_int_equal(c->engine.why, NBD_CLOSE_OPTION_MAGIC);
	client_free(c);

	c = client_ready(false);
	client_send(c, "GET / HTTP/1.0\r\nHost: data\r\n\r\n", 30);
	assert_int_equal(c->engine.why, NBD_CLOSE_REQUEST_MAGIC);
	client_free(c);
}

static void
abort_is_answered(void **state)
{
	struct nbd_client *c = client_new();

	client_flags(c, FIXED);
	client_trace(c);
	client_option(c, NBD_OPT_ABORT, "", 0);
	assert_client(c, "option 2: ack\n");
	assert_true(nbd_finished(&c->engine));
	assert_int_equal(c->engine.why, NBD_CLOSE_ABORT);
	client_free(c);
}

static void
the_handshake_has_a_time_limit_and_transmission_has_none(void **state)
{
	struct nbd_client *c = client_new();

	client_flags(c, FIXED);
	nbd_timer(&c->engine, (hf_time){ NBD_HANDSHAKE_NS });
	assert_int_equal(c->engine.phase, NBD_IN_OPTION_HEADER);
	nbd_timer(&c->engine, (hf_time){ NBD_HANDSHAKE_NS + 1 });
	assert_int_equal(c->engine.why, NBD_CLOSE_TIMEOUT);
	client_free(c);

	c = client_ready(false);
	assert_false(hf_is_set(nbd_due(&c->engine)));
	client_free(c);
}

/* --- transmission ------------------------------------------------------------------------- */

static void
what_was_written_is_read(void **state)
{
	for (size_t piece = 0; piece < 40; piece += 13) {
		struct nbd_client *c = client_ready(false);

		c->piece = piece;
		client_write(c, 0, 4096, 1024, 7);
		client_write(c, NBD_CMD_FLAG_FUA, 8192, 512, 8);
		client_request(c, NBD_CMD_FLUSH, 0, 0, 0);
		client_request(c, NBD_CMD_READ, 0, 4096, 1024);
		client_request(c, NBD_CMD_TRIM, NBD_CMD_FLAG_FUA, 4096, 512);
		client_request(c, NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_NO_HOLE, 4608, 512);
		client_request(c, NBD_CMD_CACHE, 0, 0, 4096);
		client_request(c, NBD_CMD_READ, 0, 4096, 1024);
		assert_client(c, "disk write 4096+1024\n97: ok\n"
				 "disk write 8192+512 fua\n193: ok\n"
				 "disk flush\n1: ok\n"
				 "disk read 4096+1024\n97: all 7\n"
				 "disk trim 4096+512 fua\n97: ok\n"
				 "disk write_zeroes 4608+512 no-hole\n609: ok\n"
				 "1: ok\n"
				 "disk read 4096+1024\n97: all 0\n");
		client_free(c);
	}
}

static void
large_requests_are_cut_for_the_volume(void **state)
{
	struct nbd_client *c = client_ready(true);

	c->piece = 100000;
	client_write(c, 0, MIB(3) + 512, MIB(2), 9);
	assert_client(c, "disk write 3146240+1048064\n"
			 "disk write 4194304+1048576\n"
			 "disk write 5242880+512\n"
			 "241: ok\n");
	client_request(c, NBD_CMD_READ, 0, MIB(3) + 512, MIB(2));
	assert_client(c, "disk read 3146240+1048064\n"
			 "disk read 4194304+1048576\n"
			 "disk read 5242880+512\n"
			 "241: data 3146240+1048064 all 9\n"
			 "241: data 4194304+1048576 all 9\n"
			 "241: data 5242880+512 all 9 done\n");
	client_request(c, NBD_CMD_READ, NBD_CMD_FLAG_DF, MIB(3) + 512, MIB(2));
	assert_client(c, "disk read 3146240+1048064\n"
			 "disk read 4194304+1048576\n"
			 "disk read 5242880+512\n"
			 "241: data 3146240+2097152 all 9 done\n");
	client_free(c);
}

static void
reads_larger_than_the_memory_are_streamed(void **state)
{
	for (int structured = 0; structured < 2; structured++) {
		struct nbd_client *c = client_ready(structured);

		memset(c->disk, 5, CLIENT_SIZE);
		client_request(c, NBD_CMD_READ, 0, 0, CLIENT_SIZE);
		assert_non_null(strstr(client_trace(c),
				       structured ? "1: data 7340032+1048576 all 5 done\n"
						  : "disk read 7340032+1048576\n1: all 5\n"));
		client_free(c);
	}
}

static const struct wrong {
	uint16_t type, flags;
	uint64_t offset;
	uint32_t length;
	const char *reply;
} wrong[] = {
	{ 99, 0, 0, 512, "1: error 22\n" },
	{ NBD_CMD_READ, 0, 0, 0, "1: error 22\n" },
	{ NBD_CMD_READ, 0, 100, 512, "101: error 22\n" },
	{ NBD_CMD_READ, 0, 0, 100, "1: error 22\n" },
	{ NBD_CMD_READ, 0, CLIENT_SIZE, 512, "609: error 22\n" },
	{ NBD_CMD_READ, 0, UINT64_MAX - 511, 512, "105: error 22\n" },
	{ NBD_CMD_READ, 0, 0, NBD_PAYLOAD_MAX + 512, "1: error 22\n" },
	{ NBD_CMD_READ, NBD_CMD_FLAG_DF, 0, 512, "1: error 22\n" }, /* not agreed on */
	{ NBD_CMD_READ, NBD_CMD_FLAG_FAST_ZERO, 0, 512, "1: error 22\n" },
	{ NBD_CMD_READ, 0x8000, 0, 512, "1: error 22\n" },
	{ NBD_CMD_WRITE, 0, CLIENT_SIZE - 512, 1024, "97: error 28\n" },
	{ NBD_CMD_WRITE, NBD_CMD_FLAG_DF, 0, 512, "1: error 22\n" },
	{ NBD_CMD_WRITE, 0, 0, 0, "1: error 22\n" },
	{ NBD_CMD_TRIM, 0, 0, CLIENT_SIZE + 512, "1: error 22\n" },
	{ NBD_CMD_WRITE_ZEROES, 0, 512, CLIENT_SIZE, "513: error 28\n" },
	{ NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_FAST_ZERO, 0, 512, "1: error 95\n" },
	{ NBD_CMD_FLUSH, 0, 512, 0, "513: error 22\n" },
	{ NBD_CMD_FLUSH, 0, 0, 512, "1: error 22\n" },
	{ NBD_CMD_CACHE, 0, CLIENT_SIZE, 512, "609: error 22\n" },
	{ NBD_CMD_BLOCK_STATUS, 0, 0, 512, "1: error 22\n" },
};

static void
every_wrong_request_has_its_error_and_the_next_is_served(void **state)
{
	for (const struct wrong *x = wrong; x < wrong + HF_COUNT_OF(wrong); x++) {
		struct nbd_client *c = client_ready(false);

		if (x->type == NBD_CMD_WRITE)
			client_write(c, x->flags, x->offset, x->length, 1);
		else
			client_request(c, x->type, x->flags, x->offset, x->length);
		assert_client(c, x->reply);
		client_request(c, NBD_CMD_READ, 0, 0, 512);
		assert_client(c, "disk read 0+512\n1: all 0\n");
		client_free(c);
	}
}

static void
read_only_and_refused_volumes_take_no_writes(void **state)
{
	struct nbd_client *c = client_ready(true);

	c->front.info.read_only = true;
	client_write(c, 0, 0, 512, 1);
	client_request(c, NBD_CMD_TRIM, 0, 0, 512);
	client_request(c, NBD_CMD_READ, 0, 0, 512);
	assert_client(c, "1: error 1\n1: error 1\n"
			 "disk read 0+512\n1: data 0+512 all 0 done\n");
	c->front.info.refusal = FRONT_SECONDARY;
	client_write(c, 0, 0, 512, 1);
	client_request(c, NBD_CMD_READ, 0, 0, 512);
	client_request(c, NBD_CMD_FLUSH, 0, 0, 0);
	assert_client(c, "1: error 108\n1: error 108 done\n1: error 108\n");
	client_free(c);
}

static void
disk_errors_reach_the_client_in_every_form(void **state)
{
	struct nbd_client *c = client_ready(false);

	c->fail = EIO;
	c->fail_at = MIB(1);
	client_write(c, 0, MIB(1), 512, 1);
	client_request(c, NBD_CMD_READ, 0, 0, MIB(2));
	c->fail = ENOSPC;
	client_write(c, 0, 0, MIB(2), 1);
	assert_client(c, "disk write 1048576+512\n577: error 5\n"
			 "disk read 0+1048576\ndisk read 1048576+1048576\n1: error 5\n"
			 "disk write 0+1048576\ndisk write 1048576+1048576\n1: error 28\n");
	client_free(c);

	c = client_ready(true);
	c->fail = EIO;
	c->fail_at = MIB(1);
	client_request(c, NBD_CMD_READ, 0, 0, MIB(2) + 512);
	assert_client(c, "disk read 0+1048576\ndisk read 1048576+1048576\ndisk read 2097152+512\n"
			 "1: data 0+1048576 all 0\n"
			 "1: error 5 at 1048576\n"
			 "1: data 2097152+512 all 0 done\n");
	client_request(c, NBD_CMD_READ, NBD_CMD_FLAG_DF, 0, MIB(2));
	assert_client(c, "disk read 0+1048576\ndisk read 1048576+1048576\n1: error 5 done\n");
	client_request(c, NBD_CMD_READ, NBD_CMD_FLAG_DF, 0, MIB(2) + 512);
	assert_client(c, "1: error 75 done\n");
	client_free(c);
}

static void
a_stream_that_fails_late_ends_the_connection(void **state)
{
	struct nbd_client *c = client_ready(false);

	c->slow = true;
	c->fail = EIO;
	c->fail_at = MIB(2);
	client_request(c, NBD_CMD_READ, 0, 0, MIB(3));
	client_disk(c, 0);
	client_disk(c, 0);
	assert_int_equal(c->engine.phase, NBD_IN_REQUEST);
	client_disk(c, 0);
	assert_int_equal(c->engine.why, NBD_CLOSE_LATE_ERROR);
	client_free(c);

	c = client_ready(false); /* early: there is still a header to say it in */
	c->slow = true;
	c->fail = EIO;
	client_request(c, NBD_CMD_READ, 0, 0, MIB(8));
	assert_int_equal(c->n_held, 4); /* no memory for more */
	while (c->n_held > 0)
		client_disk(c, 0);
	assert_client(c, "disk read 0+1048576\ndisk read 1048576+1048576\n"
			 "disk read 2097152+1048576\ndisk read 3145728+1048576\n1: error 5\n");
	client_free(c);
}

static void
replies_come_in_the_order_of_completion(void **state)
{
	struct nbd_client *c = client_ready(false);

	c->slow = true;
	client_write(c, 0, 512, 512, 1);
	client_write(c, 0, 1024, 512, 2);
	client_request(c, NBD_CMD_FLUSH, 0, 0, 0);
	assert_client(c, "");
	client_disk(c, 2);
	client_disk(c, 1);
	client_disk(c, 0);
	assert_client(c, "disk flush\n1: ok\ndisk write 1024+512\n25: ok\n"
			 "disk write 512+512\n513: ok\n");
	client_free(c);
}

static void
status_is_told_for_the_chosen_context(void **state)
{
	struct nbd_client *c = client_ready(true);

	client_request(c, NBD_CMD_BLOCK_STATUS, 0, 0, 3 * 65536);
	client_request(c, NBD_CMD_BLOCK_STATUS, NBD_CMD_FLAG_REQ_ONE, 65536, 65536 * 2);
	assert_client(c, "1: context 0 65536=0 65536=3 65536=0 done\n"
			 "537: context 0 65536=3 done\n");
	client_free(c);
}

/* --- bounds and ends ---------------------------------------------------------------------- */

static void
a_client_that_asks_for_more_than_there_is_room_waits(void **state)
{
	struct nbd_client *c = client_ready(false);
	uint8_t request[NBD_REQUEST_LEN];
	struct hf_writer w = hf_writer_to(request, sizeof(request));
	int taken = 0;

	hf_put_be32(&w, NBD_REQUEST_MAGIC);
	hf_put_be16(&w, 0);
	hf_put_be16(&w, NBD_CMD_READ);
	hf_put_be64(&w, 1);
	hf_put_be64(&w, 0);
	hf_put_be32(&w, 4096);
	c->slow = true;
	while (client_offer(c, request, w.len) == w.len)
		taken++;
	assert_int_equal(taken, NBD_SLOTS_MAX);
	assert_int_equal(c->n_held, NBD_SLOTS_MAX);
	c->read_len = 4096;
	client_disk(c, 5); /* one place is free again */
	assert_int_equal(client_offer(c, request, w.len), w.len);
	assert_int_equal(client_offer(c, request, w.len), 0);
	client_free(c);
}

static void
a_client_that_reads_no_replies_stops_itself_only(void **state)
{
	struct nbd_client *c = client_ready(true);
	int taken = 0;
	uint8_t request[NBD_REQUEST_LEN] = { 0x25, 0x60, 0x95, 0x13 };

	request[25] = 0x10; /* 1 MiB */
	c->deaf = true;
	while (taken < 1000 && client_offer(c, request, sizeof(request)) == sizeof(request))
		taken++;
	assert_int_equal(taken, 5); /* four are held for it, the fifth waits for memory */
	assert_int_equal(c->pool.used_units, FRONT_POOL_BYTES / FRONT_POOL_UNIT);
	client_free(c);
}

static void
disconnect_waits_for_what_is_under_way(void **state)
{
	struct nbd_client *c = client_ready(false);

	c->slow = true;
	client_write(c, 0, 512, 512, 1);
	client_request(c, NBD_CMD_DISC, 0, 0, 0);
	client_request(c, NBD_CMD_FLUSH, 0, 0, 0); /* too late: nobody looks at it */
	assert_false(nbd_finished(&c->engine));
	client_disk(c, 0);
	assert_client(c, "disk write 512+512\n513: ok\n");
	assert_true(nbd_finished(&c->engine));
	assert_int_equal(c->engine.why, NBD_CLOSE_DISCONNECT);
	client_free(c);
}

static void
a_retired_connection_answers_and_ends(void **state)
{
	struct nbd_client *c = client_ready(false);
	uint8_t head[NBD_REQUEST_LEN] = { 0x25, 0x60, 0x95, 0x13, 0, 0, 0, NBD_CMD_WRITE };

	c->slow = true;
	client_write(c, 0, 512, 512, 1);
	head[26] = 0x10; /* a write of 4 KiB whose payload never comes */
	client_send(c, head, sizeof(head));
	nbd_retire(&c->engine);
	client_disk(c, 0);
	assert_client(c, "disk write 512+512\n0: error 108\n513: ok\n");
	assert_true(nbd_finished(&c->engine));
	client_free(c);
}

static void
a_client_that_vanishes_leaves_nothing_behind(void **state)
{
	struct nbd_client *c = client_ready(false);
	uint8_t head[NBD_REQUEST_LEN] = { 0x25, 0x60, 0x95, 0x13, 0, 0, 0, NBD_CMD_WRITE };

	c->slow = true;
	client_request(c, NBD_CMD_READ, 0, 0, MIB(2));
	client_request(c, NBD_CMD_READ, 0, MIB(2), 4096);
	client_disk(c, 1); /* the second half; the first is still under way */
	head[25] = 0x08;
	client_send(c, head, sizeof(head));
	client_send(c, head, sizeof(head)); /* some payload */
	nbd_hangup(&c->engine, NBD_CLOSE_HANGUP);
	assert_false(nbd_finished(&c->engine));
	client_free(c); /* asserts that all came back */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(go_tells_size_flags_and_blocks),
		cmocka_unit_test(options_may_come_byte_by_byte),
		cmocka_unit_test(wrong_options_are_refused_and_the_handshake_goes_on),
		cmocka_unit_test(a_secondary_refuses_and_says_why),
		cmocka_unit_test(large_blocks_must_be_asked_for),
		cmocka_unit_test(the_old_way_in_still_works),
		cmocka_unit_test(contexts_hold_for_their_export_only),
		cmocka_unit_test(nonsense_ends_the_connection),
		cmocka_unit_test(abort_is_answered),
		cmocka_unit_test(the_handshake_has_a_time_limit_and_transmission_has_none),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(large_requests_are_cut_for_the_volume),
		cmocka_unit_test(reads_larger_than_the_memory_are_streamed),
		cmocka_unit_test(every_wrong_request_has_its_error_and_the_next_is_served),
		cmocka_unit_test(read_only_and_refused_volumes_take_no_writes),
		cmocka_unit_test(disk_errors_reach_the_client_in_every_form),
		cmocka_unit_test(a_stream_that_fails_late_ends_the_connection),
		cmocka_unit_test(replies_come_in_the_order_of_completion),
		cmocka_unit_test(status_is_told_for_the_chosen_context),
		cmocka_unit_test(a_client_that_asks_for_more_than_there_is_room_waits),
		cmocka_unit_test(a_client_that_reads_no_replies_stops_itself_only),
		cmocka_unit_test(disconnect_waits_for_what_is_under_way),
		cmocka_unit_test(a_retired_connection_answers_and_ends),
		cmocka_unit_test(a_client_that_vanishes_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
