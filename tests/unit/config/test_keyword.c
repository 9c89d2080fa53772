/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows: values stored, and what each mistake says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/keyword.h"
#include "lib/hf_time.h"
#include "tests/unit/config/render.h"

struct instance {
	const char *name;
	uint8_t priority;
	uint16_t advert_cs;
	int64_t delay_ns;
	int32_t offset;
	bool nopreempt, strict;
	uint8_t state;
	const char *label;
	char ifname[IFNAMSIZ], text[8];
	struct hf_addr source;
	struct hf_prefix prefix;
	struct conf_script_line notify;
	uint32_t repeat;
	size_t n_lines;
	char lines[64];
	struct conf_seen_list seen;
};

struct root {
	struct instance last;
	size_t n;
};

static void *
instance_open(struct conf_walk *walk, const struct conf_node *node, void *parent)
{
	struct root *root = parent;

	if (strcmp(node->words[1].text, "refused") == 0)
		return NULL;
	root->n++;
	root->last = (struct instance){ .name = conf_arena_str(walk->arena, node->words[1].text) };
	return &root->last;
}

static void
list_line(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct instance *instance = target;

	instance->n_lines++;
	strncat(instance->lines, node->words[0].text, 10);
	if (node->n_words > 1)
		conf_not_supported(walk, node, 1);
}

static void
set_pair(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	uint64_t value;

	if (conf_word_uint(walk, node, 2, "port", 1, 65535, &value))
		*(uint32_t *)target = (uint32_t)value;
}

/* clang-format off */
#define INTO(field) CONF_INTO(struct instance, field)
static const struct conf_choice states[] = { { "MASTER", 1 }, { "BACKUP", 2 }, { NULL, 0 } };
static const struct conf_block list_block = { .context = "x", .line = list_line };
static const struct conf_keyword instance_rows[] = {
	{ "priority", CONF_UINT, INTO(priority), .min = 1, .max = 255, .doc = "255 is the owner" },
	{ "advert_int", CONF_TIME, INTO(advert_cs), .min = 1, .max = 4095, .unit_ns = 10000000 },
	{ "preempt_delay", CONF_TIME, INTO(delay_ns), .max = HF_SECONDS(1000), .unit_ns = 1 },
	{ "garp_master_delay", CONF_TIME, INTO(repeat), .max = 10, .unit_ns = HF_SECONDS(1), .flags = CONF_WHOLE },
	{ "debug", CONF_INT, INTO(offset), .min = -5, .max = 5, .flags = CONF_CLAMP },
	{ "nopreempt", CONF_FLAG, INTO(nopreempt), .value = 1 },
	{ "strict_mode", CONF_SWITCH, INTO(strict) },
	{ "state", CONF_CHOICE, INTO(state), .choices = states },
	{ "label", CONF_STRING, INTO(label), .flags = CONF_FIRST_WINS },
	{ "interface", CONF_IFNAME, INTO(ifname) },
	{ "text", CONF_TEXT, INTO(text) },
	{ "mcast_src_ip", CONF_ADDR, INTO(source) },
	{ "prefix", CONF_PREFIX, INTO(prefix) },
	{ "notify", CONF_SCRIPT, INTO(notify) },
	{ "garp_master_repeat", CONF_UINT, INTO(repeat), .min = 1, .flags = CONF_ZERO_IS_MIN | CONF_REPEATABLE },
	{ "virtual_ipaddress", CONF_BLOCK, .block = &list_block, .flags = CONF_REPEATABLE },
	{ "pair", CONF_CUSTOM, INTO(repeat), .min = 1, .max = 2, .set = set_pair },
	{ "authentication", CONF_NOT_YET, .doc = "adverts are sent without it" },
	{ "hidden", CONF_UINT, INTO(repeat), .flags = CONF_INTERNAL },
};
static const struct conf_block instance_block = {
	.context = "vrrp_instance", .rows = instance_rows, .n_rows = HF_COUNT_OF(instance_rows),
	.open = instance_open, .has_seen = true, .seen_offset = offsetof(struct instance, seen),
};
static const struct conf_keyword root_rows[] = {
	{ "vrrp_instance", CONF_BLOCK, .block = &instance_block, .min = 1, .max = 1, .flags = CONF_REPEATABLE },
};
static const struct conf_block root_block = {
	.context = "", .rows = root_rows, .n_rows = HF_COUNT_OF(root_rows),
};
/* clang-format on */

