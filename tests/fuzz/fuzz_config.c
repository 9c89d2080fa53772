/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever stands in a configuration: it is read to its end, in bounds, and either accepted or
 * refused with a reason. The plain form, which rooms read, is tried with the same bytes. */
#include <assert.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
count_root(void *arg, const struct conf_node *node)
{
	size_t *n = arg;

	*n += node->n_words;
}

static void
print_away(struct conf_diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out, true);
	fclose(out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct conf_options options = {
		.path = "fuzz",
		.text = (const char *)bytes,
		.text_len = len,
		.config_id = "fuzz",
	};
	struct conf_read_options plain = {
		.path = "fuzz",
		.text = (const char *)bytes,
		.text_len = len,
		.plain = true,
	};
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(&options, diags);
	size_t n = 0;

	assert((conf == NULL) == (conf_diags_worst(diags) >= CONF_ERROR));
	conf_free(conf);
	conf_read(&plain, diags, count_root, &n);
	print_away(diags);
	conf_diags_free(diags);
	return 0;
}
