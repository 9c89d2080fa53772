/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting statements and braces together to trees. Private to the reading half of config/. */
#ifndef CONF_TREE_BUILD_H
#define CONF_TREE_BUILD_H

#include <stdbool.h>

#include "config/lex.h"

struct tree_builder;

struct tree_builder *tree_builder_new(struct conf_diags *diags, bool plain, conf_root_fn *each,
				      void *arg);
void tree_builder_free(struct tree_builder *builder);

void tree_statement(struct tree_builder *builder, const struct lex_line *line);
void tree_open(struct tree_builder *builder, struct conf_place place);
void tree_close(struct tree_builder *builder, struct conf_place place);

/* The end of the text: hands over what waits. False: braces did not match up. */
bool tree_end(struct tree_builder *builder);

#endif