struct fixture {
	struct root root;
	struct conf_arena *arena;
	char *said;
};

static void
walk_text(struct fixture *fixture, const char *text, bool plain)
{
	struct conf_read_options options = {
		.path = "t", .text = text, .text_len = strlen(text), .config_id = "here"
	};
	struct conf_diags *diags = conf_diags_new();
	size_t len = 0;

	*fixture = (struct fixture){ .arena = conf_arena_new() };
	struct conf_walk *walk =
		conf_walk_new(diags, fixture->arena, NULL, &root_block, &fixture->root);

	walk->plain = plain;
	conf_read(&options, diags, conf_walk_root, walk);
	conf_walk_end(walk);
	FILE *out = open_memstream(&fixture->said, &len);

	render_diags(out, diags);
	fclose(out);
	conf_diags_free(diags);
}

static void
done(struct fixture *fixture)
{
	conf_arena_free(fixture->arena);
	free(fixture->said);
}

/* One line inside of an instance (line 2 of the text), and what it says. */
#define assert_says(line, expected)                                                                \
	do {                                                                                       \
		struct fixture f_;                                                                 \
		walk_text(&f_, "vrrp_instance V {\n" line "\n}\n", false);                         \
		assert_string_equal(f_.said, expected);                                            \
		done(&f_);                                                                         \
	} while (0)

static void
values_arrive_in_their_fields(void **state)
{
	struct fixture f;
	char buf[HF_ADDR_TEXT_MAX];

	(void)state;
	walk_text(&f,
		  "vrrp_instance V {\n priority 101\n advert_int 0.05\n preempt_delay 1.5\n"
		  " debug -3\n nopreempt\n strict_mode off\n state BACKUP\n label \"a b\"\n"
		  " interface eth0\n text seven77\n mcast_src_ip 192.0.2.1\n prefix 2001:db8::/32\n"
		  " notify \"/bin/x 'a b'\" nobody nogroup\n pair a 80\n"
		  " virtual_ipaddress { a\n b\n }\n}\n",
		  false);
	const struct instance *i = &f.root.last;

	assert_string_equal(f.said, "");
	assert_string_equal(i->name, "V");
	assert_int_equal(i->priority, 101);
	assert_int_equal(i->advert_cs, 5);
	assert_int_equal(i->delay_ns, HF_MILLIS(1500));
	assert_int_equal(i->offset, -3);
	assert_true(i->nopreempt);
	assert_false(i->strict);
	assert_int_equal(i->state, 2);
	assert_string_equal(i->label, "a b");
	assert_string_equal(i->ifname, "eth0");
	assert_string_equal(i->text, "seven77");
	assert_string_equal(hf_addr_text(&i->source, buf), "192.0.2.1");
	assert_int_equal(i->prefix.len, 32);
	assert_string_equal(i->notify.command, "/bin/x 'a b'");
	assert_string_equal(i->notify.user, "nobody");
	assert_string_equal(i->notify.group, "nogroup");
	assert_int_equal(i->notify.place.column, 9);
	assert_int_equal(i->notify.user_place.column, 24);
	assert_int_equal(i->repeat, 80);
	assert_string_equal(i->lines, "ab");
	done(&f);
}

static void
what_was_set_is_known_with_its_place(void **state)
{
	struct conf_place place;
	struct fixture f;

	(void)state;
	walk_text(&f, "vrrp_instance V {\n priority 10\n nopreempt\n}\n", false);
	assert_true(conf_was_set(&f.root.last.seen, "priority", &place));
	assert_int_equal(place.line, 2);
	assert_int_equal(place.column, 11);
	assert_true(conf_was_set(&f.root.last.seen, "nopreempt", NULL));
	assert_false(conf_was_set(&f.root.last.seen, "state", NULL));
	done(&f);
}

