/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file tests/golden/config/NAME.conf says exactly what NAME.diag holds. With HF_GOLDEN=write
 * in the environment the .diag files are written instead (then look at the difference).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

/* All that loading says about the file, malloc'd. */
static char *
said_about(const char *path)
{
	struct conf_options options = { .path = path, .config_id = "golden" };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(&options, diags);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out, false);
	fprintf(out, "exit %d\n", conf_diags_exit(diags));
	fclose(out);
	assert_true((conf == NULL) == (conf_diags_worst(diags) >= CONF_ERROR));
	conf_free(conf);
	conf_diags_free(diags);
	return text;
}

static char *
content_of(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	if (file == NULL)
		return strdup("(there is no such file)");
	if (getdelim(&text, &len, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

static void
write_content(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
each_file_says_what_it_should(void **state)
{
	const char *source = getenv("HF_SRCDIR"), *mode = getenv("HF_GOLDEN");
	char directory[4096], expected_path[4096];
	glob_t found;

	(void)state;
	snprintf(directory, sizeof(directory), "%s/tests/golden/config",
		 source == NULL ? "." : source);
	assert_int_equal(chdir(directory), 0); /* so that names are the same everywhere */
	assert_int_equal(glob("*.conf", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = found.gl_pathv[i];

		snprintf(expected_path, sizeof(expected_path), "%.*s.diag",
			 (int)(strlen(name) - strlen(".conf")), name);
		char *said = said_about(name);

		if (mode != NULL && strcmp(mode, "write") == 0)
			write_content(expected_path, said);
		char *expected = content_of(expected_path);

		if (strcmp(said, expected) != 0)
			print_error("%s:\n", name);
		assert_string_equal(said, expected);
		free(said);
		free(expected);
	}
	globfree(&found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_says_what_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
