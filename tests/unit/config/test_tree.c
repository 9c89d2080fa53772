/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to tree: comments, quotes, braces, conditions, definitions, loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/config/render.h"

static void
statements_and_blocks(void **state)
{
	(void)state;
	assert_reads("a\nb c  d\n", "a\nb(c,d)\n");
	assert_reads("a x {\n  b 1\n  c {\n d\n }\n}\ne", "a(x){b(1) c{d}}\ne\n");
	assert_reads("", "");
	assert_reads("\n\n  \t\n", "");
}

static void
braces_stand_anywhere(void **state)
{
	(void)state;
	assert_reads("a { b c }", "a{b(c)}\n");
	assert_reads("a\n{\nb{c}d}", "a{b{c} d}\n");
	assert_reads("a\n\n{ }", "a{}\n");
	assert_reads("a \"{\" b", "a({,b)\n");
}

static void
comments_end_a_line_unless_quoted_or_escaped(void **state)
{
	(void)state;
	assert_reads("a # b\n! c\nd !e", "a\nd\n");
	assert_reads("a \"# b\" c", "a(# b,c)\n");
	assert_reads("a x\\#y \\!z # c", "a(x#y,!z)\n");
	assert_reads("a { # }\n }", "a{}\n");
}

static void
quotes_make_one_word_and_split(void **state)
{
	(void)state;
	assert_reads("a \"b c\" d", "a(b c,d)\n");
	assert_reads("a b\"c\"", "a(b,c)\n");
	assert_reads("a \"\"", "a()\n");
}

static void
other_systems_line_ends_are_fine(void **state)
{
	(void)state;
	assert_reads("a b\r\nc {\r\n}\r\n", "a(b)\nc{}\n");
	assert_reads("\xef\xbb\xbf"
		     "a b",
		     "a(b)\n");
}

static void
a_nul_byte_costs_its_line(void **state)
{
	(void)state;
	assert_reads_with("c\nt:1:2: error: a NUL byte; the line is left out [line-nul]\n",
			  .path = "t", .text = "a\0b\nc\n", .text_len = 6);
}

static void
mismatched_braces_are_told_with_their_place(void **state)
{
	(void)state;
	assert_reads("a {\n b {\n", "a{b{}}\n"
				    "t:2:2: error: the block of b is never closed [brace-missing]\n"
				    "t:1:1: note: nor is the one around it\n");
	assert_reads("a {\n}\n}\nb", "a{}\nb\n"
				     "t:3:1: error: this } closes nothing [brace-extra]\n");
	assert_reads("{\n x { y }\n}\nb",
		     "b\n"
		     "t:1:1: error: this { belongs to no keyword; its block is "
		     "skipped [brace-unexpected]\n");
	assert_reads("a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{q{r}}}}}}}}}}}}}}}}}",
		     "a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{q}}}}}}}}}}}}}}}}\n"
		     "t:1:34: error: blocks are nested more than 16 deep [brace-depth]\n");
}

static void
conditions_choose_lines(void **state)
{
	(void)state;
	assert_reads("@here a\n@there b\n@^there c\n@^here d\n", "a\nc\n");
	assert_reads("@there a {\n@there }\nb", "b\n");
	assert_reads("@there $A= \\\n x \\\n y\n@here $B=1\nb $B", "b(1)\n");
	assert_reads("@ a", "t:1:1: error: a condition without a name [condition-id]\n");
}

static void
definitions_are_filled_in(void **state)
{
	(void)state;
	assert_reads("$A=1 2\nb $A x${A}y", "b(1,2,x1,2y)\n");
	assert_reads("$A=1\n$B=${A}0\n$A=2\nc $B", "c(20)\n");
	assert_reads("$A=1\nb $Ax $A, ($A) $A.", "b($Ax,1,,(1),$A.)\n");
	assert_reads("$A1=x\n$I=1\nb ${A${I}}", "b(x)\n");
	assert_reads("b ${_HASH} ${_BANG} ${_INSTANCE}", "b(#,!,here)\n");
	assert_reads("b $NONE", "b($NONE)\n");
}

static void
definitions_of_several_lines_end_a_line(void **state)
{
	(void)state;
	assert_reads("$B= \\\n a $N { \\\n c \\\n }\n$N=1\n$B\n$N=2\nx { $B\n}",
		     "a(1){c}\nx{a(2){c}}\n");
	assert_reads("$B=1 \\\n 2\na $B b",
		     "t:3:3: error: B has several lines [definition-place]\n");
}

static void
a_definition_that_uses_itself_is_an_error(void **state)
{
	(void)state;
	assert_reads("$A=x $A\nb $A\nc",
		     "c\nt:2:3: error: more than 1000 substitutions on a line: does A use itself? "
		     "[definition-loop]\n");
	assert_reads("$A= \\\n x \\\n $A\n$A\n",
		     "x\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\n"
		     "x\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\n"
		     "t:4:1: error: loops and definitions are nested too deeply here; the rest is "
		     "left out [loop-limit]\n");
}