static void
numbers_out_of_range_say_the_range(void **state)
{
	(void)state;
	assert_says("priority 300", "t:2:10: error: priority 300 is out of range [value-range]\n");
	assert_says("priority 0", "t:2:10: error: priority 0 is out of range [value-range]\n");
	assert_says("priority -1", "t:2:10: error: priority -1 is out of range [value-range]\n");
	assert_says("priority 1x",
		    "t:2:10: error: priority 1x is not a whole number [value-syntax]\n");
	assert_says("priority 99999999999999999999",
		    "t:2:10: error: priority 99999999999999999999 is out of range [value-range]\n");
	assert_says("debug 7",
		    "t:2:7: warning: debug 7 is out of range: 5 is used [value-range]\n");
	assert_says("garp_master_repeat 0",
		    "t:2:20: warning: garp_master_repeat 0 is out of range: "
		    "1 is used [value-range]\n");
	assert_says("pair a 0", "t:2:8: error: port 0 is out of range [value-range]\n");
	assert_says("pair a", "t:2:7: error: pair: the port is missing [argument-missing]\n");
}

static void
times_say_their_limits(void **state)
{
	(void)state;
	assert_says("advert_int 41",
		    "t:2:12: error: advert_int 41 is out of range [value-range]\n");
	assert_says("advert_int 0.0000001", "t:2:12: error: advert_int 0.0000001 is not a time in "
					    "seconds (at most 6 decimals) [value-syntax]\n");
	assert_says("advert_int 0.015",
		    "t:2:12: warning: advert_int 0.015 is finer than possible: 0.02 is used "
		    "[value-rounded]\n");
	assert_says("advert_int .",
		    "t:2:12: error: advert_int . is not a time in seconds (at most 6 "
		    "decimals) [value-syntax]\n");
	assert_says("garp_master_delay 1.5", "t:2:19: error: garp_master_delay 1.5 is not a whole "
					     "number of seconds [value-syntax]\n");
	assert_says("preempt_delay 99999999999999999999",
		    "t:2:15: error: preempt_delay 99999999999999999999 is out of range "
		    "[value-range]\n");
}

static void
arguments_are_counted(void **state)
{
	(void)state;
	assert_says("priority", "t:2:1: error: priority needs a value [argument-missing]\n");
	assert_says("priority 1 2 3",
		    "t:2:12: warning: priority takes only 1 argument [argument-extra]\n");
	assert_says("nopreempt x",
		    "t:2:11: warning: nopreempt takes no argument [argument-extra]\n");
	assert_says("notify", "t:2:7: error: notify needs a script [argument-missing]\n");
	assert_says("notify /x a b c",
		    "t:2:15: warning: notify: only USER and GROUP can stand behind the script; the "
		    "rest is ignored [argument-extra]\n");
	assert_says("notify \"/x", "t:2:8: error: notify: missing closing quote [script-syntax]\n");
	assert_says("label \"x",
		    "t:2:7: error: this quoted text is never closed [quote-missing]\n");
}

static void
values_that_are_none_of_the_kind(void **state)
{
	(void)state;
	assert_says("state MASTR", "t:2:7: error: state MASTR is unknown [value-unknown]\n");
	assert_says("strict_mode maybe",
		    "t:2:13: error: strict_mode maybe is unknown [value-unknown]\n");
	assert_says("mcast_src_ip host",
		    "t:2:14: error: mcast_src_ip host is not an address [value-syntax]\n");
	assert_says("prefix 1.2.3.4/33",
		    "t:2:8: error: prefix 1.2.3.4/33 has too long a prefix [value-range]\n");
	assert_says("interface eth0/1", "t:2:11: error: interface eth0/1 cannot be the name of an "
					"interface [value-syntax]\n");
	assert_says("text eightch8", "t:2:6: error: text has 8 bytes, at most 7 [value-length]\n");
}

static void
repetitions_name_the_first_place(void **state)
{
	(void)state;
	assert_says("priority 1\npriority 2",
		    "t:3:1: warning: priority stands here again: this one counts "
		    "[keyword-repeated]\nt:2:10: note: it was set here\n");
	assert_says("label a\nlabel b",
		    "t:3:1: warning: label stands here again: this one is ignored "
		    "[keyword-repeated]\nt:2:7: note: it was set here\n");
	assert_says("garp_master_repeat 1\ngarp_master_repeat 2", "");
}

