/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever stands in a configuration: it is read to its end, in bounds, and either accepted or
 * refused with a reason. The plain form, which rooms read, is tried with the same bytes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What is accepted can be handed to the rooms: they read back what was printed. */
#define ASSERT_RETURNS(kind, model)                                                                \
	do {                                                                                       \
		char *text_ = NULL, *again_ = NULL, why_[512];                                     \
		size_t len_ = 0, len_again_ = 0;                                                   \
		FILE *out_ = open_memstream(&text_, &len_);                                        \
		kind##_print((model), out_);                                                       \
		fclose(out_);                                                                      \
		struct kind *read_ = kind##_read(text_, len_, why_);                               \
		assert(read_ != NULL);                                                             \
		out_ = open_memstream(&again_, &len_again_);                                       \
		kind##_print(read_, out_);                                                         \
		fclose(out_);                                                                      \
		assert(strcmp(text_, again_) == 0);                                                \
		kind##_free(read_);                                                                \
		free(text_);                                                                       \
		free(again_);                                                                      \
	} while (0)

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
	if (conf != NULL) {
		ASSERT_RETURNS(vrrp_model, conf->vrrp);
		ASSERT_RETURNS(checker_model, conf->checker);
		ASSERT_RETURNS(runner_model, conf->runner);
	}
	conf_free(conf);
	conf_read(&plain, diags, count_root, &n);
	print_away(diags);
	conf_diags_free(diags);
	return 0;
}