static void
loops_repeat_a_line(void **state)
{
	(void)state;
	assert_reads("~SEQ(i,3) a $i", "a(1)\na(2)\na(3)\n");
	assert_reads("~SEQ(i, 8, 2, 12) a${i}", "a8\na10\na12\n");
	assert_reads("~SEQ(i, -2) a $i", "a(-1)\na(-2)\n");
	assert_reads("~SEQ(i, 3, -1, 2) a $i", "a(3)\na(2)\n");
	assert_reads("~SEQx(i, 0x9, 0xb) a $i", "a(9)\na(a)\na(b)\n");
	assert_reads("~SEQ(i,2) ~SEQ(j,2) a $i.${j} ${i}$j", "a($i.1,11)\na($i.2,12)\n"
							     "a($i.1,21)\na($i.2,22)\n");
	assert_reads("~LST(v, x, y z) a $v", "a(x)\na(y,z)\n");
	assert_reads("~LST({v,w},{a,b},{c}) q ${v}-${w}", "q(a-b)\nq(c-)\n");
	assert_reads("$L=p, q\n~LST(v, $L) a $v", "a(p)\na(q)\n");
	assert_reads("$B= \\\n x ${i} { \\\n }\n~SEQ(i,2) $B\n", "x(1){}\nx(2){}\n");
	assert_reads("$L=~SEQ(i,2) a $i\n$L\n", "a(1)\na(2)\n");
	assert_reads("$i=7\n~SEQ(i,1) a\nb $i", "a\nb(7)\n");
}

static void
broken_loops_are_errors(void **state)
{
	(void)state;
	assert_reads("~SEQ(i,1,0,3) a", "t:1:1: error: a step of 0 never ends [loop-syntax]\n");
	assert_reads("~SEQ(i,x) a", "t:1:8: error: a sequence takes one to three whole numbers "
				    "[loop-syntax]\n");
	assert_reads("~LST({a,b},{1,2,3}) a",
		     "t:1:12: error: more values than variables [loop-syntax]\n");
	assert_reads("~SEQ(i,3 a",
		     "t:1:1: error: the head of this loop is never closed [loop-syntax]\n");
}

static void
places_survive_expansion(void **state)
{
	(void)state;
	assert_reads("$A=1 }\n  b x $A", "b(x,1)\n"
					 "t:2:7: error: this } closes nothing [brace-extra]\n");
	assert_reads("~SEQ(i,1) b ${i} }", "b(1)\n"
					   "t:1:18: error: this } closes nothing [brace-extra]\n");
}

static void
unknown_definitions_in_braces_are_told(void **state)
{
	(void)state;
	assert_reads(
		"b \"${X}\" y",
		"b(${X},y)\nt:1:4: warning: there is no definition of X [definition-unknown]\n");
}

static void
an_unknown_definition_is_not_cut_at_its_braces(void **state)
{
	(void)state;
	assert_reads("b x${X}y {\n}",
		     "b(x${X}y){}\n"
		     "t:1:4: warning: there is no definition of X [definition-unknown]\n");
	assert_reads("b $ { c }", "b($){c}\n");
	assert_reads("b ${ c }", "b($){c}\n");
}

static void
plain_text_is_taken_as_it_is(void **state)
{
	static const char *const texts[] = {
		"", "a b", "\"", "\\", "a\nb", "$A", "{}", "# x", "\t"
	};

	(void)state;
	assert_reads_with("include(x)\n$A=1\n$A\n@x(y)\n", .path = "t", .plain = true,
			  .text = "include x\n$A=1\n$A\n@x y\n", .text_len = 23);
	for (size_t i = 0; i < HF_COUNT_OF(texts); i++) {
		char *printed = NULL, expected[32];
		size_t len = 0;
		FILE *out = open_memstream(&printed, &len);

		fputs("k ", out);
		conf_print_word(out, texts[i]);
		fclose(out);
		snprintf(expected, sizeof(expected), "k(%s)\n", texts[i]);
		assert_reads_with(expected, .path = "t", .plain = true, .text = printed,
				  .text_len = len);
		free(printed);
	}
}

static void
a_line_may_be_long_but_not_endless(void **state)
{
	char *text = malloc(CONF_LINE_MAX + 16);

	(void)state;
	memset(text, 'x', CONF_LINE_MAX + 8);
	memcpy(text + CONF_LINE_MAX + 2, "\na b\n", sizeof("\na b\n"));
	assert_reads_with(
		"a(b)\nt:1:1: error: the line has 65538 bytes, at most 65536 are possible; "
		"it is left out [line-length]\n",
		.path = "t", .text = text, .text_len = CONF_LINE_MAX + 7);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_and_blocks),
		cmocka_unit_test(braces_stand_anywhere),
		cmocka_unit_test(comments_end_a_line_unless_quoted_or_escaped),
		cmocka_unit_test(quotes_make_one_word_and_split),
		cmocka_unit_test(other_systems_line_ends_are_fine),
		cmocka_unit_test(a_nul_byte_costs_its_line),
		cmocka_unit_test(mismatched_braces_are_told_with_their_place),
		cmocka_unit_test(conditions_choose_lines),
		cmocka_unit_test(definitions_are_filled_in),
		cmocka_unit_test(definitions_of_several_lines_end_a_line),
		cmocka_unit_test(a_definition_that_uses_itself_is_an_error),
		cmocka_unit_test(loops_repeat_a_line),
		cmocka_unit_test(broken_loops_are_errors),
		cmocka_unit_test(places_survive_expansion),
		cmocka_unit_test(unknown_definitions_in_braces_are_told),
		cmocka_unit_test(an_unknown_definition_is_not_cut_at_its_braces),
		cmocka_unit_test(plain_text_is_taken_as_it_is),
		cmocka_unit_test(a_line_may_be_long_but_not_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