static void
unknown_keywords_are_skipped_with_their_block(void **state)
{
	struct fixture f;

	(void)state;
	walk_text(&f,
		  "vrrp_instance V {\n prioritty 5\n nonsense {\n  priority 9\n }\n priority 7\n}",
		  false);
	assert_string_equal(f.said,
			    "t:2:2: warning: unknown keyword prioritty [keyword-unknown]\n"
			    "t:3:2: warning: unknown keyword nonsense; its block is skipped "
			    "[keyword-unknown]\n");
	assert_int_equal(f.root.last.priority, 7);
	done(&f);
	assert_says("hidden 1", "t:2:1: warning: unknown keyword hidden [keyword-unknown]\n");
	walk_text(&f, "vrrp_instance V {\n hidden 1\n}", true);
	assert_string_equal(f.said, "");
	done(&f);
}

static void
keywords_without_effect_are_named_once(void **state)
{
	struct fixture f;

	(void)state;
	walk_text(&f,
		  "vrrp_instance V {\n track_src_ip\n authentication {\n auth_type PASS\n }\n"
		  " track_src_ip\n authentication { }\n}\nvrrp_instance W {\n track_src_ip\n}\n"
		  "static_routes { x\n y\n}\n",
		  false);
	assert_string_equal(
		f.said, "t:2:2: warning: track_src_ip is not supported yet and has no effect "
			"[keyword-unsupported]\n"
			"t:3:2: warning: authentication is not supported yet and has no effect: "
			"adverts are sent without it (nor has its block) [keyword-unsupported]\n"
			"t:12:1: warning: static_routes is not supported yet and has no effect "
			"(nor has its block) [keyword-unsupported]\n");
	assert_int_equal(f.root.n, 2);
	done(&f);
	assert_says("virtual_ipaddress {\n a home\n b home\n c\n}",
		    "t:3:4: warning: home is not supported yet and has no effect "
		    "[keyword-unsupported]\n");
}

static void
misplaced_keywords_say_where_they_belong(void **state)
{
	(void)state;
	assert_says("quorum 2",
		    "t:2:1: warning: quorum is out of place and ignored: it belongs into "
		    "virtual_server [keyword-misplaced]\n");
	assert_says(
		"virtual_server 1.2.3.4 80 {\n x\n}",
		"t:2:1: warning: virtual_server is out of place and ignored: it belongs outside "
		"of all blocks; its block is skipped [keyword-misplaced]\n");
}

static void
blocks_have_to_fit(void **state)
{
	struct fixture f;

	(void)state;
	assert_says("priority 1 {\n x\n}",
		    "t:2:1: error: priority takes no { } [block-unexpected]\n");
	assert_says("virtual_ipaddress",
		    "t:2:1: error: virtual_ipaddress has no block [block-missing]\n");
	assert_says(
		"virtual_ipaddress {\n a {\n }\n}",
		"t:3:2: error: a takes no { } inside of virtual_ipaddress [block-unexpected]\n");
	walk_text(&f, "vrrp_instance refused {\n junk\n}\nvrrp_instance {\n}\nvrrp_instance A\n",
		  false);
	assert_string_equal(f.said, "t:4:1: error: vrrp_instance needs a value [argument-missing]\n"
				    "t:6:1: error: vrrp_instance has no block [block-missing]\n");
	assert_int_equal(f.root.n, 0);
	done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_arrive_in_their_fields),
		cmocka_unit_test(what_was_set_is_known_with_its_place),
		cmocka_unit_test(numbers_out_of_range_say_the_range),
		cmocka_unit_test(times_say_their_limits),
		cmocka_unit_test(arguments_are_counted),
		cmocka_unit_test(values_that_are_none_of_the_kind),
		cmocka_unit_test(repetitions_name_the_first_place),
		cmocka_unit_test(unknown_keywords_are_skipped_with_their_block),
		cmocka_unit_test(keywords_without_effect_are_named_once),
		cmocka_unit_test(misplaced_keywords_say_where_they_belong),
		cmocka_unit_test(blocks_have_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
