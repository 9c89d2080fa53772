/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that include files. Each test has a directory of its own below TMPDIR, which is the working
 * directory while it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/config/render.h"

struct place {
	char directory[256], before[4096];
};

static int
enter(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	const char *tmp = getenv("TMPDIR");

	snprintf(place->directory, sizeof(place->directory), "%s/holdfast-include-XXXXXX",
		 tmp == NULL ? "/tmp" : tmp);
	*state = place;
	return getcwd(place->before, sizeof(place->before)) == NULL ||
	       mkdtemp(place->directory) == NULL || chdir(place->directory) != 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
leave(void **state)
{
	struct place *place = *state;
	int failed = chdir(place->before);

	nftw(place->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return failed;
}

static void
put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, 0644), 0);
}

#define assert_main(expected) assert_reads_with(expected, .path = "main", .config_id = "here")

static void
files_are_read_in_place_and_in_order(void **state)
{
	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("main", "a {\n include d/*.conf\n}\nz");
	put("d/2.conf", "two");
	put("d/1.conf", "one\ninclude below\n");
	put("d/below", "x ${_ENV NOT_SET_AT_ALL}y");
	assert_main("a{one x(y) two}\nz\n");
	put("main", "include \"{d/1.conf,d/2.conf}\"");
	assert_main("one\nx(y)\ntwo\n");
	put("main", "$F=2\ninclude d/${F}.conf");
	assert_main("two\n");
	put("main", "a { include d/2.conf\n}");
	assert_main("a{two}\n");
}

static void
a_file_that_includes_itself_is_an_error(void **state)
{
	(void)state;
	put("main", "a\ninclude other\n");
	put("other", "b\n  include main\n");
	assert_main("a\nb\nother:2:11: error: main includes itself [include-loop]\n");
}

static void
several_files_by_pattern(void **state)
{
	(void)state;
	put("x1", "one");
	put("x2", "two");
	assert_reads_with("one\ntwo\n", .path = "x*");
	assert_reads_with("error: y* matches no file [file-missing]\n", .path = "y*");
}

static void
what_cannot_be_read_is_named(void **state)
{
	(void)state;
	assert_reads_with("error: none cannot be opened: No such file or directory "
			  "[file-unreadable]\n",
			  .path = "none");
	assert_reads_with("error: . is a directory, not a file [file-unreadable]\n", .path = ".");
	put("main", "include none\ninclude n*\n  include .\ninclude\na");
	assert_main("a\n"
		    "main:1:9: warning: none does not exist [file-missing]\n"
		    "main:3:11: warning: . is a directory, not a file [file-unreadable]\n"
		    "main:4:8: error: include of nothing [include-pattern]\n");
	put("main", "\xff\xfe"
		    "a");
	assert_main("error: main is UTF-16 text, expected UTF-8 or plain ASCII "
		    "[file-unreadable]\n");
	put("main", "include run\na");
	put("run", "b");
	assert_int_equal(chmod("run", 0755), 0);
	assert_main("a\nmain:1:9: warning: run is executable, which a configuration should not be "
		    "(chmod a-x), and is skipped [file-unreadable]\n");
}

static void
strict_forms_make_errors(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "includer none", "warning: none does not exist" },
		{ "includer .", "error: . is a directory, not a file" },
		{ "includem none", "error: none does not exist" },
		{ "includem n*", "" },
		{ "includew n*", "error: n* matches no file" },
		{ "includeb {main2,none}", "error: none does not exist" },
		{ "includea n*", "error: n* matches no file" },
		{ "include_check\ninclude n*", "error: n* matches no file" },
		{ "include_check +match\ninclude none", "error: none does not exist" },
		{ "include_check\ninclude_check -match\ninclude none",
		  "warning: none does not exist" },
	};

	(void)state;
	put("main2", "");
	for (size_t i = 0; i < HF_COUNT_OF(cases); i++) {
		struct conf_read_options options = { .path = "main", .config_id = "here" };

		put("main", cases[i].text);
		char *got = render(&options);

		if (cases[i].said[0] == '\0')
			assert_string_equal(got, "");
		else
			assert_non_null(strstr(got, cases[i].said));
		free(got);
	}
	put("main", "include_check\ninclude main2\ninclude n*");
	put("main2", "include o*\ninclude_check -wildcard_match\ninclude p*");
	assert_main("main:3:9: error: n* matches no file [file-missing]\n"
		    "main2:1:9: error: o* matches no file [file-missing]\n");
	put("main", "include n*");
	assert_reads_with("main:1:9: error: n* matches no file [file-missing]\n", .path = "main",
			  .strict_include = true);
}

static void
a_text_that_is_no_file_includes_nothing(void **state)
{
	(void)state;
	put("main", "a");
	assert_reads("include main",
		     "t:1:9: error: include is impossible in a text that is no file "
		     "[file-unreadable]\n");
}

static void
includes_nest_but_not_for_ever(void **state)
{
	char name[32], text[64];

	(void)state;
	put("main", "include f1");
	for (int i = 1; i <= CONF_INCLUDE_DEPTH_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(text, sizeof(text), "k%d\ninclude f%d", i, i + 1);
		put(name, i == CONF_INCLUDE_DEPTH_MAX - 1 ? "end" : text);
	}
	struct conf_read_options options = { .path = "main" };
	char *got = render(&options);

	assert_non_null(strstr(got, "k62\nend\n"));
	assert_null(strstr(got, "error"));
	free(got);
	put("f63", "include f64");
	got = render(&options);
	assert_non_null(strstr(got, "is included more than 64 files deep"));
	free(got);
}

#define in_directory(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_directory(files_are_read_in_place_and_in_order),
		in_directory(a_file_that_includes_itself_is_an_error),
		in_directory(several_files_by_pattern),
		in_directory(what_cannot_be_read_is_named),
		in_directory(strict_forms_make_errors),
		in_directory(a_text_that_is_no_file_includes_nothing),
		in_directory(includes_nest_but_not_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
