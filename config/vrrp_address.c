/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of virtual_ipaddress:
 *	ADDRESS[/BITS] [brd ADDRESS|+|-] [dev IF] [scope S] [label L] [peer ADDRESS[/BITS]]
 *[no_track]
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "config/draft.h"

/* What a line has said so far, with the words that need the whole line to be judged. */
struct address_line {
	struct conf_walk *walk;
	const struct conf_node *node;
	struct vrrp_address_draft draft;
	char computed_broadcast; /* '+', '-' or '\0' */
	size_t broadcast_word;
	size_t word; /* being looked at */
};

typedef bool address_word_fn(struct address_line *line);

static const struct conf_choice scopes[] = {
	{ "global", RT_SCOPE_UNIVERSE }, { "link", RT_SCOPE_LINK },       { "host", RT_SCOPE_HOST },
	{ "site", RT_SCOPE_SITE },       { "nowhere", RT_SCOPE_NOWHERE }, { NULL, 0 },
};

static bool
word_dev(struct address_line *line)
{
	return conf_word_ifname(line->walk, line->node, ++line->word, "dev",
				line->draft.model.ifname);
}

static bool
word_scope(struct address_line *line)
{
	const char *text = conf_node_arg(line->node, ++line->word);
	int64_t scope = 0;
	uint64_t number = 0;
	bool is_number = text && text[0] >= '0' && text[0] <= '9';
	bool good = is_number ? conf_word_uint(line->walk, line->node, line->word, "scope", 0, 255,
					       &number)
			      : conf_word_choice(line->walk, line->node, line->word, "scope",
						 scopes, &scope);

	if (!good)
		return false;
	if (line->draft.model.prefix.addr.family == AF_INET6)
		conf_diag(line->walk->diags, CONF_WARNING,
			  conf_node_place(line->node, line->word - 1), "scope-ignored", NULL,
			  "the scope of an IPv6 address follows from the address; ignored");
	else
		line->draft.model.scope = is_number ? (uint8_t)number : (uint8_t)scope;
	return true;
}

static bool
word_label(struct address_line *line)
{
	const char *text = conf_node_arg(line->node, ++line->word);

	if (!text || strlen(text) >= VRRP_LABEL_MAX) {
		conf_diag(line->walk->diags, CONF_ERROR,
			  conf_node_place(line->node, text ? line->word : line->word - 1),
			  "value-length", "expected at most 15 bytes",
			  text ? "label \"%s\" is too long" : "label needs a name%s",
			  text ? text : "");
		return false;
	}
	if (line->draft.model.prefix.addr.family == AF_INET6)
		conf_diag(line->walk->diags, CONF_WARNING,
			  conf_node_place(line->node, line->word - 1), "label-ignored", NULL,
			  "IPv6 addresses have no label; ignored");
	else
		memcpy(line->draft.model.label, text, strlen(text) + 1);
	return true;
}

static bool
word_peer(struct address_line *line)
{
	struct hf_prefix peer;

	if (!conf_word_prefix(line->walk, line->node, ++line->word, "peer", &peer))
		return false;
	if (peer.addr.family != line->draft.model.prefix.addr.family) {
		conf_diag(line->walk->diags, CONF_ERROR, conf_node_place(line->node, line->word),
			  "family-mismatch", "expected the family of the address",
			  "an IPv4 address cannot have an IPv6 peer, nor the reverse");
		return false;
	}
	line->draft.model.peer = peer.addr;
	line->draft.model.prefix.len = peer.len;
	return true;
}

static bool
word_broadcast(struct address_line *line)
{
	const char *text = conf_node_arg(line->node, ++line->word);

	line->broadcast_word = line->word;
	if (text && (strcmp(text, "+") == 0 || strcmp(text, "-") == 0)) {
		line->computed_broadcast = text[0];
		return true;
	}
	return conf_word_addr(line->walk, line->node, line->word, "broadcast",
			      &line->draft.model.broadcast);
}

static bool
word_no_track(struct address_line *line)
{
	line->draft.model.track_interface = false;
	return true;
}

static bool
word_unsupported(struct address_line *line)
{
	conf_not_supported(line->walk, line->node, line->word);
	return true;
}

static bool
word_unsupported_value(struct address_line *line)
{
	conf_not_supported(line->walk, line->node, line->word++);
	return true;
}

static const struct {
	const char *name;
	address_word_fn *read;
} words[] = {
	{ "dev", word_dev },
	{ "scope", word_scope },
	{ "label", word_label },
	{ "peer", word_peer },
	{ "brd", word_broadcast },
	{ "broadcast", word_broadcast },
	{ "no_track", word_no_track },
	{ "home", word_unsupported },
	{ "-nodad", word_unsupported },
	{ "mngtmpaddr", word_unsupported },
	{ "noprefixroute", word_unsupported },
	{ "autojoin", word_unsupported },
	{ "use_vmac", word_unsupported },
	{ "preferred_lft", word_unsupported_value },
	{ "track_group", word_unsupported_value },
};

static bool
read_word(struct address_line *line)
{
	const char *text = line->node->words[line->word].text;

	for (size_t i = 0; i < HF_COUNT_OF(words); i++) {
		if (strcmp(words[i].name, text) == 0)
			return words[i].read(line);
	}
	conf_extra_words(line->walk, line->node, line->word);
	line->word = line->node->n_words;
	return true;
}

/* "+" sets all host bits, "-" clears them; the prefix length is known now. */
static void
settle_broadcast(struct address_line *line)
{
	struct vrrp_address_model *model = &line->draft.model;

	if (!line->broadcast_word)
		return;
	if (model->prefix.addr.family == AF_INET6 ||
	    (hf_addr_is_set(&model->broadcast) && model->broadcast.family != AF_INET)) {
		conf_diag(line->walk->diags, CONF_WARNING,
			  conf_node_place(line->node, line->broadcast_word), "broadcast-ignored",
			  NULL, "only IPv4 has broadcast addresses; ignored");
		model->broadcast = (struct hf_addr){ .family = AF_UNSPEC };
		return;
	}
	if (!line->computed_broadcast)
		return;
	model->broadcast = model->prefix.addr;
	for (unsigned int bit = model->prefix.len; bit < 32; bit++) {
		uint8_t mask = (uint8_t)(0x80u >> (bit % 8));

		if (line->computed_broadcast == '+')
			model->broadcast.bytes[bit / 8] |= mask;
		else
			model->broadcast.bytes[bit / 8] &= (uint8_t)~mask;
	}
}

void
vrrp_address_line(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct vrrp_address_list *list = target;
	struct address_line line = { .walk = walk, .node = node };

	line.draft.place = conf_node_place(node, 0);
	line.draft.model.track_interface = true;
	if (!conf_word_prefix(walk, node, 0, "address", &line.draft.model.prefix))
		return;
	for (line.word = 1; line.word < node->n_words; line.word++) {
		if (!read_word(&line))
			return;
	}
	settle_broadcast(&line);
	list->items = conf_arena_grow(walk->arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = line.draft;
}
